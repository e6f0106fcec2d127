"""Markdown for the summary of a pull request: short, and inert whatever the names in it are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from fpga_tf.verdict.numbers import estimated, gate_limit, gate_value, plain
from fpga_tf.verdict.report.files import design_files
from fpga_tf.verdict.report.judged import Judged, Shown, missing, summary
from fpga_tf.verdict.report.layers import costliest, layer_rows
from fpga_tf.verdict.report.pareto import axis_values, pareto
from fpga_tf.verdict.report.resources import resource_rows
from fpga_tf.verdict.report.values import latency_error, latency_ns, number

_LAYERS = 5
_DISAGREEMENTS = 10
_LITERAL = re.compile(r"[^`|\\]+")  # what a code span shows as it is, in a table too
# An underscore between letters is no emphasis.
_ESCAPE = re.compile(r"(?!(?<=[A-Za-z0-9])_(?=[A-Za-z0-9]))[^A-Za-z0-9 .,;()/%+=?'\"-]")


def render(shown: Shown) -> str:
    """All designs, then those of several side by side, then what could not be read."""
    lines: list[str] = []
    for judged in shown.designs:
        lines += _design(judged)
    if len(shown.designs) > 1:
        lines += ["## Comparison", "", *_comparison(shown.designs), ""]
    if shown.errors:
        lines += ["## Not read", "", *(f"* {text(str(error.where or '-'))}: {text(error.what)}"
                                       for error in shown.errors), ""]  # fmt: skip
    return "\n".join(lines)


def text(value: str) -> str:
    """Escaped text of any characters: it makes no table, link, mention, emphasis or HTML."""
    return _ESCAPE.sub(lambda found: f"&#{ord(found[0])};", plain(value))


def code(name: str) -> str:
    """A name of any characters, as code: GitHub makes no mention or link of what is in it."""
    name = plain(name)
    if _LITERAL.fullmatch(name) and name == name.strip():
        return f"`{name}`"
    return f"<code>{text(name)}</code>"


def _design(judged: Judged) -> Iterator[str]:
    design = judged.design
    names = design_files(design)
    yield from (f"## {judged.word}: {code(design.name)}", "", f"{text(summary(judged))}", "")
    if judged.gates:
        yield from _table(("gate", "value", "limit", "result"), "lrrl", _gates(judged))
        yield from ("", *(f"* unknown {', '.join(map(code, gates))}: {text(what)}"
                          for what, gates in missing(judged.gates)), "")  # fmt: skip
    report = design.report
    cycles, time = number(report.latency_cycles.max, "cycles"), latency_ns(report)
    latency = cycles if time is None else f"{cycles} ({estimated(number(time, 'ns'), latency_error(report))})"
    yield f"Latency {text(latency)}, interval {text(number(report.interval_cycles.max, 'cycles'))}."
    yield ""
    yield from _table(("resource", "used", "available", "of device", "of one SLR"), "lrrrr", _resources(judged))
    yield ""
    yield from _layers(judged)
    yield from _disagreements(judged, names)
    files = {report.path: report.stage for report in design.reports} or {report.path: report.stage}
    yield from ("Read: " + ", ".join(f"{code(names[path])} ({stage})" for path, stage in files.items()), "")
    yield from (f"* {text(note)}" for note in design.notes)
    if design.notes:
        yield ""


def _gates(judged: Judged) -> Iterator[Sequence[str]]:
    for gate in judged.gates:
        result = "**FAIL**" if gate.result == "fail" else gate.result
        yield code(gate.gate), text(gate_value(gate)), text(gate_limit(gate)), result


def _resources(judged: Judged) -> Iterator[Sequence[str]]:
    for row in resource_rows(judged.design):
        yield code(row.name), row.count, number(row.available), row.of_device, row.of_slr


def _layers(judged: Judged) -> Iterator[str]:
    rows = layer_rows(judged.design)
    if not rows:
        return
    chosen = costliest(rows, _LAYERS)
    cells = (
        (code(row.name), number(row.cycles), number(row.ns), *(number(row.used[name]) for name in _SHOWN))
        for row in chosen
    )
    yield f"Layers that cost most, {len(chosen)} of {len(rows)}:"
    yield ""
    yield from _table(("layer", "cycles", "ns", *_SHOWN), "l" + "r" * 6, cells)
    yield ""


_SHOWN = ("LUT", "FF", "DSP", "BRAM_18K")


def _disagreements(judged: Judged, names: dict[str, str]) -> Iterator[str]:
    found = judged.design.disagreements
    if not found:
        return
    yield f"Reports disagree on {len(found)} {'value' if len(found) == 1 else 'values'}; the first one is taken:"
    yield ""
    for one in found[:_DISAGREEMENTS]:
        said = (
            f"{text(estimated(str(v.value), v.error))} ({v.stage}, {code(names.get(v.path, v.path))})"
            for v in one.values
        )
        yield f"* {code(one.quantity)}: {'; '.join(said)}"
    if len(found) > _DISAGREEMENTS:
        yield f"* and {len(found) - _DISAGREEMENTS} more"
    yield ""


def _comparison(designs: Sequence[Judged]) -> Iterator[str]:
    rows = []
    for judged, mark in zip(designs, pareto([judged.design for judged in designs]), strict=True):
        rows.append((code(judged.design.name), *axis_values(judged.design), judged.verdict or "-", text(str(mark))))
    yield from _table(("design", "latency, ns", "II", *_SHOWN, "verdict", "Pareto"), "l" + "r" * 6 + "ll", rows)


def _table(headings: Sequence[str], align: str, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{'|'.join('---:' if letter == 'r' else '---' for letter in align)}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
