"""Gates on values that are estimates: they pass and fail beyond the declared error, and are unknown within it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fpga_tf.reports import combine
from fpga_tf.reports.estimate import Counts, DelayModel, estimate
from fpga_tf.reports.rtl_simulation import simulated
from fpga_tf.reports.types import Clock, Interval, Resource, SynthesisReport
from fpga_tf.verdict.budget import NEAR, Budget, decide_budget
from fpga_tf.verdict.finding import Finding
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.numbers import estimated, gate_value
from fpga_tf.verdict.timing import clock_span_ns

PART = "xcvu13p-flga2577-2-e"
COUNTS = Counts(cost=251_520, register_bits=85_000, stages=50, levels=2)
GUESS = estimate(COUNTS, top="t", part=PART, clock_ns=5.0, path="t_rtl")


def decide(budget: Budget, report: SynthesisReport) -> dict[str, Gate]:
    return {gate.gate: gate for gate in decide_budget(budget, report, part=PART, clock_ns=report.clock_ns.target)}


def clocked(target: float, period: float, error: float) -> SynthesisReport:
    """An estimate of 100 cycles at a period."""
    counts = Counts(1000, 1000, 100, 1)
    return estimate(counts, top="t", part=PART, clock_ns=target, path="p", model=DelayModel(period, 0.0, error=error))


@pytest.mark.parametrize(
    ("target", "result"),
    [
        (5.0, "pass"),
        (4.8, "pass"),  # 4 ns and its error of 20 %: exactly the target
        (4.79, "unknown"),
        (4.0, "unknown"),
        (3.2, "unknown"),  # exactly at the lower end it could be met
        (3.19, "fail"),
    ],
)
def test_timing(target: float, result: str) -> None:
    gate = decide(Budget(), clocked(target, 4.0, 0.2))["timing_met"]
    assert (gate.value, gate.limit, gate.error, gate.result) == (4.0, target, 0.8, result)
    assert gate.missing == (NEAR if result == "unknown" else None)


@pytest.mark.parametrize(
    ("target", "value", "error", "limit", "result"),
    [
        (5.0, 0.5, 0.0, 0.5, "pass"),  # 4.8 ns at most: the target counts, without an error
        (5.0, 0.5, 0.0, 0.4999, "fail"),
        (4.5, 0.45, 0.03, 0.48, "pass"),  # 4.5 to 4.8 ns
        (4.5, 0.45, 0.03, 0.479, "unknown"),
        (4.5, 0.45, 0.03, 0.45, "unknown"),
        (4.5, 0.45, 0.03, 0.4499, "fail"),  # it is never clocked faster than the target
        (2.0, 0.4, 0.08, 0.48, "pass"),  # 3.2 to 4.8 ns
        (2.0, 0.4, 0.08, 0.4799, "unknown"),
        (2.0, 0.4, 0.08, 0.32, "unknown"),
        (2.0, 0.4, 0.08, 0.3199, "fail"),
    ],
)
def test_latency_is_that_of_cycles_at_the_slower_of_target_and_believed_period(
    target: float, value: float, error: float, limit: float, result: str
) -> None:
    gate = decide(Budget(latency_us=limit), clocked(target, 4.0, 0.2))["latency_us"]
    assert (gate.value, gate.error, gate.result) == (value, error, result)


@pytest.mark.parametrize(
    ("limit", "result"),
    [(0.72, "pass"), (0.7199, "unknown"), (0.3375, "unknown"), (0.3374, "fail")],
)
def test_cycles_of_latency_may_have_an_error_too(limit: float, result: str) -> None:
    # 75 to 125 cycles of 4.5 to 5.76 ns: the target bounds the period from below
    report = clocked(4.5, 4.8, 0.2)
    report = replace(report, errors={**report.errors, "latency_cycles.max": 0.25})
    gate = decide(Budget(latency_us=limit), report)["latency_us"]
    assert (gate.value, gate.error, gate.result) == (0.48, 0.24, result)


def test_cycles_have_an_error_where_the_period_has_none() -> None:
    report = replace(clocked(5.0, 4.0, 0.0), errors={"latency_cycles.max": 0.25})
    gate = decide(Budget(latency_us=0.5), report)["latency_us"]
    assert (gate.value, gate.error, gate.result, gate.missing) == (0.5, 0.125, "unknown", NEAR)


@pytest.mark.parametrize(("limit", "result"), [(24, "pass"), (23, "unknown"), (16, "unknown"), (15, "fail")])
def test_an_interval_within_its_error(limit: int, result: str) -> None:
    report = replace(GUESS, interval_cycles=Interval(18, 20), errors={"interval_cycles.max": 0.2})
    gate = decide(Budget(interval_cycles=limit), report)["interval_cycles"]
    assert (gate.value, gate.error, gate.result) == (20, 4.0, result)


def test_an_interval_that_declares_no_error_has_none() -> None:
    gate = decide(Budget(interval_cycles=1), GUESS)["interval_cycles"]
    assert gate == Gate("interval_cycles", 1, 1, "cycles", "estimate, t_rtl", "pass")


# 200,000 of 1,728,000 LUTs with an error of 11 %: 178,000 to 222,000.
@pytest.mark.parametrize(
    ("limit", "result"),
    [(0.14, "pass"), (0.1284, "unknown"), (0.1157, "unknown"), (0.1031, "unknown"), (0.103, "fail")],
)
def test_share_of_the_device(limit: float, result: str) -> None:
    report = replace(GUESS, resources={"LUT": Resource(200_000)})
    gate = decide(Budget(device_share={"LUT": limit}), report)["device_share.LUT"]
    assert (gate.result, round(gate.value or 0, 4), round(gate.error, 4)) == (result, 0.1157, 0.0127)


def test_what_has_no_error_is_held_to_the_limit_itself() -> None:
    budget = Budget(device_share={"DSP": 0.0, "BRAM_18K": 0.0, "URAM": 0.0})
    assert [gate.result for name, gate in decide(budget, GUESS).items() if name != "timing_met"] == ["pass"] * 3
    exact = replace(GUESS, resources={"LUT": Resource(432_000)}, errors={"resources.LUT.used": 0.0})
    for limit, result in ((0.25, "pass"), (0.2499, "fail")):
        gate = decide(Budget(device_share={"LUT": limit}), exact)["device_share.LUT"]
        assert (gate.result, gate.error) == (result, 0.0)


# Of the VU37P's regions the smallest has 432,000 LUTs, SLR0 439,680; the error is 11 %.
@pytest.mark.parametrize(
    ("used", "result", "missing"),
    [
        (370_000, "pass", None),
        (430_000, "unknown", NEAR),
        (435_000, "unknown", NEAR),
        (488_000, "unknown", "the region (SLR) it goes to: they have 432000 or 439680 LUT"),
        (495_000, "fail", None),
    ],
)
def test_share_of_a_region(used: int, result: str, missing: str | None) -> None:
    report = replace(GUESS, part="xcvu37p-fsvh2892-2L-e", resources={"LUT": Resource(used)})
    found = decide_budget(Budget(slr_share={"LUT": 1.0}), report, part=None, clock_ns=5.0)
    assert (found[0].result, found[0].missing) == (result, missing)


def test_routing_replaces_the_estimate_and_its_error() -> None:
    routed = SynthesisReport(
        "p/route.rpt",
        "some",
        "route",
        top="t",
        part=PART,
        clock_ns=Clock(5.0, achieved=4.9),
        resources={"LUT": Resource(7)},
    )
    whole = combine("t", [GUESS, routed]).report
    assert clock_span_ns(whole) is None
    gates = decide(Budget(latency_us=0.25, device_share={"LUT": 0.1}), whole)
    assert {name: (gate.result, gate.error) for name, gate in gates.items()} == dict.fromkeys(
        ("latency_us", "device_share.LUT", "timing_met"), ("pass", 0.0)
    )


def test_cycles_of_a_simulation_are_counted_at_the_estimates_clock() -> None:
    run = simulated(latency=60, interval=1, transactions=9, passed=True, top="t", part=PART, clock_ns=4.0, path="t_rtl")
    guess = replace(GUESS, clock_ns=replace(GUESS.clock_ns, target=4.0))
    design = combine("t", [guess, run])
    (gate, _) = decide_budget(Budget(latency_us=0.25), design.report, part=PART, clock_ns=4.0, sources=design.sources)
    assert (gate.value, gate.result, gate.source) == (0.24768, "unknown", "rtlsim, t_rtl; estimate, t_rtl")
    assert gate.error == pytest.approx(0.049536, abs=1e-12)


def test_an_error_is_shown_with_its_value_and_in_json() -> None:
    gate = Gate("timing_met", 5.0, 4.124, "ns", "estimate, p", "unknown", NEAR, 0.8248)
    assert gate_value(gate) == "4.124 ± 0.82 ns"
    assert gate.to_json()["error"] == 0.8248
    assert list(gate.to_json())[-2:] == ["missing", "error"]
    share = Gate("device_share.LUT", 0.25, 0.1512, "share", None, "pass", error=0.0212)
    assert gate_value(share) == "15.12 ± 2.1 %"
    assert "error" not in replace(share, error=0.0).to_json()
    assert gate_value(replace(share, error=0.0)) == "15.12 %"
    assert estimated("261,269", 0.14) == "261,269 ± 14 %"
    assert (estimated("unknown", 0.14), estimated("7", 0.0), estimated("7", None)) == ("unknown", "7", "7")


def test_a_finding_without_ends_has_no_error() -> None:
    assert (Finding(3.0).error, Finding(3.0).lowest, Finding(3.0).highest) == (0.0, 3.0, 3.0)
    assert Finding(3.0, least=2.5, most=3.1).error == 0.5
    assert Finding(None, over=True).error == 0.0
