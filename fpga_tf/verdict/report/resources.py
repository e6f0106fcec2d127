"""Resources of a design, and their shares of the device and of one super logic region."""

from __future__ import annotations

from dataclasses import dataclass

from fpga_tf.reports.design import Design, Sourced
from fpga_tf.reports.types import RESOURCES, Resource
from fpga_tf.verdict.budget import NEAR, Budget, decide_budget
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.numbers import UNKNOWN, estimated
from fpga_tf.verdict.report.values import number


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """One resource.

    Attributes:
        name: one of `RESOURCES`.
        used, available: counts.
        device, slr: shares, 1 being all; None if unknown.
        source: where the count is from.
        none_available: whether it is used where the part has none.
        error: relative, of the count and of its shares; None where it is no estimate.
    """

    name: str
    used: int | None
    available: int | None
    device: float | None
    slr: float | None
    source: Sourced | None
    none_available: bool
    error: float | None = None

    @property
    def count(self) -> str:
        """The count for people, with its error."""
        return estimated(number(self.used), self.error)

    @property
    def of_device(self) -> str:
        """The share of the device for people, with its error."""
        return "none available" if self.none_available else estimated(percent(self.device), self.error)

    @property
    def of_slr(self) -> str:
        """The share of one region for people, with its error."""
        return estimated(percent(self.slr), self.error)


def resource_rows(design: Design) -> list[ResourceRow]:
    """All resources. Shares are those that the budget judges."""
    whole = dict.fromkeys(RESOURCES, 1.0)
    gates = {gate.gate: gate for gate in decide_shares(design, Budget(device_share=whole, slr_share=whole))}
    rows = []
    for name in RESOURCES:
        amount = design.report.resources.get(name, Resource())
        device, slr = gates[f"device_share.{name}"], gates[f"slr_share.{name}"]
        rows.append(
            ResourceRow(
                name,
                amount.used,
                amount.available,
                _share(device),
                _share(slr),
                design.sources.get(f"resources.{name}.used"),
                device.result == "fail" and device.value is None,
                design.report.errors.get(f"resources.{name}.used"),
            )
        )
    return rows


def decide_shares(design: Design, budget: Budget) -> list[Gate]:
    """Gates of a budget for a design, whatever its part and clock."""
    return decide_budget(budget, design.report, part=None, clock_ns=None)


def _share(gate: Gate) -> float | None:
    doubted = gate.result == "unknown" and gate.missing != NEAR  # all of it is near an estimate, and shown as that
    return None if doubted or gate.value is None else float(gate.value)


def percent(share: float | None) -> str:
    """A share in percent with one digit; a little is not nothing."""
    if share is None:
        return UNKNOWN
    value = share * 100
    return "below 0.1 %" if 0 < value < 0.1 else f"{value:.1f} %"
