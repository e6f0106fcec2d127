"""What a simulation of RTL measured: nothing, if it did not pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fpga_tf.reports.kin import SIMULATIONS
from fpga_tf.reports.types import AbsoluteLatency, Interval, Latency, SynthesisReport


def passed(report: SynthesisReport) -> bool | None:
    """Whether a simulation passed; None if the report does not say."""
    return None if report.status is None else report.status.strip().lower() in ("pass", "passed")


def meaningful(reports: Sequence[SynthesisReport]) -> tuple[list[SynthesisReport], list[str]]:
    """The reports without the cycles of simulations that mean nothing, and what was left out."""
    failed = {report.stage for report in reports if report.stage in SIMULATIONS and passed(report) is False}
    result, notes = [], []
    for report in reports:
        if report.stage in failed and _has_cycles(report):
            kind = "co-simulation" if report.stage == "cosim" else "simulation of RTL"
            notes.append(f"{report.path}: the {kind} did not pass, so its cycles are not taken")
            report = replace(
                report,
                latency_cycles=Latency(),
                interval_cycles=Interval(),
                latency_ns=AbsoluteLatency(),
                transactions=None,
                total_cycles=None,
            )
        elif report.stage in SIMULATIONS and report.interval_cycles.max == 0 and report.latency_cycles.max != 0:
            notes.append(f"{report.path}: no second transaction was simulated, so its interval of 0 is not taken")
            notes_kept = tuple(note for note in report.notes if "interval" not in note)  # it says the same
            report = replace(report, interval_cycles=Interval(), notes=notes_kept)
        result.append(report)
    return result, notes


def _has_cycles(report: SynthesisReport) -> bool:
    return report.latency_cycles != Latency() or report.interval_cycles != Interval() or report.total_cycles is not None
