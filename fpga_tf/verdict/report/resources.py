"""Resources of a design, and their shares of the device and of one super logic region."""

from __future__ import annotations

from dataclasses import dataclass

from fpga_tf.reports.design import Design, Sourced
from fpga_tf.reports.types import RESOURCES, Resource
from fpga_tf.verdict.budget import Budget, decide_budget
from fpga_tf.verdict.gates import Gate


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """One resource.

    Attributes:
        name: one of `RESOURCES`.
        used, available: counts.
        device, slr: shares, 1 being all; None if unknown.
        source: where the count is from.
        none_available: whether it is used where the part has none.
    """

    name: str
    used: int | None
    available: int | None
    device: float | None
    slr: float | None
    source: Sourced | None
    none_available: bool


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
            )
        )
    return rows


def decide_shares(design: Design, budget: Budget) -> list[Gate]:
    """Gates of a budget for a design, whatever its part and clock."""
    return decide_budget(budget, design.report, part=None, clock_ns=None)


def _share(gate: Gate) -> float | None:
    return None if gate.result == "unknown" or gate.value is None else float(gate.value)


def percent(share: float | None) -> str:
    """A share in percent with one digit; a little is not nothing."""
    if share is None:
        return "unknown"
    value = share * 100
    return "below 0.1 %" if 0 < value < 0.1 else f"{value:.1f} %"
