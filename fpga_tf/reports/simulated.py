"""What a co-simulation measured: nothing, if it did not pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fpga_tf.reports.types import AbsoluteLatency, Interval, Latency, SynthesisReport


def passed(report: SynthesisReport) -> bool | None:
    """Whether a co-simulation passed; None if the report does not say."""
    return None if report.status is None else report.status.strip().lower() in ("pass", "passed")


def meaningful(reports: Sequence[SynthesisReport]) -> tuple[list[SynthesisReport], list[str]]:
    """The reports without the cycles of co-simulations that mean nothing, and what was left out."""
    failed = any(report.stage == "cosim" and passed(report) is False for report in reports)
    result, notes = [], []
    for report in reports:
        if report.stage == "cosim" and failed and _has_cycles(report):
            notes.append(f"{report.path}: the co-simulation did not pass, so its cycles are not taken")
            report = replace(
                report,
                latency_cycles=Latency(),
                interval_cycles=Interval(),
                latency_ns=AbsoluteLatency(),
                transactions=None,
                total_cycles=None,
            )
        elif report.stage == "cosim" and report.interval_cycles.max == 0 and report.latency_cycles.max != 0:
            notes.append(f"{report.path}: no second transaction was simulated, so its interval of 0 is not taken")
            notes_kept = tuple(note for note in report.notes if "interval" not in note)  # it says the same
            report = replace(report, interval_cycles=Interval(), notes=notes_kept)
        result.append(report)
    return result, notes


def _has_cycles(report: SynthesisReport) -> bool:
    return report.latency_cycles != Latency() or report.interval_cycles != Interval() or report.total_cycles is not None
