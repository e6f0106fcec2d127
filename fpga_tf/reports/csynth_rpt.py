"""Reads the C-synthesis report `<top>_csynth.rpt` of Vivado HLS and Vitis HLS.

Formats seen: Vivado HLS 2018.2 to 2020.1, Vitis HLS 2021.1 to 2025.1. Before 2019.2 there is no absolute latency.
Tables are recognised by their headings. A co-simulation's result that hls4ml prints behind a report is not read here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from fpga_tf.errors import UserError
from fpga_tf.reports.csynth_rpt_area import area, is_area
from fpga_tf.reports.csynth_rpt_modules import ABSOLUTE, CYCLES, INTERVAL, PIPELINE, Speed, modules, speed
from fpga_tf.reports.csynth_text import agreed, by_name, duration, read_heading, whole_rows
from fpga_tf.reports.source import Source
from fpga_tf.reports.tables import Table, find_tables
from fpga_tf.reports.types import Clock, SynthesisReport

FORMAT = "csynth_rpt"
_TITLE = r"== (?P<tool>Vivado HLS|Vitis HLS) Report for '(?P<top>[^'\n]+)'"
_HEADING = re.compile(_TITLE)
_CLAIM = re.compile("^" + _TITLE, re.MULTILINE)

_Value = TypeVar("_Value")


def claims(source: Source) -> bool:
    """Whether a line names the file a report of Vivado HLS or Vitis HLS. (hls4ml prints others before it.)"""
    return _CLAIM.search(source.text) is not None


def read(source: Source) -> SynthesisReport:
    """Read `<top>_csynth.rpt`.

    Returns:
        The report, stage `csynth`. What the format does not tell, such as the average latency, is None. Modules are the
        instances (operators and interfaces among them, of which the tool tells no latency), then the loops.

    Raises:
        UserError: no whole report, two different ones, or a value in it that makes no sense.
    """
    heading = read_heading(source, _HEADING)
    tables = find_tables(source, heading.line)
    timing = _required(source, tables, "the clock", _is_clock, _clock)
    fast = _required(source, tables, "the latency", _is_latency, _latency)
    size = _required(source, tables, "the resources", is_area, area)
    report = SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage="csynth",
        tool=heading.tool,
        version=heading.version,
        part=heading.part,
        top=heading.top,
        date=heading.date,
        clock_ns=timing,
        latency_cycles=fast.cycles,
        latency_ns=fast.absolute,
        interval_cycles=fast.interval,
        pipeline=fast.pipeline,
        resources=size.resources,
        percent=size.percent,
        regions=size.regions,
        notes=_notes(tables),
    )
    return replace(report, modules=modules(tables, report))


def _required(
    source: Source, tables: list[Table], what: str, wanted: Callable[[Table], bool], reader: Callable[[Table], _Value]
) -> _Value:
    found = agreed(what, [(source.at(table.line), reader(table)) for table in tables if wanted(table)])
    if found is None:
        raise UserError(
            f"a C-synthesis report must have the table of {what}",
            where=source.path,
            hint="give <top>_csynth.rpt from solution1/syn/report; a run that was stopped leaves half a file",
        )
    return found


def _is_clock(table: Table) -> bool:
    return {"Clock", "Target", "Estimated"} <= set(table.columns)


def _is_latency(table: Table) -> bool:
    columns = set(table.columns)
    return PIPELINE in columns and columns <= {*CYCLES[0], *CYCLES[1], *ABSOLUTE[0], *ABSOLUTE[1], *INTERVAL, PIPELINE}


def _clock(table: Table) -> Clock:
    """Periods of the clock; of several (SystemC) none is the design's."""
    name, columns = table.column("Clock"), [table.column(text) for text in ("Target", "Estimated", "Uncertainty")]
    rows = []
    for row in whole_rows(table):
        where = table.source.at(row.line)
        periods = [duration(table.cell(row, column), "a clock period", where) for column in columns]
        rows.append((table.cell(row, name), where, Clock(*periods)))
    clocks = by_name("a clock", rows)
    if not clocks:
        raise table.damaged("have a row, not be empty")
    return next(iter(clocks.values())) if len(clocks) == 1 else Clock()


def _latency(table: Table) -> Speed:
    found = agreed("the latency", [(table.source.at(row.line), speed(table, row)) for row in whole_rows(table)])
    if found is None:
        raise table.damaged("have a row, not be empty")
    return found


def _notes(tables: list[Table]) -> tuple[str, ...]:
    if any({"RTL", "Status"} <= set(table.columns) for table in tables):
        return ("the file also holds a co-simulation's result, which is not read here: give its own report as well",)
    return ()
