"""JSON Schema of what `fpga-tf report --format json` prints."""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}
_AMOUNT: dict[str, Any] = {"type": "number", "minimum": 0}
_NUMBER: dict[str, Any] = {"type": ["number", "null"]}


def report_schema() -> dict[str, Any]:
    """Draft 2020-12; null is unknown, everywhere."""
    names = ("path", "format", "tool", "version", "part", "top", "stage", "status", "clock_ns", "latency_cycles")
    report = {
        "type": "object",
        "required": [*names, "interval_cycles", "pipeline", "resources", "modules"],
        "properties": {
            "path": _TEXT,
            "format": _TEXT,
            "stage": _TEXT,
            "part": _MAYBE,
            "modules": _list(_ref("report")),
            "errors": {"type": "object", "additionalProperties": _AMOUNT},
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fpga_tf report",
        **_object({"reports": _list(_ref("report")), "designs": _list(_design())}, errors=_list({"type": "object"})),
        "$defs": {"report": report},
    }


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    properties = {**required, **optional}
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _design() -> dict[str, Any]:
    value = {"value": {"type": ["string", "number"]}, "stage": _TEXT, "path": _TEXT}
    gate = {"gate": _TEXT, "limit": {"type": "number"}, "value": _NUMBER, "unit": _TEXT, "source": _MAYBE}
    mark = {"optimal": {"type": ["boolean", "null"]}, "beaten_by": _list(_TEXT), "unknown": _list(_TEXT)}
    return _object(
        {
            "name": _TEXT,
            "report": _ref("report"),
            "sources": {"type": "object", "additionalProperties": _object(value, error=_AMOUNT)},
            "disagreements": _list(_object({"quantity": _TEXT, "values": _list(_object(value, error=_AMOUNT))})),
            "layers": _list({"type": "object", "required": ["name", "kind", "modules", "latency_cycles", "resources"]}),
            "gates": _list(
                _object({**gate, "result": {"enum": ["pass", "fail", "unknown"]}}, missing=_TEXT, error=_AMOUNT)
            ),
            "verdict": {"enum": ["pass", "fail", "incomplete", None]},
            "pareto": {"anyOf": [_object(mark), {"type": "null"}]},
            "notes": _list(_TEXT),
        }
    )
