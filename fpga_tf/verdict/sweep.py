"""What a sweep found: physics and believed cost of each point, which ones no other beats, and which one is picked."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from fpga_tf.verdict.gates import PhysicsLimits, physics_gates
from fpga_tf.verdict.physics import Physics
from fpga_tf.verdict.scan import flat

Value = int | float | str
RESOURCES = ("LUT", "FF", "DSP", "BRAM_18K", "URAM")
ERRORS = ("latency_cycles", "interval_cycles", "period_ns", *RESOURCES)
_LABELS = {
    "integer_bits": "integer", "fraction_bits": "fraction", "weight_fraction_bits": "weights", "reuse_factor": "R",
    "weight_bits": "weight bits", "activation_bits": "activation bits", "attention_heads": "heads",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """What a point is believed to take; unknown is None.

    Attributes:
        source: `rtl` (da4ml's count of its Verilog), `products` (what its model multiplies) or `rows` (dataflow).
        latency_cycles, interval_cycles: at most.
        period_ns: of the clock.
        latency_ns: those cycles at the target clock, or at the believed one if that is slower.
        resources: by name.
        errors: declared with the estimate, relative: by names of `ERRORS`.
        missed: each limit of the budget that it breaks, or may break; empty if it surely fits.
        note: why a closer estimate is not there.
    """

    source: Literal["rtl", "products", "rows"]
    latency_cycles: int | None
    interval_cycles: int | None
    period_ns: float | None
    latency_ns: float | None
    resources: Mapping[str, int | None]
    errors: Mapping[str, float]
    missed: tuple[str, ...] = ()
    note: str | None = None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Cost:
        """What `asdict` gave, by way of JSON."""
        return cls(**{**value, "missed": tuple(value["missed"])})


@dataclass(frozen=True, slots=True)
class Point:
    """One point's result.

    Attributes:
        number: from 1 in the order of the sweep; 0 is the configuration as it stands.
        values: by axis; an axis that means nothing here is left out, such as the reuse factor of an unrolled design.
        physics: with the true classes; None if there is no such hardware.
        cost: believed.
        refused: why it can't be hardware.
        lost: why it was never finished, such as a worker that died each time.
    """

    number: int
    values: Mapping[str, Value] = field(default_factory=dict)
    physics: Physics | None = None
    cost: Cost | None = None
    refused: str | None = None
    lost: str | None = None

    @property
    def label(self) -> str:
        """Its values in words."""
        return label_of(self.values)

    @property
    def auc(self) -> float | None:
        """The mean of all classes' AUC; None if one is unknown."""
        found = [] if self.physics is None else list(self.physics.auc.values())
        known = [value for value in found if value is not None]
        return sum(known) / len(known) if known and len(known) == len(found) else None

    @property
    def lut(self) -> int | None:
        """Look-up tables."""
        return None if self.cost is None else self.cost.resources["LUT"]

    @property
    def objectives(self) -> tuple[float, float, int] | None:
        """Mean AUC, latency in ns and LUT; None if one of them is unknown."""
        auc, latency, lut = self.auc, None if self.cost is None else self.cost.latency_ns, self.lut
        return None if auc is None or latency is None or lut is None else (auc, latency, lut)

    @classmethod
    def from_stored(cls, number: int, values: Mapping[str, Value], found: Mapping[str, Any]) -> Point:
        """A point from the JSON object that a worker made."""
        physics, cost = found["physics"], found["cost"]
        return cls(
            number,
            values,
            None if physics is None else Physics.from_json(physics),
            None if cost is None else Cost.from_json(cost),
            found["refused"],
        )


def label_of(values: Mapping[str, Value]) -> str:
    """Values of axes in words."""
    return ", ".join(_plain(name, value) for name, value in values.items()) or "as configured"


def _plain(name: str, value: Value) -> str:
    if name == "clock_ns":
        return f"{value:g} ns"
    if name == "shape":
        return str(value)
    if name == "heads":
        return "heads in turn" if value == "in_turn" else "heads at once"
    return f"{_LABELS.get(name, name)} {value}"


@dataclass(frozen=True, slots=True)
class Sweep:
    """All points of a sweep.

    Attributes:
        name: of the configuration.
        classes: names, in the order of the labels.
        axes: values by name.
        baseline: what losses are counted from: the float model, or the quantised one where there is none.
        limits: largest losses that the configuration allows.
        points: the configuration as it stands, then those of the sweep in their order.
    """

    name: str
    classes: tuple[str, ...]
    axes: Mapping[str, tuple[Value, ...]]
    baseline: Physics
    limits: PhysicsLimits
    points: tuple[Point, ...]

    def keeps(self, point: Point) -> bool | None:
        """Whether a point's losses are within the limits; None if a loss is not known."""
        results = {
            g.result for g in physics_gates(self.limits, float_=self.baseline, quantised=None, csim=point.physics)
        }
        return False if "fail" in results else None if "unknown" in results else True

    def loss(self, point: Point) -> float | None:
        """The largest loss of any class's AUC, from the baseline; None if one is unknown."""
        if point.physics is None:
            return None
        pairs = [(self.baseline.auc[name], point.physics.auc[name]) for name in self.classes]
        losses = [before - after for before, after in pairs if before is not None and after is not None]
        return max(losses) if len(losses) == len(pairs) else None

    @property
    def best(self) -> frozenset[int]:
        """Numbers of the points that no other beats: none has as good an AUC, latency and LUT, and one better."""
        known = [(point.number, found) for point in self.points if (found := point.objectives) is not None]
        return frozenset(number for number, one in known if not any(_beats(other, one) for _, other in known))

    def pick(self, what: str) -> Point | None:
        """The point that is asked for.

        Of `auc` and `lut` only those are looked at that are within the limits and surely fit the budget.

        Args:
            what: `auc`: the best mean AUC, of equals the fewest LUTs; `lut`: the fewest LUTs, of equals the best mean
                AUC; or a point's number.
        """
        if what not in ("auc", "lut"):
            return next((p for p in self.points if str(p.number) == what and p.physics is not None), None)
        able = [p for p in self.points if p.objectives and self.keeps(p) and p.cost and not p.cost.missed]

        def order(point: Point) -> tuple[float, float, int]:
            assert point.objectives is not None
            auc, _, lut = point.objectives
            return (lut, -auc, point.number) if what == "lut" else (-auc, lut, point.number)

        return min(able, key=order, default=None)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        best = self.best
        return {
            "name": self.name,
            "classes": list(self.classes),
            "samples": self.baseline.n,
            "axes": {name: list(values) for name, values in self.axes.items()},
            "limits": asdict(self.limits),
            "baseline": {"accuracy": self.baseline.accuracy, "auc": dict(self.baseline.auc)},
            "points": [self._point(point, point.number in best) for point in self.points],
        }

    def _point(self, point: Point, best: bool) -> dict[str, Any]:
        physics, cost = point.physics, point.cost
        return {
            "number": point.number,
            "values": {name: point.values.get(name) for name in self.axes},
            "accuracy": physics and physics.accuracy,
            "auc": dict.fromkeys(self.classes) if physics is None else dict(physics.auc),
            "mean_auc": point.auc,
            "largest_auc_loss": self.loss(point),
            "within_limits": None if physics is None else self.keeps(point),
            "latency_cycles": cost and cost.latency_cycles,
            "period_ns": cost and cost.period_ns,
            "latency_ns": cost and cost.latency_ns,
            "interval_cycles": cost and cost.interval_cycles,
            **{name: cost and cost.resources[name] for name in RESOURCES},
            "errors": {name: cost and cost.errors.get(name) for name in ERRORS},
            "source": cost and cost.source,
            "fits_budget": cost and not cost.missed,
            "missed": None if cost is None else "; ".join(cost.missed),
            "pareto": best,
            "note": cost and cost.note,
            "refused": point.refused,
            "lost": point.lost,
        }

    def rows(self) -> list[dict[str, Any]]:
        """A flat row per point; columns of a mapping as `auc.b`."""
        return [dict(flat(point)) for point in self.to_json()["points"]]

    def to_csv(self) -> str:
        """A line per point with a heading; unknown is empty."""
        out, rows = io.StringIO(), self.rows()
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()


def _beats(one: tuple[float, float, int], other: tuple[float, float, int]) -> bool:
    """Whether (AUC, latency, LUT) is nowhere worse than another, and somewhere better."""
    pairs: Iterable[tuple[float, float]] = zip((-one[0], one[1], one[2]), (-other[0], other[1], other[2]), strict=True)
    return one != other and all(mine <= its for mine, its in pairs)
