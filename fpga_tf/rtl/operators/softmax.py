"""The softmax of `fpga_tf.fixedpoint.softmax`, in traced numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fpga_tf.rtl.numbers import (
    Number,
    Numbers,
    array_of,
    bits,
    chosen,
    clipped,
    constant,
    floor_to,
    is_constant,
    kept,
    largest,
    looked_up,
    low_bits,
    tabulated,
    total,
    value_of,
)
from fpga_tf.rtl.operators.linear import product
from fpga_tf.rtl.operators.node import Node

# Inputs of a table that costs no more than a comparison, and of one that costs no more than a product.
_SMALL, _LARGE = 6, 9


def softmax(node: Node) -> Numbers:
    """Softmax over rows of scores; exact up to the conversion into the node's format."""
    outer, length, inner = node["n_outer"], node["n_slice"], node["n_inner"]
    fraction = node.input_formats[0].fraction
    scores = node.inputs[0].reshape(outer, length, inner)
    valid = _valid(node).reshape(outer, length, inner)
    result = np.empty(scores.shape, dtype=object)
    for row in np.ndindex(outer, inner):
        at = row[0], slice(None), row[1]
        codes = [number * 2.0**fraction for number in scores[at]]
        result[at] = _row(node, codes, list(valid[at]))
    return result.reshape(tuple(node["out_shape"]))


def _valid(node: Node) -> Numbers:
    """A bit for each score: whether it counts."""
    size = node["n_outer"] * node["n_slice"] * node["n_inner"]
    if len(node.inputs) > 1:
        mask = node.inputs[1].ravel()
    elif node["keep_data"] is not None:
        mask = array_of((constant(bit) for bit in node["keep_data"]), (len(node["keep_data"]),))
    else:
        mask = array_of([constant(1)], (1,))
    return array_of((mask[place % node["mask_period"] if len(mask) > 1 else 0] for place in range(size)), (size,))


def _row(node: Node, codes: Sequence[Number], valid: Sequence[Number]) -> list[Number]:
    # the leading one of the sum counts as one, so that no number is far from one
    scale = 2.0 ** -node["lead"]
    places = _places(node, codes, valid)
    table = np.array([float(entry) for entry in node["exp_table_data"]]) * scale
    entries = [tabulated(place, lambda at: table[np.minimum(at.astype(np.int64), len(table) - 1)]) for place in places]
    weights = [chosen(bit, entry, constant(0)) for bit, entry in zip(valid, entries, strict=True)]
    whole = total(weights)
    if is_constant(whole) and value_of(whole) == 0:
        return [constant(0) for _ in codes]
    if _fits(node, places):
        found = _quotients(node, places, whole)
        return [chosen(bit, number, constant(0)) for bit, number in zip(valid, found, strict=True)]
    mantissa, shifts = _inverse(node, whole)
    for step, reached in shifts:
        # no entry exceeds the sum, so none grows beyond where the sum's leading one goes
        weights = [chosen(reached, weight, kept(weight * 2.0**step, 1)) for weight in weights]
    return [product(weight, mantissa) for weight in weights]


def _places(node: Node, codes: Sequence[Number], valid: Sequence[Number]) -> list[Number]:
    """Addresses in the exp table: the distance to the row's largest score, or the score itself."""
    last = len(node["exp_table_data"]) - 1
    if not node["stable"]:
        return [low_bits(code, last.bit_length()) for code in codes]
    lowest = constant(node["lowest"])
    peak = largest([chosen(bit, code, lowest) for bit, code in zip(valid, codes, strict=True)])
    # a distance is below zero only for a score that does not count, whose address may be any
    distances = [_whole_bits(peak - code, node["in_bits"]) for code in codes]
    return [_address(distance, node["exp_shift"], last) for distance in distances]


def _whole_bits(distance: Number, width: int) -> Number:
    return distance if is_constant(distance) else low_bits(distance, width)


def _address(distance: Number, shift: int, last: int) -> Number:
    """The address of a distance; beyond the last one where that takes no more than a small table."""
    address = floor_to(distance * 2.0**-shift, 0)
    return address if sum(bits(address)) <= max(_SMALL, last.bit_length()) else clipped(address, 0, last)


def _furthest(node: Node) -> int:
    """How far below the highest position a sum's leading one can be: some score is the largest."""
    entries = node["exp_table_data"]
    least = entries[0] if node["stable"] else min(entries)
    return int(max(node["lead"] - (max(int(least), 1).bit_length() - 1), 0))


def _fits(node: Node, places: Sequence[Number]) -> bool:
    """Whether a quotient is a table of an entry's place and of the sum's reciprocal, each of a few values."""
    reciprocals = ((_furthest(node) + 1) << node["address_bits"]) - 1
    widest = max(sum(bits(place)) for place in places) + reciprocals.bit_length()
    return bool(max(widest, _furthest(node) + node["address_bits"] + 1) <= _LARGE)


def _quotients(node: Node, places: Sequence[Number], whole: Number) -> list[Number]:
    """Quotients in the node's format, each by one table; the sum's reciprocal is numbered once for all."""
    address_bits, below = node["address_bits"], _furthest(node) + node["address_bits"]
    exponentials, inverses = (np.array(node[name], np.int64) for name in ("exp_table_data", "reciprocal_table_data"))

    def numbered(sums: np.ndarray) -> np.ndarray:
        # a sum without a leading one in its place is that of a row that has nothing to attend to
        high = np.maximum(sums.astype(np.int64), 1 << address_bits)
        position = np.frexp(high.astype(np.float64))[1] - 1
        address = (high >> (position - address_bits)) - (1 << address_bits)
        return np.asarray((below - position << address_bits) + address)

    inverse = tabulated(floor_to(whole, below) * 2.0**below, numbered)
    width = sum(bits(inverse))

    def quotient(joined: np.ndarray) -> np.ndarray:
        place, number = joined.astype(np.int64) >> width, joined.astype(np.int64) & ((1 << width) - 1)
        inverted = inverses[number & ((1 << address_bits) - 1)] << (number >> address_bits)
        exact = exponentials[np.minimum(place, len(exponentials) - 1)] * inverted
        return np.asarray(node.format.requantise(exact, node["product_fraction"]) * 2.0**-node.format.fraction)

    return [tabulated(place * 2.0**width + inverse, quotient) for place in places]


def _inverse(node: Node, whole: Number) -> tuple[Number, list[tuple[int, Number]]]:
    """The mantissa of a sum's reciprocal; and shifts left to do, each with a bit that says that it is not needed.

    Args:
        whole: below 2.
    """
    lead, address_bits = node["lead"], node["address_bits"]
    normal, shifts = whole, []
    for power in reversed(range(_furthest(node).bit_length())):
        step = 1 << power
        upper = floor_to(normal, step - 1)
        reached = constant(float(value_of(upper) > 0)) if is_constant(upper) else (constant(0) - upper).is_negative()
        shifts.append((step, reached))
        normal = chosen(reached, normal, kept(normal * 2.0**step, 1))
    address = floor_to(kept(normal, 0), address_bits) * 2.0**address_bits
    unit = 2.0 ** -node["product_fraction"] * 2.0**lead
    return looked_up(address, [entry * unit for entry in node["reciprocal_table_data"]]), shifts
