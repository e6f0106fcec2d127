"""Values of a design by themselves: clock, latency, interval, each with where it is from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from fpga_tf.reports.design import Design, Sourced
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.numbers import UNKNOWN, estimated, plain, singular
from fpga_tf.verdict.report.files import tool_of
from fpga_tf.verdict.timing import achieved_clock_ns, clock_span_ns


@dataclass(frozen=True, slots=True)
class Quantity:
    """One value.

    Attributes:
        name: for people.
        value: with its unit, or `unknown`.
        source: where it is from; None if it is unknown or computed from others.
        note: how it was computed.
    """

    name: str
    value: str
    source: Sourced | None = None
    note: str = ""


def latency_ns(report: SynthesisReport) -> float | None:
    """Worst-case latency at the achieved clock, in ns; None unless both are known."""
    return cycles_ns(report.latency_cycles.max, achieved_clock_ns(report))


def latency_error(report: SynthesisReport) -> float | None:
    """Relative error of the latency in time; None where its clock is no estimate."""
    clock, span = achieved_clock_ns(report), clock_span_ns(report)
    if not clock or span is None:
        return None
    believed = Decimal(str(clock))
    return float(max(believed - span[0], span[1] - believed) / believed)


def cycles_ns(cycles: int | None, clock: float | None) -> float | None:
    """Cycles of a clock period in ns; exact in decimals."""
    return None if cycles is None or clock is None else float(cycles * Decimal(str(clock)))


def number(value: float | int | None, unit: str = "") -> str:
    """A number with its unit, digits grouped; `unknown` for None."""
    if value is None:
        return UNKNOWN
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.12g}"
    return f"{text} {singular(unit, value)}".rstrip()


def quantities(design: Design) -> list[Quantity]:
    """What is always of interest, known or not, and what else is known."""
    return [*_names(design), *_clock(design), *_cycles(design), *_rest(design)]


def _names(design: Design) -> Iterator[Quantity]:
    report, sources = design.report, design.sources
    yield Quantity("part", plain(report.part or UNKNOWN), sources.get("part"))
    yield Quantity("tool", tool_of(report), sources.get("tool") or sources.get("version"))
    if report.status is not None:
        yield Quantity("status", plain(report.status), sources.get("status"))


def _clock(design: Design) -> Iterator[Quantity]:
    clock, sources = design.report.clock_ns, design.sources
    rows = (
        ("clock target", "target", True),
        ("clock uncertainty", "uncertainty", False),
        ("clock estimated", "estimated", clock.achieved is None),
        ("clock achieved", "achieved", False),
        ("slack", "slack", False),
    )
    for name, key, always in rows:
        value, source = getattr(clock, key), sources.get(f"clock_ns.{key}")
        if key == "slack" and source is not None and source.stage == "csynth":
            name = "slack, uncertainty held back"
        if always or value is not None:
            error = design.report.errors.get(f"clock_ns.{key}")
            yield Quantity(name, estimated(number(value, "ns"), error), source)


def _cycles(design: Design) -> Iterator[Quantity]:
    report, sources = design.report, design.sources
    latency, interval = report.latency_cycles, report.interval_cycles
    yield Quantity("latency, worst", number(latency.max, "cycles"), sources.get("latency_cycles.max"))
    if latency.avg not in (None, latency.max):
        yield Quantity("latency, average", number(latency.avg, "cycles"), sources.get("latency_cycles.avg"))
    if latency.min not in (None, latency.max):
        yield Quantity("latency, best", number(latency.min, "cycles"), sources.get("latency_cycles.min"))
    clock = achieved_clock_ns(report)
    how = "" if clock is None else f"at {number(clock, 'ns')} a cycle"
    time = estimated(number(latency_ns(report), "ns"), latency_error(report))
    yield Quantity("latency, worst, in time", time, None, how)
    yield Quantity("interval, largest", number(interval.max, "cycles"), sources.get("interval_cycles.max"))
    if interval.min not in (None, interval.max):
        yield Quantity("interval, smallest", number(interval.min, "cycles"), sources.get("interval_cycles.min"))


def _rest(design: Design) -> Iterator[Quantity]:
    report, sources = design.report, design.sources
    if report.pipeline is not None:
        yield Quantity("pipeline", plain(report.pipeline), sources.get("pipeline"))
    if report.timing is not None:
        rows = (
            ("setup slack, worst", "setup_slack", "ns"),
            ("hold slack, worst", "hold_slack", "ns"),
            ("failing endpoints", "failing", ""),
        )
        for name, key, unit in rows:
            yield Quantity(name, number(getattr(report.timing, key), unit), sources.get(f"timing.{key}"))
    if report.power_w is not None:
        yield Quantity("power, total", number(report.power_w.total, "W"), sources.get("power_w.total"))
