"""Prints a run's result for people: physics, agreement, gates, and the verdict in one line.

Reads the same without colour, and in 80 columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.agreement import Agreement
from fpga_tf.verdict.gates import AGREEMENT, Gate
from fpga_tf.verdict.numbers import gate_limit, gate_value, plain
from fpga_tf.verdict.physics import Physics, WorkingPoint
from fpga_tf.verdict.rtl import RTL_AGREEMENT, RtlResult, cost_rows, depth_rows, opinions, rows
from fpga_tf.verdict.verdict import STAGES, RunResult, Verdict

_HEADINGS = {"float": "float", "quantised": "quantised", "csim": "C-sim"}
_STYLES = {"pass": "green", "fail": "bold red", "unknown": "yellow", "incomplete": "bold yellow"}
_NONE = "-"
_CSIM, _RTL = "C-sim", "RTL"
# What is not of a tool's report: of the generated RTL, whose folder is told.
_STAGES = {"rtlsim": "RTL simulation", "estimate": "estimate"}


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
        if any(_faces(result).values()):
            _print_agreement(result, console)
        if result.rtl is not None:
            _print_rtl(result.rtl, console)
        _print_gates(result, console)
        for note in (*_throughput(result), *result.notes):
            console.print(_text(f"note: {note}"))
    style = _STYLES[result.verdict]
    line = Text.assemble((result.verdict.upper(), style), ": ", _text(summary(result)))
    console.print(line, soft_wrap=True)


def render_rtl(
    rtl: RtlResult,
    gates: Sequence[Gate],
    notes: Iterable[str],
    opinion: SynthesisReport | None,
    console: Console,
    quiet: bool,
) -> None:
    """Print what is known of RTL alone, and its gates.

    Args:
        opinion: what Yosys counts.
        quiet: print only the line with the verdict.
    """
    result = RunResult(project=rtl.folder, agreement=None, gates=tuple(gates), rtl=rtl, notes=tuple(notes))
    if not quiet:
        if rtl.agreement is not None:
            _print_agreement(result, console)
        _print_rtl(rtl, console, opinion)
        _print_costs(rtl, console)
        _print_depths(rtl, console)
        _print_gates(result, console)
        for note in result.notes:
            console.print(_text(f"note: {note}"))
    results = {gate.result for gate in gates}
    verdict: Verdict = "fail" if "fail" in results else "incomplete" if "unknown" in results else "pass"
    text = Text.assemble((verdict.upper(), _STYLES[verdict]), ": ", _text(summary(result)))
    console.print(text, soft_wrap=True)


def summary(result: RunResult) -> str:
    """What decided the verdict, in one line."""
    gates = result.all_gates
    failed = [gate for gate in gates if gate.result == "fail"]
    unknown = [gate for gate in gates if gate.result == "unknown"]
    parts = []
    if failed:
        parts.append("; ".join(_failure(gate, result) for gate in failed))
    else:
        parts.append(_all_agreed(result))
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


def _all_agreed(result: RunResult) -> str:
    """Of each face that was simulated, and how long the RTL takes."""
    faces = [(name, one) for name, one in _faces(result).items() if one is not None]
    if result.rtl is None:
        return _agreed(result.agreement)
    latency = f"latency {rows(result.rtl)[0][1]}"
    if not faces:
        return f"not simulated; {latency}"
    (name, first), *others = faces
    also = "".join(f", {one.differing:,} in {name}" for name, one in others)
    return f"{_agreed(first)} in {_long(name)}{also}; {latency}"


def _failure(gate: Gate, result: RunResult) -> str:
    faces = {AGREEMENT: result.agreement, RTL_AGREEMENT: _faces(result)[_RTL]}
    agreement = faces.get(gate.gate)
    if agreement is not None:
        layer = agreement.first_diverging_layer
        where = f", first in layer {layer}" if layer is not None else ""
        who = " of the RTL" if gate.gate == RTL_AGREEMENT else ""
        return f"{_agreed(agreement)}{who}, largest by {_or_none(agreement.max_lsb)} LSB{where}"
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


def _print_agreement(result: RunResult, console: Console) -> None:
    """One row a set of inputs, one column a face that is held against the model."""
    faces = {name: one for name, one in _faces(result).items() if one is not None}
    many = len(faces) > 1
    table = _table("inputs", "outputs", *(f"{name} differs" if many else "differing" for name in faces), "largest, LSB")
    for sets in zip(*(one.sets for one in faces.values()), strict=True):
        largest = max((one.max_lsb for one in sets if one.max_lsb is not None), default=None)
        cells = (f"{sets[0].compared:,}", *(f"{one.differing:,}" for one in sets), _or_none(largest))
        _row(table, sets[0].name, cells)
    lines = []
    for name, one in faces.items():
        if one.first_diverging_layer is not None:
            lines.append(f"first diverging layer: {one.first_diverging_layer}")
        who = "firmware" if name == _CSIM else name
        for worst in one.worst:
            codes = f"model {worst.reference}, {who} {worst.firmware} ({worst.lsb:,} LSB)"
            lines.append(f"worst: {worst.set}, sample {worst.sample}, output {worst.output}: {codes}")
    _section(console, f"Agreement of model{',' if many else ' and'} {' and '.join(map(_long, faces))}", table, lines)


def _faces(result: RunResult) -> dict[str, Agreement | None]:
    return {_CSIM: result.agreement, _RTL: None if result.rtl is None else result.rtl.agreement}


def _long(face: str) -> str:
    return "C-simulation" if face == _CSIM else face


def _print_rtl(rtl: RtlResult, console: Console, opinion: SynthesisReport | None = None) -> None:
    table = _table("", "value")
    table.add_column("source", overflow="fold")
    for name, value, source in (*rows(rtl), *([] if opinion is None else opinions(opinion))):
        _row(table, name, (value, source))
    _section(console, "RTL", table, [*rtl.problems, f"folder: {_from_here(rtl.folder)}"])


def _from_here(folder: str) -> str:
    """Relative to the current folder, if it is below."""
    path, here = Path(folder), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _print_costs(rtl: RtlResult, console: Console) -> None:
    if rtl.costs:
        table = _table("layer", "LUT by da4ml", "share")
        table.add_column("mostly", overflow="fold")
        for row in cost_rows(rtl):
            _row(table, row[0], row[1:])
        _section(console, "Where the LUTs go", table, [])


def _print_depths(rtl: RtlResult, console: Console) -> None:
    """What other depths of logic would give, each at the fastest clock that is believed."""
    table = _table("levels a stage", "clock, at least", "cycles", "latency", "FF")
    for row in depth_rows(rtl):
        _row(table, row[0], row[1:])
    _section(console, "Depths of the pipeline", table, ["a clock is the believed period with its error"])


def _print_gates(result: RunResult, console: Console) -> None:
    table = _table("gate", "value", "limit")
    table.add_column("result")
    table.add_column("source", overflow="fold")
    files = []
    for gate in result.all_gates:
        source, told = _source(gate, result.project)
        files += told
        mark = Text("FAIL" if gate.result == "fail" else gate.result, style=_STYLES[gate.result])
        table.add_row(_text(gate.gate), _text(gate_value(gate)), _text(gate_limit(gate)), mark, _text(source))
    lines = list(dict.fromkeys(files))
    for missing, names in _missing(gate for gate in result.all_gates if gate.result == "unknown"):
        lines.append(f"unknown {', '.join(names)}: {missing}")
    _section(console, "Gates", table, lines)


def _source(gate: Gate, project: str) -> tuple[str, list[str]]:
    """A source for the table and, where it names files, lines that tell which, relative to the project."""
    names, files = [], []
    for part in (gate.source or _NONE).split("; "):
        name, comma, file = part.partition(", ")
        stage = _STAGES.get(name, name)
        names.append(stage if "/" in file else f"{stage}{comma}{file}")
        if "/" in file and name not in _STAGES:
            files.append(f"{stage}: {file.removeprefix(project.rstrip('/') + '/')}")
    return "; ".join(dict.fromkeys(names)), files


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
