"""Codes as the bits of a wide port, in 32-bit words as Verilator keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import InternalError

Words = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Field:
    """One number within a port.

    Attributes:
        signed: whether its highest bit is a sign.
        integer, fraction: bits before (without the sign) and after the point.
    """

    signed: bool
    integer: int
    fraction: int

    @property
    def width(self) -> int:
        """Bits; 0 for a number that is always zero."""
        return int(self.signed) + self.integer + self.fraction


def word_count(fields: Sequence[Field]) -> int:
    """32-bit words of a port."""
    return max(-(-sum(field.width for field in fields) // 32), 1)


def pack(values: NDArray[np.float64], fields: Sequence[Field]) -> Words:
    """Values as words, the first field in the lowest bits.

    Args:
        values: exact, shape (samples, fields).

    Returns:
        Shape (samples, words).
    """
    columns = []
    for index, field in enumerate(fields):
        if not field.width:  # an input that no output depends on has no bits
            continue
        scaled = values[:, index] * 2.0**field.fraction
        codes = scaled.astype(np.int64)
        if not np.array_equal(codes, scaled):
            raise InternalError(f"a port's value must be a multiple of 2**-{field.fraction}")
        columns.append((codes[:, None] >> np.arange(field.width)) & 1)
    bits = np.concatenate([np.zeros((len(values), 0), np.int64), *columns], axis=1).astype(np.uint8)
    padding = word_count(fields) * 32 - bits.shape[1]
    whole = np.pad(bits, ((0, 0), (0, padding)))
    return np.packbits(whole, axis=1, bitorder="little").view("<u4").astype(np.uint32)


def unpack(words: Words, fields: Sequence[Field]) -> NDArray[np.float64]:
    """Values of words, shape (samples, fields); exact."""
    raw = np.ascontiguousarray(words.astype("<u4")).view(np.uint8)
    bits = np.unpackbits(raw, axis=1, bitorder="little").astype(np.int64)
    values = np.zeros((len(words), len(fields)))
    at = 0
    for index, field in enumerate(fields):
        weights = 1 << np.arange(field.width, dtype=np.int64)
        if field.signed and field.width:
            weights[-1] = -weights[-1]
        values[:, index] = (bits[:, at : at + field.width] @ weights) * 2.0**-field.fraction
        at += field.width
    return values
