"""What a tool's report says about a design, whichever tool and format it came from.

A value that the file does not hold is None. Zero is a value: a combinational design has a latency of 0 cycles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# The keys of every report's `resources`. BRAM_18K counts 18 Kb blocks; a 36 Kb tile is two of them.
RESOURCES = ("LUT", "FF", "DSP", "BRAM_18K", "URAM")


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
class Resource:
    """How many of one resource are used, and how many the whole device has."""

    used: int | None = None
    available: int | None = None


def no_resources() -> dict[str, Resource]:
    """All resources, each unknown."""
    return {name: Resource() for name in RESOURCES}


@dataclass(frozen=True, slots=True)
class SynthesisReport:
    """One report of one design.

    Attributes:
        path: the file that was read.
        format: which reader read it, such as `csynth_xml`.
        tool, version: who wrote it; tool is None where the file does not tell.
        part: device part as the file spells it.
        top: name of the design, or of the module in `modules`.
        stage: `csynth`, `cosim`, `synth`, `route` or `estimate`.
        status: the tool's own word on success, such as a co-simulation's `Pass`.
        clock_ns: clock periods in ns.
        latency_cycles, interval_cycles: in cycles of that clock.
        pipeline: kind of pipelining as the file spells it (`yes`, `no`, `dataflow`, ...).
        resources: one entry for each of `RESOURCES`.
        modules: reports of the modules inside, same file.
    """

    path: str
    format: str
    stage: str
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

    def to_json(self) -> dict[str, Any]:
        """This report as JSON values; unknown is null."""
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
            "resources": {name: asdict(self.resources.get(name, Resource())) for name in RESOURCES},
            "modules": [module.to_json() for module in self.modules],
        }
