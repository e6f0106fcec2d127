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
    largest,
    looked_up,
    low_bits,
    total,
    value_of,
)
from fpga_tf.rtl.operators.linear import product
from fpga_tf.rtl.operators.node import Node


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
    # the leading one of the sum counts as one, so that no number is far from one (see `numbers.FURTHEST`)
    scale = 2.0 ** -node["lead"]
    entries = _exponentials(node, codes, valid, scale)
    weights = [chosen(bit, entry, constant(0)) for bit, entry in zip(valid, entries, strict=True)]
    whole = total(weights)
    if is_constant(whole) and value_of(whole) == 0:
        return [constant(0) for _ in codes]
    mantissa, shifts = _inverse(node, whole)
    for step, reached in shifts:
        # no entry exceeds the sum, so none grows beyond where the sum's leading one goes
        weights = [chosen(reached, weight, _kept(weight * 2.0**step, 1)) for weight in weights]
    return [product(weight, mantissa) for weight in weights]


def _exponentials(node: Node, codes: Sequence[Number], valid: Sequence[Number], scale: float) -> list[Number]:
    """Entries of the exp table: of the distance to the row's largest score, or of the score itself."""
    entries = [entry * scale for entry in node["exp_table_data"]]
    if not node["stable"]:
        return [looked_up(low_bits(code, len(entries).bit_length() - 1), entries) for code in codes]
    lowest = constant(node["lowest"])
    peak = largest([chosen(bit, code, lowest) for bit, code in zip(valid, codes, strict=True)])
    return [looked_up(_address(peak - code, node["exp_shift"], len(entries) - 1), entries) for code in codes]


def _address(distance: Number, shift: int, last: int) -> Number:
    """The address of a distance, which is below zero only for a score that does not count."""
    address = clipped(floor_to(distance * 2.0**-shift, 0), 0, last)
    return address if is_constant(address) else low_bits(address, max(last.bit_length(), 1))


def _inverse(node: Node, whole: Number) -> tuple[Number, list[tuple[int, Number]]]:
    """The mantissa of a sum's reciprocal; and shifts left to do, each with a bit that says that it is not needed.

    The sum's leading one can only be so low: some score is the largest, and its entry is the first of the table.

    Args:
        whole: below 2.
    """
    lead, address_bits, entries = node["lead"], node["address_bits"], node["exp_table_data"]
    least = entries[0] if node["stable"] else min(entries)
    furthest = lead - (max(int(least), 1).bit_length() - 1)
    normal, shifts = whole, []
    for power in reversed(range(max(furthest, 0).bit_length())):
        step = 1 << power
        upper = floor_to(normal, step - 1)
        reached = constant(float(value_of(upper) > 0)) if is_constant(upper) else (constant(0) - upper).is_negative()
        shifts.append((step, reached))
        normal = chosen(reached, normal, _kept(normal * 2.0**step, 1))
    address = floor_to(_kept(normal, 0), address_bits) * 2.0**address_bits
    unit = 2.0 ** -node["product_fraction"] * 2.0**lead
    return looked_up(address, [entry * unit for entry in node["reciprocal_table_data"]]), shifts


def _kept(number: Number, integer: int) -> Number:
    """A number of at least zero with its bits above ``2**integer`` dropped."""
    if is_constant(number):
        return constant(value_of(number) % 2.0**integer)
    _, have, fraction = bits(number)
    return number.quantize(0, integer, fraction) if have > integer else number
