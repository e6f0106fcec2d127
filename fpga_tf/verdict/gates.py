"""A gate is one limit, what it is held against, and what came out. The gates of agreement and of physics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fpga_tf.errors import InternalError

if TYPE_CHECKING:  # both import numpy, which gates of a report do not need
    from fpga_tf.verdict.agreement import Agreement
    from fpga_tf.verdict.physics import Physics

GateResult = Literal["pass", "fail", "unknown"]

AGREEMENT = "agreement"
# Losses are differences of float64 ratios of counts. Rounding to 12 digits takes their noise away and nothing else:
# AUC steps by 1 / (2 * positives * negatives), which is above 1e-12 up to a million samples.
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Gate:
    """One limit and what came out.

    Attributes:
        gate: name; those of a budget are the configuration's keys, such as `latency_us` or `device_share.LUT`.
        limit: largest value that passes.
        value: what was found; None if it is not known, or is no number (used without any available).
        unit: of limit and value.
        source: what the value comes from, such as `csynth` and its file.
        result: `unknown` is no pass.
        missing: for `unknown`: what is missing and what would provide it.
        error: how far from an estimated value the true one may lie, in the same unit; 0 where the value is no estimate.
    """

    gate: str
    limit: float | int
    value: float | int | None
    unit: str
    source: str | None
    result: GateResult
    missing: str | None = None
    error: float = 0.0

    def __post_init__(self) -> None:
        if self.result == "pass" and self.value is None:
            raise InternalError(f"gate {self.gate} must have a value to pass")
        if (self.result == "unknown") != (self.missing is not None):
            raise InternalError(f"gate {self.gate} must say what is missing exactly if its result is unknown")

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `missing` only where something is, `error` only of an estimate."""
        value: dict[str, Any] = {
            "gate": self.gate,
            "limit": self.limit,
            "value": self.value,
            "unit": self.unit,
            "source": self.source,
            "result": self.result,
        }
        if self.missing is not None:
            value["missing"] = self.missing
        return {**value, "error": self.error} if self.error else value


@dataclass(frozen=True, slots=True)
class PhysicsLimits:
    """Largest losses allowed from the reference stage to the C-simulation; None asks for nothing.

    Attributes:
        max_auc_loss: of any class's one-vs-rest AUC.
        max_accuracy_loss: of the accuracy.
    """

    max_auc_loss: float | None = None
    max_accuracy_loss: float | None = None


def agreement_gate(agreement: Agreement | None) -> Gate:
    """Pass if outputs were compared in every set and none differs.

    A comparison of nothing fails: it was asked for and proves nothing. No comparison at all is unknown.
    """
    if agreement is None:
        return Gate(
            AGREEMENT, 0, None, "outputs", None, "unknown", "no C-simulation to compare with; run `fpga-tf simulate`"
        )
    result: GateResult = "pass" if agreement.exact else "fail"
    return Gate(AGREEMENT, 0, agreement.differing, "outputs", "C-simulation", result)


def physics_gates(
    limits: PhysicsLimits, *, float_: Physics | None, quantised: Physics | None, csim: Physics | None
) -> list[Gate]:
    """Hold the C-simulation's physics against the reference's: the float model's if given, else the quantised one's.

    A loss of exactly the limit passes; a gain is a negative loss. The AUC gate takes the class that loses most.

    Raises:
        InternalError: the stages were not evaluated on the same number of samples.
    """
    stage, reference = ("float", float_) if float_ is not None else ("quantised", quantised)
    if reference is not None and csim is not None and reference.n != csim.n:
        raise InternalError(f"physics of {stage} and csim must be of the same samples, not {reference.n} and {csim.n}")
    gates = []
    if limits.max_auc_loss is not None:
        losses = _auc_losses(reference, csim)
        gates.append(_worst_loss("max_auc_loss", limits.max_auc_loss, losses, f"{stage} to csim"))
    if limits.max_accuracy_loss is not None:
        loss = _loss(reference.accuracy if reference else None, csim.accuracy if csim else None)
        gates.append(_worst_loss("max_accuracy_loss", limits.max_accuracy_loss, {"": loss}, f"{stage} to csim"))
    return gates


def _auc_losses(reference: Physics | None, csim: Physics | None) -> dict[str, float | None]:
    if reference is None or csim is None:
        return {}
    return {name: _loss(value, csim.auc.get(name)) for name, value in reference.auc.items()}


def _loss(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else round(before - after, _DIGITS)


def _worst_loss(gate: str, limit: float, losses: Mapping[str, float | None], source: str) -> Gate:
    """The largest loss decides; where it passes and another is not known, so is the result."""
    known = {name: loss for name, loss in losses.items() if loss is not None}
    worst = max(known, key=lambda name: known[name], default=None)
    if worst is not None:
        source = f"{source}, {worst}" if worst else source
        if known[worst] > limit:
            return Gate(gate, limit, known[worst], "", source, "fail")
        if len(known) == len(losses):
            return Gate(gate, limit, known[worst], "", source, "pass")
    absent = [name for name in losses if name and name not in known]
    missing = (
        f"the evaluation set must have samples inside and outside of class {', '.join(absent)}"
        if absent
        else "no scores of both stages on labelled samples; name an evaluation set in the configuration"
    )
    return Gate(gate, limit, None if worst is None else known[worst], "", source, "unknown", missing)
