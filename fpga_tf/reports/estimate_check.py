"""The published designs beside what is estimated of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fpga_tf.reports.estimate import LUT_ERROR, LUT_RATIO, PUBLISHED
from fpga_tf.reports.estimate_data import DESIGNS, JEDI, Published


@dataclass(frozen=True, slots=True)
class Comparison:
    """One quantity of one published design.

    Attributes:
        design: its name.
        quantity: `LUT`, `period` or `latency`.
        unit: of the values; empty for counts.
        estimated: what is believed.
        error: relative, as declared.
        published: what the publication states.
        fitted: whether the coefficients rest on it.
    """

    design: str
    quantity: str
    unit: str
    estimated: float
    error: float
    published: float
    fitted: bool = True

    @property
    def off(self) -> float:
        """Published over estimated, less 1."""
        return self.published / self.estimated - 1

    @property
    def inside(self) -> bool:
        """Whether the published value lies within the declared error."""
        return abs(self.off) <= self.error


def comparisons() -> list[Comparison]:
    """All designs, each with its LUT, its period where that is published, and its latency in ns.

    FF is not among them: no publication states both FF and register bits (see `estimate_fit`).
    """
    return [row for design in DESIGNS for row in _of(design)]


def transformers() -> list[Comparison]:
    """LUT and latency of the published transformers."""
    names = {design.name for design in JEDI}
    return [row for row in comparisons() if row.design not in names]


def _of(design: Published) -> Iterator[Comparison]:
    period = PUBLISHED.period_ns(design.levels, design.cost)
    yield Comparison(design.name, "LUT", "", LUT_RATIO * design.cost, LUT_ERROR, design.lut)
    if design.period_ns is not None:
        yield Comparison(design.name, "period", "ns", period, PUBLISHED.error, design.period_ns)
    latency = design.stages * period
    yield Comparison(design.name, "latency", "ns", latency, PUBLISHED.error, design.latency_ns, design.usable)
