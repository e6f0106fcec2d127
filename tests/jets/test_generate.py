"""The generator itself, where it is installed."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.jets.clustering import visible
from fpga_tf.jets.config import JetConfig
from fpga_tf.jets.generate import generate
from fpga_tf.jets.pythia import settings, start

from .records import displaced_pair, record

INSTALLED = all(importlib.util.find_spec(name) for name in ("pythia8mc", "fastjet", "awkward"))
needs_generator = pytest.mark.skipif(not INSTALLED, reason="needs the extra jets")


@pytest.mark.parametrize("module", ["pythia8mc", "fastjet", "awkward"])
def test_a_missing_extra_is_named_with_the_remedy(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from fpga_tf.jets.extra import require

    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError) as caught:
        require(module)
    assert f"the package {module}" in caught.value.what
    assert caught.value.hint == "pip install 'fpga_tf[jets]'"


def test_the_generator_reports_the_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pythia8mc", None)
    with pytest.raises(UserError, match="pythia8mc"):
        generate(JetConfig(), seed=1, count=1)


@pytest.mark.parametrize("seed", [0, -1, 900_000_001])
def test_seeds_out_of_range(seed: int) -> None:
    with pytest.raises(UserError, match="seed must be 1 to 900000000"):
        start(JetConfig(), seed)


def test_no_jets_is_no_sample() -> None:
    with pytest.raises(UserError, match="at least 1, not 0"):
        generate(JetConfig(), seed=1, count=0)


def test_settings_carry_the_configuration() -> None:
    lines = settings(JetConfig(ecm=13000.0, mpi=False), 77)
    assert {"Random:seed=77", "Beams:eCM=13000.0", "PartonLevel:MPI=off"} <= set(lines)


def test_neutrinos_and_what_misses_the_calorimeter_are_not_clustered() -> None:
    muon = {"pid": 13, "status": 1, "px": 1.0}
    other = [{**muon, "pid": 12}, {**muon, "status": -23}, {**muon, "px": 0.05}, {**muon, "pz": 60.0}]
    np.testing.assert_array_equal(np.flatnonzero(visible(record([[muon, *other]]))), [0])


@needs_generator
def test_clustering_finds_the_handmade_jets() -> None:
    from fpga_tf.jets.clustering import cluster

    events, expected = displaced_pair(5)
    found = cluster(events, JetConfig())
    np.testing.assert_array_equal(found.event, expected.event)
    np.testing.assert_allclose(found.px, 500.0 * (1 + 2 * np.cos(0.3)))
    assert set(zip(found.member_jet, found.member, strict=True)) == set(
        zip(expected.member_jet, expected.member, strict=True)
    )


@pytest.mark.slow
@needs_generator
def test_generated_jets() -> None:
    config = JetConfig(extra_smearing=0.0)
    first, second, other = (generate(config, seed, 1500) for seed in (5, 5, 6))
    assert first.features.tobytes() == second.features.tobytes()
    assert first.labels.tobytes() == second.labels.tobytes()
    assert first.features.tobytes() != other.features.tobytes()
    share = np.bincount(first.labels, minlength=3) / 1500
    np.testing.assert_allclose(share, [0.35, 0.12, 0.52], atol=0.05)
    assert first.counts.mean() == pytest.approx(7.7, abs=0.5)
    significance = np.expm1(np.abs(first.features[..., 4])) * np.sign(first.features[..., 4])
    # share of tracks beyond +3 and -3 sigma, by class: lifetime shows on the positive side, and most in b jets
    positive, negative = (
        [(s[first.labels == k] > 3).sum() / first.counts[first.labels == k].sum() for k in range(3)]
        for s in (significance, -significance)
    )
    np.testing.assert_allclose(positive, [0.31, 0.092, 0.024], atol=0.03)
    np.testing.assert_allclose(negative, [0.042, 0.027, 0.019], atol=0.02)
