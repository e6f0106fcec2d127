"""Prints a sweep as a table."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from fpga_tf.verdict.sweep import ERRORS, Point, Sweep, label_of
from fpga_tf.verdict.tables import NONE, or_none, ratio, row, section, table_of

_SOURCES = {"rtl": "counted as Verilog", "products": "from products", "rows": "row by row"}
_KEPT = {True: "yes", False: "no", None: "unknown"}


def render_sweep(sweep: Sweep, console: Console, *, quiet: bool = False) -> None:
    """Print all points in their order.

    Args:
        quiet: print nothing but why points are not there.
    """
    if not quiet:
        table = table_of("point", "AUC", "loss", "ns", "interval", "LUT", "DSP", "within", "fits", "best")
        for column in table.columns[1:]:
            column.no_wrap = True
        for point in sweep.points:
            row(table, f"{point.number}: {_label(sweep, point)}", _cells(sweep, point))
        section(console, f"{sweep.name}, swept", table, _lines(sweep))
    for point in sweep.points:
        if point.refused or point.lost:
            told = f"no hardware: {point.refused}" if point.refused else f"unknown: {point.lost}"
            console.print(f"note: point {point.number}: {told}", markup=False, soft_wrap=True)


def _label(sweep: Sweep, point: Point) -> str:
    """Values of the axes that have several."""
    told = {name: value for name, value in point.values.items() if len(sweep.axes[name]) > 1}
    return label_of(told or point.values)


def _cells(sweep: Sweep, point: Point) -> Iterator[str]:
    physics, cost = point.physics, point.cost
    yield ratio(point.auc)
    yield ratio(sweep.loss(point))
    yield NONE if cost is None or cost.latency_ns is None else f"{cost.latency_ns:,.0f}"
    yield or_none(None if cost is None else cost.interval_cycles)
    yield or_none(point.lut)
    yield or_none(None if cost is None else cost.resources["DSP"])
    yield NONE if physics is None else _KEPT[sweep.keeps(point)]
    yield NONE if cost is None else _KEPT[not cost.missed]
    yield "*" if point.number in sweep.best else ""


def _lines(sweep: Sweep) -> Iterator[str]:
    found = sweep.limits
    yield (
        f"{sweep.baseline.n:,} samples. AUC: mean of all classes. loss: the largest of any class's AUC. Cost is "
        f"estimated. within: loss at most {found.max_auc_loss}, of accuracy at most {found.max_accuracy_loss}. fits: "
        "surely, the budget, and perhaps the clock. best: no other has as good an AUC, latency and LUT, and one better."
    )
    for source, words in _SOURCES.items():
        costs = [point.cost for point in sweep.points if point.cost is not None and point.cost.source == source]
        if costs:
            worst = {name: max((c.errors.get(name, 0.0) for c in costs), default=0.0) for name in ERRORS}
            told = ", ".join(f"{name} ± {error * 100:.0f} %" for name, error in worst.items() if error)
            yield f"errors of what was estimated {words}: {told}"
    yield from (f"point {p.number}: {p.cost.note}" for p in sweep.points if p.cost is not None and p.cost.note)
