"""Draws a sweep: mean AUC against LUT, latency as colour, shapes as markers, and the points that no other beats.

Needs the extra `plots`; nothing else does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fpga_tf.verdict.plots.style import COLORS, LIMIT, new_figure, write_plot
from fpga_tf.verdict.sweep import Cost, Point, Sweep

_MARKERS = {"rtl": ("o", "unrolled, Verilog"), "products": ("D", "unrolled, products"), "rows": ("s", "row by row")}
_DECADE = 10


def plot_sweep(sweep: Sweep, path: Path) -> None:
    """Write the figure; the same sweep gives the same bytes.

    Raises:
        UserError: as `check_plot`.
        ToolError: the file can't be written.
    """
    write_plot(path, lambda: draw(sweep))


def draw(sweep: Sweep) -> Any:
    """The figure."""
    from matplotlib.colors import LogNorm

    figure = new_figure(8.0, 6.0)
    axes = figure.subplots()
    known = [(point, point.cost) for point in sweep.points if point.objectives is not None and point.cost is not None]
    times = [cost.latency_ns or 1.0 for _, cost in known] or [1.0]
    fastest, slowest = min(times) / 1.05, max(times) * 1.05
    norm = LogNorm(fastest, slowest)
    drawn = [one for name in _MARKERS for one in _scatter(axes, known, name, norm)]
    _front(sweep, axes)
    _standing(sweep.points[0], axes)
    axes.set_xscale("log")
    _label_ticks(axes.xaxis, *axes.get_xlim())
    axes.set_xlabel("LUT (estimated)")
    axes.set_ylabel("mean AUC, one class against the rest")
    title = f"{sweep.name}: {sweep.baseline.n:,} samples"
    legend = figure.legend(loc="outside upper left", ncols=3, frameon=False, title=title, alignment="left")
    legend.get_title().set_parse_math(False)
    if drawn:
        bar = figure.colorbar(drawn[0], ax=axes, label="latency [ns] (estimated)")
        _label_ticks(bar.ax.yaxis, fastest, slowest)
    return figure


def _label_ticks(axis: Any, low: float, high: float) -> None:
    """Round numbers on a logarithmic axis; on one of less than a decade, where 1, 2, 5 may be out of sight, more."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)) if high > _DECADE * low else MaxNLocator(5, steps=(1, 2, 5, 10)))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axis.set_minor_formatter(NullFormatter())


def _scatter(axes: Any, known: list[tuple[Point, Cost]], name: str, norm: Any) -> list[Any]:
    """Points of one kind of estimate."""
    marker, label = _MARKERS[name]
    mine = sorted((cost.latency_ns or 0.0, point.number) for point, cost in known if cost.source == name)
    if not mine:
        return []
    found = {point.number: (point, cost) for point, cost in known}
    ordered = [found[number] for _, number in reversed(mine)]  # of points at one place the fastest is seen
    x, y = [point.lut or 0 for point, _ in ordered], [point.auc for point, _ in ordered]
    color = [cost.latency_ns for _, cost in ordered]
    spans = [lut * cost.errors.get("LUT", 0.0) for lut, (_, cost) in zip(x, ordered, strict=True)]
    axes.errorbar(x, y, xerr=spans, fmt="none", ecolor="#bbbbbb", elinewidth=0.8, capsize=2.5, zorder=1)
    axes.scatter([], [], marker=marker, color=COLORS[8], label=label, s=36)  # a colour in the legend would be a latency
    return [axes.scatter(x, y, c=color, norm=norm, marker=marker, cmap="viridis", s=36, zorder=3)]


def _front(sweep: Sweep, axes: Any) -> None:
    best = sweep.best
    found = [point for point in sweep.points if point.number in best]
    x, y = [point.lut for point in found], [point.auc for point in found]
    label = "no other beats it"
    axes.scatter(x, y, facecolors="none", edgecolors=LIMIT, s=110, linewidths=1.2, label=label, zorder=4)


def _standing(point: Point, axes: Any) -> None:
    if point.objectives is not None:
        around = {"facecolors": "none", "edgecolors": "black", "linewidths": 1.2, "s": 330}  # its colour is seen
        axes.scatter([point.lut], [point.auc], marker="*", label="as configured", zorder=5, **around)
