"""A run as one HTML page that needs nothing besides itself: the verdict first, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

import fpga_tf
from fpga_tf.fixedpoint import Format
from fpga_tf.verdict import dataflow, rtl
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.numbers import gate_limit, gate_value, plain, singular
from fpga_tf.verdict.plots import roc as roc_plot
from fpga_tf.verdict.plots import softmax_error as softmax_plot
from fpga_tf.verdict.plots.bitwidths import Widths
from fpga_tf.verdict.plots.resources import Resources
from fpga_tf.verdict.plots.roc import Roc
from fpga_tf.verdict.plots.softmax_error import SoftmaxError
from fpga_tf.verdict.plots.style import inline, styled
from fpga_tf.verdict.plots.waterfall import Waterfall
from fpga_tf.verdict.report.bars import SCALE, Bar, Chart
from fpga_tf.verdict.report.html import pages
from fpga_tf.verdict.report.judged import missing
from fpga_tf.verdict.show import agreement_facts, gate_source, physics_facts, summary
from fpga_tf.verdict.verdict import RunResult

_MARGIN = 1.02


@dataclass(frozen=True)
class RunPage:
    """All that a page shows.

    Attributes:
        name: of the project.
        about: what was run, as pairs of words and values.
        result: of the run.
        roc: None without data.
        waterfall: None where cycles are not known by layer.
        resources: empty where they are not known by layer.
        widths: in the order of the firmware.
        softmax: those with tables of ours.
        versions: of the tools, by name.
        digests: SHA-256 or keys, by what they are of.
    """

    name: str
    about: tuple[tuple[str, str], ...]
    result: RunResult
    roc: Roc | None
    waterfall: Waterfall | None
    resources: tuple[Resources, ...]
    widths: tuple[Widths, ...]
    softmax: tuple[SoftmaxError, ...]
    versions: Mapping[str, str]
    digests: Mapping[str, str]


def render_run(page: RunPage) -> str:
    """The page, as text to be written in UTF-8; the same run gives the same page.

    Raises:
        UserError: the extra `plots` is missing.
    """
    result = page.result
    sources = [gate_source(gate, result.project) for gate in result.all_gates]
    with styled():
        curves, softmaxes = list(_curves(page.roc)), list(_softmaxes(page.softmax))
    return (
        pages()
        .get_template("run.html")
        .render(
            version=fpga_tf.__version__,
            page=page,
            verdict=result.verdict,
            summary=summary(result),
            gates=[_gate(gate, source) for gate, (source, _) in zip(result.all_gates, sources, strict=True)],
            files=list(dict.fromkeys(line for _, lines in sources for line in lines)),
            missing=[{"what": what, "gates": ", ".join(gates)} for what, gates in missing(result.all_gates)],
            physics=physics_facts(result),
            agreement=agreement_facts(result),
            curves=curves,
            waterfall=None if page.waterfall is None else waterfall_chart(page.waterfall),
            timing=_timing(result),
            layers=[resource_chart(one) for one in page.resources],
            widths=width_rows(page.widths),
            softmaxes=softmaxes,
            steps=[(step.name, "stored" if step.cached else f"{step.seconds:.1f} s") for step in result.steps],
        )
    )


def _gate(gate: Gate, source: str) -> dict[str, str]:
    return {
        "gate": gate.gate,
        "value": gate_value(gate),
        "limit": gate_limit(gate),
        "result": gate.result,
        "source": source,
    }


def _timing(result: RunResult) -> list[tuple[str, str, str]]:
    """Latency, interval, clock and resources of the whole design."""
    if result.rtl is not None:
        return rtl.rows(result.rtl)
    return [] if result.dataflow is None else dataflow.rows(result.dataflow)


def waterfall_chart(found: Waterfall) -> Chart:
    """Bars from when to when each layer is at work, the whole design, and the budget as a line."""
    unit = SCALE / (found.right_ns or 1.0)
    lines = () if found.budget_ns is None else (("budget", found.budget_ns * unit),)
    spans = [
        *((span.name, span.start, span.end, "layer") for span in found.spans),
        ("whole design", 0, found.cycles, "total"),
    ]
    bars = []
    for name, start, end, kind in spans:
        ns = [count * found.clock_ns for count in (start, end)]
        over = kind == "total" and found.budget_ns is not None and ns[1] > found.budget_ns
        text = f"{_cycles(end - start)}, {ns[1] - ns[0]:,.0f} ns"
        bars.append(Bar(name, text, ns[0] * unit, (ns[1] - ns[0]) * unit, lines, "total over" if over else kind))
    limit: tuple[str, ...] = (
        () if found.budget_ns is None else (f"Dashed line: the budget of {found.budget_ns:,.4g} ns.",)
    )
    limit += (f"A cycle is {found.clock_ns:.4g} ns: the clock asked for, or the period believed where that is longer.",)
    return Chart("When each layer is at work on a sample", tuple(bars), (*limit, *found.remarks))


def _cycles(count: int) -> str:
    return f"{count:,} {singular('cycles', count)}"


def resource_chart(found: Resources) -> Chart:
    """A bar for each layer, with its share of all layers."""
    unit = SCALE / (max(row.total for row in found.rows) * _MARGIN)
    bars = [Bar(row.name, _share(row.total, found.total), 0.0, row.total * unit) for row in found.rows]
    kinds = [kind for kind in found.kinds if kind]
    sums = {kind: sum(row.parts.get(kind, 0.0) for row in found.rows) for kind in kinds}
    told = ", ".join(f"{kind} {sums[kind] / found.total * 100:.0f} %" for kind in kinds)
    remarks: tuple[str, ...] = (f"Of {found.total:,.0f} in all: {told}.",) if told else ()
    if found.unused:
        remarks += (f"{found.unused} more use none or are unknown.",)
    return Chart(f"{found.resource}, {found.source}", tuple(bars), remarks)


def _share(count: float, whole: float) -> str:
    return f"{count:,.0f} ({count / whole * 100:.1f} %)"


def width_rows(rows: tuple[Widths, ...]) -> list[dict[str, Any]]:
    """Formats with bars about one binary point, in thousandths, and numbers of bits."""
    formats = [row.result for row in rows if row.result is not None]
    left = max((one.integer + one.signed for one in formats), default=1)
    right = max((one.fraction for one in formats), default=1)
    unit = SCALE / (max(left, 0) + max(right, 0) or 1)
    return [
        {
            "name": row.name,
            "format": "" if row.result is None else _format(row.result),
            "point": max(left, 0) * unit,
            "sign": None if row.result is None or not row.result.signed else (left - row.result.integer - 1) * unit,
            "value": None
            if row.result is None
            else ((left - row.result.integer) * unit, (row.result.integer + row.result.fraction) * unit),
            "bit": unit,
            "cells": ["" if cell is None else str(cell) for cell in row.cells[1:]],
        }
        for row in rows
    ]


def _format(given: Format) -> str:
    """Bits in words that are short."""
    sign = "1 + " if given.signed else ""
    return f"{sign}{given.integer} . {given.fraction}"


def _curves(found: Roc | None) -> Iterator[dict[str, Any]]:
    if found is None:
        return
    pairs = (
        ("roc-classes", "Each class against all others", found.classes, roc_plot.draw_classes),
        ("roc-backgrounds", f"{found.signal} against each background", found.backgrounds, roc_plot.draw_backgrounds),
    )
    for name, title, curves, draw in pairs:
        if curves:
            areas = (f"{one.name} {one.stage} {'unknown' if one.auc is None else f'{one.auc:.4f}'}" for one in curves)
            told = plain(f"ROC curves. {title}; areas: {', '.join(areas)}")
            yield {"svg": Markup(inline(draw(found), name)), "title": title, "told": told}


def _softmaxes(found: tuple[SoftmaxError, ...]) -> Iterator[dict[str, Any]]:
    for number, one in enumerate(found):
        bound = "" if one.bound is None else f", bound {one.bound:.3g} LSB"
        exp, reciprocal = one.entries
        yield {
            "svg": Markup(inline(softmax_plot.draw(one), f"softmax-{number}")),
            "title": one.layer,
            "told": plain(f"Error of {one.layer}: largest {one.largest:.3g} LSB of its output{bound}"),
            "text": (
                f"Largest error {one.largest:.3g} LSB{bound}, rounding of half an LSB included; rows of {one.length}, "
                f"{exp:,} entries of exp, {reciprocal:,} of the reciprocal."
            ),
        }
