"""Conversions of traced numbers into another format, each in the form that costs least."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from da4ml.trace import FixedVariable

from fpga_tf.fixedpoint import Format, Overflow, Rounding
from fpga_tf.rtl.costs import new
from fpga_tf.rtl.numbers import (
    HARDWARE,
    Number,
    bits,
    chosen,
    clipped,
    constant,
    floor_to,
    is_constant,
    low_bits,
    negative,
    tabulated,
    value_of,
)

# Inputs and outputs of a table that is considered at all: it doubles with every input.
_INPUTS, _OUTPUTS = 9, 30

Way = Callable[[Number, Format], "Number | None"]


def convert(number: Number, fmt: Format) -> Number:
    """A number in another format: one rounding, then the overflow, as `Format.requantise` computes it on codes."""
    if is_constant(number):
        return constant(float(_requantised(np.array([value_of(number)]), bits(number)[2], fmt)[0]))
    found = _WAYS[_cheapest(*_span(number), fmt, _WAYS)](number, fmt)
    assert found is not None
    return found


def _requantised(values: np.ndarray, fraction: int, fmt: Format) -> np.ndarray:
    fraction = max(fraction, 0)
    codes = np.round(values * 2.0**fraction).astype(np.int64)
    return np.asarray(fmt.requantise(codes, fraction) * 2.0**-fmt.fraction)


def _span(number: Number) -> tuple[float, float, float, bool]:
    """All that the cost of a conversion depends on: the interval, the step, and whether the number is held negated."""
    return float(number.low), float(number.high), float(number.step), bool(number._factor < 0)


@lru_cache(maxsize=4096)
def _cheapest(low: float, high: float, step: float, negated: bool, fmt: Format, ways: Sequence[Way]) -> int:
    """The way that costs least for a number of an interval; of equal ones the one with fewest levels of logic."""
    number = (
        FixedVariable(-high, -low, step, hwconf=HARDWARE)
        if negated
        else FixedVariable(low, high, step, hwconf=HARDWARE)
    )
    number = -number if negated else number
    tried = [(index, way(number, fmt)) for index, way in enumerate(ways)]
    return min((cost_of(found, number), float(found.latency), index) for index, found in tried if found is not None)[2]


def cost_of(result: Number, *sources: Number) -> float:
    """da4ml's count of the LUTs from numbers to a result; what is shared counts once."""
    return sum(float(number.cost) for number in new([result], {source.id for source in sources}))


def _in_steps(number: Number, fmt: Format) -> Number:
    """Rounded, then limited."""
    rounded = number if bits(number)[2] <= fmt.fraction else _by(number, fmt, _ROUNDINGS)
    low, high = fmt.min_code * 2.0**-fmt.fraction, fmt.max_code * 2.0**-fmt.fraction
    if is_constant(rounded):
        return convert(rounded, fmt)
    inside = float(rounded.low) >= low and float(rounded.high) <= high
    return rounded if inside else _by(rounded, fmt, _LIMITS)


def _by(number: Number, fmt: Format, ways: Sequence[Way]) -> Number:
    found = ways[_cheapest(*_span(number), fmt, tuple(ways))](number, fmt)
    assert found is not None
    return found


def _whole(number: Number, fmt: Format) -> Number | None:
    """One table for all."""
    if sum(bits(number)) > _INPUTS or fmt.width > _OUTPUTS:
        return None
    return tabulated(number, lambda values: _requantised(values, bits(number)[2], fmt))


def _added(number: Number, fmt: Format) -> Number:
    """Rounded by adding what carries into the bits that stay."""
    fraction = bits(number)[2]
    half, step = 2.0 ** -(fmt.fraction + 1), 2.0**-fraction
    match fmt.rounding:
        case Rounding.TRN:
            raised = number
        case Rounding.TRN_ZERO:
            raised = number + negative(number) * (2 * half - step)
        case Rounding.RND:
            raised = number + half
        case Rounding.RND_MIN_INF:
            raised = _plus(number, half - step)
        case Rounding.RND_ZERO:
            raised = _plus(number, half - step) + negative(number) * step
        case Rounding.RND_INF:
            raised = number + half - negative(number) * step
        case Rounding.RND_CONV:
            odd = low_bits(number, 1, fmt.fraction) * 2.0 ** (fmt.fraction - fraction)
            raised = _plus(number, half - step) + odd
    return floor_to(raised, fmt.fraction)


def _plus(number: Number, value: float) -> Number:
    return number + value if value else number


def _carried(number: Number, fmt: Format) -> Number | None:
    """Rounded by a table of the bits that go and the one above them, which says whether one is added."""
    sign, integer, fraction = bits(number)
    cut = fraction - fmt.fraction + 1
    if fmt.rounding not in (Rounding.RND_CONV, Rounding.RND_MIN_INF) or cut > min(_INPUTS, sign + integer + fraction):
        return None
    rounded = Format(False, 3 - fmt.fraction, fmt.fraction, fmt.rounding)
    low = low_bits(number, cut, fraction)

    def carry(values: np.ndarray) -> np.ndarray:
        floor = np.floor(values * 2.0**fmt.fraction) * 2.0**-fmt.fraction
        return _requantised(values, fraction, rounded) - floor

    return floor_to(number, fmt.fraction) + tabulated(low, carry)


def _compared(number: Number, fmt: Format) -> Number:
    """Limited by comparing with the bounds."""
    low, high = fmt.min_code * 2.0**-fmt.fraction, fmt.max_code * 2.0**-fmt.fraction
    if fmt.overflow in (Overflow.SAT, Overflow.SAT_SYM):
        return clipped(number, low, high)
    if fmt.overflow is Overflow.SAT_ZERO:
        number = chosen(negative(constant(high) - number), constant(0), number)
        return chosen(negative(number - low), constant(0), number)
    return number.quantize(1, fmt.integer, fmt.fraction) if fmt.signed else low_bits(number, fmt.width, fmt.fraction)


def _by_high_bits(number: Number, fmt: Format) -> Number | None:
    """Limited by a table of the bits above the range, which says whether the bounds are left."""
    if fmt.overflow is not Overflow.SAT:
        return None
    number = number if fmt.signed else number.max_of(0)
    sign, integer, fraction = bits(number)
    inside = fmt.integer
    if integer <= inside or sign + integer - inside > _INPUTS:
        return None
    low, high = fmt.min_code * 2.0**-fmt.fraction, fmt.max_code * 2.0**-fmt.fraction
    above = floor_to(number, -inside) * 2.0**-inside
    beyond = tabulated(above, lambda values: ((values > 0) | (values < -1)).astype(np.float64))
    bound = tabulated(negative(number), lambda values: np.where(values > 0, low, high))
    return chosen(beyond, bound, number.quantize(sign, inside, fraction))


_ROUNDINGS: tuple[Way, ...] = (_added, _carried)
_LIMITS: tuple[Way, ...] = (_compared, _by_high_bits)
_WAYS: tuple[Way, ...] = (_in_steps, _whole)
