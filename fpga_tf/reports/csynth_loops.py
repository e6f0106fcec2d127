"""Loops in the XML reports of C synthesis: `<SummaryOfLoopLatency>`, and what the tool complains of.

<Loop1>                                  a tag for each loop, loops in loops as children of it
    <TripCount>49</TripCount>            one number, or a <range> of <min> and <max>
    <PipelineII>1</PipelineII>           a pipelined loop: interval and cycles of one turn
    <PipelineDepth>2</PipelineDepth>
    <IterationLatency>9</...>            or one that is not: cycles of one turn
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from fpga_tf.reports.types import AbsoluteLatency, Clock, Interval, Latency, Loop, SynthesisReport
from fpga_tf.reports.xml_node import Node

_NO_LOOP = frozenset({"InstanceList", "InstancesList"})


def loops(performance: Node, base: SynthesisReport) -> tuple[SynthesisReport, ...]:
    """Loops of one module, outer ones with their inner ones in `modules`.

    The recursion is as deep as the file's nesting, which parsing caps.

    Args:
        performance: `<PerformanceEstimates>` of the module.
        base: a report with what all parts of the file share.

    Raises:
        UserError: a value makes no sense.
    """
    summary = performance.at("SummaryOfLoopLatency")
    complaints = performance.at("SummaryOfViolations").at("SummaryOfLoopViolations")
    return _children(summary, complaints, base)


def issues(violations: Node) -> tuple[str, ...]:
    """What the tool complains of in one module or loop, in its words."""
    words = (violations.text("IssueType"), violations.text("ViolationType"))
    return tuple(dict.fromkeys(word for word in words if word is not None))


def _children(node: Node, complaints: Node, base: SynthesisReport) -> tuple[SynthesisReport, ...]:
    found = [child for child in node if child.element.tag not in _NO_LOOP and child.has("TripCount")]
    tags = [child.element.tag for child in found]
    for tag, times in Counter(tags).items():
        if times > 1:
            raise node.wrong(tag[:60], "given once", f"{times} times")
    return tuple(_loop(child, complaints.at(child.element.tag), base) for child in found)


def _loop(node: Node, complaints: Node, base: SynthesisReport) -> SynthesisReport:
    trips, latency, interval = node.span("TripCount"), node.span("Latency"), node.span("PipelineII")
    # the text reports of the same runs print the depth of a pipelined loop as its iteration latency
    turn = node.span("IterationLatency" if node.has("IterationLatency") else "PipelineDepth")
    return replace(
        base,
        top=node.text("Name") or node.element.tag,
        kind="loop",
        clock_ns=Clock(slack=node.decimal("Slack")),
        latency_cycles=Latency(min=latency[0], max=latency[1]),
        latency_ns=AbsoluteLatency(*node.time_span("AbsoluteTimeLatency")),
        interval_cycles=Interval(*interval),
        pipeline=node.text("PipelineType"),
        loop=Loop(*trips, *turn),
        issues=issues(complaints),
        modules=_children(node, complaints, base),
    )
