"""The mean over rows, rounded once."""

from __future__ import annotations

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
    sums = [total(grid[:, channel]) for channel in range(channels)]
    if rows & (rows - 1) == 0:
        return array_of((number * (1.0 / rows) for number in sums), (channels,))
    scale = 2.0 ** (node.input_formats[0].fraction + node["up"])
    return array_of(
        (_quotient(number * scale, node, kernels) * 2.0**-node.format.fraction for number in sums), (channels,)
    )


def _quotient(numerator: Number, node: Node, kernels: Kernels) -> Number:
    """A whole number over ``den``, floored, or rounded to nearest with ties to even."""
    den, offset = node["den"], node["offset"]
    shifted = numerator + float(offset * den)
    wide = times(low_bits(shifted, bits(shifted)[1]), node["magic"], kernels) * 2.0 ** -node["shift"]
    quotient = floor_to(wide, 0) + float(-offset)
    if not node["nearest"]:
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
