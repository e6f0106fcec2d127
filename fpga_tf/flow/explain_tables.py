"""The tables of a layer, and the largest error of each over all that may address it.

A table stands for a function on small bins. The error is the largest difference between an entry and the function, at
both ends of its bin: the functions are monotonic, so it is nowhere larger.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fpga_tf.verdict.explained import Table

if TYPE_CHECKING:
    from fpga_tf.fixedpoint import LayerNormDesign, SoftmaxDesign
    from fpga_tf.fixedpoint.sigmoid import SigmoidDesign


def softmax_tables(design: SoftmaxDesign, scale: float) -> tuple[Table, ...]:
    """Both tables of a softmax.

    Args:
        scale: factor on the scores.
    """
    step = scale * design.input.lsb
    entries = np.asarray(design.exp, dtype=np.float64) * 2.0**-design.exp_fraction
    if design.stable:
        first = np.arange(len(entries)) << design.exp_shift
        reach = design.input.max_code - design.input.min_code
        last = np.minimum(first + (1 << design.exp_shift) - 1, reach)
        last[-1] = reach  # all that lies beyond, too
        ends = [np.exp(-step * first), np.exp(-step * last)]
    else:
        codes = np.arange(len(entries))
        half = len(entries) // 2 if design.input.signed else len(entries)
        ends = [np.exp(step * np.where(codes < half, codes, codes - len(entries)))]
    low = 1.0 + np.arange(len(design.reciprocal)) * 2.0**-design.address_bits
    inverse = np.asarray(design.reciprocal, dtype=np.float64) * 2.0**-design.reciprocal_fraction
    high = low + 2.0**-design.address_bits
    return (
        _table("exp", design.exp, _bits_for(design.exp), _largest(entries, ends), "exp, absolute"),
        _table(
            "reciprocal",
            design.reciprocal,
            design.address_bits,
            _largest(inverse, [1 / low, 1 / high]),
            "1/u, absolute",
        ),
    )


def sigmoid_tables(design: SigmoidDesign) -> tuple[Table, ...]:
    """The table of a sigmoid."""
    count = len(design.table)
    codes = np.arange(count)
    half = count // 2 if design.input.signed else count
    x = np.where(codes < half, codes, codes - count) * design.input.lsb
    entries = np.asarray(design.table, dtype=np.float64) * design.output.lsb
    error = _largest(entries, [1 / (1 + np.exp(-x))])
    return (_table("sigmoid", design.table, design.input.width, error, "sigmoid, absolute, with its rounding"),)


def norm_tables(design: LayerNormDesign) -> tuple[Table, ...]:
    """The table of the inverse square root, over [1, 4)."""
    low = 1.0 + np.arange(len(design.table)) * 2.0**-design.address_bits
    high = low + 2.0**-design.address_bits
    entries = np.asarray(design.table, dtype=np.float64) * 2.0**-design.table_fraction
    error = max(float(np.abs(entries * np.sqrt(u) - 1).max()) for u in (low, high))
    return (_table("inverse root", design.table, design.address_bits + 2, error, "1/sqrt(u), relative"),)


def _table(name: str, entries: Any, address_bits: int, error: float, of: str) -> Table:
    return Table(name, len(entries), max(max(entries), 1).bit_length(), address_bits, error, of)


def _bits_for(entries: Any) -> int:
    return max(1, math.ceil(math.log2(len(entries)))) if len(entries) > 1 else 1


def _largest(entries: Any, ends: list[Any]) -> float:
    return max(float(np.abs(entries - end).max()) for end in ends)
