"""The hls4ml LHC jet set: its layout, its three cuts, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.jets import streamed
from fpga_tf.jets.formats import Chunk
from fpga_tf.jets.lhc_layout import CLASSES, COLUMNS, FIRST_LABEL, JET_COLUMNS
from fpga_tf.jets.read_lhc import FORMAT, cut

from .public_files import lhc_arrays, write_lhc


def read(path: Path, particles: int = 8, features: int = 3, kind: str = "none") -> list[Chunk]:
    (source,) = FORMAT.sources(path, False, FORMAT.wanted(particles, features, kind))
    return list(source.chunks())


def test_the_layout_is_the_published_one() -> None:
    assert len(COLUMNS) == 16 and len(JET_COLUMNS) == 59
    assert FORMAT.features[0] == ("pt", "etarel", "phirel")
    assert [COLUMNS.index(name) for name in FORMAT.features[0]] == [5, 8, 11]
    assert (FIRST_LABEL, JET_COLUMNS[53:], CLASSES) == (53, (*CLASSES, "undef"), ("g", "q", "w", "z", "t"))
    assert JET_COLUMNS.index("multiplicity") == 52
    # the sixteen high-level features of OpenML 42468 are these columns
    chosen = [12, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 48, 52]
    assert [JET_COLUMNS[i] for i in chosen] == [
        *("zlogz", "c1_b0_mmdt", "c1_b1_mmdt", "c1_b2_mmdt", "c2_b1_mmdt", "c2_b2_mmdt", "d2_b1_mmdt", "d2_b2_mmdt"),
        *("d2_a1_b1_mmdt", "d2_a1_b2_mmdt", "m2_b1_mmdt", "m2_b2_mmdt", "n2_b1_mmdt", "n2_b2_mmdt"),
        *("mass_mmdt", "multiplicity"),
    ]


@pytest.mark.parametrize(("features", "columns"), [(3, [5, 8, 11]), (16, list(range(16)))])
def test_features_and_labels(tmp_path: Path, features: int, columns: list[int]) -> None:
    x, table = lhc_arrays(50, seed=1)
    (chunk,) = read(write_lhc(tmp_path / "a.h5", x, table), features=features)
    np.testing.assert_array_equal(chunk.x, x[:, :8, columns].astype(np.float32))
    np.testing.assert_array_equal(chunk.y, table[:, 53:58].argmax(axis=1))
    assert (chunk.read, chunk.w) == (50, None)


def test_it_comes_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, table = lhc_arrays(50, seed=1)
    path = write_lhc(tmp_path / "a.h5", x, table)
    monkeypatch.setattr(streamed, "CHUNK_BYTES", 7 * x[0].nbytes)
    chunks = read(path)
    assert [chunk.read for chunk in chunks] == [7] * 7 + [1]
    np.testing.assert_array_equal(np.concatenate([c.x for c in chunks]), x[:, :8, [5, 8, 11]].astype(np.float32))


def test_chunks_are_whole_stored_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, table = lhc_arrays(50, seed=1)
    path = write_lhc(tmp_path / "a.h5", x, table, jetConstituentList=None)
    with h5py.File(path, "a") as file:
        file.create_dataset("jetConstituentList", data=x, chunks=(6, 20, 16), compression="gzip")
    monkeypatch.setattr(streamed, "CHUNK_BYTES", 16 * x[0].nbytes)
    assert [chunk.read for chunk in read(path)] == [12, 12, 12, 12, 2]


def test_names_of_any_length_will_do(tmp_path: Path) -> None:
    path = write_lhc(tmp_path / "a.h5", *lhc_arrays(3, seed=1), jetFeatureNames=[f"j_{name}" for name in JET_COLUMNS])
    with h5py.File(path) as file:
        assert file["jetFeatureNames"].dtype.kind == "O"
    assert len(read(path)[0].x) == 3


def test_files_without_names_will_do(tmp_path: Path) -> None:
    path = write_lhc(tmp_path / "a.h5", *lhc_arrays(3, seed=1), jetFeatureNames=None, particleFeatureNames=None)
    assert len(read(path)[0].x) == 3


def by_hand(pt: list[list[float]]) -> np.ndarray:
    """Jets (n, slots, 16) with given pt and a mark in the last column: 1, 2, 3 ... where there is a particle."""
    x = np.zeros((len(pt), len(pt[0]), 16), np.float32)
    x[..., 5] = pt
    x[..., 15] = np.where(x[..., 5] > 0, np.arange(1, len(pt[0]) + 1), 0)
    return x


@pytest.mark.parametrize(
    ("kind", "pt", "marks", "kept"),
    [
        ("none", [[9, 3, 2, 1], [1, 0.5, 0, 0]], [[1, 2, 3], [1, 2, 0]], [True, True]),
        ("zero-soft", [[9, 3, 2, 1], [1, 0.5, 0, 0]], [[1, 2, 3], [0, 0, 0]], [True, True]),  # 2 GeV itself stays
        ("zero-soft", [[9, 1, 3, 5]], [[1, 0, 3]], [True]),  # the gap stays, what lies behind is cut off
        ("compact", [[9, 3, 2, 1], [1, 0.5, 0, 0]], [[1, 2, 0]], [True, False]),  # 2 GeV itself goes
        ("compact", [[9, 1, 3, 5]], [[1, 3, 4]], [True]),  # the gap is closed
    ],
)
def test_cuts(kind: Any, pt: list[list[float]], marks: list[list[float]], kept: list[bool]) -> None:
    x, found = cut(by_hand(pt), kind, 3)
    assert found.tolist() == kept
    assert x[..., 15].tolist() == marks
    assert ((x == 0).all(axis=2) == (x[..., 15] == 0)).all()


def test_labels_follow_jets_that_are_dropped(tmp_path: Path) -> None:
    x, table = lhc_arrays(200, seed=3)
    (chunk,) = read(write_lhc(tmp_path / "a.h5", x, table), kind="compact")
    kept = (x[..., 5] > 2).any(axis=1)
    assert 0 < kept.sum() < 200
    np.testing.assert_array_equal(chunk.y, table[kept, 53:58].argmax(axis=1))
    assert (chunk.read, len(chunk.x)) == (200, kept.sum())


def nan(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x[7, 3, 11] = np.nan
    return x


X, TABLE = lhc_arrays(20, seed=1)
TWO = TABLE.copy()
TWO[4, 53:58] = [1, 1, 0, 0, 0]
UNDEFINED = TABLE.copy()
UNDEFINED[5, 53:59] = [0, 0, 0, 0, 0, 1]
SWAPPED = np.array([f"j1_{name}" for name in ("py", "px", *COLUMNS[2:])], "S")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"jetConstituentList": None}, "'jetConstituentList' must be a dataset stored in the file's root"),
        ({"jets": None}, "'jets' must be a dataset"),
        ({"jetConstituentList": X[..., :15]}, r"must have the shape \(any, any, 16\), not \(20, 20, 15\)"),
        ({"jetConstituentList": X[:, 0]}, r"must have the shape \(any, any, 16\), not \(20, 16\)"),
        ({"jetConstituentList": X.astype(int)}, "jetConstituentList must hold floating point, not int64"),
        ({"jetConstituentList": X[:0]}, r"must have the shape .*, not \(0, 20, 16\)"),
        ({"jetConstituentList": nan(X)}, r"must be finite in float32, not nan\n.*jetConstituentList\[7, 3, 11\]"),
        ({"jetConstituentList": X * 1e38}, "must be finite in float32, not -?inf"),
        ({"jets": TABLE[:19]}, r"there must be 20 rows as in .*jetConstituentList, not 19\n.*:jets"),
        ({"jets": TABLE[:, :58]}, r"jets must have the shape \(any, 59\), not \(20, 58\)"),
        ({"jets": TWO}, r"exactly one class, not have \[1.0, 1.0, 0.0, 0.0, 0.0\]\n.*:jets\[4\]"),
        ({"jets": UNDEFINED}, r"exactly one class.*\n.*:jets\[5\]"),
        ({"particleFeatureNames": SWAPPED}, r"column 0 must be named 'j1_px', not 'j1_py'\n.*particleFeatureNames"),
        ({"particleFeatureNames": SWAPPED[:3]}, "column 0 must be named"),
        ({"jetFeatureNames": np.arange(59)}, "jetFeatureNames must hold text, not int64"),
        ({"jetFeatureNames": np.array(["j_ptfrac"], "S")}, "column 1 must be named 'j_pt', not nothing"),
    ],
)
def test_what_is_no_such_file(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    path = write_lhc(tmp_path / "a.h5", X, TABLE, **changed)
    with pytest.raises(UserError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kind", ["none", "zero-soft", "compact"])
def test_columns_that_are_not_used_may_hold_anything(tmp_path: Path, kind: str) -> None:
    x, table = X.copy(), TABLE.copy()
    x[3, 2, COLUMNS.index("etarot")], x[3, 3, 0], table[4, 10] = np.nan, np.inf, np.nan
    path, whole = write_lhc(tmp_path / "a.h5", x, table), write_lhc(tmp_path / "b.h5", X, TABLE)
    (found,), (wanted,) = (read(one, particles=20, kind=kind) for one in (path, whole))
    np.testing.assert_array_equal(found.x, wanted.x)
    np.testing.assert_array_equal(found.y, wanted.y)
    with pytest.raises(UserError, match=r"jetConstituentList\[3, 2, 9\]"):
        read(path, features=16, kind=kind)


def test_a_chunk_that_must_be_read_whole_is_not_too_large(tmp_path: Path) -> None:
    path = write_lhc(tmp_path / "a.h5", X, TABLE, jetConstituentList=None)
    with h5py.File(path, "a") as file:
        shape = (20, 150, 16)
        file.create_dataset("jetConstituentList", shape, "f8", chunks=(60_000, 150, 16), maxshape=(None, 150, 16))
    with pytest.raises(UserError, match=r"stored in chunks of at most 1,073,741,824 bytes, not of \(60000, 150, 16\)"):
        read(path)


def test_a_cut_off_file(tmp_path: Path) -> None:
    path = write_lhc(tmp_path / "a.h5", X, TABLE)
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(UserError, match="must be a readable, whole HDF5 file"):
        read(path)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((21, 3, "none"), "--particles must be at most 20, as the file has, not 21"),
        ((151, 3, "none"), "--particles must be 1 to 150 for lhc-jets, not 151"),
        ((8, 4, "none"), "--features must be 3 or 16 for lhc-jets, not 4"),
        ((8, 3, "half"), "--cut must be none or zero-soft or compact for lhc-jets, not half"),
    ],
)
def test_what_cannot_be_asked(tmp_path: Path, asked: tuple[int, int, str], message: str) -> None:
    path = write_lhc(tmp_path / "a.h5", X, TABLE)
    with pytest.raises(UserError, match=message):
        read(path, *asked)
