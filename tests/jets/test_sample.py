"""The HDF5 layout: written whole, read as hostile input."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from fpga_tf.errors import ToolError, UserError
from fpga_tf.jets import untrusted
from fpga_tf.jets.sample import JetSample, read_sample, write_sample

CLASSES, FEATURES = ("b", "c", "light"), ("one", "two")


def sample(jets: int = 20, seed: int = 4) -> JetSample:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(jets, 5, 2)).astype(np.float16).astype(np.float32)
    return JetSample(x, rng.integers(0, 3, jets), CLASSES, FEATURES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "jets.h5"
    write_sample(file, {"eval": sample()}, {"seed": 4, "mean": [0.5, 1.5], "config": "{}"})
    return file


def refused(path: Path, x: str = "x_eval", y: str = "y_eval") -> UserError:
    with pytest.raises(UserError) as caught:
        read_sample(path, x, y)
    return caught.value


def test_round_trip(path: Path) -> None:
    written, found = sample(), read_sample(path, "x_eval", "y_eval")
    np.testing.assert_array_equal(found.x, written.x)
    np.testing.assert_array_equal(found.y, written.y)
    assert (found.x.dtype, found.y.dtype) == (np.float32, np.int64)
    assert (found.classes, found.features, len(found)) == (CLASSES, FEATURES, 20)
    with h5py.File(path) as file:
        assert dict(file.attrs)["seed"] == 4
        assert file.attrs["mean"].tolist() == [0.5, 1.5]


def test_equal_samples_are_equal_bytes(path: Path) -> None:
    again = path.with_name("again.h5")
    write_sample(again, {"eval": sample()}, {"seed": 4, "mean": [0.5, 1.5], "config": "{}"})
    assert again.read_bytes() == path.read_bytes()


def test_names_from_the_call_stand_in_for_attributes(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file.attrs["classes"], file.attrs["features"]
    error = refused(path)
    assert error.what == "the file must have the root attribute 'classes' with a list of names"
    assert error.hint == 'add it with h5py: file.attrs["classes"] = [...]'
    found = read_sample(path, "x_eval", "y_eval", classes=["x", "y", "z"], features=["p", "q"])
    assert (found.classes, found.features) == (("x", "y", "z"), ("p", "q"))


def test_missing_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.h5").what == "the jets must be an existing file"
    assert refused(tmp_path).what == "the jets must be an existing file"


def test_no_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "jets.h5"
    for content in (b"", b"random bytes", b"\x89HDF\r\n\x1a\n" + bytes(500)):
        path.write_bytes(content)
        assert refused(path).what.startswith("the jets must be a readable, whole HDF5 file")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_file(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert refused(path).what.startswith("the jets must be a readable, whole HDF5 file")


def test_damaged_bytes_give_jets_or_one_error(path: Path) -> None:
    # not seed 11: it damages the heap of an attribute's text so that HDF5 1.14.6 itself does not return
    content, rng = path.read_bytes(), np.random.default_rng(12)
    refusals = 0
    for _ in range(300):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), 4):
            damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            found = read_sample(path, "x_eval", "y_eval")
        except UserError:
            refusals += 1
        else:
            assert np.isfinite(found.x).all()
    assert refusals > 30


def test_missing_dataset_names_those_that_exist(path: Path) -> None:
    error = refused(path, x="x_test")
    assert error.what == "'x_test' must be a dataset stored in the file's root"
    assert error.hint == "the file has 'x_eval', 'y_eval'"


def nan(file: h5py.File) -> None:
    file["x_eval"][3, 1, 0] = np.nan
    file["x_eval"][7, 0, 0] = np.inf


def overflow(file: h5py.File) -> None:
    stored = file["x_eval"][()].astype(np.float64)
    stored[2, 4, 1] = 1e300
    replace(file, "x_eval", stored)


def replace(file: h5py.File, name: str, data: object) -> None:
    del file[name]
    file[name] = data


def outside(file: h5py.File) -> None:
    del file["x_eval"]
    file["x_eval"] = h5py.ExternalLink("/etc/other.h5", "x")


def raw_outside(file: h5py.File) -> None:
    del file["x_eval"]
    file.create_dataset("x_eval", (20, 5, 2), "f4", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)])


def bomb(file: h5py.File) -> None:
    del file["x_eval"]
    file.create_dataset("x_eval", (10**9, 100, 100), "f4", chunks=(1, 100, 100))


HOSTILE: list[tuple[Callable[[h5py.File], None], str, str]] = [
    (nan, "x_eval must be finite in float32 everywhere, not nan", ":x_eval[3, 1, 0]"),
    (overflow, "x_eval must be finite in float32 everywhere, not 1e+300", ":x_eval[2, 4, 1]"),
    (lambda f: replace(f, "x_eval", np.zeros((20, 10), "f4")), "x_eval must have the shape (jets, tracks", ":x_eval"),
    (lambda f: replace(f, "x_eval", np.zeros((0, 5, 2), "f4")), "x_eval must have the shape (jets, tracks", ":x_eval"),
    (lambda f: replace(f, "x_eval", np.float32(1)), "x_eval must have the shape (jets, tracks", ":x_eval"),
    (lambda f: replace(f, "x_eval", np.zeros((20, 5, 2), "i4")), "x_eval must be 16, 32 or 64 bit floating", ":x_eval"),
    (lambda f: replace(f, "x_eval", ["text"]), "x_eval must be 16, 32 or 64 bit floating point, not object", ":x_eval"),
    (lambda f: replace(f, "x_eval", np.zeros((20, 5, 3), "f4")), "x_eval must have one column for each of the 2", ""),
    (lambda f: replace(f, "x_eval", np.zeros((19, 5, 2), "f4")), "y_eval must have one label for each of the 19", ""),
    (outside, "'x_eval' must be a dataset stored in the file's root", ":x_eval"),
    (raw_outside, "x_eval must be stored in the file itself, not elsewhere", ":x_eval"),
    (bomb, "x_eval must have at most 100,000,000 values", ":x_eval"),
    (lambda f: replace(f, "y_eval", np.zeros(20, "f4")), "y_eval must be integer, not float32", ":y_eval"),
    (lambda f: replace(f, "y_eval", np.zeros((20, 3), "i4")), "y_eval must have the shape (jets,)", ":y_eval"),
    (lambda f: replace(f, "y_eval", np.full(20, 3)), "labels must be 0 to 2, not 3", ":y_eval[0]"),
    (lambda f: replace(f, "y_eval", np.array([0] * 19 + [-1])), "labels must be 0 to 2, not -1", ":y_eval[19]"),
    (lambda f: replace(f, "y_eval", np.full(20, 2**64 - 1, "u8")), "y_eval must be below 2^63", ":y_eval"),
    (lambda f: f.attrs.__setitem__("classes", [1, 2, 3]), "attribute 'classes' must be a list of distinct", ""),
    (lambda f: f.attrs.__setitem__("classes", ["b", "b", "c"]), "attribute 'classes' must be a list of distinct", ""),
    (lambda f: f.attrs.__setitem__("classes", "bcl"), "attribute 'classes' must be a list of distinct", ""),
    (
        lambda f: f.attrs.__setitem__("features", ["a", "\x1b[2J"]),
        "attribute 'features' must be a list of distinct",
        "",
    ),
]


@pytest.mark.parametrize(
    ("labels", "hint"),
    [
        (np.eye(3, dtype="f4")[np.zeros(20, int)], "one-hot labels become integers with argmax"),
        (np.eye(3, dtype="i4")[np.zeros(20, int)], "one-hot labels become integers with argmax"),
        (np.zeros((20, 1), "i4"), "take its one column, y[:, 0]"),  # of which argmax would make zeros
        (np.zeros(20, "f4"), None),
    ],
)
def test_how_labels_become_integers(path: Path, labels: np.ndarray[Any, Any], hint: str | None) -> None:
    with h5py.File(path, "r+") as file:
        replace(file, "y_eval", labels)
    assert refused(path).hint == hint


@pytest.mark.parametrize(("change", "what", "where"), HOSTILE)
def test_hostile_content(path: Path, change: Callable[[h5py.File], None], what: str, where: str) -> None:
    with h5py.File(path, "r+") as file:
        change(file)
    error = refused(path)
    assert error.what.startswith(what)
    assert error.where == f"{path}{where}"


def test_the_limit_on_values(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untrusted, "MAX_VALUES", 199)
    assert refused(path).what == "x_eval must have at most 199 values, not the shape (20, 5, 2)"


def test_a_group_or_a_path_into_one_is_no_dataset(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["group/x"] = np.zeros((20, 5, 2), "f4")
    for name in ("group", "group/x", "/x_eval", "..", ""):
        assert "must be a dataset stored in the file's root" in refused(path, x=name).what


def test_a_full_disk_leaves_the_old_file_and_nothing_else(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ToolError, match="No space left"):
        write_sample(path, {"eval": sample(seed=5)}, {})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_stored_is_refused(tmp_path: Path) -> None:
    good, path = sample(), tmp_path / "jets.h5"
    large = JetSample(good.x * np.float32(1e6), good.y, CLASSES, FEATURES)
    missing = JetSample(good.x * np.float32("nan"), good.y, CLASSES, FEATURES)
    label = JetSample(good.x, good.y + 200, CLASSES, FEATURES)
    other = JetSample(good.x, good.y, ("a", "b", "c"), FEATURES)
    for parts in ({"a": large}, {"a": missing}, {"a": label}, {"a": good, "b": other}, {}):
        with pytest.raises(UserError):
            write_sample(path, parts, {})
    assert not path.exists()
