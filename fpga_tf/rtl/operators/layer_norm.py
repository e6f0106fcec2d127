"""The layer normalisation of `fpga_tf.fixedpoint.layer_norm`, in traced numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fpga_tf.fixedpoint import Format, LayerNormDesign
from fpga_tf.fixedpoint.layer_norm import inverse_codes
from fpga_tf.rtl.conversion import convert
from fpga_tf.rtl.numbers import (
    Number,
    Numbers,
    array_of,
    bits,
    chosen,
    constant,
    floor_to,
    is_constant,
    kept,
    low_bits,
    tabulated,
    value_of,
)
from fpga_tf.rtl.operators.linear import Kernels, added, product
from fpga_tf.rtl.operators.mean import mean_of
from fpga_tf.rtl.operators.node import Node

# Inputs of a table that costs less than a square, and than the search for the leading bits and their shifts.
_SQUARE, _ROOT = 7, 9


def layer_norm(node: Node, kernels: Kernels) -> Numbers:
    """Rows normalised; exact up to the conversion into the node's format."""
    rows = node.inputs[0].reshape(node["n_outer"], node["n_slice"])
    result = np.empty(rows.shape, dtype=object)
    for place, row in enumerate(rows):
        result[place] = _row(node, list(row), kernels)
    scales = np.broadcast_to(np.asarray(node["gamma_data"]), rows.shape).ravel()
    scaled = array_of((number * float(s) for number, s in zip(result.ravel(), scales, strict=True)), rows.shape)
    return added(scaled, np.asarray(node["beta_data"])).reshape(tuple(node["out_shape"]))


def _row(node: Node, row: Sequence[Number], kernels: Kernels) -> list[Number]:
    """Deviations times the reciprocal root of their variance."""
    f = node["design"].formats
    mean = convert(mean_of(row, f.input.fraction, f.mean.fraction, _division(node, "mean"), kernels), f.mean)
    deviations = [convert(number - mean, f.deviation) for number in row]
    squares = [_square(number) for number in deviations]
    division = _division(node, "variance")
    exact = mean_of(squares, 2 * f.deviation.fraction, f.variance.fraction, division, kernels)
    inverse = inverse_root(node["design"], _unsigned(convert(exact, f.variance), f.variance))
    return [product(number, inverse) for number in deviations]


def _division(node: Node, stage: str) -> dict[str, object]:
    return {name: node[f"{stage}_{name}"] for name in ("up", "den", "offset", "magic", "shift", "nearest")}


def _square(number: Number) -> Number:
    if is_constant(number) or sum(bits(number)) <= _SQUARE:
        return tabulated(number, np.square)
    squared = number * number
    _, integer, fraction = bits(squared)
    return squared.quantize(0, integer, fraction)  # never negative, which an interval does not know


def _unsigned(number: Number, fmt: Format) -> Number:
    """A number of an unsigned format whose interval may be wider, as SAT_ZERO leaves it."""
    sign, integer, _ = bits(number)
    wider = not is_constant(number) and (sign or integer > fmt.integer)
    return low_bits(number, fmt.width, fmt.fraction) if wider else number


def inverse_root(design: LayerNormDesign, variance: Number) -> Number:
    """The reciprocal square root of a variance and epsilon, in its format."""
    f = design.formats
    if is_constant(variance) or sum(bits(variance)) <= _ROOT:
        return tabulated(variance, lambda values: _roots(design, values))
    argument = variance * 2.0 ** (f.variance.fraction + design.guard) + float(design.epsilon_code)
    normal, shifts = _normalised(design, argument * 4.0**-design.half)
    address_bits, unit = design.address_bits, 2.0**-design.root_fraction
    table = np.array([float(entry) for entry in design.table]) * unit
    address = floor_to(kept(normal, 2), address_bits) * 2.0**address_bits
    first = 1 << address_bits  # the places below it are those of arguments below one, of which there are none
    inverse = tabulated(address, lambda places: table[np.maximum(places.astype(np.int64) - first, 0)])
    largest = max(design.table).bit_length() + _furthest(design) - design.root_fraction
    for step, reached in shifts:
        inverse = chosen(reached, inverse, kept(inverse * 2.0**step, largest))
    return convert(inverse, f.inverse)


def _normalised(design: LayerNormDesign, normal: Number) -> tuple[Number, list[tuple[int, Number]]]:
    """An argument below 4 brought to [1, 4), by shifts by pairs of bits, each with a bit that says it is not needed."""
    shifts = []
    for power in reversed(range(_furthest(design).bit_length())):
        step = 1 << power
        upper = floor_to(normal, 2 * (step - 1))
        reached = constant(float(value_of(upper) > 0)) if is_constant(upper) else (constant(0) - upper).is_negative()
        shifts.append((step, reached))
        normal = chosen(reached, normal, kept(normal * 4.0**step, 2))
    return normal, shifts


def _furthest(design: LayerNormDesign) -> int:
    """How many pairs of bits an argument's leading one can be below the highest: epsilon is the least argument."""
    return int(design.half) - (int(design.epsilon_code).bit_length() - 1) // 2


def _roots(design: LayerNormDesign, variances: np.ndarray) -> np.ndarray:
    """Reciprocal roots of variances, in their format."""
    codes = np.round(variances * 2.0**design.formats.variance.fraction).astype(np.int64)
    return design.formats.inverse.dequantise(inverse_codes(design, codes))
