"""Modules in the XML reports of C synthesis: `<ModuleInformation>`, as the tree of `<RTLDesignHierarchy>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count

from fpga_tf.errors import UserError
from fpga_tf.reports.csynth_loops import issues, loops
from fpga_tf.reports.csynth_text import percentage
from fpga_tf.reports.types import (
    RESOURCES,
    AbsoluteLatency,
    Clock,
    Interval,
    Latency,
    Resource,
    SynthesisReport,
)
from fpga_tf.reports.values import check_order
from fpga_tf.reports.xml_node import Node

# A module may have many instances; only the file's writer bounds how many modules a tree of them has.
MAX_MODULES = 100_000

# Vivado HLS counts DSPs in DSP48E, Vitis HLS in DSP.
_TAGS = {"LUT": ("LUT",), "FF": ("FF",), "DSP": ("DSP", "DSP48E"), "BRAM_18K": ("BRAM_18K",), "URAM": ("URAM",)}


def resources(used: Node, available: Node | None = None) -> dict[str, Resource]:
    """Resources by name.

    Args:
        used: element with the used ones.
        available: element with those of the device; None where they are in `used` too, as in `<ModuleInformation>`.

    Raises:
        UserError: a value makes no sense.
    """
    result = {}
    for name, tags in _TAGS.items():
        if available is None:
            result[name] = Resource(used.integer(*tags), used.integer(*_prefixed("AVAIL_", name)))
        else:
            result[name] = Resource(used.integer(*tags), available.integer(*tags))
    return result


def span_latency(overall: Node) -> Latency:
    """Latency of a design or module.

    Raises:
        UserError: the best is above the worst: a swapped or damaged file must not give a small latency.
    """
    tags = ("Best-caseLatency", "Average-caseLatency", "Worst-caseLatency")
    latency = Latency(*(overall.integer(tag) for tag in tags))
    check_order((latency.min, latency.avg, latency.max), "a latency", overall.where)
    return latency


def absolute_latency(overall: Node) -> AbsoluteLatency:
    """Latency as the tool prints it in units of time.

    Raises:
        UserError: the best is above the worst.
    """
    low, high = overall.time("Best-caseRealTimeLatency"), overall.time("Worst-caseRealTimeLatency")
    check_order((low, high), "a latency in units of time", overall.where)
    return AbsoluteLatency(low, high)


def with_modules(root: Node, design: SynthesisReport) -> SynthesisReport:
    """The design with its modules and loops below it.

    A module that no instance names is put beside the top's instances. What the file says of the top itself among the
    modules completes the design; where its figures differ, as they do in some runs, a note says so.

    Raises:
        UserError: a value makes no sense, or a name is given twice.
    """
    base = SynthesisReport(design.path, design.format, design.stage, design.tool, design.version, design.part)
    known: dict[str, SynthesisReport] = {}
    for node in root.at("ModuleInformation"):
        module = _module(node, base) if node.element.tag == "Module" else None
        if module is not None and module.top is not None:
            if module.top in known:
                raise node.wrong("Name", "given to one module", repr(module.top[:60]))
            known[module.top] = module
    hierarchy = root.at("RTLDesignHierarchy").at("TopModule")
    own = known.pop(design.top or hierarchy.text("ModuleName") or "", None)
    performance = root.at("PerformanceEstimates")
    inner = loops(performance, base) or (() if own is None else own.modules)
    tree = _Tree(known, count(1))
    instances = tree.below(hierarchy)
    rest = tuple(module for name, module in known.items() if name not in tree.used)
    complaints = issues(performance.at("SummaryOfViolations"))
    return replace(
        design,
        modules=inner + instances + rest,
        percent={} if own is None else own.percent,
        issues=complaints or (() if own is None else own.issues),
        notes=design.notes + (() if own is None else _differences(design, own)),
    )


class _Tree:
    """Instances below the top; recursion is as deep as the file's nesting, which parsing caps."""

    def __init__(self, known: Mapping[str, SynthesisReport], numbers: count[int]) -> None:
        self.known = known
        self.numbers = numbers
        self.used: set[str] = set()

    def below(self, node: Node) -> tuple[SynthesisReport, ...]:
        found = []
        for child in node.at("InstancesList"):
            if child.element.tag == "Instance":
                found += self.instance(child)
        return tuple(found)

    def instance(self, node: Node) -> list[SynthesisReport]:
        """An instance; one whose module the file says nothing of gives way to those below it."""
        below = self.below(node)
        name = node.text("ModuleName")
        module = self.known.get(name) if name is not None else None
        if module is None or name is None:
            return list(below)
        size = 1 + len(module.modules)
        if next(self.numbers) * size > MAX_MODULES:
            raise UserError(f"a report must tell of at most {MAX_MODULES} modules, not more", where=node.where)
        self.used.add(name)
        return [replace(module, instance=node.text("InstName"), modules=module.modules + below)]


@dataclass(frozen=True, slots=True)
class _Parts:
    timing: Node
    overall: Node


def _module(node: Node, base: SynthesisReport) -> SynthesisReport:
    performance, area = node.at("PerformanceEstimates"), node.at("AreaEstimates").at("Resources")
    parts = _Parts(performance.at("SummaryOfTimingAnalysis"), performance.at("SummaryOfOverallLatency"))
    return replace(
        base,
        top=node.text("Name"),
        kind="module",
        clock_ns=Clock(
            target=parts.timing.period("TargetClockPeriod"),
            estimated=parts.timing.period("EstimatedClockPeriod"),
            uncertainty=parts.timing.period("ClockUncertainty"),
            slack=parts.timing.decimal("Slack"),
        ),
        latency_cycles=span_latency(parts.overall),
        latency_ns=absolute_latency(parts.overall),
        interval_cycles=Interval(*parts.overall.span("PipelineInitiationInterval")),
        pipeline=parts.overall.text("PipelineType"),
        resources=resources(area),
        percent=_percent(area),
        issues=issues(performance.at("SummaryOfViolations")),
        modules=loops(performance, base),
    )


def _percent(area: Node) -> dict[str, str]:
    shares = {name: percentage(area.text(*_prefixed("UTIL_", name)) or "", area.where) for name in RESOURCES}
    return {name: share for name, share in shares.items() if share is not None}


def _prefixed(prefix: str, name: str) -> tuple[str, ...]:
    """Tags in `<ModuleInformation>`: there BRAM_18K becomes BRAM."""
    short = {"BRAM_18K": ("BRAM", "BRAM_18K"), "DSP": ("DSP", "DSP48E")}.get(name, (name,))
    return tuple(prefix + tag for tag in short)


def _differences(design: SynthesisReport, own: SynthesisReport) -> tuple[str, ...]:
    notes = []
    for name in RESOURCES:
        used, other = design.resources[name].used, own.resources[name].used
        if used is not None and other is not None and used != other:
            notes.append(f"<ModuleInformation> of the same file says {name} {other} of the top, not {used}")
    return tuple(notes)
