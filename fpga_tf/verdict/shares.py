"""The share of a device, and of one of its regions (SLRs), that a design takes."""

from __future__ import annotations

from fractions import Fraction

from fpga_tf.reports.facts import spread
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.devices import find_device
from fpga_tf.verdict.finding import Finding, above, around


def device_share(report: SynthesisReport, resource: str, part: str | None) -> Finding:
    """Used over available: what the report says is available, else what the device table has."""
    amount = report.resources.get(resource)
    if amount is None or amount.used is None:
        return _uncounted(resource)
    available = amount.available
    device = find_device(part or report.part)
    if available is None and device is not None:
        available = device.resources.get(resource)
    if available is None:
        return _absent(resource, report, part)
    return _ratio(amount.used, available, report.errors.get(f"resources.{resource}.used"))


def region_share(report: SynthesisReport, resource: str, part: str | None, limit: float) -> Finding:
    """Used over what the smallest region has, by the device table: tools state the mean of regions that differ.

    Which region the design goes to is not known here: if it is within the limit in some of them only, the share of the
    smallest one comes with what is missing.
    """
    device = find_device(part or report.part)
    if device is not None and device.slrs == 1:
        return device_share(report, resource, part)
    amount = report.resources.get(resource)
    if amount is None or amount.used is None:
        return _uncounted(resource)
    if device is None or resource not in device.resources:
        return _absent("regions (SLRs)", report, part)
    if amount.available not in (None, device.resources[resource]):
        return Finding(missing=f"how many of the {amount.available} {resource} available each region (SLR) has")
    counts = sorted({region[resource] for region in device.slr_resources})
    error = report.errors.get(f"resources.{resource}.used")
    shares = [_ratio(amount.used, count, error) for count in counts]
    if above(shares[0].lowest, limit) and not above(shares[-1].lowest, limit):
        return Finding(shares[0].value, f"the region (SLR) it goes to: they have {_either(counts)} {resource}")
    return shares[0]


def _uncounted(resource: str) -> Finding:
    return Finding(missing=f"the number of {resource} used: the report does not count it")


def _absent(what: str, report: SynthesisReport, part: str | None) -> Finding:
    return Finding(missing=f"the number of {what} of {part or report.part or 'the part'}: the device table lacks it")


def _ratio(used: int, available: int, error: float | None) -> Finding:
    if available == 0:
        return Finding(None, over=True) if used else Finding(0.0)
    share = float(Fraction(used, available))
    return Finding(share) if error is None else around(share, spread(share, error))


def _either(counts: list[int]) -> str:
    return " or ".join(map(str, counts))
