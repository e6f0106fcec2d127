"""Jets on disk: one HDF5 layout, read as hostile input and written atomically.

A file holds pairs of datasets `x_<part>` (n, tracks, features), floating point, and `y_<part>` (n,), integer, for
instance x_eval, y_eval, x_calib and y_calib, and in its root attributes `classes` and `features` (their names) besides
whatever tells where the jets came from. Slots without a track are zeros.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.files import atomic_write
from fpga_tf.jets.hdf5 import new_file
from fpga_tf.jets.untrusted import integers, names, numbers, opened


@dataclass(frozen=True)
class JetSample:
    """Jets and their labels.

    Attributes:
        x: inputs (n, tracks, features), standardised.
        y: labels (n,), each an index into `classes`.
        classes: name of each class.
        features: name of each feature.
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    classes: tuple[str, ...]
    features: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.y)


def read_sample(
    path: str | os.PathLike[str],
    x_name: str,
    y_name: str,
    *,
    classes: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
) -> JetSample:
    """Read inputs and labels from an HDF5 file that nobody vouches for.

    Args:
        path: the file.
        x_name: dataset of inputs (n, tracks, features), float16, float32 or float64.
        y_name: dataset of labels (n,), any integer type.
        classes: names of the classes; the file's attribute `classes` by default.
        features: names of the features; the file's attribute `features` by default.

    Raises:
        UserError: the file is missing or damaged, a dataset is missing, of another shape or type or stored outside the
            file, a value is not finite in float32, a label has no class, or classes or features have no names.
    """
    path = Path(path)
    with opened(path) as file:
        x = numbers(file, x_name, where=f"{path}:{x_name}")
        y = integers(file, y_name, where=f"{path}:{y_name}")
        class_names = tuple(classes) if classes is not None else names(file, "classes", where=str(path))
        feature_names = tuple(features) if features is not None else names(file, "features", where=str(path))
    _check_lengths(x, y, feature_names, path, x_name, y_name)
    _check_labels(y, class_names, where=f"{path}:{y_name}")
    return JetSample(x, y, class_names, feature_names)


def _check_lengths(
    x: NDArray[np.float32], y: NDArray[np.int64], features: tuple[str, ...], path: Path, x_name: str, y_name: str
) -> None:
    if len(x) != len(y):
        raise UserError(
            f"{y_name} must have one label for each of the {len(x)} jets of {x_name}, not {len(y)} labels",
            where=str(path),
        )
    if x.shape[2] != len(features):
        raise UserError(
            f"{x_name} must have one column for each of the {len(features)} features, not {x.shape[2]} columns",
            where=str(path),
        )


def _check_labels(y: NDArray[np.int64], classes: tuple[str, ...], where: str) -> None:
    wrong = np.flatnonzero((y < 0) | (y >= len(classes)))
    if len(wrong):
        raise UserError(
            f"labels must be 0 to {len(classes) - 1}, not {y[wrong[0]]}",
            where=f"{where}[{wrong[0]}]",
            hint=f"the classes are {', '.join(classes)}",
        )


def write_sample(
    path: str | os.PathLike[str], parts: Mapping[str, JetSample], provenance: Mapping[str, str | int | Sequence[float]]
) -> None:
    """Write parts of a sample, `x_<part>` in float16 and `y_<part>` in int8: the file appears whole or not at all.

    Equal arguments give equal bytes (with the same HDF5 library).

    Args:
        path: the file, replaced if it exists.
        parts: samples with the same classes and features, by name of part.
        provenance: more root attributes.

    Raises:
        UserError: parts differ in classes or features, there is none, or a value is too large for its storage type.
        ToolError: the file system refuses.
    """
    path = Path(path)
    first = next(iter(parts.values()), None)
    if first is None:
        raise UserError("a sample must have at least one part, not none", where=str(path))
    for name, part in parts.items():
        _check_storable(name, part, first, path)
    atomic_write(path, _image(parts, {"classes": list(first.classes), "features": list(first.features), **provenance}))


def _check_storable(name: str, part: JetSample, first: JetSample, path: Path) -> None:
    if (part.classes, part.features) != (first.classes, first.features):
        raise UserError(f"part {name} must have the same classes and features as the others", where=str(path))
    largest = float(np.finfo(np.float16).max)
    if not (np.abs(part.x) <= largest).all():
        raise UserError(f"x_{name} must be finite and within +-{largest:g}, the range of float16", where=str(path))
    if len(part.y) and not 0 <= part.y.min() <= part.y.max() <= np.iinfo(np.int8).max:
        raise UserError(f"y_{name} must be 0 to 127, not {part.y.min()} to {part.y.max()}", where=str(path))


def _image(parts: Mapping[str, JetSample], attributes: Mapping[str, Any]) -> bytes:
    """The bytes of the HDF5 file, made in memory."""
    # Times are left out: the same jets are the same bytes.
    options = {"compression": "gzip", "compression_opts": 9, "shuffle": True, "track_times": False}
    memory = io.BytesIO()
    with new_file(memory) as file:
        for name, part in parts.items():
            file.create_dataset(f"x_{name}", data=part.x.astype(np.float16), **options)
            file.create_dataset(f"y_{name}", data=part.y.astype(np.int8), **options)
        for key in attributes:
            file.attrs[key] = attributes[key]
    return memory.getvalue()
