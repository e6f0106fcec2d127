"""JetClass: ROOT files written here, read through the authors' transformations."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.jets import streamed
from fpga_tf.jets.formats import Chunk
from fpga_tf.jets.read_jetclass import FORMAT, sources

from .public_files import jetclass_arrays, write_root

SLOTS = 5


def read(path: Path) -> list[Chunk]:
    (source,) = sources(path, False, FORMAT.wanted(SLOTS, None, None))
    return list(source.chunks())


def test_the_inputs_are_the_seventeen() -> None:
    assert FORMAT.features[0] == (
        *("part_pt_log", "part_e_log", "part_logptrel", "part_logerel", "part_deltaR", "part_charge"),
        *("part_isChargedHadron", "part_isNeutralHadron", "part_isPhoton", "part_isElectron", "part_isMuon"),
        *("part_d0", "part_d0err", "part_dz", "part_dzerr", "part_deta", "part_dphi"),
    )


def expected(branches: dict[str, Any], jet: int) -> np.ndarray:
    """One jet's inputs, particle by particle, as the authors' configuration says."""
    of = {name.removeprefix("part_"): np.asarray(v[jet], float) for name, v in branches.items() if "part_" in name}
    rows = []
    for i in np.argsort(-np.hypot(of["px"], of["py"]))[:SLOTS]:
        p = {name: values[i] for name, values in of.items()}
        pt = np.hypot(p["px"], p["py"])
        rows.append([
            np.clip((np.log(pt) - 1.7) * 0.7, -5, 5),
            np.clip((np.log(p["energy"]) - 2.0) * 0.7, -5, 5),
            np.clip((np.log(pt / branches["jet_pt"][jet]) + 4.7) * 0.7, -5, 5),
            np.clip((np.log(p["energy"] / branches["jet_energy"][jet]) + 4.7) * 0.7, -5, 5),
            np.clip((np.hypot(p["deta"], p["dphi"]) - 0.2) * 4.0, -5, 5),
            *(p[name] for name in ("charge", "isChargedHadron", "isNeutralHadron", "isPhoton", "isElectron", "isMuon")),
            *(np.tanh(p["d0val"]), np.clip(p["d0err"], 0, 1), np.tanh(p["dzval"]), np.clip(p["dzerr"], 0, 1)),
            *(np.clip(p["deta"], -5, 5), np.clip(p["dphi"], -5, 5)),
        ])  # fmt: skip
    return np.array(rows)


def test_inputs_order_padding_and_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("uproot")
    branches = jetclass_arrays(30, seed=4)
    path = write_root(tmp_path / "a.root", branches)
    monkeypatch.setattr(streamed, "CHUNK_BYTES", 8 * 128 * 15 * 8)
    chunks = read(path)
    assert [chunk.read for chunk in chunks] == [8, 8, 8, 6]
    x, y = (np.concatenate([getattr(c, name) for c in chunks]) for name in ("x", "y"))
    assert x.shape == (30, SLOTS, 17)
    for jet in range(30):
        wanted = expected(branches, jet)
        np.testing.assert_allclose(x[jet, : len(wanted)], wanted, rtol=2e-6, atol=2e-6)  # float32 against float64
        assert not x[jet, len(wanted) :].any()
        assert branches[f"label_{FORMAT.classes[y[jet]]}"][jet] == 1


def changed(**new: Any) -> dict[str, Any]:
    return {name: value for name, value in {**jetclass_arrays(10, seed=4), **new}.items() if value is not None}


def test_a_momentum_of_zero_is_clipped(tmp_path: Path) -> None:
    pytest.importorskip("uproot")
    branches = jetclass_arrays(10, seed=4)
    path = write_root(
        tmp_path / "a.root", {**branches, "part_px": branches["part_px"] * 0, "part_py": branches["part_py"] * 0}
    )
    (chunk,) = read(path)
    assert (chunk.x[:, 0, 0] == -5).all()


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ({"part_d0err": None}, "the tree must have the branches part_d0err\n.*:tree"),
        ({"label_Tbl": None}, "the tree must have the branches label_Tbl"),
        ({"label_QCD": np.full(10, 2)}, r"exactly one class.*\n.*:tree:label_\*\[0\]"),
        ({"jet_pt": np.full(10, np.nan)}, r"must be finite in float32, not nan\n.*:tree:jet_pt\[0, 0\]|jet_pt\[0\]"),
        ({"jet_pt": np.full(10, -1.0)}, r"must be finite in float32, not nan\n.*:tree:inputs\[0, 0, 2\]"),
        ({"part_charge": np.zeros(10)}, "part_charge must have one number for each particle, as part_px"),
    ],
)
def test_what_is_no_jetclass(tmp_path: Path, new: dict[str, Any], message: str) -> None:
    pytest.importorskip("uproot")
    path = write_root(tmp_path / "a.root", changed(**new))
    with pytest.raises(UserError, match=message):
        read(path)


def test_particles_that_are_not_finite(tmp_path: Path) -> None:
    pytest.importorskip("uproot")
    branches = jetclass_arrays(10, seed=4)
    path = write_root(tmp_path / "a.root", {**branches, "part_energy": branches["part_energy"] * np.inf})
    with pytest.raises(UserError, match=r"must be finite in float32, not inf\n.*:tree:part_energy\[0, 0\]"):
        read(path)


def test_lists_of_different_lengths(tmp_path: Path) -> None:
    pytest.importorskip("uproot")
    branches = jetclass_arrays(10, seed=4)
    path = write_root(tmp_path / "a.root", {**branches, "part_deta": branches["part_deta"][:, :1]})
    with pytest.raises(UserError, match="part_deta must have one number for each particle, as part_px"):
        read(path)


def test_another_tree(tmp_path: Path) -> None:
    pytest.importorskip("uproot")
    with pytest.raises(UserError, match="the file must hold a tree 'tree'"):
        read(write_root(tmp_path / "a.root", jetclass_arrays(10, seed=4), tree="Events"))


@pytest.mark.parametrize("length", [0, 3, 200, 2000, 6000])
def test_damaged_files(tmp_path: Path, length: int) -> None:
    pytest.importorskip("uproot")
    path = write_root(tmp_path / "a.root", jetclass_arrays(10, seed=4))
    assert path.stat().st_size > 7000
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(UserError) as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_turned_bits(tmp_path: Path) -> None:
    """Wherever a file is damaged, it is read or refused; there is no third."""
    pytest.importorskip("uproot")
    path = write_root(tmp_path / "a.root", jetclass_arrays(10, seed=4))
    whole, rng, refused = path.read_bytes(), np.random.default_rng(5), 0
    for place in rng.integers(0, len(whole), 60).tolist():
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << int(rng.integers(8)))]) + whole[place + 1 :])
        try:
            read(path)
        except UserError:
            refused += 1
    assert refused > 5


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="must be an existing file"):
        read(tmp_path / "a.root")


def test_a_missing_extra_is_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.root").write_bytes(b"root")
    monkeypatch.setitem(sys.modules, "uproot", None)
    with pytest.raises(UserError, match="reading ROOT files must have the package uproot") as caught:
        read(tmp_path / "a.root")
    assert caught.value.hint == "pip install 'fpga_tf[data]'"
