"""The numbered shapes of Vivado's reports, as in `test_traps.py`. Expected values were read off the files by eye."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpga_tf.reports import RESOURCES
from fpga_tf.reports.read import read_report
from fpga_tf.reports.types import Clock, Resource, SynthesisReport

TRAPS = Path(__file__).parent / "traps"


def read(name: str) -> SynthesisReport:
    return read_report(TRAPS / name)


def used(report: SynthesisReport) -> list[int | None]:
    """LUT, FF, DSP, BRAM_18K, URAM."""
    return [report.resources[name].used for name in RESOURCES]


def available(report: SynthesisReport) -> list[int | None]:
    return [report.resources[name].available for name in RESOURCES]


@pytest.mark.parametrize(
    ("name", "version", "part", "expected", "limits"),
    [
        (
            "18_synth_clb.rpt",
            "2019.2",
            "xcvu9pflga2104-2",
            [40211, 51022, 1877, 143, 3],
            [1182240, 2364480, 6840, 4320, 960],
        ),
        ("18_synth_slice.rpt", "2018.3", "7z020clg400-1", [4021, 5102, 88, 25, None], [53200, 106400, 220, 280, None]),
    ],
)
def test_18_a_tile_is_two_blocks_of_18_kb(
    name: str, version: str, part: str, expected: list[int | None], limits: list[int | None]
) -> None:
    report = read(name)
    assert (report.stage, report.tool, report.version, report.part) == ("synth", "Vivado", version, part)
    assert (report.top, report.status) == ("flow_net", "Synthesized")
    assert (used(report), available(report)) == (expected, limits)


def test_18_parts_of_the_luts_are_not_the_luts() -> None:
    counts = read("18_synth_clb.rpt").counts
    assert counts["LUT as Logic"] == Resource(37801, 1182240)
    assert counts["LUT as Memory"] == Resource(2410, 591840)
    assert (counts["RAMB36/FIFO"], counts["RAMB18"]) == (Resource(41, 2160), Resource(61, 4320))


def test_19_a_column_more_moves_no_value() -> None:
    report = read("19_prohibited.rpt")
    assert (report.version, report.part) == ("2022.2", "xcu50-fsvh2104-2L-e")
    assert used(report) == [61207, 70331, 911, 288, 0]
    assert available(report) == [871680, 1743360, 5952, 2688, 640]
    assert report.percent == {"LUT": "7.02", "FF": "4.03", "DSP": "15.31", "BRAM_18K": "10.71", "URAM": "0.00"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("20_slr_table.rpt", [33005, 44006, 702, 40, 0]), ("20_slr_index.rpt", [35117, 46001, 733, 49, 0])],
)
def test_20_zeros_of_the_regions_are_not_the_designs(name: str, expected: list[int | None]) -> None:
    report = read(name)
    assert (used(report), available(report)) == (expected, [1182240, 2364480, 6840, 4320, 960])
    assert [region.name for region in report.regions] == ["SLR0", "SLR1", "SLR2"]
    assert [region.resources["LUT"].used for region in report.regions] == [0, 0, 0]
    assert any("not placed yet" in note for note in report.notes)


def test_21_a_placed_design_has_a_section_more() -> None:
    report = read("21_placed.rpt")
    assert (report.stage, report.status) == ("place", "Fully Placed")
    assert (used(report), available(report)) == ([31001, 43011, 701, 39, 1], [1182240, 2364480, 6840, 4320, 960])
    assert [[region.resources[name].used for name in RESOURCES] for region in report.regions] == [
        [30101, 42000, 690, 38, 1],
        [900, 1011, 11, 1, 0],
        [0, 0, 0, 0, 0],
    ]
    assert not report.notes


def test_21_a_routed_design() -> None:
    report = read("21_routed.rpt")
    assert (report.stage, report.part) == ("route", "xczu9egffvb1156-2")
    assert (used(report), available(report)) == ([30999, 43010, 701, 39, None], [274080, 548160, 2520, 1824, None])


def test_22_a_budget_is_not_what_is_used_and_the_name_is_not_the_state() -> None:
    report = read("22_accelerator_routed.rpt")
    assert (report.stage, report.status, report.version) == ("place", "Fully Placed", "2024.2.1")
    assert (used(report), available(report)) == ([88001, 101000, 640, 154, 5], [879800, 1769900, 1968, 1912, 463])
    assert report.percent["LUT"] == "10.00"
    (kernel,) = report.modules
    assert (kernel.top, used(kernel)) == ("pump", [44000, 50500, 320, 76, 2])
    (unit,) = kernel.modules
    assert used(unit) == [44000, 50500, 320, 76, 2]


def test_23_the_first_row_of_a_hierarchy_is_the_design() -> None:
    report = read("23_hierarchical.rpt")
    assert (report.stage, report.top, report.version) == ("synth", "bd_0_wrapper", "2019.2.1")
    assert (used(report), available(report)) == ([9107, 12044, 61, 17, 2], [None] * 5)
    (board,) = report.modules
    (inner,) = board.modules
    assert (board.instance, used(board)) == ("bd_0_i", [9107, 12044, 61, 17, 2])
    assert (inner.instance, inner.top, used(inner)) == ("inst", "bd_0_net", [9100, 12040, 61, 17, 2])


@pytest.mark.parametrize(
    ("name", "stage", "clock", "met", "expected"),
    [
        ("24_export_synth.rpt", "synth", Clock(5.0, achieved=3.519), True, [40211, 51022, 1877, 143, 3]),
        ("24_export_impl.rpt", "route", Clock(5.0, 3.519, achieved=5.212), False, [39007, 41203, 1877, 143, 0]),
        ("24_export_2022.rpt", "synth", Clock(8.0, achieved=3.117), True, [1022, 811, 2, 7, 0]),
    ],
)
def test_24_an_exported_design_may_be_routed_or_only_synthesised(
    name: str, stage: str, clock: Clock, met: bool, expected: list[int | None]
) -> None:
    report = read(name)
    assert (report.stage, report.clock_ns, report.latency_cycles.max) == (stage, clock, None)
    assert (used(report), available(report)) == (expected, [None] * 5)
    assert report.timing is not None
    assert report.timing.met is met


@pytest.mark.parametrize(
    ("name", "slack", "limits"),
    [
        ("25_export_syn.xml", 4.883, [1303680, 2607360, 9024, 4032, 960]),
        ("25_export_syn.rpt", None, [None] * 5),
    ],
)
def test_25_a_profile_may_be_an_export_and_post_route_may_be_synthesis(
    name: str, slack: float | None, limits: list[int | None]
) -> None:
    report = read(name)
    assert (report.stage, report.version) == ("synth", "2022.2"), "the text prints Post-Route of a synthesised design"
    assert report.clock_ns == Clock(target=8.0, achieved=3.117, slack=slack)
    assert (used(report), available(report)) == ([1022, 811, 2, 7, 0], limits)
    assert report.timing is not None
    assert report.timing.met is True


def test_26_a_design_of_27_clocks() -> None:
    report = read("26_timing_27.rpt")
    timing = report.timing
    assert timing is not None
    assert (report.stage, report.top, report.version) == ("route", "vitis_design_wrapper", "2024.2.1")
    assert (timing.setup_slack, timing.hold_slack, timing.pulse_slack, timing.met) == (0.083, 0.013, 0.7, True)
    assert (timing.setup_total, timing.hold_total, timing.pulse_total) == (0.0, 0.0, 0.0)
    assert (timing.failing, timing.endpoints) == (0, 90544)
    assert [clock.name for clock in timing.clocks] == [f"clk_{number}" for number in range(27)]
    assert [clock.period for clock in timing.clocks] == [round(2.0 + number / 10, 1) for number in range(27)]
    quiet, busy = timing.clocks[3:5]
    assert (quiet.setup_slack, quiet.hold_slack, quiet.pulse_slack) == (None, None, 2.003)
    assert (busy.setup_slack, busy.hold_slack, busy.pulse_slack) == (0.083, 0.013, 0.7)


def test_26_a_design_that_is_too_slow() -> None:
    report = read("26_timing_not_met.rpt")
    timing = report.timing
    assert timing is not None
    assert (report.stage, report.clock_ns.slack, report.clock_ns.achieved) == ("route", -1.204, 5.204)
    assert (timing.setup_slack, timing.setup_total, timing.met) == (-1.204, -17.003, False)
    assert (timing.hold_slack, timing.hold_total) == (0.097, 0.0)
    assert (timing.pulse_slack, timing.pulse_total) == (-0.041, -0.041)
    assert (timing.failing, timing.endpoints) == (32, 2371), "31 endpoints fail setup, 1 pulse width"


def test_27_more_than_the_device_has_is_a_result() -> None:
    report = read("27_oversubscribed.rpt")
    assert (report.stage, report.top, report.version) == ("synth", "huge_net", "2023.1")
    assert (used(report), available(report)) == ([90440, 70112, 305, 303, None], [53200, 106400, 220, 280, None])
    assert report.percent == {"LUT": "170.00", "FF": "65.89", "DSP": "138.64", "BRAM_18K": "108.21"}
