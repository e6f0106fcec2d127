"""Traced fixed-point numbers: conversions of format, sums and maxima.

A number is a da4ml `FixedVariable`: an interval and a step, and the operation that it comes from. All is exact but
`convert`, which rounds once as the format says.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any

import numpy as np
from da4ml.trace import FixedVariable, HWConfig

from fpga_tf.errors import UserError

# A traced number, an array of them; da4ml has no types to check against.
Number = Any
Numbers = np.ndarray
# Cost and delay of an adder do not depend on its width, in units of one level of logic.
HARDWARE = HWConfig(1, -1, -1)


# Bits that da4ml 0.6 keeps: of inputs, of what is cut out of a number or selected, and of all else. Beyond, its
# interpreter goes wrong without an error.
WIDEST_CUT, WIDEST = 32, 62
FLOAT32_BITS = 24
CONSTANT_PLACES = 31


def constant(value: float) -> Number:
    """A number that is always the same."""
    return FixedVariable.from_const(float(value), hwconf=HARDWARE, _factor=1)


def is_constant(number: Number) -> bool:
    """Whether a number is always the same."""
    return bool(number.low == number.high)


def value_of(number: Number) -> float:
    """The value of a constant."""
    return float(number.low)


def bits(number: Number) -> tuple[int, int, int]:
    """Sign bit, integer bits without the sign, and fraction bits that hold every value."""
    sign, integer, fraction = number.kif
    return int(sign), int(integer), int(fraction)


def floor_to(number: Number, fraction: int) -> Number:
    """The number with bits below ``2**-fraction`` dropped."""
    if is_constant(number):
        return constant(np.floor(value_of(number) * 2.0**fraction) * 2.0**-fraction)
    sign, integer, have = bits(number)
    if have <= fraction:
        return number
    if sign + integer + fraction <= 0:  # less than one step: its floor is zero, or one step below
        return negative(number) * -(2.0**-fraction)
    return number.quantize(sign, integer, fraction)


def low_bits(number: Number, width: int, fraction: int = 0) -> Number:
    """The unsigned number of `width` bits that begin at ``2**-fraction``, of the number in two's complement."""
    sign, integer, _ = bits(number)
    above = width - fraction
    if sign and above > integer + 1:  # the sign's bit goes on
        return floor_to(number, fraction) + negative(number) * 2.0**above
    return number.quantize(0, above, fraction)


def kept(number: Number, integer: int) -> Number:
    """A number of at least zero with its bits above ``2**integer`` dropped."""
    if is_constant(number):
        return constant(value_of(number) % 2.0**integer)
    _, have, fraction = bits(number)
    return number.quantize(0, integer, fraction) if have > integer else number


def negative(number: Number) -> Number:
    """One where the number is below zero."""
    return constant(0) if float(number.low) >= 0 else number.is_negative()


def clipped(number: Number, low: float, high: float) -> Number:
    """The number, or the bound that it is beyond."""
    if float(number.low) < low:
        shift = _offset(constant(low), number)
        number = (number - shift).max_of(low - shift) + shift if shift else number.max_of(low)
    if float(number.high) <= high:
        return number
    shift = _offset(constant(high), number)
    return (number - shift).min_of(high - shift) + shift if shift else number.min_of(high)


def total(numbers: Iterable[Number]) -> Number:
    """The sum, by a tree that adds what is ready first."""
    order = count()
    heap = [(float(number.latency), next(order), number) for number in numbers]
    heapq.heapify(heap)
    while len(heap) > 1:
        one, other = heapq.heappop(heap)[2], heapq.heappop(heap)[2]
        both = one + other
        heapq.heappush(heap, (float(both.latency), next(order), both))
    return heap[0][2] if heap else constant(0)


def largest(numbers: Sequence[Number]) -> Number:
    """The largest, by a tree of comparisons."""
    level = list(numbers)
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [pair[0] if len(pair) == 1 else pair[0].max_of(pair[1]) for pair in pairs]
    return level[0]


def _offset(number: Number, other: Number) -> float:
    """What must be taken off a constant for da4ml 0.6 to select between it and another number; mostly nothing.

    It holds the constant in units of the other's factor, but only with its last bit at most 31 places from one. Such
    factors come from products of products. Nothing is in the way of a zero.
    """
    if not is_constant(number) or is_constant(other) or value_of(number) == 0:
        return 0.0
    place = -bits(number)[2] - math.log2(abs(float(other._factor)))
    return value_of(number) if abs(place) > CONSTANT_PLACES else 0.0


def chosen(condition: Number, if_true: Number, if_false: Number) -> Number:
    """One of two numbers by a bit."""
    if is_constant(condition):
        return if_true if value_of(condition) else if_false
    if is_constant(if_true) and is_constant(if_false) and value_of(if_true) == value_of(if_false):
        return if_true
    shift = _offset(if_true, if_false) or _offset(if_false, if_true)
    if shift:
        return chosen(condition, if_true - shift, if_false - shift) + shift
    if is_constant(if_true) and if_false._factor < 0:
        # da4ml 0.6 gives the constant the sign of the other
        return -condition.msb_mux(constant(-value_of(if_true)), -if_false)
    return condition.msb_mux(if_true, if_false)


def tabulated(number: Number, function: Callable[[np.ndarray], np.ndarray]) -> Number:
    """A function's value at a number, from a table over every value that the number can take.

    Raises:
        UserError: an entry is too wide.
    """
    if is_constant(number):
        return constant(float(function(np.array([value_of(number)]))[0]))
    low, high, step = (float(value) for value in (number.low, number.high, number.step))
    values = low + step * np.arange(round((high - low) / step) + 1)
    entries = np.asarray(function(values), dtype=np.float64)
    if not np.array_equal(entries, entries.astype(np.float32)):
        # da4ml 0.6 finds the last bit of an entry in float32
        raise UserError(
            f"entries of tables must have at most {FLOAT32_BITS} significant bits here to become RTL",
            hint="give a softmax's scores or weights fewer bits",
        )
    return constant(float(entries[0])) if (entries == entries[0]).all() else number.lookup(entries)


def looked_up(number: Number, entries: Sequence[float]) -> Number:
    """The entry of a table at a whole number from 0 that never exceeds the last."""
    table = np.array([float(entry) for entry in entries])
    return tabulated(number, lambda places: table[np.round(places).astype(np.int64)])


def array_of(numbers: Iterable[Number], shape: Sequence[int]) -> Numbers:
    """An array of numbers, which numpy must not look into."""
    flat = list(numbers)
    result = np.empty(len(flat), dtype=object)
    for index, number in enumerate(flat):
        result[index] = number
    return result.reshape(tuple(shape))
