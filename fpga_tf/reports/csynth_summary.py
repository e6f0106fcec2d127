"""Reads the `csynth.rpt` of Vitis HLS, the "Synthesis Summary Report": a tree of all modules and loops.

Formats seen: Vitis HLS 2021.1 to 2025.1, of HLS projects and of `v++` (`<kernel>.hls_compile.rpt`). No version prints a
clock period. Each cell for latency, interval or trip count holds the largest value: smallest ones are not known.
"""

from __future__ import annotations

import re
from dataclasses import replace

from fpga_tf.errors import UserError
from fpga_tf.reports.csynth_text import (
    Heading,
    agreed,
    duration,
    largest,
    nest,
    ordered,
    percentage,
    read_heading,
    whole_rows,
)
from fpga_tf.reports.source import Source
from fpga_tf.reports.tables import Row, Table, find_tables
from fpga_tf.reports.types import (
    RESOURCES,
    AbsoluteLatency,
    Clock,
    Interval,
    Latency,
    Loop,
    Resource,
    SynthesisReport,
)
from fpga_tf.reports.values import decimal, integer, known

FORMAT = "csynth_summary"
_TITLE = r"== Synthesis Summary Report of '(?P<top>[^'\n]+)'"
_HEADING = re.compile(_TITLE)
_CLAIM = re.compile("^" + _TITLE, re.MULTILINE)
_NAME = "Modules & Loops"
# The depth is that of the sign; a star behind the name says what the column `Pipelined` says as well: dataflow.
_NODE = re.compile(r"( *)([+o]) ([^ *][^*]*?)\*?")
_USED = re.compile(r"([0-9,]+)(?: *\(([^()%]+)%\))?")
# Headings of the resources' columns; `BRAM` counts blocks of 18 Kb, as the same tool's other reports show.
_COLUMNS = {"LUT": "LUT", "FF": "FF", "DSP": "DSP", "BRAM_18K": "BRAM", "URAM": "URAM"}


def claims(source: Source) -> bool:
    """Whether a line names the file a synthesis summary."""
    return _CLAIM.search(source.text) is not None


def read(source: Source) -> SynthesisReport:
    """Read `csynth.rpt`.

    Returns:
        The report of the top module, stage `csynth`, the others in its `modules`. `-` is None, for resources too.

    Raises:
        UserError: no whole report, two different ones, or a value in it that makes no sense.
    """
    heading = read_heading(source, _HEADING)
    tables = [table for table in find_tables(source, heading.line) if _NAME in table.columns]
    top = agreed("its modules", [(source.at(table.line), _tree(table, heading)) for table in tables])
    if top is None:
        raise UserError(
            f"a synthesis summary must have the table {_NAME!r}",
            where=source.path,
            hint="copy the file again; a run of the tool that was stopped leaves half a file",
        )
    return top


def _tree(table: Table, heading: Heading) -> SynthesisReport:
    roots = nest([_node(table, row, heading) for row in whole_rows(table)])
    if len(roots) != 1 or roots[0].top != heading.top:
        names = " and ".join(repr((root.top or "")[:80]) for root in roots[:3]) or "none"
        raise table.damaged(f"have {heading.top[:80]!r} alone at the top, not {names}")
    return replace(roots[0], kind="design", date=heading.date)


def _node(table: Table, row: Row, heading: Heading) -> tuple[int, SynthesisReport, str]:
    where = table.source.at(row.line)
    node = _NODE.fullmatch(table.indented(row, table.columns.index(_NAME)).rstrip())
    if node is None:
        raise UserError("a line of the modules must begin with '+' or 'o' and a name, not otherwise", where=where)
    is_loop = node[2] == "o"
    latency = ordered(largest(_cell(table, row, "Latency (cycles)"), "a latency", where, integer), "a latency", where)
    times = ordered(largest(_cell(table, row, "Latency (ns)"), "a latency", where, duration), "a latency", where)
    interval = ordered(largest(_cell(table, row, "Interval"), "an interval", where, integer), "an interval", where)
    issue = known(_cell(table, row, "Issue Type"))
    resources, percent = _resources(table, row)
    report = SynthesisReport(
        path=table.source.path,
        format=FORMAT,
        stage="csynth",
        tool="Vitis HLS",  # the file does not say so, but no other tool writes the format
        version=heading.version,
        part=heading.part,
        top=node[3],
        kind="loop" if is_loop else "module",
        clock_ns=Clock(slack=decimal(_cell(table, row, "Slack"), "a slack", where)),
        latency_cycles=Latency(min=latency[0], max=latency[1]),
        latency_ns=AbsoluteLatency(*times),
        interval_cycles=Interval(*interval),
        pipeline=known(_cell(table, row, "Pipelined")),
        resources=resources,
        percent=percent,
        loop=_loop(table, row) if is_loop else None,
        issues=tuple(part.strip() for part in issue.split(",")) if issue else (),
    )
    return len(node[1]), report, where


def _cell(table: Table, row: Row, heading: str) -> str:
    return table.cell(row, table.column(heading))


def _loop(table: Table, row: Row) -> Loop:
    where = table.source.at(row.line)
    trips = largest(_cell(table, row, "Trip Count"), "a trip count", where, integer)
    iteration = largest(_cell(table, row, "Iteration Latency"), "an iteration's latency", where, integer)
    return Loop(*ordered(trips, "a trip count", where), *ordered(iteration, "an iteration's latency", where))


def _resources(table: Table, row: Row) -> tuple[dict[str, Resource], dict[str, str]]:
    """Counts and shares of cells such as `177 (268%)`."""
    where = table.source.at(row.line)
    resources, percent = {}, {}
    for name in RESOURCES:
        text = known(_cell(table, row, _COLUMNS[name]))
        found = _USED.fullmatch(text) if text is not None else None
        if text is not None and found is None:
            raise UserError(f"a count of {name} must be like '177 (26%)' or unknown, not {text[:40]!r}", where=where)
        resources[name] = Resource(used=integer(found[1], f"a count of {name}", where) if found else None)
        share = percentage(found[2], where) if found and found[2] is not None else None
        if share is not None:
            percent[name] = share
    return resources, percent
