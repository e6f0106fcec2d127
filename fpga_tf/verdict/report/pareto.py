"""Which designs are beaten by no other: in latency, interval and resources, less is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fpga_tf.reports.design import Design
from fpga_tf.reports.types import Resource
from fpga_tf.verdict.numbers import estimated, plain
from fpga_tf.verdict.report.values import latency_error, latency_ns, number

AXES = ("latency_ns", "interval_cycles", "LUT", "FF", "DSP", "BRAM_18K")


@dataclass(frozen=True, slots=True)
class Mark:
    """How a design stands among others.

    Attributes:
        optimal: whether no other is as good in every axis and better in one; None if a value of its own is unknown.
        beaten_by: names of those that are.
        unknown: axes without a value.
    """

    optimal: bool | None
    beaten_by: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"optimal": self.optimal, "beaten_by": list(self.beaten_by), "unknown": list(self.unknown)}

    def __str__(self) -> str:
        if self.optimal is None:
            return f"unknown ({', '.join(self.unknown)})"
        if self.optimal:
            return "yes"
        first, *rest = self.beaten_by
        return plain(f"no (beaten by {first}{f' and {len(rest)} more' if rest else ''})")


def axes(design: Design) -> dict[str, float | int | None]:
    """A design's value in each axis; None where unknown."""
    report = design.report
    used = {name: report.resources.get(name, Resource()).used for name in AXES[2:]}
    return {"latency_ns": latency_ns(report), "interval_cycles": report.interval_cycles.max, **used}


def axis_values(design: Design) -> list[str]:
    """A design's value in each axis for people, an estimate with its error."""
    report = design.report
    errors = {name: report.errors.get(f"resources.{name}.used") for name in AXES[2:]}
    errors["latency_ns"] = latency_error(report)
    return [estimated(number(value), errors.get(axis)) for axis, value in axes(design).items()]


def pareto(designs: Sequence[Design]) -> list[Mark | None]:
    """A mark for each design; None for all if there is only one.

    A design with an unknown value is not compared: it gets no mark, and beats no other.
    """
    if len(designs) < 2:
        return [None] * len(designs)
    found = [axes(design) for design in designs]
    known = [
        (design.name, {axis: value for axis, value in values.items() if value is not None})
        for design, values in zip(designs, found, strict=True)
    ]
    whole = [(name, values) for name, values in known if len(values) == len(AXES)]
    marks: list[Mark | None] = []
    for _, values in known:
        absent = tuple(axis for axis in AXES if axis not in values)
        beaten = () if absent else tuple(name for name, other in whole if _beats(other, values))
        marks.append(Mark(None if absent else not beaten, beaten, absent))
    return marks


def _beats(one: dict[str, float | int], other: dict[str, float | int]) -> bool:
    return all(one[axis] <= other[axis] for axis in AXES) and any(one[axis] < other[axis] for axis in AXES)
