"""Reads `export_syn.xml`, `export_impl.xml` and `<top>_export.xml`: what Vivado made of an exported design, in XML.

The root `<profile>` is that of C synthesis too; `<AreaReport>` and `<TimingReport>` tell this one. The tool counts BRAM
in 18 Kb blocks, and writes a count of 0 for a resource that it did not find in Vivado's report.
"""

from __future__ import annotations

import re

from fpga_tf.errors import UserError
from fpga_tf.reports.export_modules import export_modules
from fpga_tf.reports.export_verdict import verdict, verdict_notes
from fpga_tf.reports.safe_xml import LocatedElement, parse_xml
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import RESOURCES, Clock, ClockDomain, Resource, Stage, SynthesisReport, Timing
from fpga_tf.reports.xml_node import Node

FORMAT = "export_xml"
_ROOT = re.compile(r"<profile[\s>]")
_REPORT = "an export report"
_SKIP = frozenset({"TimingPaths", "VivadoReportFiles", "RunOptions", "FailFast"})
_STAGES: dict[str, Stage] = {"synth": "synth", "impl": "route"}
_MET = {"TRUE": True, "FALSE": False, None: None}
_NAMES = {"BRAM_18K": "BRAM"}
# Only a placed design has them.
_PLACED = ("CLB", "SLICE")


def claims(source: Source) -> bool:
    """Whether the file is XML with the root `<profile>` that tells of area but not of C synthesis."""
    if not _ROOT.search(source.head):
        return False
    return "<AreaReport" in source.text and "<UserAssignments" not in source.text


def read(source: Source) -> SynthesisReport:
    """Read the report.

    Returns:
        The report, stage `synth` or `route`, `estimate` where it can't be told. After implementation
        `clock_ns.estimated` is the period after synthesis.

    Raises:
        UserError: not such a report, or a value in it that makes no sense or contradicts another one.
    """
    element = parse_xml(source, skip=_SKIP)
    if element.tag != "profile" or element.find("AreaReport") is None or not isinstance(element, LocatedElement):
        raise UserError(
            f"the report must be one of an exported design, not XML with the root <{element.tag[:40]}>",
            where=source.path,
            hint="give export_syn.xml or export_impl.xml from solution1/impl/report",
        )
    root = Node(element, source.path, _REPORT)
    counts, run, timing = _counts(root), root.at("RunData"), root.at("TimingReport")
    stage, notes = _stage(run, timing, counts)
    clock = _clock(timing, stage)
    word = timing.text("TIMING_MET")
    if word not in _MET:
        raise timing.wrong("TIMING_MET", "TRUE, FALSE or NA", repr(word))
    top, modules = export_modules(root.at("RtlModules"), SynthesisReport(source.path, FORMAT, stage))
    general = {item.element.get("NAME"): item.element.get("VALUE") or None for item in root.at("GeneralInfo")}
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage=stage,
        tool="Vivado",
        version=(run.text("VIVADO_VERSION") or "").removeprefix("v").removeprefix(".") or None,
        part=general.get("Target device"),
        top=top,
        clock_ns=clock,
        resources={name: counts.get(name, Resource()) for name in RESOURCES},
        counts={name: count for name, count in counts.items() if name not in RESOURCES},
        modules=modules,
        timing=_timing(timing, clock, _MET[word]),
        date=general.get("Date"),
        notes=notes + (verdict_notes(_MET[word], clock, implemented=stage == "route") if word else ()),
    )


def _counts(root: Node) -> dict[str, Resource]:
    area = root.at("AreaReport")
    used, available = area.at("Resources"), area.at("AvailableResources")
    names = dict.fromkeys([*RESOURCES, *(child.element.tag for node in (used, available) for child in node)])
    tags = {name: _NAMES.get(name, name) for name in names if name not in _NAMES.values()}
    counts = {name: Resource(used.integer(tag), available.integer(tag)) for name, tag in tags.items()}
    # No device is without these: the tool did not find them in Vivado's report.
    return {
        name: Resource() if name in ("LUT", "FF") and count.available == 0 else count for name, count in counts.items()
    }


def _stage(run: Node, timing: Node, counts: dict[str, Resource]) -> tuple[Stage, tuple[str, ...]]:
    word = run.text("RUN_TYPE")
    if word is not None:
        if word not in _STAGES:
            raise run.wrong("RUN_TYPE", "synth or impl", repr(word[:40]))
        return _STAGES[word], ()
    placed = [counts[name].used for name in _PLACED if name in counts]
    if timing.text("CP_ROUTE") is not None or any(placed):
        return "route", ("the file does not name its stage: it tells of what only a routed design has",)
    if None in placed or not placed:
        return "estimate", ("the stage is unknown: the file does not tell whether the design is routed",)
    return "synth", ("the file does not name its stage: it counts no used CLB or slice",)


def _clock(timing: Node, stage: Stage) -> Clock:
    """The final period is that after synthesis if the one after implementation is not known."""
    target = _agreed(timing, "TargetClockPeriod", "CP_TARGET")
    final = _agreed(timing, "AchievedClockPeriod", "CP_FINAL")
    slack = timing.decimal("SLACK_FINAL")
    if stage != "route":
        return Clock(target, achieved=final, slack=slack)
    synth = timing.period("CP_SYNTH")
    if not timing.has("CP_ROUTE"):
        return Clock(target, estimated=synth, achieved=final, slack=slack)
    route = timing.period("CP_ROUTE")
    if route is not None and final is not None and route != final:
        raise timing.wrong("CP_FINAL", f"as CP_ROUTE {route}", str(final))
    return Clock(target, estimated=synth, achieved=route, slack=None if route is None else slack)


def _agreed(timing: Node, *tags: str) -> float | None:
    found = {tag: value for tag in tags if (value := timing.period(tag)) is not None}
    if len(set(found.values())) > 1:
        raise timing.wrong(" and ".join(tags), "equal", " and ".join(map(str, found.values())))
    return next(iter(found.values()), None)


def _timing(timing: Node, clock: Clock, met: bool | None) -> Timing:
    name, final = timing.text("CLOCK_NAME"), clock.achieved is not None
    return Timing(
        setup_slack=timing.decimal("WNS_FINAL") if final else None,
        setup_total=timing.decimal("TNS_FINAL") if final else None,
        met=verdict(met, clock, timing.where),
        clocks=() if name is None else (ClockDomain(name, clock.target),),
    )
