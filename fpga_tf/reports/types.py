"""What a tool's report says about a design, whichever tool and format it came from.

A value that the file does not hold is None. Zero is a value: a combinational design has a latency of 0 cycles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

# The keys of every report's `resources`. BRAM_18K counts 18 Kb blocks; a 36 Kb tile is two of them.
RESOURCES = ("LUT", "FF", "DSP", "BRAM_18K", "URAM")

Stage = Literal["estimate", "csynth", "rtlsim", "cosim", "synth", "place", "route"]
Kind = Literal["design", "module", "loop"]


@dataclass(frozen=True, slots=True)
class Clock:
    """Clock periods in ns.

    Attributes:
        target: the period asked for.
        estimated: the period that high-level synthesis expects.
        uncertainty: the part of the target that synthesis holds back for place and route.
        achieved: the period after synthesis or place and route.
        slack: worst slack that the tool states; negative means that timing is not met.
    """

    target: float | None = None
    estimated: float | None = None
    uncertainty: float | None = None
    achieved: float | None = None
    slack: float | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """Cycles from the first input to the last output: best, average and worst case."""

    min: int | None = None
    avg: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """Cycles between two starts (initiation interval): smallest and largest."""

    min: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True)
class AbsoluteLatency:
    """Latency in ns as the tool prints it, best and worst case. (Tools round it: cycles and clock are exact.)"""

    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """How many of one resource are used, and how many the whole device (or budget, or region) has."""

    used: int | None = None
    available: int | None = None


def no_resources() -> dict[str, Resource]:
    """All resources, each unknown."""
    return {name: Resource() for name in RESOURCES}


@dataclass(frozen=True, slots=True)
class Region:
    """A super logic region (SLR).

    Attributes:
        name: such as `SLR0`; `SLR` where the report says what any one of them has.
        resources: as in a report.
        percent: as in a report.
        counts: as in a report.
    """

    name: str
    resources: Mapping[str, Resource] = field(default_factory=no_resources)
    percent: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, Resource] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop of high-level synthesis.

    Attributes:
        trip_count_min, trip_count_max: how often it runs.
        iteration_latency_min, iteration_latency_max: cycles of one turn.
        target_interval: initiation interval asked for, in cycles; the achieved one is the report's `interval_cycles`.
    """

    trip_count_min: int | None = None
    trip_count_max: int | None = None
    iteration_latency_min: int | None = None
    iteration_latency_max: int | None = None
    target_interval: int | None = None


@dataclass(frozen=True, slots=True)
class ClockDomain:
    """One clock of a timing report.

    Attributes:
        name: as the file spells it.
        period: in ns.
        setup_slack, hold_slack, pulse_slack: worst slacks in ns (WNS, WHS, WPWS).
    """

    name: str
    period: float | None = None
    setup_slack: float | None = None
    hold_slack: float | None = None
    pulse_slack: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Timing over all clocks, slacks in ns.

    Attributes:
        setup_slack, hold_slack, pulse_slack: worst slacks (WNS, WHS, WPWS).
        setup_total, hold_total, pulse_total: total negative slacks (TNS, THS, TPWS).
        failing: endpoints that fail setup, hold or pulse width.
        endpoints: endpoints of setup.
        met: the tool's own word; None if it gives none.
        clocks: every clock of the report.
    """

    setup_slack: float | None = None
    setup_total: float | None = None
    hold_slack: float | None = None
    hold_total: float | None = None
    pulse_slack: float | None = None
    pulse_total: float | None = None
    failing: int | None = None
    endpoints: int | None = None
    met: bool | None = None
    clocks: tuple[ClockDomain, ...] = ()


@dataclass(frozen=True, slots=True)
class Power:
    """On-chip power in W."""

    total: float | None = None
    dynamic: float | None = None
    static: float | None = None


@dataclass(frozen=True, slots=True)
class SynthesisReport:
    """One report of one design.

    Attributes:
        path: the file that was read.
        format: which reader read it, such as `csynth_xml`.
        stage: the step of the tools that it is of; `estimate` where it is none, `rtlsim` for clocked RTL of our own.
        tool, version: who wrote it, such as `Vitis HLS` and `2024.1`; None where the file does not tell.
        part: device part as the file spells it.
        top: name of the design, or of the module or loop in `modules`.
        status: the tool's own word on success or state, such as a co-simulation's `Pass` or `Fully Placed`.
        clock_ns: clock periods in ns.
        latency_cycles, interval_cycles: in cycles of that clock.
        latency_ns: as the tool prints it.
        pipeline: kind of pipelining as the file spells it (`yes`, `no`, `dataflow`, ...).
        resources: one entry for each of `RESOURCES`.
        percent: shares by resource as the tool prints them, `~0` being below 1 %; empty if it prints none.
        counts: what else the tool counts, by its own names, such as `LUT as Memory`, `RAMB18` or `SRL`.
        modules: what is inside, of the same file: modules, and loops where `kind` says so.
        kind: what this is of.
        instance: name of the instance, for a module that has one.
        regions: super logic regions, where the file tells of them.
        loop: for a loop.
        issues: what the tool complains of in this module (`Timing`, `II`, ...).
        timing: for a timing report.
        power_w: for a power report.
        transactions: how many were simulated.
        total_cycles: cycles of the whole simulation.
        date: when it was written, as the file spells it.
        notes: what a reader of the values should know.
        errors: declared relative errors of estimated values, by quantity such as `resources.LUT.used`: the true value
            is believed to lie within value x (1 +- error). Empty where a tool states what it found.
    """

    path: str
    format: str
    stage: Stage
    tool: str | None = None
    version: str | None = None
    part: str | None = None
    top: str | None = None
    status: str | None = None
    clock_ns: Clock = Clock()
    latency_cycles: Latency = Latency()
    interval_cycles: Interval = Interval()
    pipeline: str | None = None
    resources: Mapping[str, Resource] = field(default_factory=no_resources)
    modules: tuple[SynthesisReport, ...] = ()
    kind: Kind = "design"
    instance: str | None = None
    latency_ns: AbsoluteLatency = AbsoluteLatency()
    percent: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, Resource] = field(default_factory=dict)
    regions: tuple[Region, ...] = ()
    loop: Loop | None = None
    issues: tuple[str, ...] = ()
    timing: Timing | None = None
    power_w: Power | None = None
    transactions: int | None = None
    total_cycles: int | None = None
    date: str | None = None
    notes: tuple[str, ...] = ()
    errors: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """This report as JSON values; unknown is null. The first keys are those of every report."""
        return {
            "path": self.path,
            "format": self.format,
            "tool": self.tool,
            "version": self.version,
            "part": self.part,
            "top": self.top,
            "stage": self.stage,
            "status": self.status,
            "clock_ns": asdict(self.clock_ns),
            "latency_cycles": asdict(self.latency_cycles),
            "interval_cycles": asdict(self.interval_cycles),
            "pipeline": self.pipeline,
            "resources": _resources(self.resources),
            "modules": [module.to_json() for module in self.modules],
            **self._details(),
        }

    def _details(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "instance": self.instance,
            "latency_ns": asdict(self.latency_ns),
            "percent": dict(self.percent),
            "counts": _counts(self.counts),
            "regions": [
                {
                    "name": region.name,
                    "resources": _resources(region.resources),
                    "percent": dict(region.percent),
                    "counts": _counts(region.counts),
                }
                for region in self.regions
            ],
            "loop": None if self.loop is None else asdict(self.loop),
            "issues": list(self.issues),
            "timing": None if self.timing is None else asdict(self.timing),
            "power_w": None if self.power_w is None else asdict(self.power_w),
            "transactions": self.transactions,
            "total_cycles": self.total_cycles,
            "date": self.date,
            "notes": list(self.notes),
            "errors": dict(self.errors),
        }


def _counts(counts: Mapping[str, Resource]) -> dict[str, Any]:
    return {name: asdict(count) for name, count in counts.items()}


def _resources(resources: Mapping[str, Resource]) -> dict[str, Any]:
    return {name: asdict(resources.get(name, Resource())) for name in RESOURCES}
