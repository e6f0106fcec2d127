"""Many reports of one design become one: each value from the report closest to hardware that states it.

Rules:

- Resources, timing, power: route, else place, synth, csynth, estimate. What is available is taken from the report that
  the used number is from, if it says so, else from the next one.
- Clock: target, achieved period and slack from one stage, the first of route, place, synth that states period or slack.
  The slack of C synthesis is one of its estimate, and taken only where no implementation states either.
- Latency, interval, transactions: cosim, else rtlsim, csynth, estimate. Smallest, average and largest come from one
  report, the first that states the largest; a span is not put together of two.
- A simulation that did not pass says nothing of latency and interval.
- An interval of 0 from a co-simulation with a latency above 0 means that no second transaction was simulated. It is
  not taken; C synthesis's is. (A latency of 0 with an interval of 0 is combinational logic, and a value.)
- A part, a top or a clock target other than that of the report that states most is of another design: refused. Only
  what HLS puts around its core (`bd_0_wrapper`), within the folder of the same solution, may have a name of its own.
- Every value that another report contradicts is a disagreement: shown, with the value taken first.
- An estimate keeps the error that it declares. A value within that error is no contradiction.
- Of reports of one stage the one that is given first counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, replace
from decimal import Decimal
from typing import TypeVar

from fpga_tf.errors import InternalError
from fpga_tf.reports.dates import stale
from fpga_tf.reports.design import Design, Disagreement, Sourced
from fpga_tf.reports.export_verdict import ESTIMATED
from fpga_tf.reports.facts import Value, differ, facts, spread
from fpga_tf.reports.kin import IMPLEMENTATION, SIMULATIONS, STAGES, check_kin, most_complete
from fpga_tf.reports.layers import LayerNames, layer_costs, tells_of_layers
from fpga_tf.reports.simulated import meaningful
from fpga_tf.reports.types import (
    RESOURCES,
    AbsoluteLatency,
    Clock,
    Interval,
    Latency,
    Power,
    Region,
    Resource,
    SynthesisReport,
    Timing,
)

_T = TypeVar("_T")
_Reports = Sequence[SynthesisReport]
COMBINED = "combined"


def combine(
    name: str,
    reports: _Reports,
    notes: Iterable[str] = (),
    layers: Sequence[LayerNames] = (),
    *,
    base: SynthesisReport | None = None,
    anywhere: bool = False,
) -> Design:
    """Make one design of its reports.

    Args:
        name: what to call it.
        reports: at least one; of those of one stage the more trusted first.
        notes: what a reader should know besides.
        layers: of the model that the design was made of, in the order of the firmware; empty if they are not known.
        base: the one of the reports that names the design; if not given, the one that states most.
        anywhere: whether what HLS puts around its core (`bd_0_wrapper`) may lie elsewhere than the core's own report.

    Raises:
        UserError: the reports are not of one design.
    """
    if not reports:
        raise InternalError("a design must have a report")
    base = most_complete(reports) if base is None else base
    check_kin(base, reports, anywhere=anywhere)
    meant, told = meaningful(sorted(reports, key=lambda report: STAGES.index(report.stage)))
    merger = _Merger(meant, next(mine for mine in meant if mine.path == base.path and mine.format == base.format))
    merged = merger.merged()
    return Design(
        name=name,
        report=merged,
        sources=merger.sources,
        disagreements=_disagreements(merger.sources, meant),
        reports=tuple(reports),
        layers=layer_costs(reports, layers),
        notes=tuple(
            dict.fromkeys(
                [*notes, *told, *stale(reports), *_of_layers(merger.sources, reports), *_notes(merger.sources, meant)]
            )
        ),
    )


def _of_layers(sources: dict[str, Sourced], reports: _Reports) -> list[str]:
    """Where the costs of layers do not add up to the design's: they are of another stage."""
    one, used = tells_of_layers(reports), sources.get("resources.LUT.used")
    if one is None or used is None or one.stage == used.stage:
        return []
    return [f"{one.path}: the costs of layers are of this report ({one.stage}), the design's LUT of {used.stage}"]


def _notes(sources: dict[str, Sourced], reports: _Reports) -> list[str]:
    """What readers of reports remark on values that are taken."""
    paths = {source.path for source in sources.values()}
    return [f"{one.path}: {note}" for one in reports if one.path in paths for note in one.notes if note != ESTIMATED]


class _Merger:
    """Takes each value from the first report that states it, and keeps where it is from.

    Args:
        reports: closest to hardware first.
        base: the report that states most: what is no measurement (names, modules, issues) is from it.
    """

    def __init__(self, reports: _Reports, base: SynthesisReport) -> None:
        self.reports, self.base = reports, base
        self.named = [base, *(report for report in reports if report is not base)]
        self.built = [report for report in reports if report.stage in IMPLEMENTATION]
        self.synthesised = [report for report in reports if report.stage in ("csynth", "estimate")]
        self.simulated = [report for report in reports if report.stage in SIMULATIONS]
        self.hardware = self.built + self.synthesised
        self.timed = self._timed()
        self.sources: dict[str, Sourced] = {}

    def merged(self) -> SynthesisReport:
        latency = self._span("latency_cycles", lambda report: report.latency_cycles)
        interval = self._span("interval_cycles", lambda report: report.interval_cycles)
        first, cycles = self.reports[0], self.simulated + self.synthesised
        makers = [report for report in self.named if report.tool is not None]
        merged = replace(
            self.base,
            path=first.path,
            format=first.format if len(self.reports) == 1 else COMBINED,
            stage=first.stage,
            tool=self._named("tool", lambda report: report.tool),
            version=self._first("version", makers[:1] or self.named, lambda report: report.version),
            part=self._named("part", lambda report: report.part),
            top=self._named("top", lambda report: report.top),
            status=self._first("status", self.reports, lambda report: report.status),
            clock_ns=self._clock(),
            latency_cycles=Latency() if latency is None else latency.latency_cycles,
            interval_cycles=Interval() if interval is None else interval.interval_cycles,
            latency_ns=self._absolute(latency),
            pipeline=self._first("pipeline", self.synthesised, lambda report: report.pipeline),
            resources={name: self._resource(name) for name in RESOURCES},
            percent=self._percent(),
            counts=self._any(self.hardware, lambda report: report.counts) or {},
            regions=self._regions(),
            modules=self._any(self.synthesised + self.built, lambda report: report.modules) or (),
            timing=self._timing(),
            power_w=self._power(),
            transactions=self._first("transactions", cycles, lambda report: report.transactions),
            total_cycles=self._first("total_cycles", cycles, lambda report: report.total_cycles),
        )
        errors = {name: taken.error for name, taken in self.sources.items() if taken.error is not None}
        return replace(merged, errors=errors)

    def _any(self, reports: _Reports, get: Callable[[SynthesisReport], _T | None]) -> _T | None:
        return next((value for report in reports if (value := get(report))), None)

    def _first(self, quantity: str, reports: _Reports, get: Callable[[SynthesisReport], _T | None]) -> _T | None:
        for report in reports:
            value = get(report)
            if value is not None:
                self._take(quantity, value, report)
                return value
        return None

    def _take(self, quantity: str, value: object, report: SynthesisReport) -> None:
        if isinstance(value, float | int | str):
            self.sources[quantity] = _sourced(quantity, value, report)

    def _named(self, quantity: str, get: Callable[[SynthesisReport], str | None]) -> str | None:
        return self._first(quantity, self.named, get)

    def _span(self, group: str, get: Callable[[SynthesisReport], Latency | Interval]) -> SynthesisReport | None:
        """The report whose span is taken: the first that states the largest, else the first that states anything."""
        reports = self.simulated + self.synthesised or self.built
        whole = [report for report in reports if get(report).max is not None]
        some = [report for report in reports if get(report) not in (Latency(), Interval())]
        chosen = next(iter(whole or some), None)
        if chosen is not None:
            taken = facts(chosen)
            for quantity in (name for name in taken if name.startswith(f"{group}.")):
                self.sources[quantity] = _sourced(quantity, taken[quantity], chosen)
        return chosen

    def _absolute(self, latency: SynthesisReport | None) -> AbsoluteLatency:
        """Latency in ns, of the report that the cycles are from."""
        known = [latency] if latency is not None else self.simulated + self.synthesised
        stated = [report for report in known if report.latency_ns != AbsoluteLatency()]
        if not stated:
            return AbsoluteLatency()
        for name in ("min", "max"):
            self._take(f"latency_ns.{name}", getattr(stated[0].latency_ns, name), stated[0])
        return stated[0].latency_ns

    def _timed(self) -> _Reports:
        """Reports of the stage closest to hardware that states an achieved period or a slack, both before one."""
        stage = next((stage for stage in STAGES if any(_built_clock(r) for r in self.built if r.stage == stage)), None)
        found = [report for report in self.built if report.stage == stage and _built_clock(report)]
        return sorted(found, key=lambda report: None in (report.clock_ns.achieved, report.clock_ns.slack))

    def _clock(self) -> Clock:
        # the target that was met or not; C synthesis prints fewer digits
        targets, speeds = [*self.timed, *self.named], self.timed or self.synthesised
        return Clock(
            target=self._first("clock_ns.target", targets, lambda report: report.clock_ns.target),
            estimated=self._first("clock_ns.estimated", self.synthesised, lambda report: report.clock_ns.estimated),
            uncertainty=self._first("clock_ns.uncertainty", self.named, lambda report: report.clock_ns.uncertainty),
            achieved=self._first("clock_ns.achieved", speeds, lambda report: report.clock_ns.achieved),
            slack=self._first("clock_ns.slack", speeds, lambda report: report.clock_ns.slack),
        )

    def _timing(self) -> Timing | None:
        """Of the stage closest to hardware that tells of timing, from the report that states most."""
        told = [(report.timing, report) for report in self.hardware if report.timing is not None]
        same = [(timing, report) for timing, report in told if report.stage == told[0][1].stage]
        if not same:
            return None
        timing, report = max(same, key=lambda pair: sum(value not in (None, ()) for value in astuple(pair[0])))
        for name in ("setup_slack", "hold_slack", "pulse_slack", "failing"):
            self._take(f"timing.{name}", getattr(timing, name), report)
        return timing

    def _power(self) -> Power | None:
        report = next((report for report in self.hardware if report.power_w is not None), None)
        if report is None or report.power_w is None:
            return None
        self._take("power_w.total", report.power_w.total, report)
        return report.power_w

    def _resource(self, name: str) -> Resource:
        used = f"resources.{name}.used"
        known = [report for report in self.hardware if _amount(report, name).used is not None]
        count = self._first(used, known, lambda report: _amount(report, name).used)
        order = known[:1] + self.hardware
        available = self._first(f"resources.{name}.available", order, lambda report: _amount(report, name).available)
        return Resource(count, available)

    def _percent(self) -> dict[str, str]:
        """As printed beside the numbers that are taken."""
        percent = {}
        for name in dict.fromkeys(name for report in self.hardware for name in report.percent):
            known = [report for report in self.hardware if _amount(report, name).used is not None] or self.hardware
            if name in known[0].percent:
                percent[name] = known[0].percent[name]
        return percent

    def _regions(self) -> tuple[Region, ...]:
        """As in one report: what C synthesis says of any region does not fit beside Vivado's of each."""
        return self._any(self.hardware, lambda report: report.regions) or ()


def _sourced(quantity: str, value: Value, report: SynthesisReport) -> Sourced:
    return Sourced(value, report.stage, report.path, report.errors.get(quantity))


def _amount(report: SynthesisReport, name: str) -> Resource:
    return report.resources.get(name, Resource())


def _built_clock(report: SynthesisReport) -> bool:
    return report.clock_ns.achieved is not None or report.clock_ns.slack is not None


def _disagreements(sources: dict[str, Sourced], reports: _Reports) -> tuple[Disagreement, ...]:
    """What other reports say otherwise, each value once."""
    found = []
    for quantity, taken in sources.items():
        others: dict[Value, Sourced] = {}
        for report in reports:
            value = facts(report).get(quantity)
            if value is None or not differ(quantity, taken.value, value):
                continue
            other = _sourced(quantity, value, report)
            if _allowed(taken, other):
                continue
            if quantity == "clock_ns.slack" and (report.stage in IMPLEMENTATION) != (taken.stage in IMPLEMENTATION):
                continue  # one is of the clock less its uncertainty, the other of the clock
            others.setdefault(value, other)
        if others:
            found.append(Disagreement(quantity, (taken, *others.values())))
    return tuple(found)


def _allowed(one: Sourced, other: Sourced) -> bool:
    """Whether an estimate's declared error covers the difference of two values."""
    if isinstance(one.value, str) or isinstance(other.value, str):
        return False
    difference = abs(Decimal(str(one.value)) - Decimal(str(other.value)))
    return difference <= max(spread(one.value, one.error), spread(other.value, other.error))
