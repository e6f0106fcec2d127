"""Is it fast enough, and does it fit? Holds a report against a budget.

Arithmetic is in decimals as written: 400 cycles of 5 ns are 2 µs, and a value of exactly the limit passes. An estimate
passes if it does so at the upper end of its declared error, and fails if it does so at the lower; in between it is
unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from fpga_tf.reports.design import Sourced
from fpga_tf.reports.facts import differ, spread
from fpga_tf.reports.kin import IMPLEMENTATION
from fpga_tf.reports.parts import same_part
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.finding import Finding, above, around
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.shares import device_share, region_share
from fpga_tf.verdict.timing import achieved_clock_ns, clock_span_ns, deciding, judge_timing

PROVIDE = "run C synthesis: vitis_hls -f build_prj.tcl"
NEAR = "the limit lies within the error of the estimate; synthesise it (Tcl script in its folder)"
_UNBOUND = "(some loop has no fixed bound); run co-simulation (cosim_design)"
_NO_HLS = "of the design, which an implementation does not tell: give a report of C synthesis or of co-simulation"


@dataclass(frozen=True, slots=True)
class Budget:
    """What a design may take; None or absent asks for nothing.

    Attributes:
        latency_us: from the first input to the last output, worst case, in µs.
        interval_cycles: largest initiation interval in cycles.
        device_share: largest share of the device by resource, 0.25 being a quarter.
        slr_share: largest share of one super logic region by resource, whichever one the design is placed in.
    """

    latency_us: float | None = None
    interval_cycles: int | None = None
    device_share: Mapping[str, float] = field(default_factory=dict)
    slr_share: Mapping[str, float] = field(default_factory=dict)


def decide_budget(
    budget: Budget,
    report: SynthesisReport | None,
    *,
    part: str | None,
    clock_ns: float | None,
    provide: str = PROVIDE,
    sources: Mapping[str, Sourced] | None = None,
) -> list[Gate]:
    """Hold a report against a budget.

    A report of another part or another clock target says nothing about this design: all its gates are unknown.

    Args:
        budget: the limits.
        report: what a tool says; None if there is no report.
        part: device part of the configuration.
        clock_ns: clock period of the configuration in ns.
        provide: what the user does to get a report.
        sources: where the values are from, by quantity such as `latency_cycles.max`, where reports were combined.

    Returns:
        One gate for each limit that the budget sets, and `timing_met` if the report tells whether the clock is met.
    """
    origins = _Origins(report, sources or {})
    why = "no synthesis report in the project" if report is None else _foreign(report, part, clock_ns)
    subject = None if report is None or why is not None else _at_clock(report, clock_ns)
    absent = Finding(missing=f"{why}; {provide}")
    gates = []
    if budget.latency_us is not None:
        found = _latency_us(subject, origins.no_cycles) if subject else absent
        source = origins.of("latency_cycles.max", *([] if subject is None else [deciding(subject)]))
        gates.append(_gate("latency_us", budget.latency_us, found, "us", source))
    if budget.interval_cycles is not None:
        found = _interval(subject, origins.no_cycles) if subject else absent
        source = origins.of("interval_cycles.max")
        gates.append(_gate("interval_cycles", budget.interval_cycles, found, "cycles", source))
    for resource, limit in budget.device_share.items():
        found = device_share(subject, resource, part) if subject else absent
        source = origins.of(f"resources.{resource}.used")
        gates.append(_gate(f"device_share.{resource}", limit, found, "share", source))
    for resource, limit in budget.slr_share.items():
        found = region_share(subject, resource, part, limit) if subject else absent
        source = origins.of(f"resources.{resource}.used")
        gates.append(_gate(f"slr_share.{resource}", limit, found, "share", source))
    return gates + (_timing(subject, origins) if subject else [])


class _Origins:
    """Names the reports that the values of a gate are from."""

    def __init__(self, report: SynthesisReport | None, sources: Mapping[str, Sourced]) -> None:
        self.whole = None if report is None else f"{report.stage}, {report.path}"
        self.whole_stage = None if report is None else report.stage
        self.sources = sources

    def of(self, *quantities: str) -> str | None:
        """Stage and file of each of the quantities; of the whole report where a quantity has no source of its own."""
        found = [self.sources[name] for name in quantities if name in self.sources]
        return "; ".join(dict.fromkeys(f"{one.stage}, {one.path}" for one in found)) or self.whole

    @property
    def no_cycles(self) -> str:
        """Why cycles are not known: no report tells of any, or C synthesis can't."""
        stages: set[str | None] = {source.stage for source in self.sources.values()} or {self.whole_stage}
        return _NO_HLS if stages <= set(IMPLEMENTATION) else _UNBOUND

    def stage(self, *quantities: str) -> str | None:
        """Stage of the first of the quantities that has a source; of the whole report where none has."""
        return next((self.sources[name].stage for name in quantities if name in self.sources), self.whole_stage)


def _gate(name: str, limit: float | int, found: Finding, unit: str, source: str | None) -> Gate:
    if found.missing is not None:
        return Gate(name, limit, found.value, unit, source, "unknown", found.missing, found.error)
    if found.over or above(found.lowest, limit):
        return Gate(name, limit, found.value, unit, source, "fail", error=found.error)
    if above(found.highest, limit):
        return Gate(name, limit, found.value, unit, source, "unknown", NEAR, found.error)
    return Gate(name, limit, found.value, unit, source, "pass", error=found.error)


def _foreign(report: SynthesisReport, part: str | None, clock_ns: float | None) -> str | None:
    """Why a report is not of this design, if it is not."""
    if part is not None and report.part is not None and not same_part(part, report.part):
        return f"no report for {part} (the one found is for {report.part})"
    target = report.clock_ns.target
    if clock_ns is None or target is None or not differ("clock_ns.target", clock_ns, target):
        return None
    return f"no report for a clock of {clock_ns} ns (the one found is for {target} ns)"


def _at_clock(report: SynthesisReport, clock_ns: float | None) -> SynthesisReport:
    """The report with the configuration's clock as its target, where the report prints fewer digits of it."""
    target = report.clock_ns.target
    if (
        clock_ns is None
        or target is None
        or Decimal(str(clock_ns)).quantize(Decimal(str(target))) != Decimal(str(target))
    ):
        return report
    return replace(report, clock_ns=replace(report.clock_ns, target=clock_ns))


def _latency_us(report: SynthesisReport, why: str) -> Finding:
    cycles, clock = report.latency_cycles.max, achieved_clock_ns(report)
    if cycles is None:
        return Finding(missing=f"a worst-case latency {why}")
    if clock is None:
        return Finding(missing="a clock period: the report has no target, or no period that is achieved or estimated")
    value = float(Decimal(cycles) * Decimal(str(clock)) / 1000)
    error, span = report.errors.get("latency_cycles.max"), clock_span_ns(report)
    if error is None and span is None:
        return Finding(value)
    least, most = span or (Decimal(str(clock)),) * 2
    off = spread(cycles, error)
    return Finding(value, least=float((cycles - off) * least / 1000), most=float((cycles + off) * most / 1000))


def _interval(report: SynthesisReport, why: str) -> Finding:
    cycles, error = report.interval_cycles.max, report.errors.get("interval_cycles.max")
    if cycles is None:
        return Finding(missing=f"an initiation interval {why}")
    return Finding(cycles) if error is None else around(cycles, spread(cycles, error))


def _timing(report: SynthesisReport, origins: _Origins) -> list[Gate]:
    routed = origins.stage("timing.setup_slack", "timing.hold_slack", "clock_ns.achieved") == "route"
    judged = judge_timing(report, routed=routed)
    if judged is None:
        return []
    return [_gate("timing_met", judged.limit, judged.found, "ns", origins.of(judged.quantity))]
