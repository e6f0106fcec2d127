"""The mean over rows, rounded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fpga_tf.rtl.numbers import Number, Numbers, array_of, bits, floor_to, low_bits, total
from fpga_tf.rtl.operators.linear import Kernels
from fpga_tf.rtl.operators.node import Node

_CHUNK = 20  # bits of a constant that a float32 kernel holds with room to spare


def mean(node: Node, kernels: Kernels) -> Numbers:
    """The rational mean: a division by multiplication, whose remainder decides the rounding (see mean.h).

    Returns:
        Numbers on the step of the node's format; they may be beyond its range.
    """
    rows, channels = node["n_rows"], node["n_channels"]
    grid = node.inputs[0].reshape(rows, channels)
    fractions = node.input_formats[0].fraction, node.format.fraction
    means = [mean_of(list(grid[:, channel]), *fractions, node.description, kernels) for channel in range(channels)]
    return array_of(means, (channels,))


def mean_of(
    numbers: Sequence[Number], fraction: int, into: int, division: Mapping[str, Any], kernels: Kernels
) -> Number:
    """The mean of numbers: exact over a power of two, else rounded.

    Args:
        fraction: of the numbers.
        into: fraction of the result, if it is rounded.
        division: constants of the division, as `fpga_tf.lower.operators.pooling.division_of` makes them.
    """
    whole, count = total(numbers), len(numbers)
    if count & (count - 1) == 0:
        return whole * (1.0 / count)
    return _quotient(whole * 2.0 ** (fraction + division["up"]), division, kernels) * 2.0**-into


def _quotient(numerator: Number, division: Mapping[str, Any], kernels: Kernels) -> Number:
    """A whole number over ``den``, floored, or rounded to nearest with ties to even."""
    den, offset = division["den"], division["offset"]
    shifted = numerator + float(offset * den)
    wide = times(low_bits(shifted, bits(shifted)[1]), division["magic"], kernels) * 2.0 ** -division["shift"]
    quotient = floor_to(wide, 0) + float(-offset)
    if not division["nearest"]:
        return quotient
    twice = (numerator - times(quotient, den, kernels)) * 2.0
    # above a half, or a half of an odd quotient
    excess = twice + float(-den) + low_bits(quotient, 1)
    return quotient + (-excess).is_negative()


def times(number: Number, factor: int, kernels: Kernels) -> Number:
    """The product with a constant of any width."""
    terms, place = [], 0
    while factor >> place:
        part = (factor >> place) & ((1 << _CHUNK) - 1)
        if part:
            row = array_of([number], (1,))
            terms.append(np.ravel(kernels.product(np.array([[float(part)]]), row))[0] * 2.0**place)
        place += _CHUNK
    return total(terms)
