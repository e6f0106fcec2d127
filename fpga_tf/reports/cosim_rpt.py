"""Reads `<top>_cosim.rpt` of Vivado HLS and Vitis HLS: one row for each language that the RTL may be simulated in."""

from __future__ import annotations

from collections.abc import Sequence

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source
from fpga_tf.reports.tables import Row, Table, find_tables
from fpga_tf.reports.types import Interval, Latency, SynthesisReport
from fpga_tf.reports.values import check_order, integer, known

FORMAT = "cosim_rpt"
_LANGUAGES = ("VHDL", "Verilog")
_UNIT = "(Clock Cycles)"


def claims(source: Source) -> bool:
    """Whether the file says which tool simulated, above a table of the RTL's languages.

    hls4ml prints one behind the report of C synthesis: such a file is of that format, and of none if damaged.
    """
    told = "Simulation tool" in source.head and "RTL" in source.head and "Status" in source.head
    return told and "\n== Performance Estimates\n" not in source.text


def read(source: Source) -> SynthesisReport:
    """Read a report of co-simulation.

    Returns:
        The report, stage `cosim`: values of the language that was run, each language in `modules`.

    Raises:
        UserError: the table is damaged, or there is none or several.
    """
    tables = [table for table in find_tables(source) if table.column("RTL") is not None]
    if len(tables) != 1:
        raise UserError(
            f"a co-simulation report must have one table of results, not {len(tables)}",
            where=source.path,
            hint="copy the file again: it was cut off or edited",
        )
    table = tables[0].closed()
    modules = tuple(_module(table, row) for row in _straight_rows(table))
    names = [module.top for module in modules]
    if sorted(str(name) for name in names) != sorted(_LANGUAGES):
        raise table.damaged("have one row for each of VHDL and Verilog")
    return _whole(source, modules)


def _straight_rows(table: Table) -> tuple[Row, ...]:
    """Rows whose bars stand below those of the heading's last line: no character of them is missing."""
    lines = table.source.lines
    for row in table.rows:
        if _bars(lines[row.line]) != _bars(lines[table.rows[0].line - 2]):
            raise UserError(
                "a row's cells must stand below those of the table's heading, not elsewhere",
                where=table.source.at(row.line),
                hint="copy the file again: it was cut off or edited",
            )
    return table.rows


def _bars(line: str) -> list[int]:
    return [index for index, character in enumerate(line) if character == "|"]


def _module(table: Table, row: Row) -> SynthesisReport:
    where = table.source.at(row.line)

    def count(name: str) -> int | None:
        # `Latency min`, or `Latency(Clock Cycles) min`
        group, _, end = name.partition(" ")
        column = table.column(name, f"{group}{_UNIT} {end}", f"{group} {_UNIT} {end}")
        if column is None:
            raise table.damaged(f"have a column {name!r}")
        return integer(table.cell(row, column), name, where)

    total = table.column(f"Total Execution Time {_UNIT}", "Total Execution Time")
    status = table.column("Status")
    if status is None:
        raise table.damaged("have a column 'Status'")
    latency = Latency(count("Latency min"), count("Latency avg"), count("Latency max"))
    interval = Interval(count("Interval min"), count("Interval max"))
    check_order((latency.min, latency.avg, latency.max), "a latency", where)
    check_order((interval.min, interval.max), "an interval", where)
    return SynthesisReport(
        path=table.source.path,
        format=FORMAT,
        stage="cosim",
        top=table.cell(row, table.column("RTL")),
        kind="module",
        status=known(table.cell(row, status)),
        latency_cycles=latency,
        interval_cycles=interval,
        total_cycles=integer(table.cell(row, total), "Total Execution Time", where),
    )


def _whole(source: Source, modules: Sequence[SynthesisReport]) -> SynthesisReport:
    run = [module for module in modules if module.status is not None]
    failed = [module for module in run if module.status not in ("Pass", "PASS")]
    speaks = failed or run
    status = speaks[0].status if speaks else None
    latency, interval, total, notes = _values(speaks)
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage="cosim",
        status=status,
        latency_cycles=latency,
        interval_cycles=interval,
        total_cycles=total,
        modules=tuple(modules),
        date=_date(source),
        notes=notes,
    )


def _values(run: Sequence[SynthesisReport]) -> tuple[Latency, Interval, int | None, tuple[str, ...]]:
    """Values of all languages together: those that they agree on, else from the smallest to the largest."""
    values = {(module.latency_cycles, module.interval_cycles, module.total_cycles) for module in run}
    if not values:
        return Latency(), Interval(), None, ()
    if len(values) == 1:
        return *values.pop(), ()
    latency = Latency(
        min=_known([module.latency_cycles.min for module in run], min),
        max=_known([module.latency_cycles.max for module in run], max),
    )
    interval = Interval(
        min=_known([module.interval_cycles.min for module in run], min),
        max=_known([module.interval_cycles.max for module in run], max),
    )
    return latency, interval, None, ("VHDL and Verilog took different numbers of cycles: see the modules",)


def _known(numbers: Sequence[int | None], choose: object) -> int | None:
    """Smallest or largest; None if any is not known."""
    found = [number for number in numbers if number is not None]
    if len(found) < len(numbers):
        return None
    return min(found) if choose is min else max(found)


def _date(source: Source) -> str | None:
    """The line ends with a full stop; without it the date was cut off."""
    for line in source.lines:
        name, colon, text = line.partition(":")
        if colon and name.strip() == "Report time" and text.rstrip().endswith("."):
            return text.strip()[:-1]
    return None
