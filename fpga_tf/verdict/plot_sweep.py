"""Draws a sweep: mean AUC against LUT, latency as colour, shapes as markers, and the points that no other beats.

Needs the extra `plots`; nothing else does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fpga_tf.verdict.plots.style import new_figure, write_plot
from fpga_tf.verdict.sweep import Cost, Point, Sweep

_MARKERS = {"rtl": ("o", "unrolled, Verilog"), "products": ("D", "unrolled, products"), "rows": ("s", "row by row")}


def plot_sweep(sweep: Sweep, path: Path) -> None:
    """Write the figure; the same sweep gives the same bytes.

    Raises:
        UserError: as `check_plot`.
        ToolError: the file can't be written.
    """
    write_plot(path, lambda: _draw(sweep))


def _draw(sweep: Sweep) -> Any:
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    figure = new_figure(8.0, 6.0)
    axes = figure.subplots()
    known = [(point, point.cost) for point in sweep.points if point.objectives is not None and point.cost is not None]
    times = [cost.latency_ns or 1.0 for _, cost in known] or [1.0]
    norm = LogNorm(min(times) / 1.05, max(times) * 1.05)
    drawn = [one for name in _MARKERS for one in _scatter(axes, known, name, norm)]
    _front(sweep, axes)
    _standing(sweep.points[0], axes)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("LUT (estimated)")
    axes.set_ylabel("mean AUC, one class against the rest")
    title = f"{sweep.name}: {sweep.baseline.n:,} samples"
    legend = figure.legend(loc="outside upper left", ncols=3, frameon=False, title=title, alignment="left")
    legend.get_title().set_parse_math(False)
    if drawn:
        figure.colorbar(drawn[0], ax=axes, label="latency in ns (estimated)")
    return figure


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
    axes.errorbar(x, y, xerr=spans, fmt="none", ecolor="#cccccc", elinewidth=0.8, zorder=1)
    return [axes.scatter(x, y, c=color, norm=norm, marker=marker, label=label, cmap="viridis", s=36, zorder=3)]


def _front(sweep: Sweep, axes: Any) -> None:
    best = sweep.best
    found = [point for point in sweep.points if point.number in best]
    x, y = [point.lut for point in found], [point.auc for point in found]
    label = "no other beats it"
    axes.scatter(x, y, facecolors="none", edgecolors="#bd1f01", s=110, linewidths=1.2, label=label, zorder=4)


def _standing(point: Point, axes: Any) -> None:
    if point.objectives is not None:
        axes.scatter([point.lut], [point.auc], marker="*", color="black", s=140, label="as configured", zorder=5)
