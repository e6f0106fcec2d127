"""Counts what a model multiplies, whichever tool makes hardware of it: its products by the widths of their factors.

A constant has as many digits as there are between its highest and its lowest one that is set, so a zero makes no
product and a power of two has one; anything else has the width of its format. A sign is a digit. The bit operations of
a product are the digits of one factor times those of the other. Sums, tables, softmax and layer normalisation are not
counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fpga_tf.lower.context import LayerDict

if TYPE_CHECKING:
    from fpga_tf.hls.hgq2_lower import Lowering
    from fpga_tf.hls.hgq2_ranges import Range
    from fpga_tf.lower.walk import Lowered

Widths = NDArray[np.int64]
Products = Mapping[tuple[int, int], int]
# Layers that a value passes one after another in a node: those that multiply, or read a table. A layer normalisation
# has squares, a table and products.
_DEPTHS = {
    **dict.fromkeys(("EinsumDense", "Einsum", "FpgaTfScaleShift", "FpgaTfMean"), 1),
    **dict.fromkeys(("FpgaTfSoftmax", "FpgaTfHgqSoftmax", "FpgaTfSigmoid"), 1),
    "FpgaTfLayerNorm": 3,
}


@dataclass(frozen=True, slots=True)
class BitOperations:
    """The products of a model.

    Attributes:
        constants: how many products with weights, by digits of the tensor's value and of the weight.
        variables: how many products of two tensors, by digits of both.
        by_node: bit operations by name of the node; nodes without any are left out.
        depth: layers that multiply or read a table, on the longest path from an input to an output.
    """

    constants: Products
    variables: Products
    by_node: Mapping[str, int]
    depth: int

    @property
    def constant(self) -> int:
        """Bit operations of products with weights."""
        return _operations(self.constants)

    @property
    def variable(self) -> int:
        """Bit operations of products of two tensors."""
        return _operations(self.variables)

    def products(self, least: int) -> int:
        """How many products have so many bit operations or more."""
        both = (*self.constants.items(), *self.variables.items())
        return sum(count for (a, b), count in both if a * b >= least)


def bit_operations(lowered: Lowered) -> BitOperations:
    """Of a model whose tensors have one format each."""
    formats = lowered.state.formats
    return count(lowered.nodes, lambda tensor, shape: np.full(shape, formats[tensor].width, np.int64))


def hgq2_bit_operations(low: Lowering) -> BitOperations:
    """Of a model of HGQ2, whose values have a format each."""
    return count(low.nodes, lambda tensor, shape: range_widths(low.ranges[tensor]).reshape(shape))


def count(nodes: Iterable[LayerDict], widths: Callable[[str, tuple[int, ...]], Widths]) -> BitOperations:
    """Of nodes, each after those whose outputs it takes.

    Args:
        widths: digits of each value of a tensor, by its name and its shape without the batch.
    """
    constants, variables = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
    by_node, depths = {}, dict[str, int]()
    for node in nodes:
        kind, tensors = node["class_name"], node["input_keras_tensor_names"]
        deepest = max((depths[tensor] for tensor in tensors), default=0) + _DEPTHS.get(kind, 0)
        depths |= dict.fromkeys(node["output_keras_tensor_names"], deepest)
        if kind not in ("EinsumDense", "FpgaTfScaleShift", "Einsum"):
            continue
        found = _products(*_factors(node, widths))
        by_node[node["name"]] = _operations(found)
        (variables if kind == "Einsum" else constants).update(found)
    spent = {name: operations for name, operations in by_node.items() if operations}
    return BitOperations(constants, variables, spent, max(depths.values(), default=0))


def _factors(node: LayerDict, widths: Callable[[str, tuple[int, ...]], Widths]) -> tuple[str, Widths, Widths]:
    """Axes of both operands of an einsum, and the digits of their values."""
    tensors = node["input_keras_tensor_names"]
    if node["class_name"] == "FpgaTfScaleShift":
        rows = widths(tensors[0], node["out_shape"]).reshape(-1, node["n_channels"])
        return "rc,c", rows, constant_widths(node["scale_data"])
    operands = node["equation"].split("->")[0]
    if node["class_name"] == "EinsumDense":
        return operands, widths(tensors[0], node["inp_shape"]), constant_widths(node["weight_data"])
    return operands, widths(tensors[0], node["inp0_shape"]), widths(tensors[1], node["inp1_shape"])


def _products(operands: str, a: Widths, b: Widths) -> Counter[tuple[int, int]]:
    """All products of an einsum, which are all combinations of its axes, by digits; without those with a zero."""
    found = Counter[tuple[int, int]]()
    for i in (int(width) for width in np.unique(a) if width):
        for j in (int(width) for width in np.unique(b) if width):
            found[i, j] = int(np.einsum(f"{operands}->", (a == i).astype(np.int64), (b == j).astype(np.int64)))
    return +found


def _operations(products: Products) -> int:
    return sum(count * a * b for (a, b), count in products.items())


def constant_widths(values: NDArray[np.float64]) -> Widths:
    """Digits of constants, of a zero none."""
    mantissa, _ = np.frexp(np.abs(values))
    whole = np.ldexp(mantissa, 53).astype(np.int64)  # the highest digit is the 53rd
    _, lowest = np.frexp((whole & -whole).astype(np.float64))
    return np.where(whole == 0, 0, 54 - lowest + (values < 0)).astype(np.int64)


def range_widths(values: Range) -> Widths:
    """Digits of each value of a range, of one that is always zero none."""
    zero = (values.low == 0) & (values.high == 0)
    low, high = (np.ldexp(bound, np.where(zero, 0, values.fraction)) for bound in (values.low, values.high))
    # without the sign, a code of -8 has the digits of a code of 7
    _, digits = np.frexp(np.maximum(high, np.where(low < 0, -low - 1, 0)))
    return np.asarray(digits + (low < 0), dtype=np.int64)
