"""Is the clock met, and at which period does a design run?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from fpga_tf.reports.facts import differ, spread
from fpga_tf.reports.types import Clock, SynthesisReport, Timing
from fpga_tf.verdict.finding import Finding, above, around


@dataclass(frozen=True, slots=True)
class TimingFinding:
    """What a report says of the clock.

    Attributes:
        found: a period in ns; where no one period tells, what the worst path is late by.
        limit: the clock target, or 0 for what a path is late by.
        quantity: what decided, such as `clock_ns.achieved`.
    """

    found: Finding
    limit: float
    quantity: str


def achieved_clock_ns(report: SynthesisReport) -> float | None:
    """The clock period that latency is counted in.

    A design is clocked at its target if it meets it, else slower: the larger one of the target and what was achieved
    (after synthesis or place and route) or is estimated (by C synthesis). Where an implementation has several clocks it
    states but a slack: if that is met, the period is the target. None if that can't be told.
    """
    clock, timing = report.clock_ns, report.timing or Timing()
    if clock.target is None:
        return None
    if clock.achieved is not None:
        return max(clock.target, clock.achieved)
    if timing.setup_slack is not None:
        periods = [domain.period for domain in timing.clocks if domain.period is not None]
        runs = not periods or any(not differ("clock_ns.target", period, clock.target) for period in periods)
        return clock.target if runs and timing.setup_slack >= 0 else None
    return None if clock.estimated is None else max(clock.target, clock.estimated)


def clock_span_ns(report: SynthesisReport) -> tuple[Decimal, Decimal] | None:
    """Between which periods the one that latency is counted in lies; None where it is no estimate, or unknown.

    The target bounds it from below: a design that could run faster is not clocked faster.
    """
    clock, quantity = report.clock_ns, "clock_ns.estimated"
    if deciding(report) != quantity or clock.estimated is None or clock.target is None:
        return None
    if quantity not in report.errors:
        return None
    target, believed = Decimal(str(clock.target)), Decimal(str(clock.estimated))
    error = spread(clock.estimated, report.errors[quantity])
    return max(target, believed - error), max(target, believed + error)


def deciding(report: SynthesisReport) -> str:
    """The quantity that the period is from."""
    if report.clock_ns.achieved is not None:
        return "clock_ns.achieved"
    known = report.timing is not None and report.timing.setup_slack is not None
    return "timing.setup_slack" if known else "clock_ns.estimated"


def judge_timing(report: SynthesisReport, *, routed: bool) -> TimingFinding | None:
    """Is the clock met? None where no report tells.

    After synthesis or place and route the tool's own slack decides, or else what it achieved. An estimate of C
    synthesis fails above the target and passes if it leaves the clock uncertainty free; in between the result is
    unknown, as the uncertainty is what place and route may still take. An estimate that declares its error is of the
    period after routing.

    Args:
        report: of a design.
        routed: whether its timing is that after routing. Hold counts only there: the router mends it.
    """
    clock, timing = report.clock_ns, report.timing or Timing()
    judged = clock.achieved is not None and not (clock.target is None and clock.slack is None)
    if judged or timing.setup_slack is not None or timing.met is not None:
        return _implemented(clock, timing, routed=routed)
    if clock.target is not None and clock.estimated is not None:
        error = report.errors.get("clock_ns.estimated")
        if error is None:
            found = _estimated(clock, clock.target, clock.estimated)
        else:
            found = around(clock.estimated, spread(clock.estimated, error))
        return TimingFinding(found, clock.target, "clock_ns.estimated")
    if clock.slack is None:
        return None
    spare = math.copysign(1, clock.slack) > 0  # `-0.00` is a little below 0
    return TimingFinding(Finding(0.0) if spare else _needs_uncertainty(clock), 0, "clock_ns.slack")


def _implemented(clock: Clock, timing: Timing, *, routed: bool) -> TimingFinding:
    slack = clock.slack if timing.setup_slack is None and clock.achieved is not None else timing.setup_slack
    others = {"timing.hold_slack": timing.hold_slack if routed else None, "timing.pulse_slack": timing.pulse_slack}
    late = {name: value for name, value in others.items() if value is not None and value < 0}
    if late:
        worst = min(late, key=lambda name: late[name])
        return TimingFinding(Finding(-late[worst]), 0, worst)
    if clock.achieved is not None and clock.target is not None:
        over = (slack is not None and slack < 0) or (routed and timing.met is False)
        return TimingFinding(Finding(clock.achieved, over=over), clock.target, "clock_ns.achieved")
    if routed and timing.met is False and not (slack is not None and slack < 0):
        return TimingFinding(Finding(over=True), 0, "timing.met")
    if slack is None:
        return TimingFinding(Finding(missing="the worst slack of setup of the whole design"), 0, "timing.setup_slack")
    return TimingFinding(Finding(max(0.0, -slack)), 0, "timing.setup_slack")


def _estimated(clock: Clock, target: float, estimated: float) -> Finding:
    if above(estimated, target) or (
        clock.uncertainty is not None
        and Decimal(str(estimated)) + Decimal(str(clock.uncertainty)) <= Decimal(str(target))
    ):
        return Finding(estimated)
    return _needs_uncertainty(clock)


def _needs_uncertainty(clock: Clock) -> Finding:
    held = "unstated" if clock.uncertainty is None else f"{clock.uncertainty} ns"
    return Finding(clock.estimated, f"place and route: the estimate needs the clock uncertainty ({held})")
