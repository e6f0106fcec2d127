"""Checked reads of large HDF5 datasets, some rows at a time: memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.jets.untrusted import DAMAGE, stored

if TYPE_CHECKING:
    import h5py

CHUNK_BYTES = 32 << 20
"""What is read at once, about."""

MAX_STORED_CHUNK = 1 << 30
"""Bytes of the unit that HDF5 compresses and can only read whole."""

_KINDS = {"f": "floating point", "iu": "integer", "iuf": "numbers", "SO": "text"}


class Rows:
    """A dataset (rows, ...) of a file that nobody vouches for.

    Args:
        file: an open file.
        name: the dataset.
        shape: its shape, None where any length will do.
        kinds: numpy's letters of the types that will do.
        where: the file, for messages.

    Raises:
        UserError: it is missing, damaged, of another type or shape, or stored elsewhere or in units too large.
    """

    def __init__(self, file: h5py.File, name: str, shape: tuple[int | None, ...], kinds: str, where: str) -> None:
        self.where = f"{where}:{name}"
        self._found = stored(file, name, self.where)
        dtype, found = self._found.dtype, self._found.shape
        if dtype.kind not in kinds or (kinds != "SO" and dtype.itemsize > 8):
            raise UserError(f"{name} must hold {_KINDS[kinds]}, not {dtype}", where=self.where)
        fits = found is not None and len(found) == len(shape) and 0 not in found
        if not fits or any(want not in (None, have) for want, have in zip(shape, found, strict=True)):
            wanted = ", ".join("any" if length is None else str(length) for length in shape)
            raise UserError(f"{name} must have the shape ({wanted}), not {found}", where=self.where)
        self.shape: tuple[int, ...] = tuple(found)
        self._unit: int = self._found.chunks[0] if self._found.chunks else 1
        self.row_bytes = int(np.prod(self.shape[1:], dtype=object)) * dtype.itemsize
        if self._unit * self.row_bytes > MAX_STORED_CHUNK:
            raise UserError(
                f"{name} must be stored in chunks of at most {MAX_STORED_CHUNK:,} bytes, not of {self._found.chunks}",
                where=self.where,
            )

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def step(self) -> int:
        """Rows to read at once: whole stored chunks, so that none is decompressed twice."""
        whole: int = max(1, CHUNK_BYTES // max(1, self.row_bytes * self._unit))
        return whole * self._unit

    def read(self, begin: int, end: int) -> NDArray[Any]:
        """The rows from begin to end.

        Raises:
            UserError: they are damaged.
        """
        try:
            return np.asarray(self._found[begin:end])
        except (*DAMAGE, MemoryError) as error:
            raise UserError(f"rows must be readable to the end, not fail with: {error}", where=self.where) from error

    def finite(self, begin: int, end: int, used: Sequence[int] | None = None) -> NDArray[np.float32]:
        """The rows from begin to end, finite in float32.

        Args:
            used: places of the last axis that have to be finite; None: all.

        Raises:
            UserError: they are damaged or hold another value.
        """
        with np.errstate(over="ignore"):
            values = self.read(begin, end).astype(np.float32)
        check_finite(values, self.where, begin, used)
        return values


def check_finite(values: NDArray[np.floating], where: str, first: int, used: Sequence[int] | None = None) -> None:
    """Refuse what is not a number; `first` is the number of the first row.

    Args:
        used: places of the last axis that are looked at; None: all.

    Raises:
        UserError: a value is infinite or not a number.
    """
    finite = np.isfinite(values)
    if used is not None:
        finite[..., [i for i in range(values.shape[-1]) if i not in used]] = True
    if not finite.all():
        place = np.unravel_index(int(np.argmin(finite)), values.shape)
        index = ", ".join(map(str, (first + int(place[0]), *map(int, place[1:]))))
        raise UserError(f"values must be finite in float32, not {values[place]}", where=f"{where}[{index}]")


def pieces(rows: int, step: int) -> Iterator[tuple[int, int]]:
    """Begin and end of pieces of at most `step` rows."""
    yield from ((begin, min(begin + step, rows)) for begin in range(0, rows, step))


def one_hot(values: NDArray[Any], where: str, first: int) -> NDArray[np.int64]:
    """Labels (n,) of one-hot rows (n, classes); `first` is the number of the first row.

    Raises:
        UserError: a row has not exactly one 1, or anything but 0 and 1.
    """
    wrong = np.flatnonzero(((values != 0) & (values != 1)).any(axis=1) | (values.sum(axis=1) != 1))
    if len(wrong):
        raise UserError(
            f"a jet must belong to exactly one class, not have {values[wrong[0]].tolist()}",
            where=f"{where}[{first + int(wrong[0])}]",
        )
    labels: NDArray[np.int64] = values.argmax(axis=1).astype(np.int64)
    return labels


def same_length(one: Rows, other: Rows) -> None:
    """Refuse datasets of different numbers of jets.

    Raises:
        UserError: the lengths differ.
    """
    if len(one) != len(other):
        raise UserError(f"there must be {len(one)} rows as in {one.where}, not {len(other)}", where=other.where)
