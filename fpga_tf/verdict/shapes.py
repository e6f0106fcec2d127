"""Hardware shapes of one model, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.tables import NONE, or_none, row, section, table_of


@dataclass(frozen=True, slots=True)
class ShapeRow:
    """One shape.

    Attributes:
        name: short, such as `dataflow, R = 4`.
        report: its estimate.
        missed: each limit of the budget that it breaks, or may break; empty if it surely fits.
    """

    name: str
    report: SynthesisReport
    missed: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "shape": self.name,
            "fits": not self.missed,
            "missed": list(self.missed),
            "estimate": self.report.to_json(),
        }


def print_shapes(shapes: Sequence[ShapeRow], console: Console, *, quiet: bool = False) -> None:
    """A row for each shape; what the others miss; which one the budget decides for.

    Args:
        quiet: only the last line.
    """
    first = next((one for one in shapes if not one.missed), None)
    if not quiet:
        table = table_of("shape", "cycles", "latency", "interval", "LUT", "FF", "DSP", "budget")
        for one in shapes:
            row(table, one.name, (*_cells(one.report), "fits" if not one.missed else "no"))
        section(console, "Shapes, estimated", table, _lines(shapes))
    taken = "none surely fits the budget" if first is None else f"{first.name} is the first that surely fits the budget"
    console.print(taken, soft_wrap=True)


def _cells(report: SynthesisReport) -> Iterator[str]:
    cycles, period = report.latency_cycles.max, report.clock_ns.target
    yield or_none(cycles)
    yield NONE if cycles is None or period is None else f"{cycles * period:,.0f} ns"
    yield or_none(report.interval_cycles.max)
    for name in ("LUT", "FF", "DSP"):
        amount = report.resources.get(name)
        yield or_none(None if amount is None else amount.used)


def _lines(shapes: Sequence[ShapeRow]) -> Iterator[str]:
    errors: dict[str, str] = {}
    for one in shapes:
        told = ", ".join(
            f"{name} ± {one.report.errors[key] * 100:.0f} %" for name, key in _ERRORS if key in one.report.errors
        )
        errors.setdefault(told, one.name.split(",")[0])
    yield from (f"errors of {name}: {told}" for told, name in errors.items())
    yield from (f"{one.name}: {'; '.join(one.missed)}" for one in shapes if one.missed)


_ERRORS = (
    ("cycles", "latency_cycles.max"),
    ("interval", "interval_cycles.max"),
    *((name, f"resources.{name}.used") for name in ("LUT", "FF", "DSP")),
)
