"""What each layer costs in time and resources, and which ones cost most."""

from __future__ import annotations

from dataclasses import dataclass

from fpga_tf.reports.design import Design
from fpga_tf.reports.types import RESOURCES, Resource
from fpga_tf.verdict.numbers import plain
from fpga_tf.verdict.report.values import cycles_ns
from fpga_tf.verdict.timing import achieved_clock_ns


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer.

    Attributes:
        name: what to call it, safe to show.
        kind: its class, empty if unknown.
        cycles: worst-case latency.
        ns: the same at the design's clock.
        interval: largest initiation interval in cycles.
        used: counts by resource.
    """

    name: str
    kind: str
    cycles: int | None
    ns: float | None
    interval: int | None
    used: dict[str, int | None]


def layer_rows(design: Design) -> list[LayerRow]:
    """All layers in the firmware's order."""
    clock = achieved_clock_ns(design.report)
    return [
        LayerRow(
            plain(layer.name),
            plain(layer.kind or ""),
            layer.latency_cycles.max,
            cycles_ns(layer.latency_cycles.max, clock),
            layer.interval_cycles.max,
            {name: layer.resources.get(name, Resource()).used for name in RESOURCES},
        )
        for layer in design.layers
    ]


def costliest(rows: list[LayerRow], count: int) -> list[LayerRow]:
    """The layers that have the largest share of the latency or of a resource, in the firmware's order."""
    sums = {name: sum(row.used[name] or 0 for row in rows) for name in RESOURCES}
    cycles = sum(row.cycles or 0 for row in rows)

    def weight(row: LayerRow) -> float:
        shares = [(row.used[name] or 0) / total for name, total in sums.items() if total]
        return max([*shares, (row.cycles or 0) / cycles if cycles else 0.0], default=0.0)

    chosen = sorted(range(len(rows)), key=lambda index: (-weight(rows[index]), index))[:count]
    return [rows[index] for index in sorted(chosen)]
