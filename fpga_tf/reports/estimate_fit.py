"""Fits the estimate to the published designs, and finds by cross-validation how wrong it is on designs it has not seen.

- LUT = `lut` x da4ml's cost: the mean ratio, in logarithms.
- FF = `ff` x register bits, in the middle of two bounds, as no design states both and the factor can't be fitted. From
  above the register bits themselves: Vivado makes shift registers of some and drops others, and makes few of its own.
  From below the least FF that a design of JEDI-linear has for its cost, over the most register bits that a transformer
  has for its, both at 2 levels of logic in a stage. (Yosys 0.70 kept 33,095 of 35,386 register bits of a transformer.)
- Period = `base` + `level` x levels + `size` x sqrt(cost / 100,000), by least squares of the relative error. Logic in a
  stage is passed one level after another; wires grow with the side of the area. (A term linear in the cost fits no
  better.) The two publications differ in levels and in little else, so `level` rests on the difference of the two.

An error is |published / estimate - 1|, so that the published value lies within estimate x (1 +- error). Declared is the
largest that cross-validation finds, of FF the distance to the bounds, rounded up to a whole percent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fpga_tf.reports.estimate_data import DESIGNS, JEDI, TRANSFORMERS, Published

_T = TypeVar("_T")
Coefficients = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients, and the largest relative errors that cross-validation found.

    Attributes:
        lut: LUT for each of da4ml's.
        ff: FF for each register bit.
        period: base and ns a level, and ns for the square root of 100,000 of da4ml's LUTs.
        lut_error: leaving out each design in turn, and each of the two publications.
        ff_error: from the middle to either bound.
        period_error: leaving out each design in turn. (Without one of the publications `level` can't be told.)
    """

    lut: float
    ff: float
    period: Coefficients
    lut_error: float
    ff_error: float
    period_error: float


def fit() -> Fit:
    """Fit to all published designs."""
    timed = [design for design in DESIGNS if design.usable]
    least = least_ff()
    return Fit(
        lut=_mean_ratio(_lut_ratios(DESIGNS)),
        ff=(1 + least) / 2,
        period=_fit_period(timed),
        lut_error=max(lut_errors()["one design"], lut_errors()["one publication"]),
        ff_error=(1 - least) / (1 + least),
        period_error=max(_without_one(timed, _period_error)),
    )


def lut_errors() -> dict[str, float]:
    """Largest relative error of LUT by what was left out."""
    families = (JEDI, TRANSFORMERS), (TRANSFORMERS, JEDI)
    return {
        "one design": max(_without_one(DESIGNS, _lut_error)),
        "one publication": max(_lut_error(rest, design) for rest, left in families for design in left),
    }


def period(coefficients: Coefficients, levels: float, cost: float) -> float:
    """Clock period in ns."""
    base, level, size = coefficients
    return base + level * levels + size * math.sqrt(cost / 1e5)


def _lut_ratios(designs: Iterable[Published]) -> list[float]:
    return [design.lut / design.cost for design in designs]


def least_ff() -> float:
    """The least FF for each register bit."""
    ffs = [design.ff / design.cost for design in JEDI if design.ff is not None]
    bits = [design.register_bits_2 / design.cost for design in TRANSFORMERS if design.register_bits_2 is not None]
    return min(ffs) / max(bits)


def _mean_ratio(ratios: Sequence[float]) -> float:
    """Geometric mean."""
    return math.exp(math.fsum(map(math.log, ratios)) / len(ratios))


def _without_one(items: Sequence[_T], error: Callable[[Sequence[_T], _T], float]) -> list[float]:
    """Error of each on a fit to all others."""
    return [error([*items[:index], *items[index + 1 :]], item) for index, item in enumerate(items)]


def _lut_error(rest: Sequence[Published], left: Published) -> float:
    return abs(left.lut / (_mean_ratio(_lut_ratios(rest)) * left.cost) - 1)


def _period_error(rest: Sequence[Published], left: Published) -> float:
    return abs(left.stage_ns / period(_fit_period(rest), left.levels, left.cost) - 1)


def _fit_period(designs: Sequence[Published]) -> Coefficients:
    """Least squares of relative errors: rows and right side are divided by what is to be met."""
    rows = [[1.0, design.levels, math.sqrt(design.cost / 1e5)] for design in designs]
    scaled = [[value / design.stage_ns for value in row] for row, design in zip(rows, designs, strict=True)]
    squares = [[math.fsum(row[i] * row[j] for row in scaled) for j in range(3)] for i in range(3)]
    base, level, size = solve(squares, [math.fsum(row[i] for row in scaled) for i in range(3)])
    return base, level, size


def solve(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Solve a small linear system by elimination with the largest pivot.

    Raises:
        ZeroDivisionError: it has no single solution.
    """
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for column in range(len(rows)):
        pivot = max(range(column, len(rows)), key=lambda index: abs(rows[index][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for index, row in enumerate(rows):
            if index != column:
                factor = row[column] / rows[column][column]
                rows[index] = [value - factor * other for value, other in zip(row, rows[column], strict=True)]
    return [row[-1] / row[index] for index, row in enumerate(rows)]
