"""Inputs and expected outputs as codes, with labels and scores, in one file of the project."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.files import atomic_write

REFERENCE = "fpga_tf_reference.npz"
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Reference:
    """What the firmware is held against.

    Attributes:
        inputs, outputs: by set, one array of codes per port.
        labels: of the evaluation set.
        float_scores: of the float model on the evaluation set, if there is one.
    """

    inputs: dict[str, list[Codes]]
    outputs: dict[str, list[Codes]]
    labels: NDArray[np.int64]
    float_scores: NDArray[np.float64] | None = None
    facts: dict[str, float] = field(default_factory=dict)


def write_reference(path: Path, reference: Reference) -> None:
    """Write the file; equal references give equal bytes."""
    arrays: dict[str, NDArray[np.generic]] = {"labels": _small(reference.labels)}
    arrays["sets"] = np.asarray(list(reference.inputs))
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


def read_reference(path: Path) -> Reference:
    """Read the file back.

    Raises:
        UserError: it is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            names = [str(n) for n in data["sets"]]
            return Reference(
                inputs={n: _ports(data, "in", n) for n in names},
                outputs={n: _ports(data, "out", n) for n in names},
                labels=data["labels"].astype(np.int64),
                float_scores=data["float_scores"] if "float_scores" in data.files else None,
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise UserError(
            f"the reference must be as it was written, not damaged ({type(error).__name__})",
            where=str(path),
            hint="make the project again with --fresh",
        ) from error


def _ports(data: np.lib.npyio.NpzFile, kind: str, name: str) -> list[Codes]:
    out: list[Codes] = []
    while f"{kind}.{name}.{len(out)}" in data.files:
        out.append(data[f"{kind}.{name}.{len(out)}"].astype(np.int64))
    if not out:
        raise KeyError(name)
    return out


def _small(codes: NDArray[np.int64]) -> NDArray[np.generic]:
    """The same integers in the narrowest type."""
    low, high = (int(codes.min()), int(codes.max())) if codes.size else (0, 0)
    for kind in (np.int8, np.int16, np.int32):
        info = np.iinfo(kind)
        if info.min <= low and high <= info.max:
            return codes.astype(kind)
    return codes
