"""Reads Vivado's timing summary (`report_timing_summary`): worst and total slacks of the design and of its clocks."""

from __future__ import annotations

from dataclasses import replace

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import ClockDomain, SynthesisReport, Timing
from fpga_tf.reports.values import integer
from fpga_tf.reports.vivado_clocks import SLACKS, design_clock, read_clocks, time, worst
from fpga_tf.reports.vivado_header import agreed, has_title, read_header
from fpga_tf.reports.vivado_nets import PATH_END, stage_and_note
from fpga_tf.reports.vivado_sections import HINT, Row, Section, find_sections, read_table

FORMAT = "vivado_timing"
TITLE = "Timing Summary Report"
_SUMMARY, _CLOCKS, _INTRA = "Design Timing Summary", "Clock Summary", "Intra Clock Table"
_FAILING = ("TNS Failing Endpoints", "THS Failing Endpoints", "TPWS Failing Endpoints")
_VERDICTS = {
    "All user specified timing constraints are met.": True,
    "Timing constraints are not met.": False,
    "There are no user specified timing constraints.": None,
}


def claims(source: Source) -> bool:
    """Whether Vivado gave the file the title of a timing summary."""
    return has_title(source, TITLE)


def read(source: Source) -> SynthesisReport:
    """Read the design's timing and its clocks; which clock's periods are the design's: see `design_clock`.

    Endpoints that fail are those of setup, hold and pulse width together, so one may count up to three times.

    Raises:
        UserError: a section is missing or damaged, or a value is stated twice and differently.
    """
    header = read_header(source)
    count = sum(line.rstrip() == TITLE for line in source.lines)
    sections = find_sections(source, (_SUMMARY, _CLOCKS, _INTRA), count)
    found = []
    for design, summary, intra in zip(*sections.values(), strict=True):
        timing = _design(design, read_clocks(summary, intra))
        found.append((source.at(design.start), timing))
    timing = agreed("its timing", found) or Timing()
    stage, note = stage_and_note(header.state, source)
    listed = timing.setup_slack is not None or timing.hold_slack is not None
    if listed and stage == "estimate" and not _details_told(source, header.command or ""):
        raise UserError(
            "a timing summary must show paths below its tables, not end there", where=source.path, hint=HINT
        )
    notes = [note] if note else []
    if timing.met is None:
        notes.append("the design has no timing constraints: nothing tells whether it is fast enough")
    elif not listed:
        notes.append("no path is held to the constraints: nothing tells whether the design is fast enough")
    if header.command and "-cells" in header.command.split():
        notes.append("timing of the cells only that the command names, not of the whole design")
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage=stage,
        tool=header.tool,
        version=header.version,
        part=header.part,
        top=header.top,
        status=header.state,
        clock_ns=design_clock(timing),
        timing=timing,
        date=header.date,
        notes=tuple(notes),
    )


def _details_told(source: Source, command: str) -> bool:
    """Whether there is a whole path, or none was asked for: else the file may end before what tells its stage."""
    return "-no_detailed_paths" in command.split() or PATH_END.search(source.text) is not None


def _design(section: Section, clocks: tuple[ClockDomain, ...]) -> Timing:
    table = read_table(section, 0)
    if table is None or not table.rows:
        raise section.damaged("have a table with one row")
    timings = [(section.source.at(row.line), _timing(section, row)) for row in table.rows]
    timing = agreed("its timing", timings) or Timing()
    met = _verdict(section, table.end)
    if met is None:
        # without constraints no endpoint can fail: that is no pass
        return Timing(endpoints=timing.endpoints, clocks=clocks)
    timing = replace(timing, met=met, clocks=clocks)
    _check(section, timing)
    return timing


def _timing(section: Section, row: Row) -> Timing:
    if not any(heading in row.cells for heading in SLACKS.values()):
        raise section.damaged("have a column of slacks")

    def count(heading: str) -> int | None:
        return integer(row.cells.get(heading, ""), heading, section.source.at(row.line))

    def slack(heading: str) -> float | None:
        return time(row, heading, section)

    failing = [count(heading) for heading in _FAILING]
    known = [number for number in failing if number is not None]
    return Timing(
        setup_slack=slack("WNS(ns)"),
        setup_total=slack("TNS(ns)"),
        hold_slack=slack("WHS(ns)"),
        hold_total=slack("THS(ns)"),
        pulse_slack=slack("WPWS(ns)"),
        pulse_total=slack("TPWS(ns)"),
        failing=sum(known) if len(known) == len(failing) else None,
        endpoints=count("TNS Total Endpoints"),
    )


def _verdict(section: Section, start: int) -> bool | None:
    """The tool's word below the table; None if it says that there are no constraints."""
    lines = [text.strip() for text in section.source.lines[start : section.stop] if text.strip()]
    words = {text for text in lines if text in _VERDICTS}
    if len(words) != 1:
        raise section.damaged("say once whether the constraints are met", start)
    return _VERDICTS[words.pop()]


def _check(section: Section, timing: Timing) -> None:
    """Hold the values against each other: sections of two reports, or edited ones, don't agree."""
    slacks = {field: getattr(timing, field) for field in SLACKS}
    for field, slack in worst(timing.clocks).items():
        if slacks[field] is None or slack < slacks[field]:
            raise section.damaged(f"state the worst slack, not more than a clock's ({SLACKS[field]}: {slack})")
    fails = bool(timing.failing) or any(slack is not None and slack < 0 for slack in slacks.values())
    if fails and timing.met:
        raise section.damaged("say that the constraints are met only where no slack is negative")
