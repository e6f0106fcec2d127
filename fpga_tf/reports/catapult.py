"""Reads `rtl.rpt` and `cycle.rpt` of Catapult: cycles of the design and its processes, and estimated timing.

-- Catapult Ultra Synthesis: Report
-- Version:                  2024.1/1091966 Production Release
Solution Settings: lamp.v1
  Current state: extract
Processes/Blocks in Design
  Process       Real Operation(s) count Latency Throughput Reset Length II Comments
  ------------- ----------------------- ------- ---------- ------------ -- --------
  /lamp/run                          12       2          3            0  0
  Design Total:                      12       2          3            0  0

Its areas are scores of an estimate: no resources. A latency of -1 is unknown.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from fpga_tf.errors import UserError
from fpga_tf.reports.catapult_table import Table, read_table
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Clock, Interval, Latency, SynthesisReport
from fpga_tf.reports.values import integer, known

FORMAT = "catapult"
_TITLE = re.compile(r"-- Catapult (?:[A-Z][A-Za-z]* )?Synthesis: Report[ \t]*")
_END = "End of Report"
_PROCESSES, _CLOCKS, _TIMING = "Processes/Blocks in Design", "Clock Information", "Timing Report"
_TOTAL = "Design Total:"
_FACTS = {
    "version": re.compile(r"-- Version: +([0-9A-Za-z][0-9A-Za-z._-]{0,30})(?:/\S*)?(?: .*)?"),
    "date": re.compile(r"-- Generated date: +(\S.*)"),
    "solution": re.compile(r"Solution Settings: +(\S.*)"),
    "state": re.compile(r"  Current state: +(\S.*)"),
}
_TIMES = {
    "delay": re.compile(r"    Max Delay:() +(\S+)"),
    "slack": re.compile(r"    Slack:() +(\S+)"),
    "target": re.compile(r"    Clock period or pin-to-reg delay constraint \((\S+)\) *: +(\S+)"),
    "uncertainty": re.compile(r"    Clock uncertainty constraint \((\S+)\) *: +(\S+)"),
}
_DECIMAL = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,20})?")
_SCORES = "resources are unknown: the report states scores of areas"

# Beginnings of the lines that state facts.
_STARTS = ("-- ", "Solution ", "  Current ")

# Name to index of a line, name of a clock (empty where it has none) and text.
_Found = Mapping[str, Sequence[tuple[int, str, str]]]


def claims(source: Source) -> bool:
    """Whether the first line is the title of Catapult's reports."""
    return _TITLE.fullmatch(source.head.lstrip().partition("\n")[0]) is not None


def read(source: Source) -> SynthesisReport:
    """Read the report; processes are modules.

    Returns:
        The report, stage `csynth`. Of one number for latency or throughput, it is the largest. Times are left out if
        the file does not end as a report does: digits may be missing in them.

    Raises:
        UserError: a value is given twice and differently, or a table is broken.
    """
    facts, times, tables = _scan(source)
    whole = next(line for line in reversed(source.lines) if line.strip()).rstrip() == _END
    processes = _processes(source, tables[_PROCESSES])
    total = processes.pop(_TOTAL, SynthesisReport(source.path, FORMAT, "csynth"))
    solution = _once(source, facts, "solution")
    clock, notes = _clock(source, times if whole else {}, tables[_CLOCKS])
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage="csynth",
        tool="Catapult",
        version=_once(source, facts, "version"),
        top=_top(solution, processes),
        status=_once(source, facts, "state") if whole else None,
        clock_ns=clock,
        latency_cycles=total.latency_cycles,
        interval_cycles=total.interval_cycles,
        modules=tuple(processes.values()),
        date=_once(source, facts, "date"),
        notes=(*notes, _SCORES),
    )


def _scan(source: Source) -> tuple[_Found, _Found, Mapping[str, list[Table]]]:
    """Facts, times, and tables by section. The last line may be cut off: only one that ends is read."""
    facts: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    times: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    tables: dict[str, list[Table]] = defaultdict(list)
    section = ""
    title = next(line for line in source.lines if line.strip())
    for index, raw in enumerate(source.lines[:-1]):
        line = raw.rstrip()
        if line[:1].strip():
            section = line
            if line in (_PROCESSES, _CLOCKS):
                tables[line].append(read_table(source, index + 1))
        if line.startswith("-- ") and title != title.rstrip() and len(raw) != len(title):
            continue  # the tool fills these lines with blanks: one of another length was cut off
        if line.startswith(_STARTS):
            for name, pattern in _FACTS.items():
                if found := pattern.fullmatch(line):
                    facts[name].append((index, "", found[1]))
        elif section == _TIMING:
            for name, pattern in _TIMES.items():
                if found := pattern.fullmatch(line):
                    times[name].append((index, found[1], found[2]))
    return facts, times, tables


def _once(source: Source, found: _Found, name: str) -> str | None:
    values = found.get(name, ())
    for line, _, value in values:
        if value != values[0][2]:
            raise UserError(
                f"the {name} must be given once, not again with another value",
                where=source.at(line),
                hint=f"it is first given at {source.at(values[0][0])}; give a file that holds one report",
            )
    return known(values[0][2]) if values else None


def _processes(source: Source, tables: Sequence[Table]) -> dict[str, SynthesisReport]:
    found: dict[str, SynthesisReport] = {}
    for table in tables:
        for row in table.rows:
            name = table.cell(row, "Process")
            latency, interval = (
                _cycles(table.number(row, column), column, source.at(row)) for column in ("Latency", "Throughput")
            )
            if not table.number(row, "Latency"):
                raise UserError("a process must have a latency", where=source.at(row))
            names = name.split("/")
            report = SynthesisReport(
                path=source.path,
                format=FORMAT,
                stage="csynth",
                top=names[-2] if len(names) > 2 else names[-1],
                instance=name,
                kind="module",
                latency_cycles=Latency(max=latency),
                interval_cycles=Interval(max=interval),
            )
            if found.setdefault(name, report) != report:
                raise UserError(f"{name[:60]} must be given once, not with two values", where=source.at(row))
    return found


def _cycles(text: str, what: str, where: str) -> int | None:
    return None if text == "-1" else integer(text, what, where)


def _top(solution: str | None, processes: Mapping[str, SynthesisReport]) -> str | None:
    """The first name in the paths of all processes. If they differ, the solution's without its version: one may be
    given any name, so it is no more than the next best."""
    if not processes:
        return None
    tops = {name.split("/")[1] for name in processes if name.count("/") > 1}
    if len(tops) == 1:
        return tops.pop()
    return re.sub(r"\.v[0-9]+$", "", solution) if solution else None


def _clock(source: Source, times: _Found, tables: Sequence[Table]) -> tuple[Clock, tuple[str, ...]]:
    """Estimated is the longest delay. Of several clocks or paths none is the design's."""
    stated = [
        ("target", row, table.cell(row, "Clock Signal"), table.number(row, "Period"))
        for table in tables
        for row in table.rows
    ]
    stated += [(name, *entry) for name, entries in times.items() for entry in entries]
    values: dict[str, set[tuple[str, float | None]]] = defaultdict(set)
    for name, line, signal, text in stated:
        time = _time(source, line, text)
        if time is not None and time < 0 and name != "slack":
            raise UserError(f"the {name} must not be negative", where=source.at(line))
        values[name].add((signal, time))
    one = {name: next(iter(found))[1] for name, found in values.items() if len(found) == 1}
    clock = Clock(one.get("target"), one.get("delay"), one.get("uncertainty"), slack=one.get("slack"))
    return clock, ("times of several clocks or paths are left out",) if len(one) < len(values) else ()


def _time(source: Source, line: int, text: str) -> float | None:
    """A time in ns with three digits: the report's own are those of binary fractions, such as 1.7549989999999998."""
    value = known(text)
    if value is None:
        return None
    if not _DECIMAL.fullmatch(value):
        raise UserError(f"a time must be a number, not {value[:40]!r}", where=source.at(line))
    return round(float(value), 3)
