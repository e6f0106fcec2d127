"""Is the clock met, and at which period does a design run?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from fpga_tf.reports.types import Clock, ClockDomain, Latency, SynthesisReport, Timing
from fpga_tf.verdict.budget import Budget, decide_budget
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.timing import achieved_clock_ns, deciding

ESTIMATE = Clock(target=5.0, estimated=3.5, uncertainty=1.0)
REPORT = SynthesisReport("p/r.rpt", "some", "route", top="net", clock_ns=ESTIMATE)


def gate(clock: Clock, timing: Timing | None = None, stage: str = "route") -> Gate | None:
    report = replace(REPORT, clock_ns=clock, timing=timing, stage=stage)  # type: ignore[arg-type]
    found = decide_budget(Budget(), report, part=None, clock_ns=None)
    assert [one.gate for one in found] in ([], ["timing_met"])
    return found[0] if found else None


def outcome(clock: Clock, timing: Timing | None = None, stage: str = "route") -> tuple[float | None, float, str]:
    found = gate(clock, timing, stage)
    assert found is not None and found.unit == "ns"
    return found.value, found.limit, found.result


def test_with_several_clocks_the_slack_after_routing_decides_not_the_estimate() -> None:
    assert outcome(ESTIMATE) == (3.5, 5.0, "pass")
    late = replace(ESTIMATE, slack=-0.25)
    assert outcome(late, Timing(setup_slack=-0.25, met=False)) == (0.25, 0, "fail")
    assert outcome(replace(ESTIMATE, slack=0.25), Timing(setup_slack=0.25, met=True)) == (0.0, 0, "pass")
    slow = Clock(target=5.0, estimated=5.5, uncertainty=1.0, slack=0.0)
    assert outcome(slow, Timing(setup_slack=0.0, met=True)) == (0.0, 0, "pass"), "routing did better than expected"


def test_without_a_target_the_slack_decides() -> None:
    assert outcome(Clock(slack=0.058), Timing(setup_slack=0.058, met=True)) == (0.0, 0, "pass")
    assert outcome(Clock(slack=-0.058), Timing(setup_slack=-0.058, met=False)) == (0.058, 0, "fail")


def test_hold_counts_after_routing_only() -> None:
    clock = Clock(target=5.0, achieved=4.5, slack=0.5)
    timing = Timing(setup_slack=0.5, hold_slack=-0.03, met=False)
    assert outcome(clock, timing) == (0.03, 0, "fail")
    assert outcome(clock, timing, "place") == outcome(clock, timing, "synth") == (4.5, 5.0, "pass")
    assert outcome(clock, replace(timing, hold_slack=0.0, met=True)) == (4.5, 5.0, "pass")


def test_a_pulse_too_short_counts_always() -> None:
    clock = Clock(target=5.0, achieved=4.5, slack=0.5)
    for stage in ("synth", "place", "route"):
        assert outcome(clock, Timing(setup_slack=0.5, hold_slack=-0.2, pulse_slack=-0.1), stage)[2] == "fail"
    assert outcome(clock, Timing(setup_slack=0.5, hold_slack=-0.2, pulse_slack=-0.1))[0] == 0.2, "the worst"
    assert outcome(clock, Timing(setup_slack=0.5, hold_slack=-0.2, pulse_slack=-0.1), "synth")[0] == 0.1


def test_the_tools_word_after_routing_counts_even_if_no_slack_is_known() -> None:
    clock = Clock(target=5.0, achieved=4.5)
    assert outcome(clock, Timing(met=False)) == (4.5, 5.0, "fail")
    assert outcome(clock, Timing(met=True)) == (4.5, 5.0, "pass")
    assert outcome(ESTIMATE, Timing(met=False)) == (None, 0, "fail")
    found = gate(ESTIMATE, Timing(met=True))
    assert found is not None and found.result == "unknown", "of which paths is not told"
    assert found.missing == "the worst slack of setup of the whole design"


def test_slack_and_achieved_period_must_both_be_good() -> None:
    assert outcome(Clock(5.0, achieved=5.1, slack=0.1))[2] == "fail"
    assert outcome(Clock(5.0, achieved=4.9, slack=-0.1))[2] == "fail"
    assert outcome(Clock(5.0, achieved=4.9), Timing(setup_slack=-0.1)) == (4.9, 5.0, "fail")


@pytest.mark.parametrize(("slack", "result"), [(0.3, "pass"), (0.0, "pass"), (-0.0, "unknown"), (-1.7, "unknown")])
def test_slack_of_c_synthesis_alone(slack: float, result: str) -> None:
    found = gate(Clock(slack=slack), stage="csynth")
    assert found is not None and found.result == result
    assert (found.missing is None) == (result == "pass")


def test_without_any_period_or_slack_there_is_no_gate() -> None:
    assert gate(Clock()) is gate(Clock(target=5.0)) is gate(Clock(estimated=5.0)) is gate(Clock(), Timing()) is None
    assert gate(Clock(achieved=2.0)) is None, "fast enough for what?"
    assert outcome(Clock(achieved=2.0, slack=-0.5)) == (0.5, 0, "fail")


def test_the_period_is_the_target_where_several_clocks_are_met() -> None:
    def period(timing: Timing | None, clock: Clock = ESTIMATE) -> float | None:
        return achieved_clock_ns(replace(REPORT, clock_ns=clock, timing=timing))

    clocks = (ClockDomain("fast", 2.0), ClockDomain("design", 5.002))
    assert period(None) == 5.0
    assert period(None, replace(ESTIMATE, estimated=5.5)) == 5.5
    assert period(Timing(setup_slack=0.1), replace(ESTIMATE, estimated=5.5)) == 5.0
    assert period(Timing(setup_slack=-0.1)) is None, "which clock is late is not known"
    assert period(Timing(setup_slack=0.1, clocks=clocks)) == 5.0
    assert period(Timing(setup_slack=0.1, clocks=clocks[:1])) is None, "the target is of no clock"
    assert period(Timing(setup_slack=0.1), Clock(estimated=3.0)) is None
    assert period(Timing(setup_slack=0.1), Clock(5.0, achieved=5.2)) == 5.2
    assert period(Timing(met=True)) == 5.0


def test_latency_names_what_the_period_is_from() -> None:
    quantities = {
        "clock_ns.achieved": replace(REPORT, clock_ns=Clock(5.0, 3.0, achieved=4.0), timing=Timing(setup_slack=1.0)),
        "timing.setup_slack": replace(REPORT, timing=Timing(setup_slack=0.1)),
        "clock_ns.estimated": REPORT,
    }
    for quantity, report in quantities.items():
        assert deciding(report) == quantity
    late = replace(REPORT, timing=Timing(setup_slack=-0.1), latency_cycles=Latency(max=9))
    found, _ = decide_budget(Budget(latency_us=1.0), late, part=None, clock_ns=None)
    assert (found.value, found.result) == (None, "unknown")
    assert "no period that is achieved or estimated" in (found.missing or "")
