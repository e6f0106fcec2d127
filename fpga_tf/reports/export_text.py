"""Reads `export_syn.rpt` and `export_impl.rpt` of Vitis HLS: what Vivado made of an exported design.

================================================================
== Vivado RTL Synthesis Results
================================================================
    * Target device:   xcu280-fsvh2892-2L-e
================================================================
== RTL Synthesis Resource Summary
================================================================
LUT:              773
================================================================
== RTL Synthesis Timing Summary
================================================================
* Timing was met
+------------+-------------+
| Timing     | Period (ns) |

BRAM is counted in 18 Kb blocks. After synthesis alone the period is named that of `Post-Route` too: the title tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fpga_tf.errors import UserError
from fpga_tf.reports.export_verdict import verdict, verdict_notes
from fpga_tf.reports.source import Source
from fpga_tf.reports.tables import find_tables
from fpga_tf.reports.types import RESOURCES, Clock, Resource, Stage, SynthesisReport, Timing
from fpga_tf.reports.values import integer, unsigned

FORMAT = "export_text"
# By the title: stage, and what the sections' titles begin with.
_TITLES: dict[str, tuple[Stage, str]] = {
    "Vivado RTL Synthesis Results": ("synth", "RTL Synthesis"),
    "Vivado Place & Route Results": ("route", "Place & Route"),
}
_FIRST = re.compile(r"(?:[ \t]*\n)*={10,}[ \t]*\n== (" + "|".join(_TITLES) + r")[ \t]*\n={10,}[ \t]*(?:\n|\Z)")
_RULE, _SECTION = re.compile(r"={10,}\s*"), re.compile(r"== (\S.*)")
_FACT = re.compile(r" +\* (Date|Version|Target device): +(\S.*)")
_DATE, _PART = re.compile(r"\S.* [0-9]{4}"), re.compile(r"[A-Za-z0-9_-]+")
_VERSION = re.compile(r"([0-9]{4}\.[0-9][0-9A-Za-z._]{0,20})(?: \(.*\))?")
_COUNT = re.compile(r"([A-Z][A-Z0-9_]{0,20}):[ \t]*(.*)")
_MET = re.compile(r"\* Timing was (not )?met", re.IGNORECASE)
_NAMES = {"BRAM": "BRAM_18K"}


@dataclass(frozen=True, slots=True)
class _Section:
    """A section: its title, and the indices of its first line and of the one after its last."""

    title: str
    start: int
    end: int


def claims(source: Source) -> bool:
    """Whether the first lines are the title of such a report."""
    return _FIRST.match(source.text) is not None


def read(source: Source) -> SynthesisReport:
    """Read the report; a file that holds it twice is read if both say the same.

    Returns:
        The report, stage `synth` or `route`. After implementation `clock_ns.estimated` is the period after synthesis.

    Raises:
        UserError: a value is cut off, or two contradict each other.
    """
    sections = _sections(source)
    titles = [
        index for index, line in enumerate(source.lines) if line.startswith("== ") and line[3:].rstrip() in _TITLES
    ]
    starts = [index for index, section in enumerate(sections) if section.title in _TITLES]
    if len(titles) != len(starts):
        raise UserError("a title must be between two rules", where=source.at(titles[-1]), hint="copy the file again")
    ends = [*starts[1:], len(sections)]
    reports = [_read(source, sections[start:end]) for start, end in zip(starts, ends, strict=True)]
    for start, report in zip(starts, reports, strict=True):
        if report != reports[0]:
            raise UserError(
                "the file must hold one report, not two that differ",
                where=source.at(sections[start].start),
                hint="give a file that holds one report",
            )
    return reports[0]


def _sections(source: Source) -> list[_Section]:
    lines = source.lines
    found = [
        (index, title[1].rstrip())
        for index in range(1, len(lines) - 1)
        if (title := _SECTION.fullmatch(lines[index]))
        and _RULE.fullmatch(lines[index - 1])
        and _RULE.fullmatch(lines[index + 1])
    ]
    ends = [*(index - 1 for index, _ in found[1:]), len(lines)]
    return [_Section(title, index + 2, end) for (index, title), end in zip(found, ends, strict=True)]


def _read(source: Source, sections: Sequence[_Section]) -> SynthesisReport:
    stage, prefix = _TITLES[sections[0].title]
    facts = _named(source, sections[:1], _FACT)

    def fact(name: str, pattern: re.Pattern[str]) -> str | None:
        found = pattern.fullmatch(facts.get(name, (0, ""))[1])
        return (found[1] if found.groups() else found[0]) if found else None

    summary = _of(sections, f"{prefix} Resource Summary")
    if not summary:
        raise UserError(
            f"the report must have a section {prefix} Resource Summary",
            where=source.at(sections[0].start),
            hint="copy the file again: it was cut off or edited",
        )
    counts = _counts(source, summary)
    clock, word, where = _timing(source, _of(sections, f"{prefix} Timing Summary"), stage)
    met = None if word is None else "not" not in word.lower()
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage=stage,
        tool="Vitis HLS",
        version=fact("Version", _VERSION),
        part=fact("Target device", _PART),
        status=word,
        clock_ns=clock,
        resources={name: counts.get(name, Resource()) for name in RESOURCES},
        counts={name: count for name, count in counts.items() if name not in RESOURCES},
        timing=Timing(met=verdict(met, clock, where)),
        date=fact("Date", _DATE),
        notes=verdict_notes(met, clock, implemented=stage == "route") if word else (),
    )


def _of(sections: Sequence[_Section], title: str) -> list[_Section]:
    return [section for section in sections if section.title == title]


def _named(source: Source, sections: Sequence[_Section], pattern: re.Pattern[str]) -> dict[str, tuple[int, str]]:
    """Line and text by name. The file's last line may be cut off: only one that ends is read."""
    found: dict[str, tuple[int, str]] = {}
    for section in sections:
        for index in range(section.start, min(section.end, len(source.lines) - 1)):
            match = pattern.fullmatch(source.lines[index].rstrip())
            if match is None:
                continue
            first = found.setdefault(match[1], (index, match[2]))
            if first[1] != match[2]:
                raise UserError(
                    f"{match[1]} must be given once, not again with another value",
                    where=source.at(index),
                    hint=f"it is first given at {source.at(first[0])}; give a file that holds one report",
                )
    return found


def _counts(source: Source, sections: Sequence[_Section]) -> dict[str, Resource]:
    for section in sections:
        for index in range(section.start, section.end):
            line = source.lines[index].strip()
            if line and not _RULE.fullmatch(line) and not _COUNT.fullmatch(line):
                raise UserError(
                    "a line must be a resource and its count, such as `LUT: 5`",
                    where=source.at(index),
                    hint="copy the file again: it was cut off or edited",
                )
    found = _named(source, sections, _COUNT)
    return {
        _NAMES.get(name, name): Resource(integer(text, name, source.at(line))) for name, (line, text) in found.items()
    }


def _timing(source: Source, sections: Sequence[_Section], stage: Stage) -> tuple[Clock, str | None, str]:
    """Periods, the tool's verdict, and where that is."""
    periods: dict[str, float | None] = {}
    words: dict[str, int] = {}
    for section in sections:
        for index in range(section.start, min(section.end, len(source.lines) - 1)):
            if found := _MET.fullmatch(source.lines[index].rstrip()):
                words.setdefault(found[0].removeprefix("* "), index)
        for table in find_tables(source, section.start, section.end):
            name, column = table.column("Timing"), table.column("Period (ns)")
            for row in table.closed().rows if name is not None else ():
                where, key = source.at(row.line), table.cell(row, name)
                value = unsigned(table.cell(row, column), key or "a period", where)
                if periods.setdefault(key, value) != value:
                    raise UserError(f"{key} must be given once, not with two values", where=where)
    if len(words) > 1:
        raise UserError("timing must be met or not, not both", where=source.at(max(words.values())))
    word, line = next(iter(words.items()), (None, sections[0].start if sections else 0))
    synth, route = periods.get("Post-Synthesis"), periods.get("Post-Route")
    if stage == "route":
        return Clock(periods.get("Target"), estimated=synth, achieved=route), word, source.at(line)
    return Clock(periods.get("Target"), achieved=route if synth is None else synth), word, source.at(line)
