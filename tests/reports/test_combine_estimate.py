"""An estimate and a simulation of RTL among other reports."""

from __future__ import annotations

from dataclasses import replace

from fpga_tf.reports import combine
from fpga_tf.reports.estimate import Counts, estimate
from fpga_tf.reports.rtl_simulation import simulated
from fpga_tf.reports.types import Clock, Interval, Latency, Resource, SynthesisReport

PART = "xcvu13p-flga2577-2-e"
GUESS = estimate(Counts(200_000, 60_000, 15, 2), top="net", part=PART, clock_ns=5.0, path="net_rtl")
CLOCKED = simulated(
    latency=16, interval=1, transactions=640, passed=True, top="net", part=PART, clock_ns=5.0, path="net_rtl"
)
COSIM = SynthesisReport("p/cosim.rpt", "cosim_rpt", "cosim", status="Pass", latency_cycles=Latency(17, 17, 17))
ROUTE = SynthesisReport(
    "p/route.rpt",
    "vivado_utilization",
    "route",
    top="net",
    part=PART,
    clock_ns=Clock(5.0, achieved=4.5),
    resources={"LUT": Resource(220_000), "FF": Resource(70_000)},
)


def test_a_simulation_of_rtl_counts_before_an_estimate_and_after_a_co_simulation() -> None:
    design = combine("net", [GUESS, CLOCKED])
    assert (design.report.latency_cycles, design.report.interval_cycles) == (Latency(16, 16, 16), Interval(1, 1))
    assert design.sources["latency_cycles.max"].stage == "rtlsim"
    assert (design.report.transactions, design.report.status) == (640, "Pass")
    assert design.report.resources == GUESS.resources
    assert [one.quantity for one in design.disagreements] == [
        f"latency_cycles.{name}" for name in ("min", "avg", "max")
    ]
    assert combine("net", [GUESS, CLOCKED, COSIM]).report.latency_cycles.max == 17


def test_a_simulation_of_rtl_that_did_not_pass_says_nothing_of_cycles() -> None:
    design = combine("net", [GUESS, replace(CLOCKED, status="Fail")])
    assert (design.report.latency_cycles.max, design.sources["latency_cycles.max"].stage) == (15, "estimate")
    assert "net_rtl: the simulation of RTL did not pass, so its cycles are not taken" in design.notes
    assert combine("net", [CLOCKED, replace(COSIM, status="Fail")]).report.latency_cycles.max == 16


def test_errors_stay_with_the_values_that_are_taken() -> None:
    alone = combine("net", [GUESS, CLOCKED])
    assert alone.report.errors == GUESS.errors
    assert alone.sources["resources.LUT.used"].error == 0.11
    assert alone.sources["latency_cycles.max"].error is None
    built = combine("net", [GUESS, ROUTE])
    assert (built.report.resources["LUT"].used, built.report.clock_ns.achieved) == (220_000, 4.5)
    assert built.report.errors == {"clock_ns.estimated": 0.2}
    assert combine("net", [ROUTE]).report.errors == {}


def test_a_value_within_the_error_of_an_estimate_is_no_contradiction() -> None:
    assert (GUESS.resources["LUT"].used, GUESS.resources["FF"].used) == (208_930, 42_397)
    assert combine("net", [GUESS, ROUTE]).disagreements[0].quantity == "resources.FF.used"
    for count, contradicts in ((231_912, False), (231_913, True), (185_948, False), (185_947, True)):
        other = replace(ROUTE, resources={"LUT": Resource(count)})
        found = {one.quantity for one in combine("net", [GUESS, other]).disagreements}
        assert ("resources.LUT.used" in found) is contradicts, count
