"""Instances and loops of `<top>_csynth.rpt`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from fpga_tf.errors import UserError
from fpga_tf.reports.csynth_text import (
    Span,
    agreed,
    by_name,
    duration,
    nest,
    ordered,
    resource_columns,
    span,
    whole_rows,
)
from fpga_tf.reports.tables import Row, Table
from fpga_tf.reports.types import (
    AbsoluteLatency,
    Interval,
    Latency,
    Loop,
    Resource,
    SynthesisReport,
    no_resources,
)
from fpga_tf.reports.values import integer, known

# Headings of smallest and largest; before 2019.2 the latency in cycles is the only one.
CYCLES = (("Latency (cycles) min", "Latency min"), ("Latency (cycles) max", "Latency max"))
ABSOLUTE = (("Latency (absolute) min",), ("Latency (absolute) max",))
INTERVAL = ("Interval min", "Interval max")
PIPELINE = "Pipeline Type"

# `- Loop 1`, ` + Loop 1.1`, `  ++ Loop 1.1.1`
_LOOP = re.compile(r"( *)(-|\++) (\S.*)")

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Speed:
    """Latency, interval and pipelining of a design or module."""

    cycles: Latency = field(default_factory=Latency)
    absolute: AbsoluteLatency = field(default_factory=AbsoluteLatency)
    interval: Interval = field(default_factory=Interval)
    pipeline: str | None = None


def speed(table: Table, row: Row) -> Speed:
    """The speed that a row states.

    Raises:
        UserError: a cell makes no sense.
    """
    where = table.source.at(row.line)
    low, high = [integer(table.cell(row, table.column(*names)), "a latency", where) for names in CYCLES]
    fastest, slowest = [duration(table.cell(row, table.column(*names)), "a latency", where) for names in ABSOLUTE]
    shortest, longest = [integer(table.cell(row, table.column(name)), "an interval", where) for name in INTERVAL]
    ordered((low, high), "a latency", where)
    ordered((fastest, slowest), "a latency", where)
    ordered((shortest, longest), "an interval", where)
    return Speed(
        Latency(min=low, max=high),
        AbsoluteLatency(fastest, slowest),
        Interval(shortest, longest),
        known(table.cell(row, table.column(PIPELINE))),
    )


def modules(tables: list[Table], design: SynthesisReport) -> tuple[SynthesisReport, ...]:
    """Instances in the order of the table of performance, then those of which it does not tell, then the loops.

    Args:
        tables: of the file.
        design: what they are in.

    Raises:
        UserError: a cell makes no sense, or an instance is stated twice with different values.
    """
    fast = by_name("an instance's performance", _instances(tables, PIPELINE, speed))
    areas = by_name("an instance's resources", _instances(tables, "LUT", _resources))
    instances = []
    for name in {**fast, **areas}:
        kind, timing = fast.get(name, (None, Speed()))
        module, resources = areas.get(name, (kind, no_resources()))
        if kind not in (None, module):
            raise UserError(
                f"instance {name[:80]!r} must be of one module, not of {kind!r:.80} and {module!r:.80}",
                where=design.path,
            )
        instances.append(_module(design, name, module, timing, resources))
    return (*instances, *_loops(tables, design))


def _module(
    design: SynthesisReport, name: str, module: str | None, fast: Speed, resources: dict[str, Resource]
) -> SynthesisReport:
    return SynthesisReport(
        path=design.path,
        format=design.format,
        stage=design.stage,
        tool=design.tool,
        version=design.version,
        part=design.part,
        top=module,
        kind="module",
        instance=name,
        latency_cycles=fast.cycles,
        latency_ns=fast.absolute,
        interval_cycles=fast.interval,
        pipeline=fast.pipeline,
        resources=resources,
    )


def _instances(
    tables: list[Table], column: str, read: Callable[[Table, Row], _Value]
) -> Iterator[tuple[str, str, tuple[str, _Value]]]:
    """Name, place, and module with values, of the instances of all tables with this column."""
    for table in tables:
        if {"Instance", "Module", column} <= set(table.columns):
            name, module = table.column("Instance"), table.column("Module")
            for row in whole_rows(table):
                texts = table.cell(row, name), table.cell(row, module)
                if texts != ("Total", ""):
                    yield texts[0], table.source.at(row.line), (texts[1], read(table, row))


def _resources(table: Table, row: Row) -> dict[str, Resource]:
    where = table.source.at(row.line)
    return {
        name: Resource(used=integer(table.cell(row, column), f"a count of {name}", where))
        for name, column in resource_columns(table).items()
    }


def _loops(tables: list[Table], design: SynthesisReport) -> tuple[SynthesisReport, ...]:
    found = [
        (table.source.at(table.line), nest([_loop(table, row, design) for row in whole_rows(table)]))
        for table in tables
        if "Loop Name" in table.columns
    ]
    return agreed("the loops", found) or ()


def _loop(table: Table, row: Row, design: SynthesisReport) -> tuple[int, SynthesisReport, str]:
    where = table.source.at(row.line)
    name = _LOOP.fullmatch(table.indented(row, table.columns.index("Loop Name")).rstrip())
    if name is None:
        raise UserError("a loop must begin with '-' or '+' and its name, not otherwise", where=where)

    def cells(what: str, *headings: str) -> Span[int]:
        return span(table.cell(row, table.column(*headings)), what, where)

    low, high = [integer(table.cell(row, table.column(*names)), "a latency", where) for names in CYCLES]
    report = SynthesisReport(
        path=design.path,
        format=design.format,
        stage=design.stage,
        tool=design.tool,
        version=design.version,
        part=design.part,
        top=name[3],
        kind="loop",
        latency_cycles=Latency(min=low, max=ordered((low, high), "a latency", where)[1]),
        interval_cycles=Interval(*cells("an interval", "Initiation Interval achieved")),
        pipeline=known(table.cell(row, table.column("Pipelined"))),
        loop=Loop(
            *cells("a trip count", "Trip Count"),
            *cells("an iteration's latency", "Iteration Latency"),
            integer(table.cell(row, table.column("Initiation Interval target")), "an interval", where),
        ),
    )
    return name[2].count("+"), report, where
