"""Text for a terminal: every value with its source; what is unknown says so. Reads the same without colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fpga_tf.reports.design import Design, Sourced
from fpga_tf.reports.types import RESOURCES
from fpga_tf.verdict.numbers import UNKNOWN, estimated, gate_limit, gate_value, plain
from fpga_tf.verdict.report.files import design_files, origin
from fpga_tf.verdict.report.judged import Judged, Shown, missing, summary
from fpga_tf.verdict.report.layers import layer_rows
from fpga_tf.verdict.report.pareto import axis_values, pareto
from fpga_tf.verdict.report.resources import resource_rows
from fpga_tf.verdict.report.text_of_gates import gate_source
from fpga_tf.verdict.report.values import number, quantities

_STYLES = {"pass": "green", "fail": "bold red", "unknown": "yellow", "incomplete": "bold yellow", None: "bold"}


def render(shown: Shown, console: Console, *, quiet: bool = False, layers: bool = True) -> None:
    """Print designs.

    Args:
        shown: designs and their gates.
        console: where to; colour and width are its own.
        quiet: print only the lines with the verdicts.
        layers: print the tables of layers.
    """
    for judged in () if quiet else shown.designs:
        _print_design(judged, console, layers=layers)
    if len(shown.designs) > 1 and not quiet:
        _print_comparison(shown.designs, console)
    for judged in shown.designs:
        name = f"{plain(judged.design.name)}: "
        line = Text.assemble((judged.word, _STYLES[judged.verdict]), f": {name}{summary(judged)}")
        console.print(line, soft_wrap=True)


def _print_design(judged: Judged, console: Console, *, layers: bool) -> None:
    design = judged.design
    names = design_files(design)
    top = f", top {design.report.top}" if design.report.top else ""
    console.print(Text(plain(f"{design.name}{top}")), style="bold underline", soft_wrap=True)
    _print_values(design, names, console)
    _print_resources(design, names, console)
    if layers and design.layers:
        _print_layers(design, console)
    if design.disagreements:
        _print_disagreements(design, names, console)
    if judged.gates:
        _print_gates(judged, names, console)
    console.print(Text("Files read"), style="bold")
    for report in design.reports or (design.report,):
        console.print(Text(plain(f"  {report.stage:<8} {report.format:<16} {report.path}")), soft_wrap=True)
    for note in design.notes:
        console.print(Text(plain(f"note: {note}")), soft_wrap=True)
    console.print()


def _print_values(design: Design, names: dict[str, str], console: Console) -> None:
    table = _table(("value", "left"), ("", "left"), ("source", "left"))
    for row in quantities(design):
        _row(table, row.name, row.value, row.note or origin(row.source, names))
    _section(console, "", table)


def _print_resources(design: Design, names: dict[str, str], console: Console) -> None:
    headings = ("used", "available", "of device", "of one SLR")
    table = _table(("resource", "left"), *((heading, "right") for heading in headings), ("source", "left"))
    for row in resource_rows(design):
        _row(table, row.name, row.count, number(row.available), row.of_device, row.of_slr, origin(row.source, names))
    _section(console, "Resources", table)


def _print_layers(design: Design, console: Console) -> None:
    rows = layer_rows(design)
    numbers = ("cycles", "ns", "interval", *RESOURCES)
    table = _table(("layer", "left"), *((heading, "right") for heading in numbers))
    for row in rows:
        used = (_cell(row.used[name]) for name in RESOURCES)
        _row(table, row.name, _cell(row.cycles), _cell(row.ns), _cell(row.interval), *used)
    _section(console, "Layers (worst case; ? is unknown)", table)


def _print_disagreements(design: Design, names: dict[str, str], console: Console) -> None:
    table = _table(("quantity", "left"), ("taken", "right"), ("from", "left"), ("other", "right"), ("says", "left"))
    for found in design.disagreements:
        taken, *others = found.values
        for other in others:
            _row(table, plain(found.quantity), _said(taken), origin(taken, names), _said(other),
                 origin(other, names))  # fmt: skip
    _section(console, "Reports disagree", table)


def _print_gates(judged: Judged, names: dict[str, str], console: Console) -> None:
    table = _table(("gate", "left"), ("value", "right"), ("limit", "right"), ("result", "left"), ("source", "left"))
    for gate in judged.gates:
        mark = Text("FAIL" if gate.result == "fail" else gate.result, style=_STYLES[gate.result])
        cells = (gate.gate, gate_value(gate), gate_limit(gate))
        table.add_row(*(Text(plain(cell)) for cell in cells), mark, Text(plain(gate_source(gate.source, names))))
    lines = (f"unknown {', '.join(gates)}: {what}" for what, gates in missing(judged.gates))
    _section(console, "Gates", table, lines)


def _print_comparison(designs: Sequence[Judged], console: Console) -> None:
    axes = ("latency, ns", "II", "LUT", "FF", "DSP", "BRAM_18K")
    table = _table(("design", "left"), *((axis, "right") for axis in axes), ("verdict", "left"), ("Pareto", "left"))
    marks = pareto([judged.design for judged in designs])
    for judged, mark in zip(designs, marks, strict=True):
        values = ("?" if value == UNKNOWN else value for value in axis_values(judged.design))
        _row(table, judged.design.name, *values, (judged.verdict or "-"), str(mark))
    lines = ("Pareto: no other design is as good in all of these and better in one; unknown values are not compared",)
    _section(console, "Comparison (? is unknown)", table, lines)


def _cell(value: float | int | None) -> str:
    return "?" if value is None else number(value)


def _said(source: Sourced) -> str:
    value = source.value
    return value if isinstance(value, str) else estimated(number(value), source.error)


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for heading, justify in columns:
        table.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(Text(plain(cell), style="yellow" if cell == UNKNOWN else "") for cell in cells))


def _section(console: Console, title: str, table: Table, lines: Iterable[str] = ()) -> None:
    if title:
        console.print(Text(title), style="bold")
    console.print(Padding(table, (0, 0, 0, 1)))
    for line in lines:
        console.print(Padding(Text(plain(line)), (0, 0, 0, 2)))
    console.print()
