"""Where the latency goes: from when to when each layer is at work on a sample, against the budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from fpga_tf.process import Network
from fpga_tf.reports.dataflow_costs import UNCERTAINTY, loop_cycles
from fpga_tf.reports.estimate_dataflow import TURN
from fpga_tf.schedule.spans import spans as schedule_spans
from fpga_tf.verdict.plots.style import COLORS, LIMIT, new_figure, plain_math


@dataclass(frozen=True)
class Span:
    """A layer, or a process of it, at work from one cycle to another."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Waterfall:
    """The way of a sample through a design.

    Attributes:
        spans: in the order of the model.
        cycles: latency of the whole design.
        clock_ns: of a cycle.
        budget_ns: the limit; None if there is none.
        remarks: what a reader should know.
    """

    spans: tuple[Span, ...]
    cycles: int
    clock_ns: float
    budget_ns: float | None
    remarks: tuple[str, ...] = ()

    @property
    def total_ns(self) -> float:
        """Latency of the whole design."""
        return self.cycles * self.clock_ns

    @property
    def right_ns(self) -> float:
        """Where the drawing ends."""
        return max(self.total_ns, self.budget_ns or 0.0, *(span.end * self.clock_ns for span in self.spans)) * 1.02


def of_levels(
    levels: Mapping[str, tuple[float, float]], cycles: int, clock_ns: float, budget_ns: float | None
) -> Waterfall | None:
    """Of a pipeline that is cut by levels of logic: a node is in the stages that its levels fall into.

    Registers are placed so that all stages have about as many levels, so a place is right to about a stage.

    Args:
        levels: to a node's first operation and to its last result, by name.
        cycles: of the whole pipeline.

    Returns:
        None if no levels are known.
    """
    depth = max((last for _, last in levels.values()), default=0.0)
    if not depth:
        return None
    scale = cycles / depth
    found = tuple(Span(name, floor(first * scale), ceil(last * scale)) for name, (first, last) in levels.items())
    remark = f"Placed by levels of logic, {depth / cycles:.3g} of them in a stage: a place is right to about a cycle."
    return Waterfall(found, cycles, clock_ns, budget_ns, (remark,))


def of_network(
    network: Network, target_ns: float, clock_ns: float, budget_ns: float | None, uncertainty: float = UNCERTAINTY
) -> Waterfall:
    """Of a dataflow design: each process from its first row to its last, as the schedule is simulated.

    Args:
        target_ns: the clock period asked for, which decides cycles.
        uncertainty: part of it that synthesis holds back.
        clock_ns: the period believed, which decides times.
    """
    found = schedule_spans(network, lambda loop: loop_cycles(loop, target_ns, uncertainty), drains=False, turn=TURN)
    stages = tuple(Span(name, start, end) for name, (start, end) in found.items())
    remark = "Estimated: from the first row that a process reads to the last that it writes, for a lone sample."
    return Waterfall(stages, max(end for _, end in found.values()), clock_ns, budget_ns, (remark,))


def draw(found: Waterfall) -> Any:
    """A bar for each layer, in ns; the cycles above; the budget as a line."""
    figure = new_figure(8.0, 1.6 + 0.27 * (len(found.spans) + 1))
    axes = figure.subplots()
    clock = found.clock_ns
    names = [*(plain_math(span.name) for span in found.spans), "whole design"]
    bars = [*((span.start, span.end) for span in found.spans), (0, found.cycles)]
    for row, (start, end) in enumerate(bars):
        color = COLORS[8] if row == len(bars) - 1 else COLORS[0]
        axes.barh(row, (end - start) * clock, left=start * clock, height=0.7, color=color)
        axes.text(end * clock, row, f" {end - start:,}", va="center", ha="left", fontsize=9)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, found.right_ns)
    axes.tick_params(axis="y", which="both", length=0)
    axes.set_xlabel("time from the first input [ns]; numbers: cycles")
    if found.budget_ns is not None:
        axes.axvline(found.budget_ns, color=LIMIT, linestyle="--", linewidth=1.4)
        text = f"budget {found.budget_ns:,.4g} ns  "
        axes.text(found.budget_ns, 0, text, color=LIMIT, ha="right", va="center", fontsize=10)
    return figure
