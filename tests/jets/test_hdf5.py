"""Equal contents are equal bytes, whenever they are written: no object of a file has a time."""

from __future__ import annotations

import io
import re
from pathlib import Path

import h5py
import numpy as np

from fpga_tf.jets.hdf5 import new_file
from fpga_tf.jets.lhc_generate import LhcJets, layout_bytes
from fpga_tf.jets.normalise import Scale
from fpga_tf.jets.prepare import write
from fpga_tf.jets.sample import JetSample, write_sample


def headers_with_times(raw: bytes) -> list[bool]:
    """Of each object: whether its header has times (HDF5 file format, version 2 headers: bit 5 of the flags)."""
    return [bool(match[1][0] & 0x20) for match in re.finditer(rb"OHDR\x02(.)", raw, re.DOTALL)]


def test_the_way_that_times_are_told_is_right(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w", libver=("v108", "v108")) as file:
        file.create_dataset("x", data=[1.0], track_times=False)
    assert headers_with_times((tmp_path / "a.h5").read_bytes()) == [True, False]


def test_no_object_has_a_time(tmp_path: Path) -> None:
    x, y = np.ones((2, 3, 1), np.float32), np.zeros(2, np.int64)
    write_sample(tmp_path / "sample.h5", {"eval": JetSample(x, y, ("a", "b"), ("p",))}, {})
    write(tmp_path / "data.h5", {}, Scale(np.zeros(1), np.ones(1), "zero"), {"classes": ["a"]}, lambda done, of: None)
    jets = LhcJets(np.zeros((2, 150, 16), np.float32), np.zeros((2, 59), np.float32))
    images = {name: (tmp_path / name).read_bytes() for name in ("sample.h5", "data.h5")}
    found = {name: headers_with_times(raw) for name, raw in {**images, "jets": layout_bytes(jets)}.items()}
    assert found == {"sample.h5": [False] * 3, "data.h5": [False], "jets": [False] * 5}


def test_memory_and_disk_hold_the_same(tmp_path: Path) -> None:
    memory, path = io.BytesIO(), tmp_path / "a.h5"
    for target in (memory, path):
        with new_file(target) as file:
            file.create_dataset("x", data=np.arange(100_000), track_times=False)
            file.attrs["long"] = "s" * 300_000
        with h5py.File(target) as file:
            assert (file["x"][()] == np.arange(100_000)).all() and len(file.attrs["long"]) == 300_000
    assert not Path("memory").exists()
