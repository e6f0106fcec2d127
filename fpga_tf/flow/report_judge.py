"""From designs to gates, and from gates to the exit code of `fpga-tf report`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from fpga_tf.errors import FpgaTfError, UserError
from fpga_tf.flow.report_budget import Demand
from fpga_tf.reports.design import Design
from fpga_tf.verdict.budget import Budget, decide_budget
from fpga_tf.verdict.cosim import COSIM, cosim_gates
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.report.judged import Judged

TIMING, UNKNOWN, NONE = "timing_met", "unknown", "none"
_ALWAYS = (TIMING, COSIM)  # gates that need no limit


def judge(designs: Iterable[Design], demand: Demand, fail_on: Collection[str] = ()) -> list[Judged]:
    """Hold designs against a budget.

    Args:
        designs: as read.
        demand: the limits, and the part and clock that the designs must be for.
        fail_on: names given to `--fail-on`; a gate that is named there is there, if only as unknown.
    """
    return [Judged(design, tuple(_gates(design, demand, fail_on))) for design in designs]


def _gates(design: Design, demand: Demand, fail_on: Collection[str]) -> list[Gate]:
    gates = decide_budget(
        demand.budget, design.report, part=demand.part, clock_ns=demand.clock_ns, sources=design.sources
    )
    present = {gate.gate for gate in gates}
    if TIMING in fail_on and TIMING not in present:
        missing = "a clock target and a clock period: give a report of C synthesis, or one of timing after routing"
        gates.append(Gate(TIMING, demand.clock_ns or 0, None, "ns", None, "unknown", missing))
    if COSIM not in present:
        gates += cosim_gates(design, asked=COSIM in fail_on)
    return gates


def check_fail_on(names: Sequence[str], budget: Budget) -> None:
    """Refuse names that can never decide anything.

    Raises:
        UserError: no gate has that name, or the budget sets no limit for it.
    """
    known = [*_ALWAYS, *_limits(budget)]
    groups = {name.partition(".")[0] for name in known}
    for name in names:
        if name in (UNKNOWN, NONE) or name in known or name in groups:
            continue
        hint = "known here: " + ", ".join([*known, UNKNOWN, NONE])
        raise UserError(f"--fail-on must name a gate that has a limit, not {name!r}", hint=hint)
    if NONE in names and len(names) > 1:
        raise UserError("--fail-on none must stand alone, not with other gates")


def _limits(budget: Budget) -> list[str]:
    names = [] if budget.latency_us is None else ["latency_us"]
    names += [] if budget.interval_cycles is None else ["interval_cycles"]
    shares = {"device_share": budget.device_share, "slr_share": budget.slr_share}
    return names + [f"{kind}.{resource}" for kind, limits in shares.items() for resource in limits]


def exit_code(
    judged: Iterable[Judged], errors: Iterable[FpgaTfError], fail_on: Collection[str] = (), *, strict: bool = False
) -> int:
    """The code of the gravest thing that happened.

    Args:
        judged: designs and gates.
        errors: of paths that could not be read; each brings its own code.
        fail_on: gates that count (`device_share` stands for all of them); all if none is named. With `unknown` an
            unknown one counts as failed; `none` lets no gate count.
        strict: as `unknown` in fail_on.
    """
    named = {name for name in fail_on if name not in (UNKNOWN, NONE)}
    bad = {"fail", "unknown"} if strict or UNKNOWN in fail_on else {"fail"}
    counted = (
        gate
        for one in judged
        for gate in one.gates
        if NONE not in fail_on and (not named or gate.gate in named or gate.gate.partition(".")[0] in named)
    )
    failed = any(gate.result in bad for gate in counted)
    return max([int(failed), *(error.exit_code for error in errors)])
