"""Choosing the fixed-point format of a tensor from the values it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fpga_tf.fixedpoint import Format, bits_format

_CANDIDATES = 6  # formats with 0 to 5 integer bits less than the range needs
_INTEGER = (-12, 24)  # beyond that no value of a trained model lies


@dataclass(frozen=True)
class TensorFormat:
    """What was chosen for one tensor, and why.

    Attributes:
        name: layer, with the stage of an attention or the weight's name behind a slash.
        format: the choice.
        low, high: smallest and largest value seen.
        saturated: share of the values seen that lie outside the format's range.
        error: root of the mean squared difference that the format makes to the values seen.
    """

    name: str
    format: Format
    low: float
    high: float
    saturated: float
    error: float


@dataclass
class Site:
    """A tensor that will be quantised. All values are shown to it twice: first `see`, then `judge`.

    Of the formats with the given number of bits, the one with the smallest mean squared error over all values wins;
    at equal error the one with the larger range.

    Attributes:
        name: as in `TensorFormat`.
        bits: total width.
        signed: false where no value is negative by construction.
        headroom: integer bits on top of the best choice, for values beyond the calibration data.
        fixed: a format that is not to be chosen, only judged.
    """

    name: str
    bits: int
    signed: bool
    headroom: int = 0
    fixed: Format | None = None
    low: float = math.inf
    high: float = -math.inf
    count: int = 0
    _formats: list[Format] = field(default_factory=list)
    _squares: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    _outside: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def see(self, values: ArrayLike) -> None:
        """First round: the range."""
        x = np.asarray(values, dtype=np.float64)
        if x.size:
            self.low, self.high = min(self.low, float(x.min())), max(self.high, float(x.max()))
            self.count += x.size

    def judge(self, values: ArrayLike) -> None:
        """Second round: each candidate's error."""
        x = np.asarray(values, dtype=np.float64).ravel()
        if not self._formats:
            self._formats = [self.fixed] if self.fixed is not None else self._candidates()
            self._squares = np.zeros(len(self._formats))
            self._outside = np.zeros(len(self._formats), dtype=np.int64)
        for i, fmt in enumerate(self._formats):
            code = np.rint(x * 2.0**fmt.fraction)  # half to even and, with the clip, Format.quantise of these formats
            kept = np.clip(code, fmt.min_code, fmt.max_code)
            self._outside[i] += int(np.count_nonzero(kept != code))
            kept *= fmt.lsb
            kept -= x
            self._squares[i] += float(np.square(kept, out=kept).sum())  # a BLAS dot contends with TensorFlow's threads

    def choice(self) -> TensorFormat:
        """The best format, after both rounds."""
        if not self._formats:
            self.judge(np.zeros(0))
        best = int(np.argmin(self._squares))  # the first of equals, which has the larger range
        fmt, n = self._formats[best], max(self.count, 1)
        if self.headroom and self.fixed is None:
            fmt = bits_format(self.bits, fmt.integer + self.headroom, signed=self.signed)
        low, high = (self.low, self.high) if self.count else (0.0, 0.0)
        return TensorFormat(
            self.name, fmt, low, high, int(self._outside[best]) / n, math.sqrt(float(self._squares[best]) / n)
        )

    def _candidates(self) -> list[Format]:
        largest = covering(self.low, self.high, self.bits, signed=self.signed).integer if self.count else 0
        lowest = max(largest - _CANDIDATES + 1, _INTEGER[0])
        return [bits_format(self.bits, i, signed=self.signed) for i in range(largest, lowest - 1, -1)]


def covering(low: float, high: float, bits: int, *, signed: bool) -> Format:
    """The format of `bits` bits with the fewest integer bits in which no value of the range saturates."""
    largest = max(abs(low), abs(high))
    integer = _INTEGER[0] if largest == 0.0 else max(math.frexp(largest)[1] - 1, _INTEGER[0])
    if largest == 0.0:
        return bits_format(bits, 0, signed=signed)
    while integer < _INTEGER[1]:
        fmt = bits_format(bits, integer, signed=signed)
        if fmt.min - fmt.lsb / 2 <= low and high <= fmt.max + fmt.lsb / 2:
            break
        integer += 1
    return bits_format(bits, integer, signed=signed)


def best_format(name: str, values: ArrayLike, bits: int) -> TensorFormat:
    """The format of `bits` bits, signed, with the smallest mean squared error over the values."""
    site = Site(name, bits, signed=True)
    site.see(values)
    site.judge(values)
    return site.choice()


def covering_format(name: str, values: ArrayLike, bits: int) -> TensorFormat:
    """The format of `bits` bits, signed, that holds the values' range."""
    x = np.asarray(values, dtype=np.float64)
    return judged(name, x, covering(float(x.min(initial=0.0)), float(x.max(initial=0.0)), bits, signed=True))


def judged(name: str, values: ArrayLike, fmt: Format) -> TensorFormat:
    """What a given format makes of the values."""
    site = Site(name, fmt.width, fmt.signed, fixed=fmt)
    site.see(values)
    site.judge(values)
    return site.choice()
