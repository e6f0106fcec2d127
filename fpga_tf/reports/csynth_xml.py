"""Reads the C-synthesis reports `<top>_csynth.xml` and `csynth.xml` of Vivado HLS and Vitis HLS.

Both files have a root `<profile>`. `csynth.xml` (Vitis HLS 2021.1 and later) also lists every module in a
`<ModuleInformation>`. Formats seen: Vivado HLS 2018.2 to 2020.1, Vitis HLS 2021.1 to 2025.1.
"""

from __future__ import annotations

import re
from pathlib import Path

from fpga_tf.errors import UserError
from fpga_tf.reports.csynth_modules import absolute_latency, resources, span_latency, with_modules
from fpga_tf.reports.safe_xml import LocatedElement, parse_xml
from fpga_tf.reports.source import Source, open_source
from fpga_tf.reports.types import Clock, Interval, SynthesisReport
from fpga_tf.reports.xml_node import Node

FORMAT = "csynth_xml"
_ROOT = re.compile(r"<profile[\s>]")
_REPORT = "a C-synthesis report"

# Long lists of ports, arguments and operators that no field of a SynthesisReport is read from.
_SKIP = frozenset(
    {"InterfaceSummary", "Interfaces", "Args", "BindNodes", "BindInstances", "Loops", "FIFOInformation"}
    | {"ReportHWInterface", "ReportSWInterface", "ReportBurst", "PragmaReport"}
)


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
    whole = root.find("UserAssignments") is not None and root.find("PerformanceEstimates") is not None
    if root.tag != "profile" or not whole or not isinstance(root, LocatedElement):
        raise UserError(
            f"the report must be one of C synthesis, not XML with the root <{root.tag[:40]}>",
            where=source.path,
            hint="give <top>_csynth.xml or csynth.xml from solution1/syn/report",
        )
    node = Node(root, source.path, _REPORT)
    return with_modules(node, _top(node))


def read_csynth_xml(path: Path) -> SynthesisReport:
    """Read a C-synthesis report in XML; as `read`, for a path.

    Raises:
        UserError: no such file, no such report in it, or a value in it that makes no sense.
        ToolError: the file can't be read.
    """
    return read(open_source(path))


def _top(root: Node) -> SynthesisReport:
    user, performance, area = root.at("UserAssignments"), root.at("PerformanceEstimates"), root.at("AreaEstimates")
    timing, overall = performance.at("SummaryOfTimingAnalysis"), performance.at("SummaryOfOverallLatency")
    for node, unit in ((user, "ns"), (timing, "ns"), (overall, "clock cycles")):
        if node.text("unit") not in (unit, None):
            raise node.wrong("unit", repr(unit), repr(node.text("unit")))
    return SynthesisReport(
        path=root.path,
        format=FORMAT,
        stage="csynth",
        tool=_tool(root),
        version=root.at("ReportVersion").text("Version"),
        part=user.text("Part"),
        top=user.text("TopModelName"),
        clock_ns=Clock(
            target=user.period("TargetClockPeriod"),
            estimated=timing.period("EstimatedClockPeriod"),
            uncertainty=user.period("ClockUncertainty"),
            slack=timing.decimal("Slack"),
        ),
        latency_cycles=span_latency(overall),
        latency_ns=absolute_latency(overall),
        interval_cycles=_interval(overall),
        pipeline=performance.text("PipelineType"),
        resources=resources(area.at("Resources"), area.at("AvailableResources")),
    )


def _tool(root: Node) -> str | None:
    """No field names the tool; what only one of the two writes tells it."""
    if root.at("UserAssignments").text("FlowTarget") is not None:
        return "Vitis HLS"
    if root.at("AreaEstimates").at("AvailableResources").text("DSP48E") is not None:
        return "Vivado HLS"
    return None


def _interval(overall: Node) -> Interval:
    """`<Interval-min>` and `<Interval-max>` are those of the design; a file without them may name the pipeline's."""
    interval = Interval(overall.integer("Interval-min"), overall.integer("Interval-max"))
    if interval.min is not None and interval.max is not None and interval.min > interval.max:
        raise overall.wrong("Interval-min", "smallest <= largest", f"{interval.min} > {interval.max}")
    if overall.has("Interval-min") or overall.has("Interval-max"):
        return interval
    for tag in ("PipelineInitiationInterval", "DataflowPipelineThroughput"):
        if overall.has(tag):
            return Interval(*overall.span(tag))
    return interval
