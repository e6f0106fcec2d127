"""What is known of a dataflow design: its schedule and resources, estimated, and its FIFOs, simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fpga_tf.reports.types import RESOURCES, SynthesisReport
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.numbers import UNKNOWN, singular

FIFOS = "fifos"


@dataclass(frozen=True, slots=True)
class Fifos:
    """A run with every process a thread and every FIFO as deep as it is written.

    Attributes:
        samples: that were run.
        differing: outputs that differ from the model's.
        deadlock: what waited for what, if it did not end.
    """

    samples: int
    differing: int
    deadlock: str | None = None


@dataclass(frozen=True, slots=True)
class DataflowResult:
    """A dataflow design.

    Attributes:
        estimate: cycles and resources.
        processes: how many there are.
        fifos: what running them at once gave.
        stored_rows: rows that all FIFOs hold.
        unrolled: layers that work on arrays in between.
    """

    estimate: SynthesisReport
    processes: int
    fifos: Fifos
    stored_rows: int
    unrolled: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "processes": self.processes,
            "fifo_rows": self.stored_rows,
            "fifos": {
                "samples": self.fifos.samples,
                "differing": self.fifos.differing,
                "deadlock": self.fifos.deadlock,
            },
            "unrolled": list(self.unrolled),
            "estimate": self.estimate.to_json(),
        }


def fifo_gate(result: DataflowResult) -> Gate:
    """Whether the processes end, with the model's outputs, when they run at once."""
    fifos = result.fifos
    bad = 1 if fifos.deadlock else fifos.differing
    source = fifos.deadlock or f"{fifos.samples} samples, processes at once"
    return Gate(FIFOS, 0, bad, "deadlocks" if fifos.deadlock else "outputs", source, "fail" if bad else "pass")


def rows(result: DataflowResult) -> list[tuple[str, str, str]]:
    """Name, value and source of what is known."""
    one, errors = result.estimate, result.estimate.errors
    found = []
    latency, interval = one.latency_cycles.max, one.interval_cycles.max
    asked, believed = one.clock_ns.target, one.clock_ns.estimated
    if latency is not None:
        ns = "" if asked is None else f", {latency * asked:,.0f} ns at the {asked:g} ns asked for"
        found.append(("latency", f"{latency:,} cycles{ns}", _error(errors.get("latency_cycles.max"))))
    if interval is not None:
        cycles = f"{interval:,} {singular('cycles', interval)}"
        found.append(("interval", cycles, _error(errors.get("interval_cycles.max"))))
    if believed is not None:
        found.append(("clock period", f"{believed:.3g} ns", _error(errors.get("clock_ns.estimated"))))
    for name in (name for name in RESOURCES if name in one.resources):
        used = one.resources[name].used
        told = UNKNOWN if used is None else f"{used:,}"
        found.append((name, told, _error(errors.get(f"resources.{name}.used"))))
    found.append(("FIFOs", f"{result.stored_rows:,} rows in all", "as written"))
    return found


def _error(error: float | None) -> str:
    return "estimate" if not error else f"estimate ± {error * 100:.0f} %"
