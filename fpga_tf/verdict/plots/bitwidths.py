"""How many bits each tensor has: results, exact sums, weights and biases, and weights of each head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.fixedpoint import Format
from fpga_tf.verdict.plots.style import COLORS, new_figure, plain_math

COLUMNS = ("result", "exact sum", "weights", "bias")
_PALE = "#e3e6e9"


@dataclass(frozen=True)
class Widths:
    """One layer, or a head of it.

    Attributes:
        name: of the layer.
        result: format of what it gives; None for a head.
        exact: bits of the widest exact result before the last rounding.
        weights, bias: formats; None where it has none.
    """

    name: str
    result: Format | None = None
    exact: int | None = None
    weights: Format | None = None
    bias: Format | None = None

    @property
    def cells(self) -> list[int | None]:
        """Bits, in the order of `COLUMNS`."""
        formats = (self.result, self.weights, self.bias)
        result, weights, bias = (None if one is None else one.width for one in formats)
        return [result, self.exact, weights, bias]


def needed(values: NDArray[np.float64], given: Format) -> Format | None:
    """The narrowest format that holds some values of a format exactly; None if all are zero.

    Args:
        values: of any shape, each a multiple of the format's step.
    """
    codes = np.rint(values.ravel() / given.lsb).astype(np.int64)
    if not codes.any():
        return None
    low = int(np.bitwise_or.reduce(np.abs(codes)))
    unused = (low & -low).bit_length() - 1  # zeros at the end of every code
    signed = bool((codes < 0).any())
    bits = max(int(code if code >= 0 else ~code).bit_length() for code in (int(codes.min()), int(codes.max())))
    return Format(signed, bits - given.fraction, given.fraction - unused)


def by_head(name: str, values: NDArray[np.float64], axis: int, given: Format) -> list[Widths]:
    """Weights of each head; nothing where there is but one.

    Args:
        values: of the kernel.
        axis: that counts heads.
    """
    heads = values.shape[axis]
    if heads < 2:
        return []
    parts = np.split(values, heads, axis)
    return [Widths(f"{name}, head {i + 1}", weights=needed(part, given)) for i, part in enumerate(parts)]


def draw(rows: Sequence[Widths]) -> Any:
    """Left, the bits of each result about the binary point; right, how many bits there are of what."""
    figure = new_figure(9.5, 1.7 + 0.27 * len(rows))
    point, counts = figure.subplots(1, 2, sharey=True, width_ratios=(1.5, 1))
    _about_the_point(point, rows)
    _counts(counts, rows)
    point.set_yticks(range(len(rows)), [plain_math(row.name) for row in rows])
    point.set_ylim(len(rows) - 0.4, -0.6)
    for axes in (point, counts):
        axes.tick_params(axis="both", which="both", length=0, right=False, top=False)
    return figure


def _about_the_point(axes: Any, rows: Sequence[Widths]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator, NullLocator

    for place, row in enumerate(rows):
        if row.result is not None:
            integer, fraction = row.result.integer, row.result.fraction
            if row.result.signed:
                axes.barh(place, -1, left=-integer, height=0.66, color=COLORS[1])
            axes.barh(place, fraction + integer, left=-integer, height=0.66, color=COLORS[0])
    axes.axvline(0, color="black", linewidth=1.2)
    formats = [row.result for row in rows if row.result is not None]
    axes.set_xlim(-max(f.integer + f.signed for f in formats) - 0.5, max(max(f.fraction for f in formats), 0) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda x, _: f"{abs(x):.0f}")
    axes.set_xlabel("integer bits | fraction bits of the result")
    handles = [Line2D([], [], color=c, linewidth=6, label=n) for c, n in ((COLORS[1], "sign"), (COLORS[0], "value"))]
    axes.figure.legend(handles=handles, loc="outside upper left", ncols=2, frameon=False)


def _counts(axes: Any, rows: Sequence[Widths]) -> None:
    """Cells that are the darker the more bits there are, each with its number."""
    from matplotlib.ticker import NullLocator

    largest = max((cell for row in rows for cell in row.cells if cell is not None), default=1)
    for place, row in enumerate(rows):
        for column, bits in enumerate(row.cells):
            color, alpha = (_PALE, 0.1) if bits is None else (COLORS[0], 0.1 + 0.55 * bits / largest)
            axes.barh(
                place,
                0.94,
                left=column - 0.47,
                height=0.88,
                color=color,
                alpha=alpha,
            )
            axes.text(column, place, "" if bits is None else str(bits), ha="center", va="center", fontsize=9)
    axes.set_xlim(-0.55, len(COLUMNS) - 0.45)
    axes.set_xticks(range(len(COLUMNS)), COLUMNS)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("bits")
