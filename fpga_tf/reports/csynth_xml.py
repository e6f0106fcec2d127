"""Reads the C-synthesis reports `<top>_csynth.xml` and `csynth.xml` of Vivado HLS and Vitis HLS.

Both files have a root `<profile>`. `csynth.xml` (Vitis HLS 2021.1 and later) also lists every module in a
`<ModuleInformation>`. Formats seen: Vivado HLS 2018.2 to 2020.1, Vitis HLS 2021.1 to 2025.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from xml.etree.ElementTree import Element

from fpga_tf.errors import UserError
from fpga_tf.reports.safe_xml import parse_xml
from fpga_tf.reports.source import Source, open_source
from fpga_tf.reports.types import Clock, Interval, Latency, Resource, SynthesisReport

FORMAT = "csynth_xml"
_ROOT = re.compile(r"<profile[\s>]")

_Span = TypeVar("_Span", Latency, Interval)

# Long lists of ports, instances and loops that no field of a SynthesisReport is read from.
_SKIP = frozenset({"InterfaceSummary", "RTLDesignHierarchy", "BindNodes", "Loops", "SummaryOfLoopLatency"})
# How the tools write "not known": a loop without a fixed bound, a cell that does not apply.
_UNKNOWN = frozenset({"", "?", "-", "undef", "N/A", "NA"})
_INTEGER = re.compile(r"[0-9]{1,18}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_RANGE = re.compile(r"([0-9]{1,18})\s*~\s*([0-9]{1,18})")
# Vivado HLS counts DSPs in DSP48E, Vitis HLS in DSP.
_TAGS = {
    "LUT": ("LUT",),
    "FF": ("FF",),
    "DSP": ("DSP", "DSP48E"),
    "BRAM_18K": ("BRAM_18K",),
    "URAM": ("URAM",),
}
# In <ModuleInformation> the available count sits beside the used one; that of BRAM_18K is named AVAIL_BRAM.
_MODULE_AVAILABLE = {
    "LUT": ("AVAIL_LUT",),
    "FF": ("AVAIL_FF",),
    "DSP": ("AVAIL_DSP", "AVAIL_DSP48E"),
    "BRAM_18K": ("AVAIL_BRAM", "AVAIL_BRAM_18K"),
    "URAM": ("AVAIL_URAM",),
}


def claims(source: Source) -> bool:
    """Whether the file is XML with the root `<profile>` of C synthesis."""
    return _ROOT.search(source.head) is not None and "<UserAssignments" in source.text


def read(source: Source) -> SynthesisReport:
    """Read `csynth.xml` or `<top>_csynth.xml`.

    Returns:
        The report, stage `csynth`. Values that the tool does not know (`undef`, `?`, `-`) are None.

    Raises:
        UserError: not such a report, or a value in it that makes no sense.
    """
    root = parse_xml(source, skip=_SKIP)
    if root.tag != "profile" or root.find("UserAssignments") is None or root.find("PerformanceEstimates") is None:
        raise UserError(
            f"the report must be one of C synthesis, not XML with the root <{root.tag[:40]}>",
            where=source.path,
            hint="give <top>_csynth.xml or csynth.xml from solution1/syn/report",
        )
    return _top(_Node(root, source.path))


def read_csynth_xml(path: Path) -> SynthesisReport:
    """Read a C-synthesis report in XML; as `read`, for a path.

    Raises:
        UserError: no such file, no such report in it, or a value in it that makes no sense.
        ToolError: the file can't be read.
    """
    return read(open_source(path))


@dataclass(frozen=True, slots=True)
class _Node:
    """An element and the file that it came from."""

    element: Element
    path: str

    def at(self, tag: str) -> _Node:
        """The child with this tag, or an empty element."""
        child = self.element.find(tag)
        return _Node(Element(tag) if child is None else child, self.path)

    def text(self, *tags: str) -> str | None:
        """Text of the one child that has any of these tags; None where absent or not known to the tool."""
        children = [child for child in self.element if child.tag in tags]
        if len(children) > 1:
            raise self.wrong(" or ".join(tags), "given once", f"{len(children)} times")
        text = (children[0].text or "").strip() if children else ""
        return None if text in _UNKNOWN else text

    def integer(self, *tags: str) -> int | None:
        text = self.text(*tags)
        if text is not None and not _INTEGER.fullmatch(text):
            raise self.wrong(" or ".join(tags), "a whole number or unknown", repr(text[:40]))
        return None if text is None else int(text)

    def period(self, tag: str) -> float | None:
        text = self.text(tag)
        if text is not None and not _DECIMAL.fullmatch(text):
            raise self.wrong(tag, "a period in ns or unknown", repr(text[:40]))
        return None if text is None else float(text)

    def wrong(self, tag: str, rule: str, value: str) -> UserError:
        where = f"{self.path}: <{self.element.tag}>"
        return UserError(f"<{tag}> of a C-synthesis report must be {rule}, not {value}", where=where)


def _top(root: _Node) -> SynthesisReport:
    user, performance, area = root.at("UserAssignments"), root.at("PerformanceEstimates"), root.at("AreaEstimates")
    timing, overall = performance.at("SummaryOfTimingAnalysis"), performance.at("SummaryOfOverallLatency")
    for node, unit in ((user, "ns"), (timing, "ns"), (overall, "clock cycles")):
        if node.text("unit") not in (unit, None):
            raise node.wrong("unit", repr(unit), repr(node.text("unit")))
    version, part = root.at("ReportVersion").text("Version"), user.text("Part")
    tool = _tool(root)
    return SynthesisReport(
        path=root.path,
        format=FORMAT,
        stage="csynth",
        tool=tool,
        version=version,
        part=part,
        top=user.text("TopModelName"),
        clock_ns=Clock(
            target=user.period("TargetClockPeriod"),
            estimated=timing.period("EstimatedClockPeriod"),
            uncertainty=user.period("ClockUncertainty"),
        ),
        latency_cycles=_latency(overall),
        interval_cycles=_ordered(overall, Interval(overall.integer("Interval-min"), overall.integer("Interval-max"))),
        pipeline=performance.text("PipelineType"),
        resources=_resources(area.at("Resources"), area.at("AvailableResources"), _TAGS),
        modules=_modules(root.at("ModuleInformation"), tool=tool, version=version, part=part),
    )


def _tool(root: _Node) -> str | None:
    """No field names the tool; what only one of the two writes tells it."""
    if root.at("UserAssignments").text("FlowTarget") is not None:
        return "Vitis HLS"
    if root.at("AreaEstimates").at("AvailableResources").text("DSP48E") is not None:
        return "Vivado HLS"
    return None


def _modules(
    information: _Node, *, tool: str | None, version: str | None, part: str | None
) -> tuple[SynthesisReport, ...]:
    nodes = [_Node(element, information.path) for element in information.element.findall("Module")]
    return tuple(_module(node, tool=tool, version=version, part=part) for node in nodes)


def _module(node: _Node, *, tool: str | None, version: str | None, part: str | None) -> SynthesisReport:
    performance, area = node.at("PerformanceEstimates"), node.at("AreaEstimates").at("Resources")
    timing, overall = performance.at("SummaryOfTimingAnalysis"), performance.at("SummaryOfOverallLatency")
    return SynthesisReport(
        path=node.path,
        format=FORMAT,
        stage="csynth",
        tool=tool,
        version=version,
        part=part,
        top=node.text("Name"),
        clock_ns=Clock(
            target=timing.period("TargetClockPeriod"),
            estimated=timing.period("EstimatedClockPeriod"),
            uncertainty=timing.period("ClockUncertainty"),
        ),
        latency_cycles=_latency(overall),
        interval_cycles=_module_interval(overall),
        pipeline=overall.text("PipelineType"),
        resources=_resources(area, area, _TAGS, _MODULE_AVAILABLE),
    )


def _latency(overall: _Node) -> Latency:
    latency = Latency(
        min=overall.integer("Best-caseLatency"),
        avg=overall.integer("Average-caseLatency"),
        max=overall.integer("Worst-caseLatency"),
    )
    return _ordered(overall, latency)


def _ordered(node: _Node, span: _Span) -> _Span:
    """Refuse a smallest above the largest: a swapped or damaged file must not give a small latency."""
    if span.min is not None and span.max is not None and span.min > span.max:
        raise node.wrong(type(span).__name__.lower(), "smallest <= largest", f"{span.min} > {span.max}")
    return span


def _module_interval(overall: _Node) -> Interval:
    """A module has one cell for its interval; dataflow ones may hold a range `low ~ high`."""
    text = overall.text("PipelineInitiationInterval")
    found = _RANGE.fullmatch(text) if text is not None else None
    if found:
        return _ordered(overall, Interval(int(found[1]), int(found[2])))
    interval = overall.integer("PipelineInitiationInterval")
    return Interval(interval, interval)


def _resources(
    used: _Node,
    available: _Node,
    used_tags: dict[str, tuple[str, ...]],
    available_tags: dict[str, tuple[str, ...]] | None = None,
) -> dict[str, Resource]:
    available_tags = available_tags or used_tags
    return {
        name: Resource(used.integer(*tags), available.integer(*available_tags[name]))
        for name, tags in used_tags.items()
    }
