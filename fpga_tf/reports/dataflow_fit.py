"""Fits the estimate of dataflow designs to the published ones, and finds how wrong it is on a model it has not seen.

- Cycles: one constant, between two loops of a process (`published_dataflow.fit_turn`). All else is derived.
- DSP: the middle between two bounds, as two sources disagree: C synthesis states as many as are derived
  (`dataflow_costs`, source 4), the published mapped designs at least 0.55 of them.
- LUT, FF: derived counts times a factor, in the middle between the smallest and the largest ratio. Of a published range
  over bit widths the middle is taken. Designs with more products than the device has DSPs are left out for DSP and LUT:
  what does not fit is made of LUTs, up to 2.8 times those of the device.
- Clock: the middle between the fastest and the slowest, over the target of 5 ns.

An error is |published / estimate - 1|: of cycles, LUT and FF the largest with the published model left out of the fit,
of DSP and clock the distance to the bounds. Declared are these, rounded up to a whole percent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from fpga_tf.reports.dataflow_costs import Area, counted
from fpga_tf.reports.published_dataflow import (
    DEVICE,
    ROWS,
    SHARES,
    TARGET_NS,
    Share,
    fit_turn,
    interval,
    latency,
    left_out,
)
from fpga_tf.reports.published_networks import ARCHITECTURES, Architecture, network


@dataclass(frozen=True, slots=True)
class Fit:
    """Factors of derived counts, cycles between loops, and the largest errors on what the fit has not seen."""

    turn: int
    interval_error: float
    latency_error: float
    dsp: float
    dsp_error: float
    lut: float
    lut_error: float
    ff: float
    ff_error: float
    clock: float
    clock_error: float


def fit() -> Fit:
    """Fit to all published designs."""
    least = min(ratio for share, ratio in ratios("DSP"))
    clocks = [row.clock_ns / TARGET_NS for row in ROWS]
    return Fit(
        fit_turn(ROWS), left_out(interval), left_out(latency),
        *_middle([least, 1.0]),
        _middle([ratio for _, ratio in ratios("LUT")])[0], _unseen("LUT"),
        _middle([ratio for _, ratio in ratios("FF")])[0], _unseen("FF"),
        *_middle(clocks),
    )  # fmt: skip


def ratios(resource: str) -> list[tuple[Share, float]]:
    """The middle of what was published over what is derived, for each share that counts."""
    found = []
    for share in SHARES:
        if share.resource == resource and (resource == "FF" or _fits(share)):
            counts = [getattr(derived(share.model, reuse), resource.lower()) for reuse in share.reuse]
            middle = (share.low + share.high) / 200 * DEVICE[resource]
            found.append((share, middle * len(counts) / sum(counts)))
    return found


@cache
def derived(model: Architecture, reuse: int) -> Area:
    """Counts of a published model in our shape, heads side by side, before any factor."""
    design = network(model, reuse)
    return counted(design.processes, design.channels)


def _fits(share: Share) -> bool:
    return all(derived(share.model, reuse).dsp <= DEVICE["DSP"] for reuse in share.reuse)


def _middle(values: Sequence[float]) -> tuple[float, float]:
    """The middle of the smallest and the largest value, and the relative error that reaches both."""
    low, high = min(values), max(values)
    return (low + high) / 2, (high - low) / (high + low)


def _unseen(resource: str) -> float:
    errors = []
    for model in ARCHITECTURES:
        rest = _middle([ratio for share, ratio in ratios(resource) if share.model is not model])[0]
        errors += [abs(ratio / rest - 1) for share, ratio in ratios(resource) if share.model is model]
    return max(errors)
