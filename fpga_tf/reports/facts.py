"""A report's values by name, and whether two of them say the same."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal

from fpga_tf.reports.types import Clock, Interval, Latency, SynthesisReport

Value = float | int | str

# Tools print periods with two digits or three: what differs by less is one value.
_CLOCK_DIGITS = Decimal("0.005")
_NAMES = {
    group: tuple(field.name for field in fields(kind))
    for group, kind in (("clock_ns", Clock), ("latency_cycles", Latency), ("interval_cycles", Interval))
}


def facts(report: SynthesisReport) -> dict[str, Value]:
    """Every number that the report states of the whole design, by quantity such as `resources.LUT.used`."""
    values: dict[str, Value | None] = {}
    for group, names in _NAMES.items():
        found = getattr(report, group)
        for name in names:
            values[f"{group}.{name}"] = getattr(found, name)
    for name, resource in report.resources.items():
        values[f"resources.{name}.used"] = resource.used
        values[f"resources.{name}.available"] = resource.available
    return {quantity: value for quantity, value in values.items() if value is not None}


def differ(quantity: str, one: Value, other: Value) -> bool:
    """Whether two values of a quantity contradict each other, beyond the digits that tools print."""
    if quantity.startswith("clock_ns.") and not isinstance(one, str) and not isinstance(other, str):
        return abs(Decimal(str(one)) - Decimal(str(other))) > _CLOCK_DIGITS
    return one != other


def spread(value: float | int, error: float | None) -> Decimal:
    """How far from a value the true one may lie, in the value's unit, by a relative error; 0 where none is declared."""
    return abs(Decimal(str(value))) * Decimal(str(error or 0))


def contradictions(one: SynthesisReport, other: SynthesisReport) -> list[str]:
    """Quantities that both reports state, differently."""
    left, right = facts(one), facts(other)
    return [quantity for quantity in left if quantity in right and differ(quantity, left[quantity], right[quantity])]
