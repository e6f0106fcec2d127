"""The file of inputs and expected outputs: round trip, equal bytes, and what is no such file."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.flow import reference as module
from fpga_tf.flow.reference import Reference, read_reference, write_reference

from .projects import manifest, reference

SCORES = np.random.default_rng(1).random((60, 3))


def equal(a: Reference, b: Reference) -> bool:
    sets = [*a.inputs.items(), *a.outputs.items()], [*b.inputs.items(), *b.outputs.items()]
    return (
        [name for name, _ in sets[0]] == [name for name, _ in sets[1]]
        and all(
            x.dtype == y.dtype == np.int64 and np.array_equal(x, y)
            for (_, left), (_, right) in zip(*sets, strict=True)
            for x, y in zip(left, right, strict=True)
        )
        and np.array_equal(a.labels, b.labels)
        and (a.float_scores is None) == (b.float_scores is None)
        and (a.float_scores is None or b.float_scores is None or np.array_equal(a.float_scores, b.float_scores))
    )


@pytest.mark.parametrize("scores", [None, SCORES], ids=["quantised", "float"])
def test_round_trip(scores: np.ndarray | None, tmp_path: Path) -> None:
    made = reference(float_scores=scores)
    write_reference(tmp_path / "r.npz", made)
    assert equal(read_reference(tmp_path / "r.npz", manifest()), made)


def test_extreme_codes_survive(tmp_path: Path) -> None:
    made = reference()
    low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    made.outputs["random"][1][0] = [[low, high], [-1, 0]]
    write_reference(tmp_path / "r.npz", made)
    assert equal(read_reference(tmp_path / "r.npz", manifest()), made)


def test_equal_references_are_equal_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_reference(tmp_path / name, reference(seed))
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def test_codes_take_no_more_room_than_they_need(tmp_path: Path) -> None:
    write_reference(tmp_path / "r.npz", reference())
    with np.load(tmp_path / "r.npz") as data:
        assert data["in.evaluation.0"].dtype == np.int8
        assert data["out.evaluation.0"].dtype == np.int16
        assert data["out.evaluation.1"].dtype == np.int64


def refused(path: Path) -> UserError:
    with pytest.raises(UserError, match="the reference must be as it was written, not damaged") as caught:
        read_reference(path, manifest())
    assert caught.value.where == str(path)
    assert caught.value.hint == "make the project again with --fresh"
    return caught.value


def damaged_outputs(made: Reference) -> Reference:
    return replace(made, outputs={**made.outputs, "random": [made.outputs["random"][0][:4], made.outputs["random"][1]]})


@pytest.mark.parametrize(
    "change",
    [
        lambda r: replace(r, labels=r.labels[:-1]),
        lambda r: replace(r, float_scores=SCORES[:, :2]),
        lambda r: replace(r, float_scores=SCORES.astype(np.float32)),
        lambda r: replace(r, inputs={**r.inputs, "random": r.inputs["random"][:1]}),
        lambda r: replace(r, inputs={**r.inputs, "random": [x[:0] for x in r.inputs["random"]]}),
        lambda r: replace(r, inputs={**r.inputs, "random": [r.inputs["random"][0] + 64, r.inputs["random"][1]]}),
        lambda r: replace(r, inputs={**r.inputs, "random": [r.inputs["random"][0][:, :3], r.inputs["random"][1]]}),
        lambda r: replace(r, inputs={"random": r.inputs["random"]}, outputs={"random": r.outputs["random"]}),
        damaged_outputs,
    ],
    ids=["labels", "classes", "float32", "port", "empty", "range", "shape", "no evaluation", "samples"],
)
def test_a_reference_of_something_else(change: Callable[[Reference], Reference], tmp_path: Path) -> None:
    write_reference(tmp_path / "r.npz", change(reference()))
    refused(tmp_path / "r.npz")


def test_damaged_files(tmp_path: Path) -> None:
    path = tmp_path / "r.npz"
    refused(path)  # missing
    write_reference(path, reference())
    whole = path.read_bytes()
    rng = np.random.default_rng(8)
    for raw in (b"", b"PK", whole[:-30], whole[: len(whole) // 2], rng.bytes(len(whole)), b"\x93NUMPY"):
        path.write_bytes(raw)
        refused(path)
    for _ in range(200):
        raw = bytearray(whole)
        at = int(rng.integers(0, len(raw) - 8))
        raw[at : at + 8] = rng.bytes(8)
        path.write_bytes(raw)
        try:
            found = read_reference(path, manifest())
        except UserError:
            continue
        assert equal(found, reference())  # a byte that nobody reads


def npz(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in members.items():
            archive.writestr(f"{name}.npy", raw)
    return path


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
            return (Path.write_text, (tmp_path / "owned", "x"))  # type: ignore[return-value]

    part = io.BytesIO()
    np.lib.format.write_array(part, np.array([Evil()], dtype=object), allow_pickle=True)
    write_reference(tmp_path / "r.npz", reference())
    with zipfile.ZipFile(tmp_path / "r.npz") as archive:
        members = {name.removesuffix(".npy"): archive.read(name) for name in archive.namelist()}
    members["float_scores"] = members["labels"]
    for name in ("sets", "labels", "float_scores", "in.evaluation.0"):
        refused(npz(tmp_path / "evil.npz", **members | {name: part.getvalue()}))
        refused(npz(tmp_path / "evil.npz", **members | {name: pickle.dumps(1)}))
    assert not (tmp_path / "owned").exists()


def test_a_file_that_unpacks_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_reference(tmp_path / "r.npz", reference())
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    refused(tmp_path / "r.npz")


def test_a_header_that_promises_more_than_there_is(tmp_path: Path) -> None:
    write_reference(tmp_path / "r.npz", reference())
    with zipfile.ZipFile(tmp_path / "r.npz") as archive:
        members = {name.removesuffix(".npy"): archive.read(name) for name in archive.namelist()}
    for shape in ((2**40,), (2**62, 8), (10**6,)):
        part = io.BytesIO()
        np.lib.format.write_array_header_1_0(part, {"descr": "<i8", "fortran_order": False, "shape": shape})
        refused(npz(tmp_path / "big.npz", **members | {"labels": part.getvalue()}))
