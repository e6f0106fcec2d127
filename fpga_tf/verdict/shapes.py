"""Hardware shapes of one model, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.gates import GateResult
from fpga_tf.verdict.report.values import cycles_ns
from fpga_tf.verdict.tables import NONE, or_none, row, section, table_of
from fpga_tf.verdict.timing import achieved_clock_ns


@dataclass(frozen=True, slots=True)
class ShapeRow:
    """One shape.

    Attributes:
        name: short, such as `dataflow, R = 4`.
        report: its estimate.
        result: what the budget says to it: `pass` if it surely fits, `fail` if it surely does not.
        missed: each limit of the budget that it breaks, or may break; empty if it surely fits.
        taken: whether `shape: auto` takes it.
    """

    name: str
    report: SynthesisReport
    result: GateResult
    missed: tuple[str, ...] = ()
    taken: bool = False

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "shape": self.name,
            "fits": self.result == "pass",
            "result": self.result,
            "missed": list(self.missed),
            "estimate": self.report.to_json(),
        }


def print_shapes(shapes: Sequence[ShapeRow], console: Console, *, quiet: bool = False) -> None:
    """A row for each shape; what the others miss; which one `shape: auto` takes.

    Args:
        quiet: only the last line.
    """
    if not quiet:
        table = table_of("shape", "cycles", "clock", "latency", "interval", "LUT", "FF", "DSP", "budget")
        for one in shapes:
            row(table, one.name, (*_cells(one.report), _BUDGET[one.result]))
        section(console, "Shapes, estimated", table, _lines(shapes))
    chosen = next(one for one in shapes if one.taken)
    surely = f"{chosen.name} is the first that surely fits the budget"
    nearest = f"none surely fits the budget; {chosen.name} is nearest, and what shape: auto takes"
    console.print(surely if chosen.result == "pass" else nearest, soft_wrap=True)


def _cells(report: SynthesisReport) -> Iterator[str]:
    clock = achieved_clock_ns(report)
    time = cycles_ns(report.latency_cycles.max, clock)
    yield or_none(report.latency_cycles.max)
    yield NONE if clock is None else f"{clock:.3g} ns"
    yield NONE if time is None else f"{time / 1000:.4g} us"
    yield or_none(report.interval_cycles.max)
    for name in ("LUT", "FF", "DSP"):
        amount = report.resources.get(name)
        yield or_none(None if amount is None else amount.used)


def _lines(shapes: Sequence[ShapeRow]) -> Iterator[str]:
    errors: dict[str, dict[str, float]] = {}
    for one in shapes:
        errors.setdefault(one.name.split(",")[0], {}).update(one.report.errors)
    for name, found in errors.items():
        told = (f"{what} ± {found[key] * 100:.0f} %" for what, key in _ERRORS if key in found)
        yield f"errors of {name}: {', '.join(told)}"
    yield from (f"{one.name}: {'; '.join(one.missed)}" for one in shapes if one.missed)


_BUDGET: dict[GateResult, str] = {"pass": "fits", "fail": "no", "unknown": "unknown"}
_ERRORS = (
    ("cycles", "latency_cycles.max"),
    ("clock", "clock_ns.estimated"),
    ("interval", "interval_cycles.max"),
    *((name, f"resources.{name}.used") for name in ("LUT", "FF", "DSP")),
)
