"""CSV: one row for a design, units in the headings; an unknown value is an empty cell."""

from __future__ import annotations

import csv
import io

from fpga_tf.reports.types import RESOURCES
from fpga_tf.verdict.numbers import plain
from fpga_tf.verdict.report.judged import Judged, Shown
from fpga_tf.verdict.report.pareto import Mark, pareto
from fpga_tf.verdict.report.resources import resource_rows
from fpga_tf.verdict.report.values import latency_error, latency_ns
from fpga_tf.verdict.timing import achieved_clock_ns

Cell = str | float | int | None
# A spreadsheet takes a cell that begins with one of these for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(shown: Shown) -> str:
    """A heading and one row for each design; lines end with CR LF (RFC 4180)."""
    marks = pareto([judged.design for judged in shown.designs])
    rows = [_row(judged, mark) for judged, mark in zip(shown.designs, marks, strict=True)]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    writer.writerows([[_cell(row[heading]) for heading in HEADINGS] for row in rows])
    return out.getvalue()


def _row(judged: Judged, mark: Mark | None) -> dict[str, Cell]:
    report = judged.design.report
    clock, latency, interval = report.clock_ns, report.latency_cycles, report.interval_cycles
    row: dict[str, Cell] = {
        "design": judged.design.name,
        "verdict": judged.verdict,
        "pareto": None if mark is None or mark.optimal is None else "yes" if mark.optimal else "no",
        "failed_gates": " ".join(gate.gate for gate in judged.gates if gate.result == "fail"),
        "unknown_gates": " ".join(gate.gate for gate in judged.gates if gate.result == "unknown"),
        "part": report.part,
        "top": report.top,
        "tool": report.tool,
        "version": report.version,
        "stage": report.stage,
        "status": report.status,
        "clock_target_ns": clock.target,
        "clock_estimated_ns": clock.estimated,
        "clock_estimated_error_percent": _percent(report.errors.get("clock_ns.estimated")),
        "clock_uncertainty_ns": clock.uncertainty,
        "clock_achieved_ns": clock.achieved,
        "slack_ns": clock.slack,
        "clock_of_latency_ns": achieved_clock_ns(report),
        "latency_min_cycles": latency.min,
        "latency_avg_cycles": latency.avg,
        "latency_max_cycles": latency.max,
        "latency_max_ns": latency_ns(report),
        "latency_max_ns_error_percent": _percent(latency_error(report)),
        "interval_min_cycles": interval.min,
        "interval_max_cycles": interval.max,
        "power_W": None if report.power_w is None else report.power_w.total,
    }
    for resource in resource_rows(judged.design):
        amounts = (
            resource.used,
            _percent(resource.error),
            resource.available,
            _percent(resource.device),
            _percent(resource.slr),
        )
        row.update(zip(_resource_headings(resource.name), amounts, strict=True))
    return row


def _resource_headings(name: str) -> list[str]:
    return [
        f"{name}_used",
        f"{name}_used_error_percent",
        f"{name}_available",
        f"{name}_of_device_percent",
        f"{name}_of_SLR_percent",
    ]


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 6)


def _cell(value: Cell) -> Cell:
    if not isinstance(value, str):
        return value
    text = plain(value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


HEADINGS = (
    "design", "verdict", "pareto", "failed_gates", "unknown_gates", "part", "top", "tool", "version", "stage", "status",
    "clock_target_ns", "clock_estimated_ns", "clock_estimated_error_percent",
    "clock_uncertainty_ns", "clock_achieved_ns", "slack_ns",
    "clock_of_latency_ns", "latency_min_cycles", "latency_avg_cycles", "latency_max_cycles", "latency_max_ns",
    "latency_max_ns_error_percent",
    "interval_min_cycles", "interval_max_cycles",
    *(heading for name in RESOURCES for heading in _resource_headings(name)),
    "power_W",
)  # fmt: skip
