"""Decides `hls.shape: auto` from estimates against the budget: nothing is generated for it, and the reason is told.

Unrolled is best where it fits: a sample each cycle, and the least latency. Else rows pass one after another, with as
little sharing as fits. An estimate fits if it does so at the upper end of its declared error. Whether the clock is met
is not asked: of designs that fit no shape changes it by much, and no estimate of a dataflow design tells it surely.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from fpga_tf.flow.config_sections import BudgetConfig
from fpga_tf.flow.report_budget import limits_of
from fpga_tf.hls.shapes import Heads, LayerShape
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.budget import NEAR, Budget, decide_budget
from fpga_tf.verdict.gates import Gate, GateResult
from fpga_tf.verdict.numbers import gate_limit, gate_value

REUSE = (1, 2, 4, 8, 16, 32, 64)
HEADS: tuple[Heads, ...] = ("parallel", "in_turn")


@dataclass(frozen=True)
class Candidate:
    """One shape, and what the budget says to its estimate.

    Attributes:
        shape: of the model.
        report: its estimate.
        gates: of the budget's limits.
    """

    shape: LayerShape
    report: SynthesisReport
    gates: tuple[Gate, ...]

    @property
    def name(self) -> str:
        """The shape in words."""
        if self.shape.shape == "parallel":
            return "parallel"
        turns = ", heads in turn" if self.shape.heads == "in_turn" else ""
        return f"dataflow with a reuse factor of {self.shape.reuse_factor}{turns}"

    @property
    def label(self) -> str:
        """The shape, short."""
        if self.shape.shape == "parallel":
            return "parallel"
        return f"dataflow, R = {self.shape.reuse_factor}" + (", in turn" if self.shape.heads == "in_turn" else "")

    @property
    def missed(self) -> tuple[str, ...]:
        """Each limit that it breaks, or may break, in words; empty if it surely fits."""
        return tuple(_missed(gate) for gate in self.gates if gate.result != "pass")

    @property
    def result(self) -> GateResult:
        """What the budget says to it as a whole: `unknown` if a limit may be broken and none surely is."""
        results = {gate.result for gate in self.gates}
        return "fail" if "fail" in results else "unknown" if "unknown" in results else "pass"

    @property
    def distance(self) -> tuple[bool, list[float]]:
        """How far from fitting: whether a limit is surely broken, then values over their limits, largest first."""
        over = [math.inf if gate.value is None else (gate.value + gate.error) / gate.limit for gate in self.gates]
        return self.result == "fail", sorted(over, reverse=True)


@dataclass(frozen=True)
class Choice:
    """What was decided.

    Attributes:
        shape: of the model.
        reason: why, in one sentence.
        candidates: all that were estimated, in order; each but the chosen one was refused.
    """

    shape: LayerShape
    reason: str
    candidates: tuple[Candidate, ...]

    def told(self) -> tuple[str, ...]:
        """The reason, and for each refused shape the limits that it breaks or may break."""
        refused = (one for one in self.candidates if one.shape != self.shape)
        return (self.reason, *(f"shape: auto refused {one.name}: {'; '.join(one.missed)}" for one in refused))


def candidates(
    parallel: SynthesisReport | None,
    dataflow: Callable[[LayerShape], SynthesisReport],
    budget: BudgetConfig,
    *,
    part: str,
    clock_ns: float,
    heads: Sequence[Heads] = HEADS,
) -> Iterator[Candidate]:
    """All shapes in the order of preference, each estimated when it is asked for; arguments as of `choose`."""
    if parallel is not None:
        yield judged(LayerShape(), parallel, budget, part=part, clock_ns=clock_ns)
    for shape in (LayerShape("dataflow", reuse, one) for reuse in REUSE for one in heads):
        yield judged(shape, dataflow(shape), budget, part=part, clock_ns=clock_ns)


def judged(
    shape: LayerShape, report: SynthesisReport, budget: BudgetConfig, *, part: str, clock_ns: float
) -> Candidate:
    """A shape, with what the budget says to its estimate; arguments as of `choose`."""
    return Candidate(shape, report, tuple(_gates(limits_of(budget), report, part, clock_ns)))


def choose(
    parallel: SynthesisReport | None,
    dataflow: Callable[[LayerShape], SynthesisReport],
    budget: BudgetConfig,
    *,
    part: str,
    clock_ns: float,
    heads: Sequence[Heads] = HEADS,
) -> Choice:
    """Decide the shape of a model.

    The unrolled one if it surely fits; else the dataflow one with the least reuse factor that does, heads at once
    before heads in turn; else the one that is nearest.

    Args:
        parallel: estimate of the unrolled design; None where rows enter one after another.
        dataflow: estimates a dataflow design.
        budget: the limits.
        part: device part.
        clock_ns: clock period in ns.
        heads: what the heads of attentions may be; one choice for a model whose attentions have one head, or none.
    """
    tried: list[Candidate] = []
    for candidate in candidates(parallel, dataflow, budget, part=part, clock_ns=clock_ns, heads=heads):
        tried.append(candidate)
        if not candidate.missed:
            break
    chosen = taken(tried)
    return Choice(chosen.shape, _reason(chosen), tuple(tried))


def taken(tried: Sequence[Candidate]) -> Candidate:
    """The first that surely fits; if none does, the nearest of all."""
    first = next((one for one in tried if one.result == "pass"), None)
    return min(tried, key=lambda one: one.distance) if first is None else first


def _gates(limits: Budget, report: SynthesisReport, part: str, clock_ns: float) -> list[Gate]:
    gates = decide_budget(limits, report, part=part, clock_ns=clock_ns)
    return [gate for gate in gates if gate.gate != "timing_met"]


def _reason(chosen: Candidate) -> str:
    if chosen.result != "pass":
        return (
            f"shape: auto chose {chosen.name}, which is nearest: no shape surely fits the budget, and of this one "
            + "; ".join(chosen.missed)
        )
    least = "" if chosen.shape.shape == "parallel" else ", and none that shares less does"
    return f"shape: auto chose {chosen.name}: its estimate surely fits the budget{least}"


def _missed(gate: Gate) -> str:
    if gate.missing not in (None, NEAR):
        return f"{gate.gate} is unknown: it needs {gate.missing}"
    if gate.value is None:
        return f"{gate.gate} is above {gate_limit(gate)}, as the part has none"
    perhaps = "perhaps " if gate.missing == NEAR else ""
    return f"{gate.gate} is {gate_value(gate)}, {perhaps}above {gate_limit(gate)}"
