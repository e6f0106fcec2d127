"""How far a softmax by tables lies from the exact one, over the range of its scores.

Rows are made up: in each a largest score, one at a given distance below it, and others. What comes out is the
firmware's arithmetic on its own tables, beside exp and division in float64, whose error is some 1e-16.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import expm1
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.fixedpoint import Format
from fpga_tf.fixedpoint.softmax import SoftmaxDesign, softmax_codes
from fpga_tf.verdict.plots.style import COLORS, LIMIT, new_figure, plain_math

Errors = NDArray[np.float64]
ROWS = 24  # for each distance
DISTANCES = 512
_SEED = 20260101


@dataclass(frozen=True)
class SoftmaxError:
    """One softmax.

    Attributes:
        layer: its name.
        output: format of the weights.
        length: scores in a row.
        entries: of the exp table and of the reciprocal table.
        distance: of a score from the largest of its row, in units of the exponent; shape (rows,).
        error: of that score's weight, in LSB of the output, rounding included; shape (rows,).
        bound: what it can't exceed, in LSB, rounding included; None where tables are addressed by the score itself.
    """

    layer: str
    output: Format
    length: int
    entries: tuple[int, int]
    distance: Errors
    error: Errors
    bound: float | None

    @property
    def largest(self) -> float:
        """The largest error of these rows, in LSB."""
        return float(np.abs(self.error).max())


def softmax_error(layer: str, design: SoftmaxDesign, scale: Decimal) -> SoftmaxError:
    """Errors of a softmax over all distances of two of its scores.

    Args:
        design: with the tables that are in the firmware.
        scale: factor on the scores within the tables.
    """
    scores, below = _rows(design)
    step = float(scale) * design.input.lsb
    exact = np.exp((scores - scores.max(axis=1, keepdims=True)) * step)
    exact /= exact.sum(axis=1, keepdims=True)
    # nobody asks the result to be larger than its format: one is held against the largest code
    expected = np.minimum(exact[:, -1] / design.output.lsb, design.output.max_code)
    return SoftmaxError(
        layer,
        design.output,
        design.length,
        (len(design.exp), len(design.reciprocal)),
        np.asarray(below * step, dtype=np.float64),
        np.asarray(softmax_codes(design, scores)[:, -1] - expected, dtype=np.float64),
        _bound(design, float(scale)),
    )


def _rows(design: SoftmaxDesign) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Scores, the last of each row at a distance from the largest; and that distance."""
    given = design.input
    widest = given.max_code - given.min_code
    distances = np.unique(np.linspace(0, widest, min(widest + 1, DISTANCES)).astype(np.int64))
    below = np.repeat(distances, ROWS)
    rng = np.random.default_rng(_SEED)
    # the largest of a row lies anywhere; others below it by much or by little, so that sums of all sizes occur
    top = given.min_code + below + rng.integers(0, widest - below + 1)
    spread = rng.choice([0.01, 0.1, 1.0], size=(len(below), 1))
    fall = np.abs(rng.normal(0, 1, (len(below), design.length))) * spread * widest
    scores = np.clip(top[:, None] - fall.astype(np.int64), given.min_code, given.max_code)
    if design.length > 1:
        scores[:, 0] = top
        scores[:, -1] = top - below
        return scores, below
    return scores, np.zeros_like(below)


def _bound(design: SoftmaxDesign, scale: float) -> float | None:
    """The bound of `fpga_tf.fixedpoint.softmax` for the tables as they are, and half an LSB for the last rounding."""
    if not design.stable:
        return None
    half = scale * design.input.lsb * ((1 << design.exp_shift) - 1) / 2
    absolute = (
        2 * expm1(half)
        + 2.0 ** -(design.address_bits + 1)
        + 2.0**-design.reciprocal_fraction
        + (design.length + 1) * 2.0 ** -(design.exp_fraction + 1)
    )
    return absolute / design.output.lsb + 0.5


def draw(found: SoftmaxError) -> Any:
    """Errors against the distance, with the bound."""
    figure = new_figure(5.6, 3.6)
    axes = figure.subplots()
    axes.plot(found.distance, found.error, "o", color=COLORS[0], markersize=2, markeredgewidth=0, rasterized=True)
    axes.axhline(0, color="black", linewidth=0.8)
    if found.bound is not None:
        for sign in (1, -1):
            axes.axhline(sign * found.bound, color=LIMIT, linestyle="--", linewidth=1.2)
        axes.text(0.98, found.bound, "bound", color=LIMIT, ha="right", va="bottom", fontsize=10,
                  transform=axes.get_yaxis_transform())  # fmt: skip
    top = 1.25 * max(found.largest, found.bound or 0.0, 0.5)
    axes.set_ylim(-top, top)
    axes.set_xlabel("largest score minus this one, in the exponent")
    axes.set_ylabel("error [LSB of the output]")
    axes.set_title(plain_math(found.layer), loc="right", fontsize=10)
    return figure
