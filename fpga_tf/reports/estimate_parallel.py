"""What an unrolled design will take and how fast it will run, from what its model multiplies: nothing is generated yet.

A sample enters each cycle: that is exact. All else is believed within an error that is declared with it. How it was
found: `estimate_parallel_fit`. Generated Verilog is estimated closer, from da4ml's count (`estimate`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from fpga_tf.errors import InternalError, UserError
from fpga_tf.reports.estimate import FEWEST, LUT_RATIO, OTHER_FAMILY, PUBLISHED, levels_for, of_family, stated, used
from fpga_tf.reports.types import Clock, Interval, Latency, SynthesisReport

# What `estimate_parallel_fit.fit` finds, its errors rounded up to a whole percent; a test fits and validates anew.
LUT_CONSTANT, LUT_VARIABLE, LUT_ERROR = 0.65266, 1.86110, 0.20
FF_RATIO, FF_ERROR = 0.50919, 0.86
LEVELS, LEVELS_ERROR = 9.26923, 0.36
# The published designs: smallest and largest bit operations.
OPERATIONS = (211_756, 355_289)


@dataclass(frozen=True, slots=True)
class Operations:
    """What a model multiplies.

    Attributes:
        constant: bit operations with weights: digits of the weight times digits of the value, summed over all products.
        variable: the same of two tensors.
        wide: products that a tool may give a DSP: those of `DSP_AREA` bit operations and more (see
            `dataflow_costs`).
        depth: layers that multiply or read a table, on the longest path.
    """

    constant: int
    variable: int
    wide: int
    depth: int

    def __post_init__(self) -> None:
        if min(self.constant, self.variable, self.wide, self.depth) < 0:
            raise InternalError(f"operations must be numbers from 0, not {self}")


def estimate_parallel(
    operations: Operations, *, top: str, part: str | None, clock_ns: float, path: str
) -> SynthesisReport:
    """State what an unrolled design is believed to be.

    It is cut where the clock is believed to need it, and after each level of logic if it is too fast even then. The
    published delay is of UltraScale+: on a part of another family clock and latency are unknown. A tool may give none
    or all of the wide products a DSP, so DSP is half of them, with an error of 100 %. Block RAM is 0: tables are
    distributed ROM.

    Args:
        operations: of the model.
        top: name of the design.
        part: device part.
        clock_ns: target in ns.
        path: file or folder that it is of.

    Returns:
        A report of stage `estimate` that declares its errors.
    """
    lut = LUT_CONSTANT * operations.constant + LUT_VARIABLE * operations.variable
    known = of_family(part)
    period, cycles = _timing(lut / LUT_RATIO, operations.depth, clock_ns) if known else (None, None)
    ff, dsp = FF_RATIO * (operations.constant + operations.variable), math.ceil(operations.wide / 2)
    errors = {"resources.LUT.used": LUT_ERROR, "resources.FF.used": FF_ERROR}
    if operations.wide:
        errors["resources.DSP.used"] = 1.0
    if known:
        errors |= {"clock_ns.estimated": PUBLISHED.error}
        errors |= dict.fromkeys(("latency_cycles.min", "latency_cycles.max"), LEVELS_ERROR)
    return stated(
        path=path,
        part=part,
        top=top,
        clock_ns=Clock(clock_ns, estimated=period),
        latency_cycles=Latency(cycles, cycles, cycles),
        interval_cycles=Interval(1, 1),
        pipeline="yes",
        resources=used(lut=lut, ff=ff, dsp=dsp),
        errors=errors,
        notes=tuple(_notes(operations, known=known)),
    )


def _timing(cost: float, depth: int, clock_ns: float) -> tuple[float, int]:
    """Period in ns, and latency in cycles."""
    try:
        levels = levels_for(clock_ns, cost)
    except UserError:  # the clock is in doubt: its gate will tell
        levels = float(FEWEST)
    return PUBLISHED.period_ns(levels, cost), math.ceil(LEVELS * depth / levels)


def _notes(operations: Operations, *, known: bool) -> Iterator[str]:
    yield "estimated from the model's products, by published transformers; their constant matrices share sums (da4ml)"
    if not known:
        yield f"{OTHER_FAMILY}: clock and latency are unknown"
    total = operations.constant + operations.variable
    if not OPERATIONS[0] <= total <= OPERATIONS[1]:
        yield f"extrapolated: published designs have {OPERATIONS[0]:,} to {OPERATIONS[1]:,} bit operations"
