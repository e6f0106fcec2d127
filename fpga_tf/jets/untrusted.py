"""Checked reads from an HDF5 file that nobody vouches for.

HDF5 can point outside the file (external links, external and virtual storage), declare far more data than it holds,
and compress without limit. What is read here lies in the file, is of a plain type, and its size is checked before it
is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError

if TYPE_CHECKING:
    import h5py

MAX_VALUES = 100_000_000  # 400 MB as float32; a million jets of 15 x 6
MAX_NAMES = 1_000

# What h5py raises on damaged content, besides OSError: it depends on where the damage lies.
DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, UnicodeDecodeError)


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The HDF5 file, open for reading.

    Raises:
        UserError: there is no such file, it cannot be read, or it is not a whole HDF5 file.
    """
    import h5py

    if not path.is_file():
        raise UserError("the jets must be an existing file", where=str(path), hint="check the path, relative to where")
    try:
        file = h5py.File(path, "r")
    except DAMAGE as error:
        raise UserError(
            f"the jets must be a readable, whole HDF5 file, not one that fails with: {error}", where=str(path)
        ) from error
    with file:
        yield file


def stored(file: h5py.File, name: str, where: str) -> h5py.Dataset:
    """A dataset in the file's root whose values lie in the file itself.

    Raises:
        UserError: it is missing, a link, damaged, or its values lie elsewhere.
    """
    import h5py

    try:
        present = sorted(key for key in file if isinstance(file.get(key, getlink=True), h5py.HardLink))
        found = file[name] if name in present else None
    except DAMAGE as error:
        raise UserError(f"{name} must be a readable dataset, not one that fails with: {error}", where=where) from error
    if not isinstance(found, h5py.Dataset):
        raise UserError(
            f"{name!r} must be a dataset stored in the file's root",
            where=where,
            hint=f"the file has {', '.join(map(repr, present[:20])) or 'none'}",
        )
    try:
        outside = found.external is not None or found.is_virtual
    except DAMAGE as error:
        raise UserError(f"{name} must be a readable dataset, not one that fails with: {error}", where=where) from error
    if outside:
        raise UserError(f"{name} must be stored in the file itself, not elsewhere", where=where)
    return found


def _dataset(file: h5py.File, name: str, kinds: str, rank: int, where: str) -> h5py.Dataset:
    found = stored(file, name, where)
    _check_layout(found, name, kinds, rank, where)
    return found


def _check_layout(found: h5py.Dataset, name: str, kinds: str, rank: int, where: str) -> None:
    try:
        dtype, shape = found.dtype, found.shape
    except DAMAGE as error:
        raise UserError(f"{name} must be a readable dataset, not one that fails with: {error}", where=where) from error
    if dtype.kind not in kinds or dtype.itemsize > 8:
        wanted = "16, 32 or 64 bit floating point" if kinds == "f" else "integer"
        raise UserError(f"{name} must be {wanted}, not {dtype}", where=where, hint=_label_hint(shape, rank))
    if shape is None or len(shape) != rank or 0 in shape:
        expected = "(jets, tracks, features)" if rank == 3 else "(jets,)"
        raise UserError(
            f"{name} must have the shape {expected} without zeros, not {shape}",
            where=where,
            hint=_label_hint(shape, rank),
        )
    if np.prod(shape, dtype=object) > MAX_VALUES:
        raise UserError(f"{name} must have at most {MAX_VALUES:,} values, not the shape {shape}", where=where)


def _label_hint(shape: tuple[int, ...] | None, rank: int) -> str | None:
    """What makes labels of a dataset that has a column for each class, or only one."""
    if rank != 1 or shape is None or len(shape) != 2:
        return None
    return "take its one column, y[:, 0]" if shape[1] == 1 else "one-hot labels become integers with argmax"


def _load(found: h5py.Dataset, name: str, where: str) -> NDArray[Any]:
    try:
        return np.asarray(found[()])
    except (*DAMAGE, MemoryError) as error:
        raise UserError(f"{name} must be readable to its end, not fail with: {error}", where=where) from error


def numbers(file: h5py.File, name: str, *, where: str) -> NDArray[np.float32]:
    """A dataset (jets, tracks, features) of finite numbers.

    Raises:
        UserError: it is missing, damaged, of another shape or type, or holds a value that is not finite in float32.
    """
    stored = _load(_dataset(file, name, "f", 3, where), name, where)
    with np.errstate(over="ignore"):
        values = stored.astype(np.float32)
    finite = np.isfinite(values)
    if not finite.all():
        jet, track, feature = np.unravel_index(int(np.argmin(finite)), values.shape)
        raise UserError(
            f"{name} must be finite in float32 everywhere, not {stored[jet, track, feature]}",
            where=f"{where}[{jet}, {track}, {feature}]",
            hint=f"{int((~finite).sum())} values are not",
        )
    return values


def integers(file: h5py.File, name: str, *, where: str) -> NDArray[np.int64]:
    """A dataset (jets,) of integers.

    Raises:
        UserError: it is missing, damaged, of another shape or type, or exceeds 64 bit signed.
    """
    stored = _load(_dataset(file, name, "iu", 1, where), name, where)
    if stored.dtype.kind == "u" and stored.max() > np.iinfo(np.int64).max:
        raise UserError(f"{name} must be below 2^63, not {stored.max()}", where=where)
    return stored.astype(np.int64)


def names(file: h5py.File, attribute: str, *, where: str) -> tuple[str, ...]:
    """The distinct, printable names in a root attribute.

    Raises:
        UserError: it is missing or something else.
    """
    try:
        value = np.asarray(file.attrs[attribute])
        found = tuple(v.decode() if isinstance(v, bytes) else v for v in value.ravel()[:MAX_NAMES].tolist())
    except DAMAGE as error:
        raise UserError(
            f"the file must have the root attribute {attribute!r} with a list of names",
            where=where,
            hint=f'add it with h5py: file.attrs["{attribute}"] = [...]',
        ) from error
    proper = all(isinstance(name, str) and name.isprintable() and 0 < len(name) <= 64 for name in found)
    if not proper or value.ndim != 1 or not 0 < len(value) <= MAX_NAMES or len(set(found)) != len(found):
        raise UserError(
            f"attribute {attribute!r} must be a list of distinct printable names, each of 1 to 64 characters",
            where=where,
        )
    return found
