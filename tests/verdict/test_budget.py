"""A budget against reports: limits met exactly, unknown values, reports of other designs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fpga_tf.reports import Clock, Interval, Latency, Resource, SynthesisReport, combine
from fpga_tf.reports.types import Timing
from fpga_tf.verdict.budget import Budget, decide_budget
from fpga_tf.verdict.cosim import cosim_gates
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.timing import achieved_clock_ns

PART = "xcvu13p-flga2577-2-e"
REPORT = SynthesisReport(
    path="p/csynth.xml",
    format="csynth_xml",
    stage="csynth",
    part=PART,
    top="tagger",
    clock_ns=Clock(target=5.0, estimated=3.6, uncertainty=1.35),
    latency_cycles=Latency(300, 350, 400),
    interval_cycles=Interval(1, 2),
    resources={
        "LUT": Resource(432000, 1728000),
        "FF": Resource(1, 3456000),
        "DSP": Resource(0, 12288),
        "BRAM_18K": Resource(None, 5376),
        "URAM": Resource(3, None),
    },
)


def decide(budget: Budget, report: SynthesisReport | None = REPORT, **change: Any) -> dict[str, Gate]:
    gates = decide_budget(budget, report, **{"part": PART, "clock_ns": 5.0, **change})
    assert len({gate.gate for gate in gates}) == len(gates)
    return {gate.gate: gate for gate in gates}


def test_latency_is_the_worst_case_at_the_achieved_clock() -> None:
    gate = decide(Budget(latency_us=2.0))["latency_us"]
    assert gate == Gate("latency_us", 2.0, 2.0, "us", "csynth, p/csynth.xml", "pass")
    over = replace(REPORT, latency_cycles=Latency(1, 1, 401))
    assert decide(Budget(latency_us=2.0), over)["latency_us"].result == "fail"


def test_a_design_that_misses_its_clock_is_counted_at_the_slower_one() -> None:
    slow = replace(REPORT, clock_ns=Clock(target=5.0, estimated=5.5, uncertainty=1.35))
    gates = decide(Budget(latency_us=2.0), slow)
    assert (gates["latency_us"].value, gates["latency_us"].result) == (2.2, "fail")
    assert (gates["timing_met"].value, gates["timing_met"].limit, gates["timing_met"].result) == (5.5, 5.0, "fail")


def test_after_place_and_route_the_achieved_clock_counts() -> None:
    assert achieved_clock_ns(replace(REPORT, clock_ns=Clock(5.0, 9.0, 1.0, 4.0))) == 5.0
    assert achieved_clock_ns(replace(REPORT, clock_ns=Clock(5.0, 3.0, 1.0, 6.0))) == 6.0
    assert achieved_clock_ns(replace(REPORT, clock_ns=Clock(target=5.0))) is None
    assert achieved_clock_ns(replace(REPORT, clock_ns=Clock(estimated=3.0))) is None


@pytest.mark.parametrize(
    ("clock", "cycles", "limit"), [(3.33, 300, 0.999), (2.78, 100, 0.278), (0.1, 3, 0.0003), (6.67, 299, 1.99433)]
)
def test_exactly_the_limit_passes_and_one_cycle_more_fails(clock: float, cycles: int, limit: float) -> None:
    for count, result in ((cycles, "pass"), (cycles + 1, "fail")):
        report = replace(REPORT, clock_ns=Clock(clock, clock / 2, 0.01), latency_cycles=Latency(0, 0, count))
        assert decide(Budget(latency_us=limit), report, clock_ns=clock)["latency_us"].result == result


def test_zero_cycles_are_known() -> None:
    report = replace(REPORT, latency_cycles=Latency(0, 0, 0))
    assert decide(Budget(latency_us=2.0), report)["latency_us"].value == 0.0


def test_interval_takes_the_largest() -> None:
    assert decide(Budget(interval_cycles=2))["interval_cycles"].result == "pass"
    gate = decide(Budget(interval_cycles=1))["interval_cycles"]
    assert (gate.value, gate.unit, gate.result) == (2, "cycles", "fail")


def test_shares_of_device_and_region() -> None:
    gates = decide(Budget(device_share={"LUT": 0.25, "DSP": 0.0}, slr_share={"LUT": 1.0}))
    assert (gates["device_share.LUT"].value, gates["device_share.LUT"].result) == (0.25, "pass")
    assert (gates["device_share.DSP"].value, gates["device_share.DSP"].result) == (0.0, "pass")
    assert (gates["slr_share.LUT"].value, gates["slr_share.LUT"].result) == (1.0, "pass")
    one_more = replace(REPORT, resources={"LUT": Resource(432001, 1728000)})
    gates = decide(Budget(device_share={"LUT": 0.25}, slr_share={"LUT": 1.0}), one_more)
    assert [gates[name].result for name in ("device_share.LUT", "slr_share.LUT")] == ["fail", "fail"]


def test_a_third_of_a_device_is_between_its_decimals() -> None:
    report = replace(REPORT, resources={"LUT": Resource(1, 3)})
    assert decide(Budget(device_share={"LUT": 0.333}), report)["device_share.LUT"].result == "fail"
    assert decide(Budget(device_share={"LUT": 0.334}), report)["device_share.LUT"].result == "pass"


def test_what_is_available_comes_from_the_table_where_the_report_is_silent() -> None:
    gate = decide(Budget(device_share={"URAM": 0.5}))["device_share.URAM"]
    assert (gate.value, gate.result) == (3 / 1280, "pass")


def test_a_part_without_the_resource() -> None:
    none = replace(REPORT, resources={"URAM": Resource(0, 0)})
    assert decide(Budget(device_share={"URAM": 0.5}), none)["device_share.URAM"].result == "pass"
    some = replace(REPORT, resources={"URAM": Resource(3, 0)})
    gate = decide(Budget(device_share={"URAM": 0.5}), some)["device_share.URAM"]
    assert (gate.value, gate.result, gate.missing) == (None, "fail", None)


def test_without_a_report_every_limit_is_unknown_and_says_what_would_help() -> None:
    budget = Budget(2.0, 1, {"LUT": 0.5}, {"DSP": 1.0})
    gates = decide(budget, None)
    assert list(gates) == ["latency_us", "interval_cycles", "device_share.LUT", "slr_share.DSP"]
    for gate in gates.values():
        assert (gate.value, gate.source, gate.result) == (None, None, "unknown")
        assert gate.missing == "no synthesis report in the project; run C synthesis: vitis_hls -f build_prj.tcl"
    assert decide(budget, None, provide="press the button")["latency_us"].missing == (
        "no synthesis report in the project; press the button"
    )


def test_an_empty_budget_asks_for_nothing() -> None:
    assert decide(Budget(), None) == {}
    assert list(decide(Budget())) == ["timing_met"]


@pytest.mark.parametrize(
    ("change", "gate", "missing"),
    [
        ({"latency_cycles": Latency(1, 2, None)}, "latency_us", "a worst-case latency"),
        ({"clock_ns": Clock(target=5.0)}, "latency_us", "a clock period"),
        ({"interval_cycles": Interval(1, None)}, "interval_cycles", "an initiation interval"),
        ({}, "device_share.BRAM_18K", "the number of BRAM_18K used"),
        ({"resources": {}}, "device_share.BRAM_18K", "the number of BRAM_18K used"),
    ],
)
def test_a_value_that_the_report_lacks_is_unknown(change: dict[str, Any], gate: str, missing: str) -> None:
    found = decide(Budget(2.0, 1, {"BRAM_18K": 1.0}), replace(REPORT, **change))[gate]
    assert (found.value, found.result) == (None, "unknown")
    assert missing in (found.missing or "")


def test_an_unknown_part_has_no_regions_and_no_totals() -> None:
    report = replace(REPORT, part="xcvu125-flvb1760-2-e")
    gates = decide(Budget(None, None, {"LUT": 0.5, "URAM": 0.5}, {"LUT": 1.0}), report, part="xcvu125-flvb1760-2-e")
    assert gates["device_share.LUT"].result == "pass"  # the report itself says what is available
    assert gates["device_share.URAM"].result == gates["slr_share.LUT"].result == "unknown"
    assert "the number of regions (SLRs) of xcvu125-flvb1760-2-e" in (gates["slr_share.LUT"].missing or "")


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"part": "xcvu9p-flgb2104-2-e"}, f"no report for xcvu9p-flgb2104-2-e (the one found is for {PART})"),
        ({"clock_ns": 2.5}, "no report for a clock of 2.5 ns (the one found is for 5.0 ns)"),
        ({"clock_ns": 5.006}, "no report for a clock of 5.006 ns"),
    ],
)
def test_a_report_of_another_design_says_nothing(change: dict[str, Any], missing: str) -> None:
    gates = decide(Budget(2.0, 9, {"LUT": 1.0}, {"LUT": 1.0}), **change)
    assert "timing_met" not in gates
    assert {gate.result for gate in gates.values()} == {"unknown"}
    assert all(missing in (gate.missing or "") for gate in gates.values())


def test_the_rounding_of_a_printed_clock_is_no_difference() -> None:
    report = replace(REPORT, clock_ns=Clock(3.33, 3.0, 0.3), latency_cycles=Latency(max=600))
    for clock, value in ((None, 1.998), (3.33, 1.998), (3.3333, 1.99998), (3.335, 1.998)):
        gates = decide(Budget(latency_us=2.0), report, clock_ns=clock)
        assert gates["latency_us"].value == value, clock
    assert decide(Budget(), report, clock_ns=3.3333)["timing_met"].limit == 3.3333
    assert decide(Budget(latency_us=2.0), REPORT, clock_ns=5)["latency_us"].value == 2.0
    assert decide(Budget(latency_us=2.0), report, clock_ns=10 / 3)["latency_us"].result == "pass"
    assert decide(Budget(latency_us=2.0), clock_ns=None, part=None)["latency_us"].result == "pass"


@pytest.mark.parametrize(
    ("clock", "result"),
    [
        (Clock(target=5.0, estimated=3.65, uncertainty=1.35), "pass"),
        (Clock(target=5.0, estimated=3.651, uncertainty=1.35), "unknown"),
        (Clock(target=5.0, estimated=5.0, uncertainty=1.35), "unknown"),
        (Clock(target=5.0, estimated=5.001, uncertainty=1.35), "fail"),
        (Clock(target=5.0, estimated=1.0), "unknown"),
        (Clock(target=5.0, estimated=5.001), "fail"),
        (Clock(target=5.0, estimated=9.0, uncertainty=1.35, achieved=4.9), "pass"),
        (Clock(target=5.0, estimated=1.0, uncertainty=1.35, achieved=5.1), "fail"),
        (Clock(target=5.0, achieved=4.9, slack=0.0), "pass"),
        (Clock(target=5.0, achieved=4.9, slack=-0.01), "fail"),
        (Clock(target=5.0), None),
        (Clock(estimated=5.0), None),
    ],
)
def test_timing_is_met_only_with_the_uncertainty_to_spare(clock: Clock, result: str | None) -> None:
    gate = decide(Budget(), replace(REPORT, clock_ns=clock)).get("timing_met")
    assert (gate.result if gate else None) == result


ROUTE = SynthesisReport(
    path="p/timing.rpt",
    format="vivado_timing",
    stage="route",
    clock_ns=Clock(target=5.0, achieved=5.5, slack=-0.5),
    timing=Timing(setup_slack=-0.5, met=False),
)
PLACE = SynthesisReport("p/used.rpt", "vivado_utilization", "place", resources={"LUT": Resource(400000, None)})
COSIM = SynthesisReport(
    "p/cosim.rpt",
    "cosim_rpt",
    "cosim",
    status="Pass",
    latency_cycles=Latency(9, 9, 380),
    interval_cycles=Interval(0, 0),
)


def test_each_gate_names_the_reports_that_its_values_are_from() -> None:
    design = combine("tagger", [REPORT, COSIM, PLACE, ROUTE])
    gates = decide(Budget(2.0, 2, {"LUT": 0.5, "DSP": 0.5}, {"LUT": 1.0}), report=design.report, sources=design.sources)
    assert {name: (gate.value, gate.source, gate.result) for name, gate in gates.items()} == {
        "latency_us": (2.09, "cosim, p/cosim.rpt; route, p/timing.rpt", "fail"),
        "interval_cycles": (2, "csynth, p/csynth.xml", "pass"),
        "device_share.LUT": (400000 / 1728000, "place, p/used.rpt", "pass"),
        "device_share.DSP": (0.0, "csynth, p/csynth.xml", "pass"),
        "slr_share.LUT": (400000 / 432000, "place, p/used.rpt", "pass"),
        "timing_met": (5.5, "route, p/timing.rpt", "fail"),
    }


def test_an_implementation_alone_has_no_cycles() -> None:
    for change in ({"report": ROUTE}, {"report": combine("tagger", [ROUTE, PLACE]).report, "sources": {}}):
        found = decide(Budget(2.0, 1), **change)
        for name in ("latency_us", "interval_cycles"):
            assert (found[name].missing or "").endswith("give a report of C synthesis or of co-simulation")
    design = combine("tagger", [replace(REPORT, latency_cycles=Latency()), ROUTE])
    assert "no fixed bound" in (decide(Budget(2.0), design.report, sources=design.sources)["latency_us"].missing or "")


def test_a_source_of_two_values_in_one_report_is_named_once() -> None:
    design = combine("tagger", [REPORT])
    gate = decide(Budget(latency_us=2.0), report=design.report, sources=design.sources)["latency_us"]
    assert gate.source == "csynth, p/csynth.xml"


def test_hold_counts_by_the_stage_of_the_timing_not_by_that_of_another_report() -> None:
    early = replace(ROUTE, stage="synth", clock_ns=Clock(5.0, achieved=4.0, slack=1.0))
    early = replace(early, timing=Timing(setup_slack=1.0, hold_slack=-0.1, met=False))
    used = replace(PLACE, stage="route")
    design = combine("tagger", [REPORT, early, used])
    assert design.report.stage == "route"
    gate = decide(Budget(), report=design.report, sources=design.sources)["timing_met"]
    assert (gate.value, gate.result, gate.source) == (4.0, "pass", "synth, p/timing.rpt")


def test_an_estimate_does_not_pass_where_routing_says_otherwise() -> None:
    several = replace(ROUTE, clock_ns=Clock(slack=-0.5))
    design = combine("tagger", [REPORT, several])
    gates = decide(Budget(latency_us=5.0), report=design.report, sources=design.sources)
    assert (gates["timing_met"].value, gates["timing_met"].limit, gates["timing_met"].result) == (0.5, 0, "fail")
    assert gates["timing_met"].source == "route, p/timing.rpt"
    assert gates["latency_us"].result == "unknown"


def test_a_cosimulation_that_failed_gives_a_gate_no_latency() -> None:
    design = combine("tagger", [REPORT, replace(COSIM, status="Fail", latency_cycles=Latency(1, 1, 1))])
    gate = decide(Budget(latency_us=2.0), report=design.report, sources=design.sources)["latency_us"]
    assert (gate.value, gate.source) == (2.0, "csynth, p/csynth.xml")
    (found,) = cosim_gates(design)
    assert (found.value, found.result, found.source) == (1, "fail", "cosim, p/cosim.rpt")


def test_the_gate_on_cosimulation() -> None:
    assert cosim_gates(combine("tagger", [REPORT])) == []
    (asked,) = cosim_gates(combine("tagger", [REPORT]), asked=True)
    (vague,) = cosim_gates(combine("tagger", [REPORT, replace(COSIM, status=None)]))
    assert asked == vague and (asked.value, asked.result) == (None, "unknown")
    (passed,) = cosim_gates(combine("tagger", [COSIM, replace(COSIM, path="p/lat.rpt", status=None)]))
    assert (passed.value, passed.result, passed.source) == (0, "pass", "cosim, p/cosim.rpt")
    (failed,) = cosim_gates(combine("tagger", [COSIM, replace(COSIM, path="p/b.rpt", status="Fail")]))
    assert (failed.value, failed.result, failed.source) == (1, "fail", "cosim, p/b.rpt")
