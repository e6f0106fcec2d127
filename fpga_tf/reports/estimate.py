"""What a generated pipeline will take and how fast it will run, before anybody runs a vendor's tools.

Cycles are exact: a pipeline has a latency of its stages, and takes a sample each cycle. All else is believed within an
error that is declared with it, found by cross-validation on published designs (`estimate_fit`, `estimate_data`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from fpga_tf.errors import InternalError, UserError
from fpga_tf.reports.types import Clock, Interval, Latency, Resource, SynthesisReport

FORMAT, TOOL = "estimate", "fpga_tf"
# Makes the report of an estimate, whatever it is made from.
stated = partial(SynthesisReport, format=FORMAT, stage="estimate", tool=TOOL)
OTHER_FAMILY = "the published designs are on UltraScale+, not on a part like this one"

# What `estimate_fit.fit` finds, its errors rounded up to a whole percent; a test fits and cross-validates anew.
LUT_RATIO, LUT_ERROR = 1.04465, 0.11
FF_RATIO, FF_ERROR = 0.70661, 0.42
PERIOD, PERIOD_ERROR = (0.74692, 0.55926, 1.42642), 0.20
# The published designs: smallest and largest cost and levels.
COSTS, LEVELS = (34_161.5, 301_646.0), (2.0, 6.5)
# Depths that are chosen from. One level is one adder.
FEWEST, MOST = 1, 10
_ULTRASCALE_PLUS = re.compile(r"((vu|ku|au)[0-9]+p|zu[0-9]|u[0-9]|k2[46])")
_PERIOD_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted of a generated pipeline.

    Attributes:
        cost: da4ml's count of LUTs.
        register_bits: bits of all registers between stages.
        stages: cycles from the register of the inputs to that of the outputs.
        levels: levels of logic that a stage may have.
    """

    cost: float
    register_bits: int
    stages: int
    levels: float

    def __post_init__(self) -> None:
        known = math.isfinite(self.cost) and self.cost >= 0 and self.register_bits >= 0 and self.stages >= 0
        if not known or not self.levels > 0:
            raise InternalError(f"counts of a pipeline must be numbers from 0, not {self}")


@dataclass(frozen=True, slots=True)
class DelayModel:
    """Believed clock period: `base_ns` + `level_ns` x levels + `size_ns` x sqrt(cost / 100,000).

    Attributes:
        base_ns: of a register and the shortest wires, in ns.
        level_ns: of one level of logic, in ns.
        size_ns: what the wires of a design of 100,000 of da4ml's LUTs add, in ns; they grow with the side of its area.
        error: relative, of the period.

    Raises:
        UserError: a term is negative, or the error is none below 1.
    """

    base_ns: float
    level_ns: float
    size_ns: float = 0.0
    error: float = PERIOD_ERROR

    def __post_init__(self) -> None:
        terms = (self.base_ns, self.level_ns, self.size_ns)
        if not all(math.isfinite(term) and term >= 0 for term in terms) or sum(terms) == 0:
            raise UserError(f"the terms of a delay must be numbers from 0 in ns, and not all 0, not {terms}")
        if not 0 <= self.error < 1:
            raise UserError(f"the error of a delay must be from 0 to below 1, not {self.error}")

    def period_ns(self, levels: float, cost: float) -> float:
        """Believed period in ns, as it is stated: to the ps."""
        period = self.base_ns + self.level_ns * levels + self.size_ns * math.sqrt(cost / 1e5)
        return round(period, _PERIOD_DIGITS)

    def surely_ns(self, levels: float, cost: float) -> Decimal:
        """The period with its error: a clock that is as slow as this is believed to be met."""
        return Decimal(str(self.period_ns(levels, cost))) * (1 + Decimal(str(self.error)))


PUBLISHED = DelayModel(*PERIOD, error=PERIOD_ERROR)


def levels_for(clock_ns: float, cost: float, model: DelayModel = PUBLISHED) -> float:
    """The most levels of logic a stage may have so that the believed period with its error meets a clock.

    Args:
        clock_ns: period asked for, in ns.
        cost: da4ml's count of LUTs.
        model: of the period.

    Returns:
        A whole number from 1 to 10.

    Raises:
        UserError: even one level is believed to be slower.
    """
    for levels in range(MOST, FEWEST - 1, -1):
        if model.surely_ns(levels, cost) <= Decimal(str(clock_ns)):
            return float(levels)
    fastest = math.ceil(model.surely_ns(FEWEST, cost) * 100) / 100
    believed = model.period_ns(FEWEST, cost)
    raise UserError(
        f"the clock of a design of {cost:,.0f} LUTs must have a period of at least {fastest:.2f} ns to be believed, "
        f"not {clock_ns:g} ns ({believed:.2f} ns ± {model.error * 100:.3g} % with one level of logic in a stage)",
        hint="ask for a slower clock, make the model smaller, or set the levels of logic: then the clock is in doubt",
    )


def estimate(
    counts: Counts, *, top: str, part: str | None, clock_ns: float, path: str, model: DelayModel = PUBLISHED
) -> SynthesisReport:
    """State what a generated pipeline is believed to be.

    DSP, BRAM and URAM are 0: the generated Tcl script forbids DSPs (`-max_dsp 0`), and tables are distributed ROM. The
    published delay is of UltraScale+: on a part of another family the period is unknown.

    Args:
        counts: of the pipeline.
        top: name of its module.
        part: device part.
        clock_ns: target in ns.
        path: file or folder that it is of.
        model: of the period.

    Returns:
        A report of stage `estimate` that declares its errors.
    """
    family = of_family(part)
    period = model.period_ns(counts.levels, counts.cost) if family or model != PUBLISHED else None
    errors = {"resources.LUT.used": LUT_ERROR, "resources.FF.used": FF_ERROR, "clock_ns.estimated": model.error}
    if period is None:
        del errors["clock_ns.estimated"]
    return stated(
        path=path,
        part=part,
        top=top,
        clock_ns=Clock(clock_ns, estimated=period),
        latency_cycles=Latency(counts.stages, counts.stages, counts.stages),
        interval_cycles=Interval(1, 1),
        pipeline="yes",
        resources=used(lut=LUT_RATIO * counts.cost, ff=FF_RATIO * counts.register_bits),
        errors=errors,
        notes=tuple(_notes(counts, family=family, published=model == PUBLISHED)),
    )


def used(*, lut: float, ff: float, dsp: float = 0, bram: int = 0) -> dict[str, Resource]:
    """Believed resources, in whole ones; no generated design has URAM."""
    counts = {"LUT": lut, "FF": ff, "DSP": dsp, "BRAM_18K": bram, "URAM": 0}
    return {name: Resource(round(count)) for name, count in counts.items()}


def of_family(part: str | None) -> bool:
    """Whether a part is of UltraScale+, as the published designs are; one that is not known is taken to be."""
    return part is None or _ULTRASCALE_PLUS.match(part.strip().lower().removeprefix("xc")) is not None


def _notes(counts: Counts, *, family: bool, published: bool) -> Iterator[str]:
    yield "estimated, not synthesised: cycles are exact, errors those of a cross-validation on published designs"
    if not family:
        yield OTHER_FAMILY + (": the clock period is unknown" if published else "")
    if not COSTS[0] <= counts.cost <= COSTS[1]:
        yield f"extrapolated: published designs have {COSTS[0]:,.0f} to {COSTS[1]:,.0f} LUTs by da4ml's count"
    if published and not LEVELS[0] <= counts.levels <= LEVELS[1]:
        yield f"extrapolated: published designs have {LEVELS[0]:g} to {LEVELS[1]:g} levels of logic in a stage"
