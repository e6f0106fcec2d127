"""What each layer takes: counts by kind, in the order of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fpga_tf.reports.types import RESOURCES, SynthesisReport
from fpga_tf.verdict.plots.style import COLORS, new_figure, plain_math
from fpga_tf.verdict.report.layers import LayerRow


@dataclass(frozen=True)
class Usage:
    """What a layer takes of one resource, by kind of use."""

    name: str
    parts: Mapping[str, float]

    @property
    def total(self) -> float:
        """Of all kinds."""
        return sum(self.parts.values())


@dataclass(frozen=True)
class Resources:
    """One resource over all layers.

    Attributes:
        resource: its name.
        source: where the counts are from.
        rows: layers that use any, in the order of the model.
        unused: how many layers use none.
    """

    resource: str
    source: str
    rows: tuple[Usage, ...]
    unused: int = 0

    @property
    def kinds(self) -> list[str]:
        """Kinds of use, the largest first."""
        sums: dict[str, float] = {}
        for row in self.rows:
            for kind, count in row.parts.items():
                sums[kind] = sums.get(kind, 0.0) + count
        return sorted(sums, key=lambda kind: (-sums[kind], kind))

    @property
    def total(self) -> float:
        """Of all layers."""
        return sum(row.total for row in self.rows)


def of_costs(costs: Mapping[str, Mapping[str, float]]) -> list[Resources]:
    """da4ml's LUTs by node and kind of operation; nothing if they are not known by node."""
    rows = tuple(Usage(name, dict(kinds)) for name, kinds in costs.items())
    return [Resources("LUT", "da4ml's count, before synthesis", rows)] if rows else []


def of_modules(modules: Sequence[SynthesisReport]) -> list[Resources]:
    """An estimate's modules: each resource that any of them uses. FIFOs are no modules."""
    given = [(one.top or "", {n: one.resources[n].used for n in RESOURCES}) for one in modules]
    return _each(given, "estimate, without FIFOs")


def of_layers(rows: Sequence[LayerRow], source: str) -> list[Resources]:
    """A tool's counts by layer."""
    return _each([(row.name, row.used) for row in rows], source)


def _each(given: Sequence[tuple[str, Mapping[str, int | None]]], source: str) -> list[Resources]:
    found = []
    for resource in RESOURCES:
        rows = tuple(Usage(name, {"": float(count)}) for name, used in given if (count := used[resource]))
        if rows:
            found.append(Resources(resource, source, rows, len(given) - len(rows)))
    return found


def draw(found: Resources) -> Any:
    """A bar for each layer, its kinds of use one behind another."""
    figure = new_figure(8.0, 1.6 + 0.27 * len(found.rows))
    axes = figure.subplots()
    for place, kind in enumerate(found.kinds):
        before = [sum(row.parts.get(k, 0.0) for k in found.kinds[:place]) for row in found.rows]
        counts = [row.parts.get(kind, 0.0) for row in found.rows]
        axes.barh(range(len(counts)), counts, left=before, height=0.7, color=COLORS[place % len(COLORS)], label=kind)
    for place, row in enumerate(found.rows):
        share = f" ({row.total / found.total * 100:.1f} %)" if found.total else ""
        axes.text(row.total, place, f" {row.total:,.0f}{share}", va="center", ha="left", fontsize=9)
    axes.set_yticks(range(len(found.rows)), [plain_math(row.name) for row in found.rows])
    axes.set_ylim(len(found.rows) - 0.4, -0.6)
    axes.set_xlim(0, 1.25 * max(row.total for row in found.rows) or 1.0)
    axes.tick_params(axis="y", which="both", length=0)
    axes.set_xlabel(f"{found.resource} ({found.source})")
    if found.kinds != [""]:
        axes.legend(loc="lower right", frameon=False)
    return figure
