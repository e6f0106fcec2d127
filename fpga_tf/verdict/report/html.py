"""One HTML page that needs nothing besides itself: no network, no JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

import fpga_tf
from fpga_tf.reports.design import Sourced
from fpga_tf.verdict.numbers import estimated, gate_limit, gate_value, plain
from fpga_tf.verdict.report.bars import layer_charts, share_charts, waterfall
from fpga_tf.verdict.report.files import design_files, origin, tool_of
from fpga_tf.verdict.report.judged import Judged, Shown, missing, summary
from fpga_tf.verdict.report.pareto import AXES, Mark, axis_values, pareto
from fpga_tf.verdict.report.resources import resource_rows
from fpga_tf.verdict.report.text_of_gates import gate_source
from fpga_tf.verdict.report.values import number, quantities

_AXES = ("latency, ns", "II, cycles", *AXES[2:])


def render(shown: Shown) -> str:
    """The page, as text to be written in UTF-8."""
    marks = pareto([judged.design for judged in shown.designs])
    return (
        pages()
        .get_template("page.html")
        .render(
            version=fpga_tf.__version__,
            designs=[_design(index, judged) for index, judged in enumerate(shown.designs)],
            axes=_AXES,
            comparison=_comparison(shown.designs, marks) if len(shown.designs) > 1 else [],
            errors=[{"what": e.what, "where": e.where or "", "hint": e.hint or ""} for e in shown.errors],
        )
    )


def pages() -> Environment:
    """Templates of this folder, with everything escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters["breakable"] = _breakable
    return environment


def _visible(value: Any) -> Any:
    """No control character of a name reaches the page; what the template itself made is left alone."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _breakable(name: str) -> Markup:
    """A name that may go on in the next line where its words end, not within one."""
    safe = escape(plain(name))
    return safe.replace("/", Markup("/<wbr>")).replace("_", Markup("_<wbr>"))


def _design(index: int, judged: Judged) -> dict[str, Any]:
    design, report = judged.design, judged.design.report
    names = design_files(design)
    charts, empty = layer_charts(judged)
    return {
        "id": f"design-{index + 1}",
        "name": design.name,
        "verdict": judged.verdict or "none",
        "word": judged.word,
        "summary": summary(judged),
        "top": report.top or "unknown",
        "part": report.part or "unknown",
        "tool": tool_of(report),
        "gates": _gates(judged, names),
        "missing": [{"what": what, "gates": ", ".join(gates)} for what, gates in missing(judged.gates)],
        "waterfall": waterfall(judged),
        "has_layers": bool(design.layers),
        "shares": share_charts(judged),
        "resources": [_resource(row, names) for row in resource_rows(design)],
        "layer_charts": charts,
        "layer_empty": empty,
        "values": [
            {"name": row.name, "value": row.value, "source": row.note or origin(row.source, names)}
            for row in quantities(design)
        ],
        "disagreements": _disagreements(judged, names),
        "files": [
            {"stage": one.stage, "format": one.format, "tool": tool_of(one), "path": one.path, "date": one.date or "-"}
            for one in design.reports
        ],
        "notes": design.notes,
    }


def _gates(judged: Judged, names: dict[str, str]) -> list[dict[str, str]]:
    return [
        {
            "gate": gate.gate,
            "value": gate_value(gate),
            "limit": gate_limit(gate),
            "result": gate.result,
            "source": gate_source(gate.source, names),
        }
        for gate in judged.gates
    ]


def _resource(row: Any, names: dict[str, str]) -> dict[str, str]:
    return {
        "name": row.name,
        "used": row.count,
        "available": number(row.available),
        "device": row.of_device,
        "slr": row.of_slr,
        "source": origin(row.source, names),
    }


def _disagreements(judged: Judged, names: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "quantity": found.quantity,
            "taken": _said(found.values[0], names),
            "others": [_said(one, names) for one in found.values[1:]],
        }
        for found in judged.design.disagreements
    ]


def _said(source: Sourced, names: dict[str, str]) -> dict[str, str]:
    return {"value": estimated(str(source.value), source.error), "source": origin(source, names)}


def _comparison(designs: Sequence[Judged], marks: Sequence[Mark | None]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"design-{index + 1}",
            "name": judged.design.name,
            "values": axis_values(judged.design),
            "verdict": judged.verdict or "none",
            "word": judged.word,
            "mark": str(mark),
            "optimal": mark is not None and mark.optimal is True,
        }
        for index, (judged, mark) in enumerate(zip(designs, marks, strict=True))
    ]
