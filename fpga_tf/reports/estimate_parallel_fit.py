"""Fits the estimate of unrolled designs to the published transformers, and finds how wrong it is on an unseen one.

- LUT = `constant` x bit operations with weights + `variable` x those of two tensors, by least squares of the relative
  error. They differ, as a constant matrix shares sums and a product of two tensors shares none. (One coefficient for
  both is off by 25 % on a design that it is fitted to, and by 50 % on the HGQ2 tagger, which multiplies tensors most.)
- FF and levels of logic are not fitted, as nobody states them: they are the middle of two bounds. FF: from the least
  registers of a design that is cut every 6.5 levels, of which Vivado keeps as few as it may (see `estimate_fit`), to
  the most registers of one that is cut every 2 levels. Levels in a layer: from the least of a published transformer to
  those of the QKeras tagger, whose softmax divides and whose layers saturate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fpga_tf.reports.estimate_data import TRANSFORMERS, Published
from fpga_tf.reports.estimate_fit import least_ff, solve


@dataclass(frozen=True, slots=True)
class Counted:
    """What `fpga_tf.hls.bitops` counts of one of the published models.

    Attributes:
        constant: bit operations with weights.
        variable: bit operations of two tensors.
        depth: layers that multiply or read a table, on the longest path.
    """

    constant: int
    variable: int
    depth: int


# By name as in `estimate_data`; counted on the files that are named there.
COUNTED = {
    "MHA 8": Counted(283_503, 39_196, 13),
    "MHA 16": Counted(227_874, 64_887, 13),
    "MHA 32": Counted(172_658, 39_098, 13),
    "Linformer 8": Counted(343_191, 11_555, 14),
    "Linformer 16": Counted(344_417, 10_872, 14),
    "Linformer 32": Counted(299_637, 18_922, 14),
}
# Of the QKeras tagger's Verilog, one level of logic in a stage: stages, and layers.
TAGGER_LEVELS, TAGGER_DEPTH = 163, 13


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients, and the largest relative errors.

    Attributes:
        lut: LUT for each bit operation with weights, and for each of two tensors.
        ff: FF for each bit operation.
        levels: of logic in a layer.
        lut_error: leaving out each design in turn.
        ff_error, levels_error: from the middle to either bound.
    """

    lut: tuple[float, float]
    ff: float
    levels: float
    lut_error: float
    ff_error: float
    levels_error: float


def fit() -> Fit:
    """Fit to all published transformers."""
    ff, ff_error = _middle(*ff_bounds())
    levels, levels_error = _middle(*level_bounds())
    return Fit(_fit_lut(TRANSFORMERS), ff, levels, max(lut_errors().values()), ff_error, levels_error)


def lut(coefficients: tuple[float, float], counted: Counted) -> float:
    """LUT of a design."""
    return coefficients[0] * counted.constant + coefficients[1] * counted.variable


def lut_errors() -> dict[str, float]:
    """Relative error of each design on a fit to the others."""
    found = {}
    for left in TRANSFORMERS:
        rest = [design for design in TRANSFORMERS if design != left]
        found[left.name] = abs(left.lut / lut(_fit_lut(rest), COUNTED[left.name]) - 1)
    return found


def ff_bounds() -> tuple[float, float]:
    """Least and most FF for each bit operation."""
    least = [(design.register_bits or 0) / _total(design) for design in TRANSFORMERS]
    most = [(design.register_bits_2 or math.inf) / _total(design) for design in TRANSFORMERS]
    return least_ff() * min(least), max(most)


def level_bounds() -> tuple[float, float]:
    """Least and most levels of logic in a layer."""
    published = [design.stages * design.levels / COUNTED[design.name].depth for design in TRANSFORMERS]
    return min(published), TAGGER_LEVELS / TAGGER_DEPTH


def _total(design: Published) -> int:
    return COUNTED[design.name].constant + COUNTED[design.name].variable


def _middle(low: float, high: float) -> tuple[float, float]:
    """The value in the middle, and how far the ends are from it, relative."""
    return (low + high) / 2, (high - low) / (high + low)


def _fit_lut(designs: Sequence[Published]) -> tuple[float, float]:
    """Least squares of relative errors: rows are divided by what is to be met, so that the right side is one."""
    counted = [COUNTED[design.name] for design in designs]
    rows = [(c.constant / d.lut, c.variable / d.lut) for c, d in zip(counted, designs, strict=True)]
    squares = [[math.fsum(row[i] * row[j] for row in rows) for j in range(2)] for i in range(2)]
    constant, variable = solve(squares, [math.fsum(row[i] for row in rows) for i in range(2)])
    return constant, variable
