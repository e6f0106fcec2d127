"""Masks: one bit where a score counts."""

from __future__ import annotations

import numpy as np

from fpga_tf.rtl.numbers import Number, Numbers, array_of, chosen, constant, is_constant, value_of
from fpga_tf.rtl.operators.node import Node


def masking(node: Node) -> Numbers:
    """One where any channel of a row differs from the mask's value."""
    rows, channels = node["n_rows"], node["n_channels"]
    value = float(np.asarray(node["value_data"])[0])
    grid = node.inputs[0].reshape(rows, channels)
    return array_of((_any([_differs(x, value) for x in row]) for row in grid), node["out_shape"])


def apply(node: Node) -> Numbers:
    """Rows that are masked become zero."""
    rows, channels = node["n_rows"], node["n_channels"]
    grid, mask = node.inputs[0].reshape(rows, channels), node.inputs[1].ravel()
    kept = (chosen(bit, x, constant(0)) for bit, row in zip(mask, grid, strict=True) for x in row)
    return array_of(kept, node["out_shape"])


def expand(node: Node) -> Numbers:
    """A mask over keys or queries, brought to (queries, keys) and joined with a constant one."""
    bits, keep = node.inputs[0].ravel(), np.asarray(node["keep_data"]).ravel()
    rows, columns = node["n_rows"], node["n_columns"]
    places = [
        row * node["row_stride"] + column * node["column_stride"] for row in range(rows) for column in range(columns)
    ]
    pairs = zip(places, keep, strict=True)
    return array_of((bits[place] if kept else constant(0) for place, kept in pairs), (rows, columns))


def both(node: Node) -> Numbers:
    """Two masks joined."""
    one, other = node.inputs
    return array_of((_and(a, b) for a, b in zip(one.ravel(), other.ravel(), strict=True)), one.shape)


def _and(one: Number, other: Number) -> Number:
    return chosen(one, other, constant(0))


def _any(bits: list[Number]) -> Number:
    while len(bits) > 1:
        pairs = [bits[i : i + 2] for i in range(0, len(bits), 2)]
        bits = [pair[0] if len(pair) == 1 else chosen(pair[0], constant(1), pair[1]) for pair in pairs]
    return bits[0]


def _differs(number: Number, value: float) -> Number:
    """One where a number is not a value: it is above, or below."""
    if is_constant(number):
        return constant(float(value_of(number) != value))
    below, above = number - value, constant(value) - number
    bits = [difference.is_negative() for difference in (below, above) if float(difference.low) < 0]
    return _any(bits)
