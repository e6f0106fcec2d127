"""Prints a run's result for people: physics, agreement, gates, and the verdict in one line.

Reads the same without colour, and in 80 columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.agreement import Agreement
from fpga_tf.verdict.gates import AGREEMENT, Gate
from fpga_tf.verdict.numbers import gate_limit, gate_value
from fpga_tf.verdict.physics import Physics, WorkingPoint
from fpga_tf.verdict.rtl import RTL_AGREEMENT, RtlResult, rows
from fpga_tf.verdict.show_dataflow import print_dataflow
from fpga_tf.verdict.show_rtl import print_costs, print_depths, print_rtl
from fpga_tf.verdict.tables import NONE, or_none, percent, ratio, row, section, shown, table_of
from fpga_tf.verdict.verdict import STAGES, RunResult, combined

_HEADINGS = {"float": "float", "quantised": "quantised", "csim": "C-sim"}
_STYLES = {"pass": "green", "fail": "bold red", "unknown": "yellow", "incomplete": "bold yellow"}
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
        for facts in (physics_facts(result), agreement_facts(result)):
            if facts is not None:
                _print(facts, console)
        if result.rtl is not None:
            print_rtl(result.rtl, console)
        if result.dataflow is not None:
            print_dataflow(result.dataflow, console)
        _print_gates(result, console)
        for note in (*_throughput(result), *result.notes):
            console.print(shown(f"note: {note}"))
    style = _STYLES[result.verdict]
    line = Text.assemble((result.verdict.upper(), style), ": ", shown(summary(result)))
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
        facts = agreement_facts(result)
        if facts is not None:
            _print(facts, console)
        print_rtl(rtl, console, opinion)
        print_costs(rtl, console)
        print_depths(rtl, console)
        _print_gates(result, console)
        for note in result.notes:
            console.print(shown(f"note: {note}"))
    verdict = combined(gates)
    text = Text.assemble((verdict.upper(), _STYLES[verdict]), ": ", shown(summary(result)))
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
        return f"{_agreed(agreement)}{who}, largest by {or_none(agreement.max_lsb)} LSB{where}"
    if gate.unit == "files":
        return f"{gate.gate} {gate.source}"  # how many is less than which
    if gate.value is None:
        return f"{gate.gate} used where the part has none"
    return f"{gate.gate} {gate_value(gate)} above {gate_limit(gate)}"


@dataclass(frozen=True, slots=True)
class Facts:
    """A table for people.

    Attributes:
        title: what it is of.
        headings: of the columns; the first is of the rows.
        rows: cells, as they are shown.
        lines: what is to be said below it.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[str, ...]


def physics_facts(result: RunResult) -> Facts | None:
    """One column a stage; None if none was evaluated."""
    stages = {stage: physics for stage in STAGES if (physics := result.physics.get(stage)) is not None}
    evaluated = list(stages.values())
    if not evaluated:
        return None
    first = evaluated[0]
    rows = [("accuracy", *(ratio(physics.accuracy) for physics in evaluated))]
    for name in first.auc:
        rows.append((f"AUC {name}", *(ratio(physics.auc.get(name)) for physics in evaluated)))
    for background, points in first.working_points.items():
        for efficiency in points:
            label = f"{background} rejection at {percent(float(efficiency), 0)}"
            rows.append((label, *(_rejection(physics, background, efficiency) for physics in evaluated)))
    lines = []
    for pair, share in result.top_class_changes.items():
        known = "unknown" if share is None else percent(share, 2)
        lines.append(f"top class changes, {pair.replace('_', ' ')}: {known}")
    title = f"Physics of {first.n:,} samples, signal {first.signal}"
    return Facts(title, ("", *(_HEADINGS[stage] for stage in stages)), tuple(rows), tuple(lines))


def _print(facts: Facts, console: Console) -> None:
    table = table_of(*facts.headings)
    for first, *cells in facts.rows:
        row(table, first, cells)
    section(console, facts.title, table, facts.lines)


def _rejection(physics: Physics, background: str, efficiency: str) -> str:
    point = physics.working_points.get(background, {}).get(efficiency, WorkingPoint())
    if point.lower_bound is not None:
        return f"> {point.lower_bound:,.0f}"
    if point.rejection is None or point.efficiency is None:
        return NONE
    # ties can keep far more signal than asked for, which makes rejections incomparable
    tied = point.efficiency - float(efficiency) >= 0.01
    return f"{point.rejection:,.1f}" + (f" (at {percent(point.efficiency, 0)})" if tied else "")


def agreement_facts(result: RunResult) -> Facts | None:
    """One row a set of inputs, one column a face that is held against the model; None if nothing was simulated."""
    faces = {name: one for name, one in _faces(result).items() if one is not None}
    if not faces:
        return None
    many = len(faces) > 1
    headings = ("inputs", "outputs", *(f"{name} differs" if many else "differing" for name in faces), "largest, LSB")
    rows = []
    for sets in zip(*(one.sets for one in faces.values()), strict=True):
        largest = max((one.max_lsb for one in sets if one.max_lsb is not None), default=None)
        counts = (f"{sets[0].compared:,}", *(f"{one.differing:,}" for one in sets))
        rows.append((sets[0].name, *counts, or_none(largest)))
    lines = []
    for name, one in faces.items():
        if one.first_diverging_layer is not None:
            lines.append(f"first diverging layer: {one.first_diverging_layer}")
        who = "firmware" if name == _CSIM else name
        for worst in one.worst:
            codes = f"model {worst.reference}, {who} {worst.firmware} ({worst.lsb:,} LSB)"
            lines.append(f"worst: {worst.set}, sample {worst.sample}, output {worst.output}: {codes}")
    title = f"Agreement of model{',' if many else ' and'} {' and '.join(map(_long, faces))}"
    return Facts(title, headings, tuple(rows), tuple(lines))


def _faces(result: RunResult) -> dict[str, Agreement | None]:
    return {_CSIM: result.agreement, _RTL: None if result.rtl is None else result.rtl.agreement}


def _long(face: str) -> str:
    return "C-simulation" if face == _CSIM else face


def _print_gates(result: RunResult, console: Console) -> None:
    table = table_of("gate", "value", "limit")
    table.add_column("result")
    table.add_column("source", overflow="fold")
    files = []
    for gate in result.all_gates:
        source, told = gate_source(gate, result.project)
        files += told
        mark = Text("FAIL" if gate.result == "fail" else gate.result, style=_STYLES[gate.result])
        table.add_row(shown(gate.gate), shown(gate_value(gate)), shown(gate_limit(gate)), mark, shown(source))
    lines = list(dict.fromkeys(files))
    for missing, names in _missing(gate for gate in result.all_gates if gate.result == "unknown"):
        lines.append(f"unknown {', '.join(names)}: {missing}")
    section(console, "Gates", table, lines)


def gate_source(gate: Gate, project: str) -> tuple[str, list[str]]:
    """Where a gate's value is from, and lines that tell which file that is, relative to the project."""
    names, files = [], []
    for part in (gate.source or NONE).split("; "):
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
