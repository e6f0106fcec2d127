"""What a scan of bit widths found: physics of each width against the truth and against the model that was scanned."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fpga_tf.verdict.gates import Gate, PhysicsLimits, physics_gates
from fpga_tf.verdict.physics import Physics


@dataclass(frozen=True, slots=True)
class Width:
    """One format for all tensors and one for all weights, in bits.

    Attributes:
        integer: without the sign.
        fraction: of tensors.
        weight_fraction: of weights, whose integer bits are the same.
    """

    integer: int
    fraction: int
    weight_fraction: int

    @property
    def bits(self) -> int:
        """Of a tensor, with its sign."""
        return 1 + self.integer + self.fraction

    def __str__(self) -> str:
        return f"integer {self.integer}, fraction {self.fraction}"


@dataclass(frozen=True, slots=True)
class Point:
    """One width's result.

    Attributes:
        width: of all tensors and weights.
        truth: physics with the true classes; None if the width was refused.
        decisions: the same with the reference's highest class in place of the true one.
        difference: largest absolute difference of a probability from the reference's.
        exact: the floats in which the model was evaluated without rounding, float32 or float64.
        refused: why the width can't be hardware.
    """

    width: Width
    truth: Physics | None = None
    decisions: Physics | None = None
    difference: float | None = None
    exact: str | None = None
    refused: str | None = None

    def stored(self) -> dict[str, Any]:
        """All but the width, as JSON values."""
        return {
            "truth": self.truth and self.truth.to_json(),
            "decisions": self.decisions and self.decisions.to_json(),
            "difference": self.difference,
            "exact": self.exact,
            "refused": self.refused,
        }

    @classmethod
    def from_stored(cls, width: Width, value: Mapping[str, Any]) -> Point:
        """What `stored` gave, as a point again."""
        truth, decisions = (value[key] and Physics.from_json(value[key]) for key in ("truth", "decisions"))
        return cls(width, truth, decisions, value["difference"], value["exact"], value["refused"])


@dataclass(frozen=True, slots=True)
class Scan:
    """All points of a scan.

    Attributes:
        name: of the configuration.
        classes: names, in the order of the labels.
        reference: physics of what points are compared with: the float model, or the quantised one as it was trained.
        decisions: the same with its own highest class in place of the true one.
        limits: largest losses that the configuration allows.
        points: in the order of integer, then of fraction bits.
        trained: whether the reference is a quantised model as trained.
        float_: physics of the float model that such a one came from, if there is one.
    """

    name: str
    classes: tuple[str, ...]
    reference: Physics
    decisions: Physics
    limits: PhysicsLimits
    points: tuple[Point, ...]
    trained: bool = False
    float_: Physics | None = None

    @property
    def label(self) -> str:
        """What the reference is called."""
        return "as trained" if self.trained else "float"

    @property
    def section(self) -> str:
        """The section of a configuration that states a point's widths."""
        return "requantise" if self.trained else "quantise"

    @property
    def baseline(self) -> Physics:
        """What losses are counted from: the float model, where there is one."""
        return self.float_ or self.reference

    def gates(self, point: Point) -> list[Gate]:
        """A point's losses, held against the limits."""
        return physics_gates(self.limits, float_=self.baseline, quantised=None, csim=point.truth)

    def keeps(self, point: Point) -> bool | None:
        """Whether a point's losses are within the limits; None if a loss is not known."""
        results = {gate.result for gate in self.gates(point)}
        return False if "fail" in results else None if "unknown" in results else True

    def ratio(self, point: Point, name: str) -> float | None:
        """AUC of a class by the reference's."""
        return quotient(None if point.truth is None else point.truth.auc[name], self.reference.auc[name])

    def picked(self) -> Point | None:
        """Of the points within the limits the one of fewest bits; of equals, the one whose worst AUC loss is least."""

        def size(point: Point) -> tuple[int, float]:
            return point.width.bits, max(gate.value or 0.0 for gate in self.gates(point))

        return min((p for p in self.points if self.keeps(p)), key=size, default=None)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "name": self.name,
            "classes": list(self.classes),
            "samples": self.reference.n,
            "limits": {
                "max_auc_loss": self.limits.max_auc_loss,
                "max_accuracy_loss": self.limits.max_accuracy_loss,
            },
            "reference": "as_trained" if self.trained else "float",
            "float": _stage(self.float_ if self.trained else self.reference),
            "as_trained": _stage(self.reference if self.trained else None),
            "decision_auc": dict(self.decisions.auc),
            "points": [self._point(point) for point in self.points],
        }

    def _point(self, point: Point) -> dict[str, Any]:
        truth, decisions = point.truth, point.decisions
        return {
            "integer": point.width.integer,
            "fraction": point.width.fraction,
            "weight_fraction": point.width.weight_fraction,
            "bits": point.width.bits,
            "accuracy": truth and truth.accuracy,
            "auc": dict.fromkeys(self.classes) if truth is None else dict(truth.auc),
            "auc_ratio": {name: self.ratio(point, name) for name in self.classes},
            "agreement": decisions and decisions.accuracy,
            "decision_auc": dict.fromkeys(self.classes) if decisions is None else dict(decisions.auc),
            "largest_difference": point.difference,
            "within_limits": self.keeps(point),
            "exact": point.exact,
            "refused": point.refused,
        }

    def to_csv(self) -> str:
        """A line per point with a heading; unknown is empty."""
        out = io.StringIO()
        rows = [dict(flat(point)) for point in self.to_json()["points"]]
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()


def _stage(found: Physics | None) -> dict[str, Any] | None:
    return None if found is None else {"accuracy": found.accuracy, "auc": dict(found.auc)}


def quotient(value: float | None, of: float | None) -> float | None:
    """Of two numbers that may be unknown; unknown by zero."""
    return None if value is None or not of else value / of


def flat(point: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Columns of a point, those of a class as ``auc.b``."""
    for key, value in point.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{name}", inner) for name, inner in value.items())
        else:
            yield key, value


def integers(points: Iterable[Point]) -> dict[int, list[Point]]:
    """Points by integer bits, each list by fraction bits."""
    found: dict[int, list[Point]] = {}
    for point in sorted(points, key=lambda p: (p.width.integer, p.width.fraction)):
        found.setdefault(point.width.integer, []).append(point)
    return found
