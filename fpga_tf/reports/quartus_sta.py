"""Reads Quartus' report of the timing analyzer (`*.sta.rpt`): worst slacks over all corners."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from fpga_tf.errors import UserError
from fpga_tf.reports.quartus_panels import Row, Rows, begins, cell, date_of, named_rows, panel_rows, title, version_of
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Clock, ClockDomain, Stage, SynthesisReport, Timing
from fpga_tf.reports.values import decimal, unsigned

FORMAT = "quartus_sta"
_TITLE = title("(?:TimeQuest )?Timing Analyzer")
_SUMMARIES = ("Timing Analyzer Summary", "TimeQuest Timing Analyzer Summary")
_COLUMNS = ("Setup", "Hold", "Minimum Pulse Width")
_WORST, _TOTAL = "Worst-case Slack", "Design-wide TNS"
_STAGES: dict[str, Stage] = {"final": "route", "routed": "route", "placed": "place", "synthesized": "synth"}
_FAILED = "Critical Warning (332148): Timing requirements not met"
_Slacks = tuple[float | None, ...]


def claims(source: Source) -> bool:
    """Whether the first lines are those of a timing report."""
    return begins(source, _TITLE)


def read(source: Source) -> SynthesisReport:
    """Read slacks and clocks. With one clock, the achieved period is its period less its worst setup slack.

    Raises:
        UserError: there is no summary, a panel is broken, or a value is given twice and differently.
    """
    summary = next((rows for name in _SUMMARIES if (rows := named_rows(source, name))), None)
    if not summary:
        raise UserError("a timing report must have a summary, not none", where=source.path)
    date = date_of(source, _TITLE, summary)
    periods, slacks = _periods(source), _slacks(source)
    worst = slacks.pop(_WORST, (None, None, None))
    total = slacks.pop(_TOTAL, (None, None, None))
    stage, notes = _stage(source, summary)
    clocks = tuple(ClockDomain(name, period, *slacks.get(name, ())) for name, period in periods.items())
    timing = Timing(
        setup_slack=worst[0],
        setup_total=total[0],
        hold_slack=worst[1],
        hold_total=total[1],
        pulse_slack=worst[2],
        pulse_total=total[2],
        met=False if _FAILED in source.text else None,
        clocks=clocks,
    )
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage=stage,
        tool="Quartus",
        version=version_of(source, summary),
        part=cell(source, summary, "Device Name"),
        clock_ns=_clock(clocks, slacks, worst[0]),
        timing=timing,
        date=date,
        notes=notes,
    )


def _stage(source: Source, summary: Rows) -> tuple[Stage, tuple[str, ...]]:
    word = cell(source, summary, "Snapshot")
    if word in _STAGES:
        return _STAGES[word], ()
    pro = any("Pro Edition" in row.cells[1] for rows in summary.values() for row in rows)
    if word is None and not pro:
        return "route", ()
    return "estimate", ("the stage is unknown: the summary names no snapshot that is known",)


def _clock(clocks: tuple[ClockDomain, ...], slacks: dict[str, _Slacks], worst: float | None) -> Clock:
    if len(clocks) != 1 or list(slacks) != [clocks[0].name]:
        return Clock(slack=worst)
    period, slack = clocks[0].period, clocks[0].setup_slack
    if period is None or slack is None or slack != worst:
        return Clock(target=period, slack=worst)
    return Clock(target=period, slack=worst, achieved=float(Decimal(str(period)) - Decimal(str(slack))))


def _periods(source: Source) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for row, name, cells in _cells(source, "Clocks", ("Clock Name", "Period")):
        value = unsigned(cells[1], "period", source.at(row.line))
        if found.setdefault(name, value) != value:
            raise UserError("a clock must have one period, not two", where=source.at(row.line))
    return found


def _slacks(source: Source) -> dict[str, _Slacks]:
    """Of the panel over all corners: by clock, until the row of total slacks, whose clocks are left out."""
    found: dict[str, _Slacks] = {}
    totals = False
    for row, name, cells in _cells(source, "Multicorner Timing Analysis Summary", ("Clock", *_COLUMNS)):
        totals = name != _WORST and (totals or name == _TOTAL)
        values = tuple(decimal(text, "slack", source.at(row.line)) for text in cells[1:])
        if (not totals or name == _TOTAL) and found.setdefault(name, values) != values:
            raise UserError("a slack must be given once, not with two values", where=source.at(row.line))
    _check(source, found)
    return found


def _check(source: Source, found: dict[str, _Slacks]) -> None:
    """The worst slack is the smallest of all clocks': else a row is missing, or of another report."""
    clocks = [values for name, values in found.items() if name not in (_WORST, _TOTAL)]
    for index, column in enumerate(_COLUMNS):
        known = [value for values in clocks if (value := values[index]) is not None]
        worst = found[_WORST][index] if _WORST in found else None
        if known and worst != min(known):
            raise UserError(
                f"the worst slack of {column} must be the smallest of all clocks', {min(known)}, not {worst}",
                where=source.path,
                hint="copy the file again: it was cut off or edited",
            )


def _cells(source: Source, panel: str, columns: tuple[str, ...]) -> Iterator[tuple[Row, str, tuple[str, ...]]]:
    """Each row of a panel with these columns: the row, its first column's text, and the columns' texts."""
    for rows in panel_rows(source, panel):
        headings = rows[0].cells if rows else ()
        if any(headings.count(name) > 1 for name in columns):
            raise UserError("a panel must have one column of a name", where=source.at(rows[0].line))
        if set(columns) <= set(headings):
            for row in rows[1:]:
                cells = tuple(row.cells[headings.index(name)] for name in columns)
                yield row, cells[0], cells
