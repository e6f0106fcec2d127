"""Fixed-point semantics in exact rational arithmetic, written from the Vitis HLS User Guide (UG1399)."""

from __future__ import annotations

import math
from fractions import Fraction

import hypothesis.strategies as st

from fpga_tf.fixedpoint import Format, Overflow, Rounding


def rounded(x: Fraction, mode: Rounding) -> int:
    """An integer for a value in units of the last bit kept."""
    low, high = math.floor(x), math.ceil(x)
    to_zero, from_zero = (low, high) if x >= 0 else (high, low)
    nearest = low if x - low < high - x else high
    tie = x - low == high - x and low != high
    match mode:
        case Rounding.TRN:
            return low
        case Rounding.TRN_ZERO:
            return to_zero
        case Rounding.RND:
            return high if tie else nearest
        case Rounding.RND_ZERO:
            return to_zero if tie else nearest
        case Rounding.RND_INF:
            return from_zero if tie else nearest
        case Rounding.RND_MIN_INF:
            return low if tie else nearest
        case Rounding.RND_CONV:
            return (low if low % 2 == 0 else high) if tie else nearest


def overflowed(code: int, signed: bool, width: int, mode: Overflow) -> int:
    """A code of `width` bits for any integer."""
    top = 2 ** (width - 1) - 1 if signed else 2**width - 1
    bottom = -(2 ** (width - 1)) if signed else 0
    match mode:
        case Overflow.WRAP:
            return (code - bottom) % 2**width + bottom
        case Overflow.SAT:
            return min(max(code, bottom), top)
        case Overflow.SAT_SYM:
            return min(max(code, -top if signed and width > 1 else bottom), top)  # ap_types: one bit is as SAT
        case Overflow.SAT_ZERO:
            return code if bottom <= code <= top else 0


def quantised(x: Fraction, fmt: Format) -> int:
    """The code of a real value."""
    code = rounded(x * Fraction(2) ** fmt.fraction, fmt.rounding)
    return overflowed(code, fmt.signed, fmt.width, fmt.overflow)


def nearest(x: Fraction) -> int:
    """Nearest integer, ties to even."""
    return rounded(x, Rounding.RND_CONV)


@st.composite
def formats(draw: st.DrawFn, max_width: int = 24) -> Format:
    """Formats of all modes, of few and of many bits, with the point anywhere around them."""
    signed = draw(st.booleans())
    width = draw(st.integers(1, max_width))
    fraction = draw(st.integers(-6, 30))
    rounding, overflow = draw(st.sampled_from(Rounding)), draw(st.sampled_from(Overflow))
    return Format(signed, width - fraction - int(signed), fraction, rounding, overflow)


def dyadics(fmt: Format, numerator: int, sixteenths: int) -> Fraction:
    """A value near the grid: `numerator` codes and some sixteenths, so that ties and near ties are common."""
    return (numerator + Fraction(sixteenths, 16)) / Fraction(2) ** fmt.fraction
