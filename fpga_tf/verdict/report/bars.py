"""Lengths of the bars that a page draws: numbers on a scale of a thousand, whatever the width of the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fpga_tf.reports.types import RESOURCES
from fpga_tf.verdict.numbers import estimated
from fpga_tf.verdict.report.judged import Judged
from fpga_tf.verdict.report.layers import LayerRow, layer_rows
from fpga_tf.verdict.report.resources import percent, resource_rows
from fpga_tf.verdict.report.values import latency_error, latency_ns, number

SCALE = 1000.0
_MARGIN = 1.02  # a line at the largest value must not lie on the edge


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        name: what it is of.
        text: the value, for people.
        x, width: in thousandths of the drawing; no width where the value is unknown.
        lines: where lines across the bar stand, by their class in the style sheet.
        kind: class in the style sheet.
        label: what a screen reader says.
    """

    name: str
    text: str
    x: float
    width: float | None
    lines: tuple[tuple[str, float], ...] = ()
    kind: str = "layer"

    @property
    def label(self) -> str:
        return f"{self.name}: {self.text}"


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars on one scale.

    Attributes:
        title: what is drawn.
        bars: from top to bottom.
        remarks: what a reader should know.
    """

    title: str
    bars: tuple[Bar, ...]
    remarks: tuple[str, ...] = ()


def waterfall(judged: Judged) -> Chart | None:
    """Latency of each layer laid end to end, the tool's total, and the budget; None without layers or a clock."""
    rows = layer_rows(judged.design)
    if not any(row.ns is not None for row in rows):
        return None
    total, budget = latency_ns(judged.design.report), _latency_budget_ns(judged)
    end = sum(row.ns or 0.0 for row in rows)
    unit = SCALE / (max(end, total or 0.0, budget or 0.0) * _MARGIN or 1.0)
    lines = () if budget is None else (("budget", budget * unit),)
    bars, start = [], 0.0
    for row in rows:
        width = None if row.ns is None else row.ns * unit
        bars.append(Bar(row.name, number(row.ns, "ns"), start * unit, width, lines))
        start += row.ns or 0.0
    width = None if total is None else total * unit
    text = estimated(number(total, "ns"), latency_error(judged.design.report))
    bars.append(Bar("total by the tool", text, 0.0, width, lines, "total"))
    return Chart("Latency, layer after layer", tuple(bars), tuple(_remarks(rows, end, budget)))


def _latency_budget_ns(judged: Judged) -> float | None:
    limits = [gate.limit for gate in judged.gates if gate.gate == "latency_us"]
    return limits[0] * 1000.0 if limits else None


def _remarks(rows: Sequence[LayerRow], end: float, budget: float | None) -> Iterable[str]:
    if budget is not None:
        yield f"Dashed line: the budget of {number(budget, 'ns')}."
    yield (
        f"Sum of the layers: {number(round(end, 6), 'ns')}. Stages of a dataflow design overlap, so that the sum may "
        "exceed the total."
    )
    unknown = [row.name for row in rows if row.ns is None]
    if unknown:
        yield f"Not in the sum, as unknown: {', '.join(unknown)}."


def layer_charts(judged: Judged) -> tuple[list[Chart], list[str]]:
    """For each resource the layers' counts; and the resources that have nothing to draw, with the reason."""
    rows = layer_rows(judged.design)
    charts, empty = [], []
    for name in RESOURCES if rows else ():
        counts = [row.used[name] for row in rows]
        largest = max((count for count in counts if count is not None), default=None)
        if not largest:
            empty.append(f"{name}: {'none used' if largest == 0 else 'unknown'}")
            continue
        bars = (
            Bar(row.name, number(count), 0.0, None if count is None else count * SCALE / (largest * _MARGIN))
            for row, count in zip(rows, counts, strict=True)
        )
        charts.append(Chart(name, tuple(bars)))
    return charts, empty


def share_charts(judged: Judged) -> list[Chart]:
    """Shares of the device and of one SLR, with limits; resources whose share is unknown have no bar."""
    rows = resource_rows(judged.design)
    shares = {
        "device_share": ("Share of the device", {row.name: row.device for row in rows}),
        "slr_share": ("Share of one super logic region (SLR)", {row.name: row.slr for row in rows}),
    }
    limits = {gate.gate: float(gate.limit) for gate in judged.gates}
    charts = []
    for kind, (title, values) in shares.items():
        mine = {name: limits[f"{kind}.{name}"] for name in values if f"{kind}.{name}" in limits}
        largest = max([1.0, *(value for value in values.values() if value is not None), *mine.values()])
        unit = SCALE / (largest * _MARGIN)
        charts.append(
            Chart(title, tuple(_share(row.name, values[row.name], row.error, mine.get(row.name), unit) for row in rows))
        )
    return charts


def _share(name: str, value: float | None, error: float | None, limit: float | None, unit: float) -> Bar:
    lines = (("whole", unit), *(() if limit is None else (("budget", limit * unit),)))
    over = value is not None and value * (1 - (error or 0.0)) > (1.0 if limit is None else limit)
    text = estimated(percent(value), error) + ("" if limit is None else f", limit {limit * 100:.4g} %")
    return Bar(name, text, 0.0, None if value is None else value * unit, lines, "over" if over else "share")
