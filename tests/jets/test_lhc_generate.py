"""Five-class jets: cells, columns and layout by hand, and the generator itself where it is installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.jets.cells import candidates
from fpga_tf.jets.events import Jets
from fpga_tf.jets.lhc_config import LhcConfig
from fpga_tf.jets.lhc_generate import (
    LhcJets,
    describe,
    generate_class,
    generate_mixed,
    layout_bytes,
    leading,
    principal_angle,
)
from fpga_tf.jets.lhc_layout import CLASSES, COLUMNS, JET_COLUMNS
from fpga_tf.jets.read_lhc import FORMAT

from .records import record

INSTALLED = all(importlib.util.find_spec(name) for name in ("pythia8mc", "fastjet", "awkward"))
needs_generator = pytest.mark.skipif(not INSTALLED, reason="needs the extra jets")


def particle(pid: int, pt: float, eta: float, phi: float) -> dict[str, float]:
    return {"pid": pid, "status": 1, "px": pt * np.cos(phi), "py": pt * np.sin(phi), "pz": pt * np.sinh(eta)}


def seen(*particles: dict[str, float]) -> list[tuple[int, float, float, float]]:
    found = candidates(record([list(particles)]), LhcConfig())
    return [
        (int(pid), round(float(pt), 9), round(float(eta), 9), round(float(phi), 9))
        for pid, pt, eta, phi in zip(found.pid, found.pt, found.eta, found.phi, strict=True)
    ]


def test_charged_particles_are_seen_one_by_one() -> None:
    both = [particle(211, 5.0, 0.001, 0.001), particle(-11, 3.0, 0.001, 0.001)]
    assert seen(*both) == [(211, 5.0, 0.001, 0.001), (211, 3.0, 0.001, 0.001)]


@pytest.mark.parametrize(("pid", "side", "seen_as"), [(22, 0.006, 22), (2112, 0.022, 130), (130, 0.022, 130)])
def test_neutral_particles_merge_in_cells(pid: int, side: float, seen_as: int) -> None:
    inside, beyond = 0.9 * side, 1.1 * side
    one, near, far = (particle(pid, pt, eta, 0.5 * side) for pt, eta in ((3.0, 0.0), (1.0, inside), (1.0, beyond)))
    ((code, pt, eta, phi),) = seen(one, near)
    energy = 3.0 + np.cosh(inside)
    assert (code, phi) == (seen_as, pytest.approx(0.5 * side))
    assert eta == pytest.approx(inside * np.cosh(inside) / energy)
    assert pt == pytest.approx(energy / np.cosh(eta))
    assert [pt for _, pt, _, _ in seen(one, far)] == pytest.approx([3.0, 1.0])


def test_cells_of_two_events_stay_apart() -> None:
    photon = particle(22, 3.0, 0.001, 0.001)
    found = candidates(record([[photon], [photon, photon]]), LhcConfig())
    assert found.offsets.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.pt, [3.0, 6.0])
    np.testing.assert_allclose(found.energy, np.hypot(found.pt, found.pz))


@pytest.mark.parametrize(
    "unseen",
    [
        particle(12, 9.0, 0, 0),
        particle(211, 9.0, 3.1, 0),
        particle(211, 0.29, 0, 0),
        particle(22, 0.19, 0, 0),
        particle(130, 0.39, 0, 0),
        {**particle(211, 9.0, 0, 0), "status": -1},
    ],
)
def test_what_is_not_seen(unseen: dict[str, float]) -> None:
    kept = particle(211, 1.0, 0.0, 0.0)
    assert len(seen(unseen, kept)) == 1


def test_leading_jets() -> None:
    pt = np.array([5.0, 9.0, 7.0, 1.0, 2.0])
    event = np.array([0, 0, 0, 1, 2])
    none = np.zeros(0, np.int64)
    assert leading(Jets(event, pt, 0 * pt, 0 * pt, none, none)).tolist() == [False, True, True, True, True]


def test_principal_axis() -> None:
    """Two particles on a line at 0.3 rad, and one jet whose long axis is phi itself."""
    d_eta = np.array([np.cos(0.3), -np.cos(0.3), 0.0, 0.0])
    d_phi = np.array([np.sin(0.3), -np.sin(0.3), 0.1, -0.2])
    angle = principal_angle(np.array([0, 0, 1, 1]), np.array([1.0, 2.0, 3.0, 1.0]), d_eta, d_phi, 2)
    np.testing.assert_allclose(angle, [0.3, np.pi / 2])


def test_columns() -> None:
    made = [particle(211, 40.0, 0.1, 3.1), particle(22, 60.0, -0.05, -3.1)]
    of = candidates(record([made]), LhcConfig())
    px, py, pz, energy = (float(column.sum()) for column in (of.px, of.py, of.pz, of.energy))
    jets = Jets(*(np.array([v]) for v in (0, px, py, pz)), np.array([0, 0]), np.array([0, 1]))
    found = describe(of, jets, "w")
    assert found.particles.shape == (1, 150, 16) and found.jets.shape == (1, 59)
    table = dict(zip(JET_COLUMNS, found.jets[0].tolist(), strict=True))
    jet_pt = np.hypot(px, py)
    shares = np.array([60, 40]) / jet_pt
    assert table["pt"] == pytest.approx(jet_pt)
    assert table["eta"] == pytest.approx(np.arcsinh(pz / jet_pt))
    assert table["mass"] == pytest.approx(np.sqrt(energy**2 - px**2 - py**2 - pz**2), rel=1e-5)
    assert table["zlogz"] == pytest.approx((shares * np.log(shares)).sum(), rel=1e-5)
    assert (table["multiplicity"], table["w"]) == (2, 1)
    assert sum(table[name] for name in (*CLASSES, "undef")) == 1
    columns = {name: found.particles[0, :2, i].astype(float) for i, name in enumerate(COLUMNS)}
    np.testing.assert_allclose(columns["pt"], [60, 40], rtol=1e-6)  # the hardest first
    np.testing.assert_allclose(columns["ptrel"], shares, rtol=1e-6)
    np.testing.assert_allclose(columns["e"], [60 * np.cosh(0.05), np.hypot(40 * np.cosh(0.1), 0.1396)], rtol=1e-6)
    np.testing.assert_allclose(columns["erel"] * energy, columns["e"], rtol=1e-6)
    np.testing.assert_allclose(columns["etarel"], columns["eta"] - table["eta"], atol=1e-6)
    jet_phi = np.arctan2(py, px) % (2 * np.pi)
    np.testing.assert_allclose(columns["phirel"], [2 * np.pi - 3.1 - jet_phi, 3.1 - jet_phi], atol=1e-5)
    np.testing.assert_allclose(columns["deltaR"], np.hypot(columns["etarel"], columns["phirel"]), rtol=1e-5)
    # a jet of two lies along its axis, but for the mass that moves it off the line; a rotation keeps distances
    assert (np.abs(columns["etarot"]) < 1e-3 * np.abs(columns["phirot"])).all()
    np.testing.assert_allclose(np.hypot(columns["etarot"], columns["phirot"]), columns["deltaR"], rtol=1e-5)
    np.testing.assert_allclose(columns["costheta"], np.tanh(columns["eta"]), rtol=1e-5)
    np.testing.assert_allclose(columns["costhetarel"], np.tanh(columns["eta"]) - np.tanh(table["eta"]), atol=1e-6)
    assert not found.particles[0, 2:].any()


def test_the_layout_is_what_the_reader_reads(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    table = np.zeros((7, 59), np.float32)
    labels = rng.integers(5, size=7)
    table[np.arange(7), 53 + labels] = 1
    jets = LhcJets(rng.normal(size=(7, 150, 16)).astype(np.float32), table)
    path = tmp_path / "a.h5"
    path.write_bytes(layout_bytes(jets))
    assert path.read_bytes() == layout_bytes(jets)
    (source,) = FORMAT.sources(path, False, FORMAT.wanted(150, 16, None))
    (chunk,) = source.chunks()
    np.testing.assert_array_equal(chunk.x, jets.particles)
    assert chunk.y.tolist() == labels.tolist()


def test_settings() -> None:
    config = LhcConfig(mpi=False)
    lines = {name: config.settings(name, 7) for name in CLASSES}
    for name in CLASSES:
        assert {"Random:seed=7", "Beams:eCM=13000.", "PartonLevel:MPI=off", "24:onIfAny=1 2 3 4 5"} <= set(lines[name])
    assert "PhaseSpace:pTHatMin=1000.0" in lines["t"] and "5100039:onIfAny=23" in lines["z"]
    assert not any(line.startswith("PhaseSpace") for line in lines["w"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"radius": 0.0}, "radius must be positive, not 0.0"),
        ({"pt_hat_max": 1000.0}, "pt_hat_max must be above pt_hat_min, not 1000.0 and 1000.0"),
    ],
)
def test_configurations_out_of_range(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        LhcConfig(**wrong)  # type: ignore[arg-type]


def test_no_jets_is_no_sample() -> None:
    with pytest.raises(UserError, match="at least 1, not 0"):
        generate_class(LhcConfig(), "g", seed=1, count=0)


@pytest.mark.slow
@needs_generator
def test_generated_jets() -> None:
    told: list[int] = []
    first, second, other = (generate_mixed(LhcConfig(), seed, 100, told.append) for seed in (5, 5, 6))
    assert first.particles.tobytes() == second.particles.tobytes() != other.particles.tobytes()
    assert told[-1] == 500
    of = {name: first.jets[:, i] for i, name in enumerate(JET_COLUMNS)}
    assert [int(of[name].sum()) for name in CLASSES] == [100] * 5
    mass = {name: float(np.median(of["mass"][of[name] == 1])) for name in CLASSES}
    assert mass["q"] < mass["w"] < mass["z"] < mass["t"]
    assert mass["w"] == pytest.approx(80.4, abs=4) and mass["t"] == pytest.approx(170, abs=8)
    assert np.median(of["pt"]) == pytest.approx(1005, abs=30) and of["pt"].min() > 850
    assert np.median(of["multiplicity"]) == pytest.approx(47, abs=5)
    pt = first.particles[..., COLUMNS.index("pt")]
    assert (np.diff(pt, axis=1) <= 0).all()
