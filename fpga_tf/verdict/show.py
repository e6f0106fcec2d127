"""Prints a run's result for people: physics, agreement, gates, and the verdict in one line.

Reads the same without colour, and in 80 columns.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fpga_tf.verdict.agreement import Agreement
from fpga_tf.verdict.gates import AGREEMENT, Gate
from fpga_tf.verdict.numbers import gate_limit, gate_value, plain
from fpga_tf.verdict.physics import Physics, WorkingPoint
from fpga_tf.verdict.verdict import STAGES, RunResult

_HEADINGS = {"float": "float", "quantised": "quantised", "csim": "C-sim"}
_STYLES = {"pass": "green", "fail": "bold red", "unknown": "yellow", "incomplete": "bold yellow"}
_NONE = "-"


def render(result: RunResult, console: Console, quiet: bool = False) -> None:
    """Print a result.

    Args:
        result: of a run.
        console: where to; colour and width are its own.
        quiet: print only the line with the verdict.
    """
    if not quiet:
        if any(result.physics.values()):
            _print_physics(result, console)
        if result.agreement is not None:
            _print_agreement(result.agreement, console)
        _print_gates(result, console)
        for note in (*_throughput(result), *result.notes):
            console.print(_text(f"note: {note}"))
    style = _STYLES[result.verdict]
    line = Text.assemble((result.verdict.upper(), style), ": ", _text(summary(result)))
    console.print(line, soft_wrap=True)


def summary(result: RunResult) -> str:
    """What decided the verdict, in one line."""
    gates = result.all_gates
    failed = [gate for gate in gates if gate.result == "fail"]
    unknown = [gate for gate in gates if gate.result == "unknown"]
    parts = []
    if failed:
        parts.append("; ".join(_failure(gate, result.agreement) for gate in failed))
    else:
        parts.append(_agreed(result.agreement))
    if unknown:
        missing = "; ".join(missing for missing, _ in _missing(unknown))
        parts.append(f"{len(unknown)} of {len(gates)} gates unknown: {missing}")
    elif not failed:
        parts.append(f"all {len(gates)} gates pass" if len(gates) > 1 else "no other gate is set")
    return "; ".join(parts)


def _agreed(agreement: Agreement | None) -> str:
    if agreement is None:
        return "not C-simulated"
    return f"{agreement.differing:,} of {agreement.compared:,} outputs differ"


def _failure(gate: Gate, agreement: Agreement | None) -> str:
    if gate.gate == AGREEMENT and agreement is not None:
        layer = agreement.first_diverging_layer
        where = f", first in layer {layer}" if layer is not None else ""
        return f"{_agreed(agreement)}, largest by {_or_none(agreement.max_lsb)} LSB{where}"
    if gate.unit == "files":
        return f"{gate.gate} {gate.source}"  # how many is less than which
    if gate.value is None:
        return f"{gate.gate} used where the part has none"
    return f"{gate.gate} {gate_value(gate)} above {gate_limit(gate)}"


def _print_physics(result: RunResult, console: Console) -> None:
    stages = {stage: physics for stage in STAGES if (physics := result.physics.get(stage)) is not None}
    evaluated, lines = list(stages.values()), []
    first = evaluated[0]
    table = _table("", *(_HEADINGS[stage] for stage in stages))
    _row(table, "accuracy", (_ratio(physics.accuracy) for physics in evaluated))
    for name in first.auc:
        _row(table, f"AUC {name}", (_ratio(physics.auc.get(name)) for physics in evaluated))
    for background, points in first.working_points.items():
        for efficiency in points:
            label = f"{background} rejection at {_percent(float(efficiency), 0)}"
            _row(table, label, (_rejection(physics, background, efficiency) for physics in evaluated))
    for pair, share in result.top_class_changes.items():
        known = "unknown" if share is None else _percent(share, 2)
        lines.append(f"top class changes, {pair.replace('_', ' ')}: {known}")
    _section(console, f"Physics of {first.n:,} samples, signal {first.signal}", table, lines)


def _rejection(physics: Physics, background: str, efficiency: str) -> str:
    point = physics.working_points.get(background, {}).get(efficiency, WorkingPoint())
    if point.lower_bound is not None:
        return f"> {point.lower_bound:,.0f}"
    if point.rejection is None or point.efficiency is None:
        return _NONE
    # ties can keep far more signal than asked for, which makes rejections incomparable
    tied = point.efficiency - float(efficiency) >= 0.01
    return f"{point.rejection:,.1f}" + (f" (at {_percent(point.efficiency, 0)})" if tied else "")


def _print_agreement(agreement: Agreement, console: Console) -> None:
    table = _table("inputs", "outputs", "differing", "largest, LSB")
    for one in agreement.sets:
        _row(table, one.name, (f"{one.compared:,}", f"{one.differing:,}", _or_none(one.max_lsb)))
    lines = (
        [] if agreement.first_diverging_layer is None else [f"first diverging layer: {agreement.first_diverging_layer}"]
    )
    for worst in agreement.worst:
        codes = f"model {worst.reference}, firmware {worst.firmware} ({worst.lsb:,} LSB)"
        lines.append(f"worst: {worst.set}, sample {worst.sample}, output {worst.output}: {codes}")
    _section(console, "Agreement of model and C-simulation", table, lines)


def _print_gates(result: RunResult, console: Console) -> None:
    table = _table("gate", "value", "limit")
    table.add_column("result")
    table.add_column("source", overflow="fold")
    files = []
    for gate in result.all_gates:
        source, file = _source(gate, result.project)
        files += [file] if file else []
        mark = Text("FAIL" if gate.result == "fail" else gate.result, style=_STYLES[gate.result])
        table.add_row(_text(gate.gate), _text(gate_value(gate)), _text(gate_limit(gate)), mark, _text(source))
    lines = list(dict.fromkeys(files))
    for missing, names in _missing(gate for gate in result.all_gates if gate.result == "unknown"):
        lines.append(f"unknown {', '.join(names)}: {missing}")
    _section(console, "Gates", table, lines)


def _source(gate: Gate, project: str) -> tuple[str, str | None]:
    """A source for the table and, where it names a file, a line that tells which, relative to the project."""
    source, comma, file = (gate.source or _NONE).partition(", ")
    if "/" not in file:
        return f"{source}{comma}{file}", None
    return source, f"{source}: {file.removeprefix(project.rstrip('/') + '/')}"


def _missing(gates: Iterable[Gate]) -> list[tuple[str, list[str]]]:
    """What is missing, each once, with the gates that wait for it."""
    waiting: dict[str, list[str]] = {}
    for gate in gates:
        waiting.setdefault(gate.missing or "", []).append(gate.gate)
    return list(waiting.items())


def _throughput(result: RunResult) -> list[str]:
    return [
        f"{name.replace('_', ' ')}: {'unknown' if rate is None else f'{rate:,.0f}'}"
        for name, rate in result.throughput.items()
    ]


def _table(first: str, *others: str) -> Table:
    """A table with a left first column and numbers to the right."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column(first, overflow="fold")
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _section(console: Console, title: str, table: Table, lines: Iterable[str]) -> None:
    """A title, its table, and what there is to say about it."""
    console.print(_text(title), style="bold")
    console.print(Padding(table, (0, 0, 0, 1)))
    for line in lines:
        console.print(Padding(_text(line), (0, 0, 0, 2)))
    console.print()


def _row(table: Table, label: str, cells: Iterable[str]) -> None:
    table.add_row(_text(label), *(_text(cell) for cell in cells))


def _ratio(value: float | None) -> str:
    return _NONE if value is None else f"{value:.4f}"


def _percent(share: float, digits: int) -> str:
    return f"{share * 100:.{digits}f} %"


def _or_none(value: int | None) -> str:
    return _NONE if value is None else f"{value:,}"


def _text(text: str) -> Text:
    """Plain text: no markup is read in it, and no control character of a layer's name reaches the terminal."""
    return Text(plain(text))
