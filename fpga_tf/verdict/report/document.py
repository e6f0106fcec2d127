"""The JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fpga_tf.reports.design import Design, LayerCost, Sourced
from fpga_tf.reports.types import RESOURCES, Resource
from fpga_tf.verdict.report.judged import Judged, Shown
from fpga_tf.verdict.report.pareto import Mark, pareto
from fpga_tf.verdict.strict_json import finite


def document(shown: Shown) -> dict[str, Any]:
    """All that was read and decided, as strict JSON values: unknown is null, and so is a number that JSON lacks.

    Returns:
        `reports`, every report of every file; `designs`; and `errors` if a path could not be read.
    """
    marks = pareto([judged.design for judged in shown.designs])
    value: dict[str, Any] = {
        "reports": [report.to_json() for judged in shown.designs for report in judged.design.reports],
        "designs": [_design(judged, mark) for judged, mark in zip(shown.designs, marks, strict=True)],
    }
    if shown.errors:
        value["errors"] = [
            {"what": error.what, "where": error.where, "hint": error.hint, "exit_code": error.exit_code}
            for error in shown.errors
        ]
    return finite(value)


def _design(judged: Judged, mark: Mark | None) -> dict[str, Any]:
    design = judged.design
    return {
        "name": design.name,
        "report": design.report.to_json(),
        "sources": {quantity: _sourced(source) for quantity, source in design.sources.items()},
        "disagreements": _disagreements(design),
        "layers": [_layer(layer) for layer in design.layers],
        "gates": [gate.to_json() for gate in judged.gates],
        "verdict": judged.verdict,
        "pareto": None if mark is None else mark.to_json(),
        "notes": list(design.notes),
    }


def _sourced(source: Sourced) -> dict[str, Any]:
    value = {"value": source.value, "stage": source.stage, "path": source.path}
    return value if source.error is None else {**value, "error": source.error}


def _disagreements(design: Design) -> list[dict[str, Any]]:
    return [
        {"quantity": found.quantity, "values": [_sourced(value) for value in found.values]}
        for found in design.disagreements
    ]


def _layer(layer: LayerCost) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "modules": list(layer.modules),
        "latency_cycles": asdict(layer.latency_cycles),
        "interval_cycles": asdict(layer.interval_cycles),
        "resources": {name: asdict(layer.resources.get(name, Resource())) for name in RESOURCES},
    }
