"""Inputs and expected outputs as codes, with labels and scores, in one file of the project."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpga_tf.damage import ZIP_DAMAGE
from fpga_tf.errors import UserError
from fpga_tf.files import atomic_write
from fpga_tf.flow.samples import EVALUATION
from fpga_tf.hls.manifest import Manifest

REFERENCE = "fpga_tf_reference.npz"
MAX_BYTES = 2**31  # unpacked; 12,000 jets of 90 values take 1 MB
_DAMAGE = (*ZIP_DAMAGE, OSError, KeyError, IndexError, TypeError, MemoryError)
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Reference:
    """What the firmware is held against.

    Attributes:
        inputs, outputs: by set, one array of codes per port.
        labels: of the evaluation set; None if it is random.
        float_scores: of the float model on the evaluation set, if there is one.
    """

    inputs: dict[str, list[Codes]]
    outputs: dict[str, list[Codes]]
    labels: NDArray[np.int64] | None = None
    float_scores: NDArray[np.float64] | None = None


def write_reference(path: Path, reference: Reference) -> None:
    """Write the file; equal references give equal bytes."""
    arrays: dict[str, NDArray[np.generic]] = {"sets": np.asarray(list(reference.inputs))}
    if reference.labels is not None:
        arrays["labels"] = _small(reference.labels)
    if reference.float_scores is not None:
        arrays["float_scores"] = reference.float_scores
    for kind, sets in (("in", reference.inputs), ("out", reference.outputs)):
        for name, ports in sets.items():
            for i, codes in enumerate(ports):
                arrays[f"{kind}.{name}.{i}"] = _small(codes)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            part = io.BytesIO()
            np.lib.format.write_array(part, arrays[name], allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, part.getvalue())
    atomic_write(path, buffer.getvalue())


def read_reference(path: Path, manifest: Manifest) -> Reference:
    """Read the file back.

    Args:
        manifest: whose ports it must fit.

    Raises:
        UserError: it is missing, damaged, or of another project.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
                raise ValueError("size")
        with np.load(path, allow_pickle=False) as data:
            names = [str(n) for n in data["sets"]]
            found = Reference(
                inputs={n: _ports(data, "in", n) for n in names},
                outputs={n: _ports(data, "out", n) for n in names},
                labels=_integers(data["labels"]) if "labels" in data.files else None,
                float_scores=data["float_scores"] if "float_scores" in data.files else None,
            )
        _check(found, manifest)
    except _DAMAGE as error:
        raise UserError(
            f"the reference must be as it was written, not damaged ({type(error).__name__})",
            where=str(path),
            hint="make the project again with --fresh",
        ) from error
    return found


def _check(reference: Reference, manifest: Manifest) -> None:
    samples = len(reference.inputs[EVALUATION][0])
    for kind, ports in ((reference.inputs, manifest.inputs), (reference.outputs, manifest.outputs)):
        for name, arrays in kind.items():
            count = samples if name == EVALUATION else len(reference.inputs[name][0])
            if count == 0 or [a.shape for a in arrays] != [(count, *p.shape) for p in ports]:
                raise ValueError("shapes")
    for arrays in reference.inputs.values():
        for codes, port in zip(arrays, manifest.inputs, strict=True):
            if codes.min() < port.type.min_code or codes.max() > port.type.max_code:
                raise ValueError("codes")
    if reference.labels is not None and reference.labels.shape != (samples,):
        raise ValueError("labels")
    scores, expected = reference.float_scores, reference.outputs[EVALUATION][0].shape
    if scores is not None and reference.labels is None:
        raise ValueError("labels")
    if scores is not None and (not isinstance(scores, np.ndarray) or scores.dtype != np.float64):
        raise ValueError("scores")
    if scores is not None and scores.shape != expected:
        raise ValueError("scores")


def _ports(data: np.lib.npyio.NpzFile, kind: str, name: str) -> list[Codes]:
    out: list[Codes] = []
    while f"{kind}.{name}.{len(out)}" in data.files:
        out.append(_integers(data[f"{kind}.{name}.{len(out)}"]))
    if not out:
        raise KeyError(name)
    return out


def _integers(values: NDArray[np.generic]) -> Codes:
    # numpy gives the bytes of a member that is no array
    if not isinstance(values, np.ndarray) or values.dtype.kind != "i":
        raise ValueError("dtype")
    return values.astype(np.int64)


def _small(codes: NDArray[np.int64]) -> NDArray[np.generic]:
    """The same integers in the narrowest type."""
    low, high = (int(codes.min()), int(codes.max())) if codes.size else (0, 0)
    for kind in (np.int8, np.int16, np.int32):
        info = np.iinfo(kind)
        if info.min <= low and high <= info.max:
            return codes.astype(kind)
    return codes
