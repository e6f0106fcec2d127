"""Which report is believed: each value from the report closest to hardware that states it."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpga_tf.errors import UserError
from fpga_tf.reports.combine import COMBINED, combine
from fpga_tf.reports.design import Design
from fpga_tf.reports.export_verdict import ESTIMATED
from fpga_tf.reports.facts import facts
from fpga_tf.reports.kin import SIMULATIONS, STAGES
from fpga_tf.reports.types import (
    RESOURCES,
    AbsoluteLatency,
    Clock,
    Interval,
    Latency,
    Power,
    Region,
    Resource,
    Stage,
    SynthesisReport,
    Timing,
)

PART = "xcku5p-ffvb676-2-e"
HARDWARE: tuple[Stage, ...] = ("route", "place", "synth", "csynth", "estimate")


def made(stage: Stage, path: str | None = None, **values: Any) -> SynthesisReport:
    """A report of the design `net`."""
    values.setdefault("format", f"format_{stage}")
    values.setdefault("top", None if stage == "cosim" else "net")
    return SynthesisReport(path or f"p/{stage}.rpt", stage=stage, **values)


def used(**counts: int) -> dict[str, Resource]:
    return {name: Resource(counts.get(name)) for name in RESOURCES}


CSYNTH = made(
    "csynth",
    tool="Vitis HLS",
    version="2023.1",
    part=PART,
    pipeline="dataflow",
    clock_ns=Clock(4.0, 3.1, 0.5, slack=0.4),
    latency_cycles=Latency(21, 22, 23),
    latency_ns=AbsoluteLatency(84.0, 92.0),
    interval_cycles=Interval(2, 3),
    resources={"LUT": Resource(900, 216960), "FF": Resource(800, 433920), "DSP": Resource(7, 1824)},
    percent={"LUT": "~0", "DSP": "~0"},
    regions=(Region("SLR"),),
)
COSIM = made(
    "cosim",
    status="Pass",
    latency_cycles=Latency(24, 24, 24),
    interval_cycles=Interval(3, 4),
    transactions=5,
    total_cycles=99,
)
SYNTH = made(
    "synth",
    status="Synthesized",
    clock_ns=Clock(4.0, achieved=2.5, slack=1.5),
    resources={"LUT": Resource(500, 216960), "FF": Resource(450), "BRAM_18K": Resource(3, 960)},
    percent={"LUT": "0.23"},
    regions=(Region("SLR0"), Region("SLR1")),
    timing=Timing(setup_slack=1.5),
)
ROUTE = made(
    "route",
    status="Routed",
    clock_ns=Clock(4.0, achieved=4.2, slack=-0.2),
    resources={"LUT": Resource(510)},
    timing=Timing(setup_slack=-0.2, hold_slack=0.01, failing=2, met=False),
    power_w=Power(2.5),
)


def source(design: Design, quantity: str) -> tuple[object, str]:
    found = design.sources[quantity]
    return found.value, found.stage


@pytest.mark.parametrize("order", list(permutations([CSYNTH, COSIM, SYNTH, ROUTE])))
def test_each_value_is_of_the_report_closest_to_hardware_whatever_the_order(order: tuple[SynthesisReport, ...]) -> None:
    design = combine("net", order)
    report = design.report
    assert (report.stage, report.format, report.path, report.status) == ("route", COMBINED, "p/route.rpt", "Routed")
    assert report.resources == {
        "LUT": Resource(510, 216960),
        "FF": Resource(450, 433920),
        "DSP": Resource(7, 1824),
        "BRAM_18K": Resource(3, 960),
        "URAM": Resource(),
    }
    assert report.clock_ns == Clock(4.0, 3.1, 0.5, 4.2, -0.2)
    assert (report.latency_cycles, report.interval_cycles) == (Latency(24, 24, 24), Interval(3, 4))
    assert (report.transactions, report.total_cycles, report.pipeline) == (5, 99, "dataflow")
    assert (report.tool, report.version, report.part, report.top) == ("Vitis HLS", "2023.1", PART, "net")
    assert (report.timing, report.power_w) == (ROUTE.timing, Power(2.5))
    assert source(design, "resources.LUT.used") == (510, "route")
    assert source(design, "resources.LUT.available") == (216960, "synth")
    assert source(design, "resources.FF.used") == (450, "synth")
    assert source(design, "resources.FF.available") == (433920, "csynth")
    assert source(design, "resources.DSP.used") == (7, "csynth")
    assert source(design, "clock_ns.achieved") == (4.2, "route")
    assert source(design, "clock_ns.slack") == (-0.2, "route")
    assert source(design, "clock_ns.estimated") == (3.1, "csynth")
    assert source(design, "latency_cycles.max") == (24, "cosim")
    assert source(design, "interval_cycles.min") == (3, "cosim")
    assert source(design, "timing.failing") == (2, "route")
    assert source(design, "power_w.total") == (2.5, "route")
    assert design.reports == order


@pytest.mark.parametrize("above", HARDWARE)
def test_resources_and_clock_go_by_stage(above: Stage) -> None:
    below = HARDWARE[HARDWARE.index(above) :]
    reports = [made(stage, resources=used(LUT=index)) for index, stage in enumerate(below)]
    assert combine("net", reports[::-1]).report.resources["LUT"].used == 0


def test_shares_and_regions_are_of_the_report_that_the_count_is_from() -> None:
    report = combine("net", [CSYNTH, SYNTH]).report
    assert report.percent == {"LUT": "0.23", "DSP": "~0"}
    assert [region.name for region in report.regions] == ["SLR0", "SLR1"]
    assert combine("net", [CSYNTH, ROUTE]).report.percent == {"DSP": "~0"}, "a share of 900 is none of 510"


def test_other_counts_are_of_one_report_the_closest_to_hardware_that_has_any() -> None:
    early, late = replace(SYNTH, counts={"SRL": Resource(4)}), replace(ROUTE, counts={"RAMB36": Resource(1)})
    assert combine("net", [CSYNTH, early, late]).report.counts == {"RAMB36": Resource(1)}
    assert combine("net", [CSYNTH, early, ROUTE]).report.counts == {"SRL": Resource(4)}
    assert combine("net", [CSYNTH, SYNTH]).report.counts == {}


def test_power_goes_by_stage() -> None:
    early, known = replace(SYNTH, power_w=Power(1.0)), replace(ROUTE, power_w=Power(dynamic=2.0))
    design = combine("net", [early, known])
    assert design.report.power_w == Power(dynamic=2.0), "not put together of two"
    assert "power_w.total" not in design.sources
    assert combine("net", [early, CSYNTH]).report.power_w == Power(1.0)


def test_what_is_available_comes_with_the_count_if_it_can() -> None:
    kernels = made("place", resources={"LUT": Resource(400, 150000)})
    report = combine("net", [CSYNTH, kernels]).report
    assert report.resources["LUT"] == Resource(400, 150000)
    silent = made("route", resources={"LUT": Resource(None, 216960)})
    report = combine("net", [CSYNTH, kernels, silent]).report
    assert report.resources["LUT"] == Resource(400, 150000), "a share of what the kernels may take"


def test_c_synthesis_names_the_design_even_if_an_implementation_states_more() -> None:
    brief = made("csynth", tool="Vitis HLS", part="xcku5p-ffvb676-2-e")
    full = replace(SYNTH, tool="Vivado", version="2023.1", part="ku5pffvb676-2")
    report = combine("net", [full, brief]).report
    assert (report.tool, report.version, report.part) == ("Vitis HLS", None, "xcku5p-ffvb676-2-e"), (
        "not Vivado's version"
    )
    guess = made("estimate", tool="a guess")
    assert combine("net", [full, guess]).report.tool == "a guess"
    assert combine("net", [guess, brief]).report.tool == "Vitis HLS"


def test_a_report_alone_is_itself() -> None:
    for one in (CSYNTH, SYNTH, ROUTE, made("estimate", clock_ns=Clock(4.0, achieved=3.0, slack=1.0))):
        report = combine("net", [one]).report
        assert facts(report) == facts(one)
        assert (report.format, report.percent, report.regions) == (one.format, one.percent, one.regions)


def test_latency_in_ns_is_of_the_report_that_the_cycles_are_from() -> None:
    assert combine("net", [CSYNTH]).report.latency_ns == AbsoluteLatency(84.0, 92.0)
    assert combine("net", [CSYNTH, COSIM]).report.latency_ns == AbsoluteLatency()
    assert combine("net", [replace(CSYNTH, latency_cycles=Latency())]).report.latency_ns == AbsoluteLatency(84.0, 92.0)


def test_a_span_is_not_put_together_of_two_reports() -> None:
    part = replace(COSIM, latency_cycles=Latency(min=24), interval_cycles=Interval(min=1))
    design = combine("net", [CSYNTH, part])
    assert design.report.latency_cycles == Latency(21, 22, 23), "its largest is not known"
    assert design.report.interval_cycles == Interval(2, 3)
    assert {source(design, f"latency_cycles.{name}")[1] for name in ("min", "avg", "max")} == {"csynth"}
    most = replace(COSIM, latency_cycles=Latency(max=24), interval_cycles=Interval(max=4))
    report = combine("net", [CSYNTH, most]).report
    assert (report.latency_cycles, report.interval_cycles) == (Latency(max=24), Interval(max=4))
    unknown = replace(CSYNTH, latency_cycles=Latency(), interval_cycles=Interval())
    assert combine("net", [unknown, part]).report.latency_cycles == Latency(min=24), "better than nothing"


def test_a_cosimulation_that_failed_gives_no_cycles() -> None:
    failed = replace(COSIM, status="Fail")
    measured = made("cosim", "p/lat.rpt", latency_cycles=Latency(9, 9, 9), latency_ns=AbsoluteLatency(1.0, 1.0))
    design = combine("net", [CSYNTH, failed, measured])
    assert (design.report.latency_cycles, design.report.interval_cycles) == (Latency(21, 22, 23), Interval(2, 3))
    assert (design.report.transactions, design.report.total_cycles) == (None, None)
    assert design.notes == tuple(
        f"{path}: the co-simulation did not pass, so its cycles are not taken" for path in ("p/cosim.rpt", "p/lat.rpt")
    )
    assert design.disagreements == ()
    alone = combine("net", [failed, measured]).report
    assert (alone.latency_cycles, alone.interval_cycles, alone.latency_ns) == (Latency(), Interval(), AbsoluteLatency())


@pytest.mark.parametrize("status", ["Pass", "PASS", None])
def test_a_cosimulation_that_passed_or_does_not_say_counts(status: str | None) -> None:
    design = combine("net", [CSYNTH, replace(COSIM, status=status)])
    assert (design.report.latency_cycles.max, design.notes) == (24, ())


@pytest.mark.parametrize("status", ["Fail", "Passed not", "Timeout", "Pass?", ""])
def test_no_other_word_means_that_it_passed(status: str) -> None:
    assert combine("net", [CSYNTH, replace(COSIM, status=status)]).report.latency_cycles.max == 23


def test_an_interval_of_0_with_a_latency_is_no_measurement() -> None:
    once = replace(COSIM, interval_cycles=Interval(0, 0), notes=("its interval of 0 is none",))
    design = combine("net", [CSYNTH, once])
    assert (design.report.latency_cycles.max, design.report.interval_cycles) == (24, Interval(2, 3))
    assert source(design, "interval_cycles.max") == (3, "csynth")
    assert design.notes == ("p/cosim.rpt: no second transaction was simulated, so its interval of 0 is not taken",)
    assert combine("net", [once]).report.interval_cycles == Interval()
    vague = replace(once, latency_cycles=Latency())
    assert combine("net", [CSYNTH, vague]).report.interval_cycles == Interval(2, 3)


def test_an_interval_of_0_without_latency_is_combinational_logic() -> None:
    wires = replace(COSIM, latency_cycles=Latency(0, 0, 0), interval_cycles=Interval(0, 0))
    report = combine("net", [CSYNTH, wires]).report
    assert (report.latency_cycles, report.interval_cycles) == (Latency(0, 0, 0), Interval(0, 0))


def test_disagreements_are_listed_once_with_the_taken_value_first() -> None:
    again = replace(CSYNTH, path="p/again.rpt", resources=used(LUT=900, DSP=8))
    third = replace(CSYNTH, path="p/third.rpt", resources=used(LUT=901, DSP=8))
    design = combine("net", [CSYNTH, again, third, SYNTH])
    found = {one.quantity: [(said.value, said.path) for said in one.values] for one in design.disagreements}
    assert found == {
        "resources.LUT.used": [(500, "p/synth.rpt"), (900, "p/csynth.rpt"), (901, "p/third.rpt")],
        "resources.FF.used": [(450, "p/synth.rpt"), (800, "p/csynth.rpt")],
        "resources.DSP.used": [(7, "p/csynth.rpt"), (8, "p/again.rpt")],
    }


def test_slack_of_an_estimate_is_not_compared_with_that_of_an_implementation() -> None:
    assert "clock_ns.slack" not in {one.quantity for one in combine("net", [CSYNTH, SYNTH]).disagreements}
    both = combine("net", [SYNTH, ROUTE]).disagreements
    assert [said.value for one in both if one.quantity == "clock_ns.slack" for said in one.values] == [-0.2, 1.5]
    two = combine("net", [CSYNTH, replace(CSYNTH, path="p/b.rpt", clock_ns=Clock(4.0, 3.1, 0.5, slack=0.3))])
    assert [one.quantity for one in two.disagreements] == ["clock_ns.slack"]


def test_a_period_printed_with_fewer_digits_is_no_disagreement() -> None:
    short = replace(CSYNTH, path="p/b.rpt", clock_ns=Clock(4.0, 3.098, 0.5))
    assert combine("net", [CSYNTH, short]).disagreements == ()


def test_achieved_period_slack_and_target_are_of_one_stage_and_one_report_if_they_can() -> None:
    slack = made("route", "p/a.rpt", clock_ns=Clock(slack=0.3))
    design = combine("net", [CSYNTH, SYNTH, slack])
    assert design.report.clock_ns == Clock(4.0, 3.1, 0.5, None, 0.3), "2.5 ns are of an earlier stage"
    whole = made("route", "p/b.rpt", clock_ns=Clock(4.004, achieved=4.2, slack=-0.196))
    design = combine("net", [CSYNTH, SYNTH, slack, whole])
    assert design.report.clock_ns == Clock(4.004, 3.1, 0.5, 4.2, -0.196)
    assert {design.sources[f"clock_ns.{name}"].path for name in ("target", "achieved", "slack")} == {"p/b.rpt"}


def test_slack_of_an_estimate_counts_where_no_implementation_has_one() -> None:
    placed = made("place", resources=used(LUT=1))
    design = combine("net", [CSYNTH, placed])
    assert (design.report.clock_ns.slack, source(design, "clock_ns.slack")[1]) == (0.4, "csynth")


def test_of_timing_reports_of_one_stage_the_one_that_states_most_counts() -> None:
    brief = made("route", "p/export.rpt", timing=Timing(met=True))
    full = made("route", "p/timing.rpt", timing=Timing(setup_slack=0.1, hold_slack=0.05, failing=0, met=True))
    placed = made("place", timing=Timing(setup_slack=0.7, hold_slack=0.5, pulse_slack=0.2, failing=0, endpoints=9))
    design = combine("net", [placed, brief, full])
    assert design.report.timing == full.timing
    assert source(design, "timing.hold_slack") == (0.05, "route")
    assert "timing.pulse_slack" not in design.sources


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"part": "xcku3p-ffva676-2-e"}, f"part xcku3p-ffva676-2-e, not {PART}"),
        ({"clock_ns": Clock(4.01)}, "a clock target of 4.01 ns, not 4.0 ns"),
        ({"top": "other"}, "top other, not net"),
        ({"top": "design_1_wrapper"}, "top design_1_wrapper, not net"),
        ({"top": "net_1", "path": "elsewhere/a.rpt"}, "top net_1, not net"),
    ],
)
def test_strangers_are_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(UserError, match="must agree in part, top and clock target") as caught:
        combine("net", [CSYNTH, replace(SYNTH, **change)])
    assert caught.value.what.endswith(f"not have {why}")
    assert "p/csynth.rpt" in (caught.value.where or "")


def test_strangers_are_refused_where_the_main_report_is_silent() -> None:
    silent = replace(CSYNTH, part=None, clock_ns=Clock(estimated=3.0))
    one = replace(SYNTH, part=PART)
    for other in (replace(ROUTE, part="xcku3p-ffva676-2-e"), replace(ROUTE, clock_ns=Clock(2.0))):
        combine("net", [silent, one])
        combine("net", [silent, other])
        with pytest.raises(UserError, match="must agree in part, top and clock target"):
            combine("net", [silent, one, other])


@pytest.mark.parametrize("top", ["bd_0_wrapper", "bd_0", "bd_0_i", "bd_0_hls_inst_0", "net_0", "net_wrapper", "inst"])
def test_what_hls_puts_around_its_core_is_the_core(top: str) -> None:
    wrapped = replace(SYNTH, top=top, path="sol/impl/report/verilog/a.rpt")
    core = replace(CSYNTH, path="sol/syn/report/net_csynth.rpt")
    assert combine("net", [core, wrapped]).report.top == "net"
    away = replace(wrapped, path="sol2/impl/report/verilog/a.rpt")
    with pytest.raises(UserError, match=f"top {top}, not net"):
        combine("net", [core, away])
    assert combine("net", [core, away], anywhere=True).report.resources["LUT"].used == 500
    inner = replace(ROUTE, path="sol/impl/report/verilog/b.rpt")
    assert combine("net", [wrapped, inner]).report.resources["LUT"].used == 510


def test_c_synthesis_of_a_wrapper_is_a_stranger() -> None:
    with pytest.raises(UserError, match="top bd_0_wrapper, not net"):
        combine("net", [CSYNTH, replace(CSYNTH, top="bd_0_wrapper")], base=CSYNTH)


def test_remarks_are_shown_of_reports_that_values_are_taken_from() -> None:
    early = replace(SYNTH, notes=("counted early", ESTIMATED))
    idle = made("place", "p/idle.rpt", resources=used(), notes=("says nothing",))
    design = combine("net", [CSYNTH, early, idle], ["before"])
    assert design.notes == ("before", "p/synth.rpt: counted early")


def test_a_note_says_if_layers_are_counted_elsewhere_than_the_design() -> None:
    inside = replace(CSYNTH, modules=(made("csynth", top="softmax", kind="module"),))
    assert combine("net", [inside]).notes == ()
    design = combine("net", [inside, SYNTH])
    assert [layer.name for layer in design.layers] == ["softmax"]
    assert design.notes == ("p/csynth.rpt: the costs of layers are of this report (csynth), the design's LUT of synth",)
    assert combine("net", [CSYNTH, SYNTH]).notes == ()


# Every report states some of these; tops and parts fit.
@st.composite
def stated(draw: st.DrawFn, stage: Stage) -> SynthesisReport:
    def count() -> int | None:
        return draw(st.none() | st.integers(0, 9))

    def period() -> float | None:
        return draw(st.none() | st.sampled_from([1.0, 2.0, 3.0]))

    clock = Clock(draw(st.sampled_from([None, 4.0])))
    if stage in ("csynth", "estimate"):
        clock = replace(clock, estimated=period(), uncertainty=period(), slack=period())
    elif stage not in SIMULATIONS:
        clock = replace(clock, achieved=period(), slack=period())
    resources = {} if stage in SIMULATIONS else {name: Resource(count(), count()) for name in RESOURCES}
    cycles: dict[str, Any] = {}
    if stage in ("csynth", "estimate", *SIMULATIONS):
        cycles = {"latency_cycles": Latency(count(), count(), count()), "interval_cycles": Interval(count(), count())}
    status = draw(st.sampled_from(["Pass", "Fail", None])) if stage in SIMULATIONS else None
    return made(stage, clock_ns=clock, resources=resources, status=status, **cycles)


@given(st.data())
def test_no_value_is_made_up_and_the_order_of_stages_holds(data: st.DataObject) -> None:
    stages: list[Stage] = data.draw(st.lists(st.sampled_from(STAGES), min_size=1, unique=True))
    reports = [data.draw(stated(stage)) for stage in stages]
    design = combine("net", reports)
    for quantity, value in facts(design.report).items():
        saying = [report for report in reports if facts(report).get(quantity) == value]
        assert saying, f"{quantity} is made up"
        assert design.sources[quantity].value == value
        assert design.sources[quantity].stage in {report.stage for report in saying}
    for name in RESOURCES:
        known = [report for report in reports if report.resources.get(name, Resource()).used is not None]
        first = min(known, key=lambda report: STAGES.index(report.stage), default=None)
        assert design.report.resources[name].used == (None if first is None else first.resources[name].used)
    taken = design.report.latency_cycles
    assert taken == Latency() or taken in [report.latency_cycles for report in reports]
    simulated = [
        report
        for stage in SIMULATIONS
        for report in reports
        if report.stage == stage and report.status != "Fail" and report.latency_cycles.max is not None
    ]
    if simulated:
        assert taken == simulated[0].latency_cycles
    for shuffled in (reports[::-1], sorted(reports, key=lambda report: report.stage)):
        again = combine("net", shuffled)
        assert facts(again.report) == facts(design.report)
        assert again.sources == design.sources
