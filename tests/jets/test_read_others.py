"""JetNet and the b-tagging set of CMS Open Data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.jets import read_btag, read_jetnet
from fpga_tf.jets.formats import Chunk

from .public_files import btag_arrays, jetnet_arrays, write_hdf5


def jetnet(path: Path, particles: int = 30) -> list[Chunk]:
    (source,) = read_jetnet.FORMAT.sources(path, False, read_jetnet.FORMAT.wanted(particles, None, None))
    return list(source.chunks())


def write_jetnet(path: Path, x: np.ndarray | None, jets: int | None = None) -> Path:
    table = np.zeros((len(x) if jets is None and x is not None else jets or 0, 4))
    return write_hdf5(path, {"particle_features": x, "jet_features": table})


@pytest.mark.parametrize(("name", "label"), [("g", 0), ("q", 1), ("t", 2), ("w150", 3), ("z30", 4)])
def test_jetnet(tmp_path: Path, name: str, label: int) -> None:
    x = jetnet_arrays(40, seed=2)
    (chunk,) = jetnet(write_jetnet(tmp_path / f"{name}.hdf5", x), 5)
    assert chunk.y.tolist() == [label] * 40
    for jet, found in zip(x, chunk.x, strict=True):
        particles = jet[jet[:, 3] == 1, :3]
        hardest = particles[np.argsort(-particles[:, 2])][:5]
        np.testing.assert_array_equal(found[: len(hardest)], hardest)
        assert not found[len(hardest) :].any()


HALF = jetnet_arrays(10, seed=2)
HALF[4, 2, 3] = 0.5


@pytest.mark.parametrize(
    ("name", "x", "jets", "message"),
    [
        ("g.hdf5", HALF, None, r"the mask must be 0 or 1, not 0.5\n.*particle_features\[4, 2, 3\]"),
        ("gluon.hdf5", HALF, None, r"named by its class \(g.hdf5, q.hdf5, .*\), not gluon.hdf5"),
        ("g.hdf5", HALF[..., :3], None, r"must have the shape \(any, any, 4\), not \(10, 30, 3\)"),
        ("g.hdf5", HALF, 9, "there must be 10 rows"),
        ("g.hdf5", None, 9, "'particle_features' must be a dataset"),
    ],
)
def test_what_is_no_jetnet(tmp_path: Path, name: str, x: np.ndarray | None, jets: int | None, message: str) -> None:
    with pytest.raises(UserError, match=message):
        jetnet(write_jetnet(tmp_path / name, x, jets))


def test_more_particles_than_jetnet_has(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at most 30, as the file has, not 31"):
        jetnet(write_jetnet(tmp_path / "g.hdf5", HALF), 31)


def btag(path: Path, evaluation: bool = False, particles: int = 15) -> list[Any]:
    return read_btag.FORMAT.sources(path, evaluation, read_btag.FORMAT.wanted(particles, None, None))


def test_btag(tmp_path: Path) -> None:
    arrays = btag_arrays(30, seed=3)
    train, test = btag(write_hdf5(tmp_path / "a.h5", arrays), particles=10)
    assert [(s.rows, s.evaluation) for s in (train, test)] == [(30, False), (15, True)]
    (chunk,) = train.chunks()
    np.testing.assert_array_equal(chunk.x, arrays["x_train"][:, :10].astype(np.float32))
    np.testing.assert_array_equal(chunk.y, arrays["y_train"])
    np.testing.assert_array_equal(chunk.w, arrays["w_train"].astype(np.float32))
    (chunk,) = test.chunks()
    np.testing.assert_array_equal(chunk.x, arrays["x_test"][:, :10].astype(np.float32))
    np.testing.assert_array_equal(chunk.y, arrays["y_test"])
    assert chunk.w is None


def test_btag_file_for_evaluation_gives_its_test_jets(tmp_path: Path) -> None:
    (source,) = btag(write_hdf5(tmp_path / "a.h5", btag_arrays(30, seed=3)), evaluation=True)
    assert (source.rows, source.evaluation) == (15, True)


GOOD = btag_arrays(30, seed=3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"w_train": None}, "'w_train' must be a dataset"),
        ({"x_test": None}, "'x_test' must be a dataset"),
        ({"x_train": GOOD["x_train"][:, :14]}, r"x_train must have the shape \(any, 15, 6\), not \(30, 14, 6\)"),
        ({"y_train": GOOD["y_train"][:9]}, r"there must be 30 rows as in .*:x_train, not 9\n.*:y_train"),
        ({"y_train": np.full(30, 3)}, r"a label must be 0 to 2, not 3\n.*:y_train\[0\]"),
        ({"y_test": np.full(15, 0.5)}, r"a label must be 0 to 2, not 0.5\n.*:y_test\[0\]"),
        ({"y_test": np.full(15, np.nan)}, "a label must be 0 to 2, not nan"),
        ({"y_train": np.zeros((30, 3))}, r"y_train must have the shape \(any\), not \(30, 3\)"),
        ({"w_train": np.full(30, np.inf)}, r"must be finite in float32, not inf\n.*:w_train\[0\]"),
    ],
)
def test_what_is_no_btag_file(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    path = write_hdf5(tmp_path / "a.h5", {**GOOD, **changed})
    with pytest.raises(UserError, match=message):
        for source in btag(path):
            list(source.chunks())
