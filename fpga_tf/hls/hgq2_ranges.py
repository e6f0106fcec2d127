"""Which values each element of a tensor can take: the widths of exact results follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpga_tf.fixedpoint import Format, Overflow
from fpga_tf.lower.context import exact_format

Bounds = NDArray[np.float64]
NO_BITS = -(1 << 14)  # fraction of an element that is always zero


@dataclass(frozen=True)
class Range:
    """Bounds of a tensor's elements; all arrays have the tensor's shape, without the batch.

    Attributes:
        low, high: smallest and largest value, exact.
        fraction: every value is a multiple of ``2**-fraction``.
    """

    low: Bounds
    high: Bounds
    fraction: NDArray[np.int64]

    def __post_init__(self) -> None:
        empty = (self.low == 0) & (self.high == 0)
        object.__setattr__(self, "fraction", np.where(empty, NO_BITS, self.fraction))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape without the batch."""
        return tuple(int(n) for n in self.low.shape)

    @property
    def format(self) -> Format:
        """The narrowest format that holds every element, and zero."""
        fraction = int(self.fraction.max())
        if fraction == NO_BITS:
            return Format(False, 1, 0)
        return exact_format(min(0.0, float(self.low.min())), max(0.0, float(self.high.max())), fraction)

    def reshaped(self, shape: Sequence[int]) -> Range:
        """The same elements under another shape."""
        return Range(self.low.reshape(shape), self.high.reshape(shape), self.fraction.reshape(shape))

    def transposed(self, axes: Sequence[int]) -> Range:
        """The same elements with the axes in another order."""
        return Range(self.low.transpose(axes), self.high.transpose(axes), self.fraction.transpose(axes))

    def rectified(self) -> Range:
        """Behind a rectifier."""
        return Range(np.maximum(self.low, 0.0), np.maximum(self.high, 0.0), self.fraction)

    def quantised(self, formats: Sequence[Format | None]) -> Range:
        """Behind a quantiser.

        Args:
            formats: for each element, in C order; None for one that becomes zero.
        """
        rows = [
            (0.0, 0.0, NO_BITS) if fmt is None else _quantised(bounds, int(fraction), fmt)
            for *bounds, fraction, fmt in zip(self.low.flat, self.high.flat, self.fraction.flat, formats, strict=True)
        ]
        low, high, fraction = (np.asarray(column).reshape(self.shape) for column in zip(*rows, strict=True))
        return Range(low, high, fraction)


def _quantised(bounds: Sequence[float], fraction: int, fmt: Format) -> tuple[float, float, int]:
    """Bounds and fraction of one element."""
    low, high = (float(bound) for bound in fmt.rounded(bounds))
    if fmt.min_code <= low and high <= fmt.max_code:
        return low * fmt.lsb, high * fmt.lsb, min(fraction, fmt.fraction)
    if fmt.overflow is Overflow.WRAP:
        return fmt.min, fmt.max, fmt.fraction
    low, high = (min(max(code, fmt.min_code), fmt.max_code) for code in (low, high))
    return low * fmt.lsb, high * fmt.lsb, fmt.fraction


def exact_range(values: NDArray[np.float64]) -> Range:
    """The range of constants."""
    mantissa, exponent = np.frexp(values)
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    trailing = np.log2(np.maximum(whole & -whole, 1).astype(np.float64)).astype(np.int64)
    return Range(values, values, 53 - exponent - trailing)


def full_range(shape: Sequence[int], fmt: Format) -> Range:
    """Every value of a format, at every element."""
    whole = np.ones(tuple(shape))
    return Range(fmt.min * whole, fmt.max * whole, fmt.fraction * whole.astype(np.int64))


def added(first: Range, *others: Range) -> Range:
    """A sum, elements broadcast as numpy does."""
    low, high, fraction = first.low, first.high, first.fraction
    for other in others:
        low, high, fraction = low + other.low, high + other.high, np.maximum(fraction, other.fraction)
    return Range(low, high, fraction)


def joined(a: Range, b: Range, axis: int) -> Range:
    """Two tensors one behind the other."""
    parts = ((x.low, x.high, x.fraction) for x in (a, b))
    return Range(*(np.concatenate(pair, axis) for pair in zip(*parts, strict=True)))


def negated(x: Range) -> Range:
    """The range of ``-x``."""
    return Range(-x.high, -x.low, x.fraction)


def contracted(equation: str, a: Range, b: Range) -> Range:
    """An einsum of two tensors.

    Args:
        equation: einsum without the batch; an axis is summed over if the result lacks it.
    """
    operands, out = equation.split("->")
    first, second = operands.split(",")
    summed = "".join(axis for axis in dict.fromkeys(first + second) if axis not in out)
    whole = f"{first},{second}->{summed}{out}"
    corners = np.stack([np.einsum(whole, p, q) for p in (a.low, a.high) for q in (b.low, b.high)])
    axes = tuple(range(len(summed)))
    one_a, one_b = np.ones(a.shape, np.int64), np.ones(b.shape, np.int64)
    fraction = np.einsum(whole, a.fraction, one_b) + np.einsum(whole, one_a, b.fraction)
    return Range(corners.min(0).sum(axes), corners.max(0).sum(axes), fraction.max(axes, initial=2 * NO_BITS))
