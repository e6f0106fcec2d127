"""Reads `<top>_export.rpt` of Vivado HLS and Vitis HLS: what Vivado made of the exported design.

Implementation tool: Xilinx Vivado v.2019.2
Device target:       xcvu9p-flgb2104-2-i
#=== Post-Implementation Resource usage ===
LUT:          40345
#=== Final timing ===
CP required:    5.000
CP achieved post-synthesis:    3.384
CP achieved post-implementation:    5.037
Timing not met

The tool counts BRAM in 18 Kb blocks. Its last line compares the achieved period of the design's clock with the one
that is required; a file without that line was cut off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fpga_tf.errors import UserError
from fpga_tf.reports.export_verdict import verdict, verdict_notes
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import RESOURCES, Clock, Resource, Stage, SynthesisReport, Timing
from fpga_tf.reports.values import integer, known, unsigned

FORMAT = "export_rpt"
_TITLE = re.compile(r"Implementation tool: Xilinx Vivado(?: v\.?([0-9]{4}\.[0-9][0-9A-Za-z._]{0,20}))?[ \t]*")
_FIRST = re.compile(r"(?:[ \t]*\n)*" + _TITLE.pattern + r"(?:\n|\Z)")
_SECTION = re.compile(r"#=== ([A-Z].{0,60}?) ===\s*")
_FACT = re.compile(r"([A-Z][A-Za-z -]{0,40}):[ \t]*(.*)")
_DATE, _PART = re.compile(r"\S.* [0-9]{4}"), re.compile(r"[A-Za-z0-9_-]+")
_HEADER, _TIMING = "", "Final timing"
_STAGES: dict[str, Stage] = {
    "Post-Synthesis Resource usage": "synth",
    "Post-Implementation Resource usage": "route",
}
_MET = {"Timing met": True, "Timing not met": False, "No Sequential Path": None}
_NAMES = {"BRAM": "BRAM_18K"}
_HINT = "copy the file again; a run of the tool that was stopped leaves half a file"

# Section and name to index of the line and text.
_Facts = dict[tuple[str, str], tuple[int, str]]


def claims(source: Source) -> bool:
    """Whether the first line names the implementation tool."""
    return _FIRST.match(source.text) is not None


def read(source: Source) -> SynthesisReport:
    """Read the report; a file that holds it twice is read if both say the same.

    Returns:
        The report, stage `synth` or `route`. After implementation `clock_ns.estimated` is the period after synthesis.

    Raises:
        UserError: the report is cut off, a line is none of it, or two values contradict each other.
    """
    starts = [index for index, line in enumerate(source.lines) if _TITLE.fullmatch(line)]
    if not starts:  # its first line goes on behind the head that it was claimed by
        raise UserError("the report's first line must name the tool and nothing else", where=source.at(0), hint=_HINT)
    ends = [*starts[1:], len(source.lines)]
    reports = [_read(source, start, end) for start, end in zip(starts, ends, strict=True)]
    for start, report in zip(starts, reports, strict=True):
        if report != reports[0]:
            raise UserError(
                "the file must hold one report, not two that differ",
                where=source.at(start),
                hint="give a file that holds one report",
            )
    return reports[0]


def _read(source: Source, start: int, end: int) -> SynthesisReport:
    title = _TITLE.fullmatch(source.lines[start])
    facts, sections, word = _facts(source, start + 1, end)
    stages = [name for name in sections if name in _STAGES]
    if len(stages) != 1 or _TIMING not in sections:
        raise UserError(
            "the report must state resources after synthesis or after implementation, then timing",
            where=source.at(start),
            hint=_HINT,
        )
    stage = _STAGES[stages[0]]
    clock = _clock(source, facts, stage)
    counts = {name: _count(source, name, fact) for (section, name), fact in facts.items() if section == stages[0]}
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage=stage,
        tool="Vivado",
        version=title[1] if title else None,
        part=_text(facts, "Device target", _PART),
        status=word,
        clock_ns=clock,
        resources={name: counts.get(name, Resource()) for name in RESOURCES},
        counts={name: count for name, count in counts.items() if name not in RESOURCES},
        timing=Timing(met=verdict(_MET[word], clock, source.at(start))),
        date=_text(facts, "Report date", _DATE),
        notes=verdict_notes(_MET[word], clock, implemented=stage == "route"),
    )


def _facts(source: Source, start: int, end: int) -> tuple[_Facts, tuple[str, ...], str]:
    """What the sections state, the sections' names, and the closing line."""
    facts: _Facts = {}
    sections, word = [_HEADER], ""
    for index in range(start, end):
        line = source.lines[index].rstrip()
        section, fact = _SECTION.fullmatch(line), _FACT.fullmatch(line)
        if not line:
            continue
        if word:
            raise UserError("the verdict on timing must be the report's last line", where=source.at(index))
        if section:
            sections.append(section[1])
        elif line in _MET and sections[-1] == _TIMING:
            word = line
        elif fact:
            _add(source, facts, (sections[-1], _NAMES.get(fact[1], fact[1])), (index, fact[2].strip()))
        elif sections[-1] in _STAGES or sections[-1] == _TIMING:
            raise UserError("a line must be a name and a value, such as `LUT: 5`", where=source.at(index), hint=_HINT)
    if not word:
        raise UserError("the report must end with its verdict on timing", where=source.at(end - 1), hint=_HINT)
    return facts, tuple(dict.fromkeys(sections)), word


def _add(source: Source, facts: _Facts, name: tuple[str, str], fact: tuple[int, str]) -> None:
    first = facts.setdefault(name, fact)
    # Lists of modules, which some versions put before the resources, repeat their names.
    if first[1] != fact[1] and (name[0] in (_HEADER, _TIMING) or name[0] in _STAGES):
        raise UserError(
            f"{name[1]} must be given once, not again with another value",
            where=source.at(fact[0]),
            hint=f"it is first given at {source.at(first[0])}; give a file that holds one report",
        )


def _text(facts: Mapping[tuple[str, str], tuple[int, str]], name: str, pattern: re.Pattern[str]) -> str | None:
    text = known(facts.get((_HEADER, name), (0, ""))[1])
    return text if text is not None and pattern.fullmatch(text) else None


def _count(source: Source, name: str, fact: tuple[int, str]) -> Resource:
    return Resource(integer(fact[1], name, source.at(fact[0])))


def _clock(source: Source, facts: _Facts, stage: Stage) -> Clock:
    def period(name: str) -> float | None:
        line, text = facts.get((_TIMING, name), (0, ""))
        return unsigned(text, name, source.at(line))

    target, synth = period("CP required"), period("CP achieved post-synthesis")
    if stage == "synth":
        return Clock(target, achieved=synth)
    return Clock(target, estimated=synth, achieved=period("CP achieved post-implementation"))
