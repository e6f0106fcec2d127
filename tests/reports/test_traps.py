"""Shapes of real reports that parsers commonly misread, numbered: each has a report in `traps`, named by its number.

The values expected here were read off the files by eye. Reports of Vivado are in `test_traps_vivado.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.flow.report import read_designs
from fpga_tf.reports import RESOURCES
from fpga_tf.reports.read import read_report
from fpga_tf.reports.types import AbsoluteLatency, Clock, Interval, Latency, Loop

from . import test_traps_vivado
from .test_traps_vivado import TRAPS, available, read, used

NUMBERS = [f"{number:02}" for number in range(1, 30)]


def test_every_number_has_a_report_and_a_test() -> None:
    assert sorted({path.name[:2] for path in TRAPS.iterdir()}) == NUMBERS
    names = [*globals(), *vars(test_traps_vivado)]
    assert sorted({found[1] for name in names if (found := re.match(r"test_([0-9]{2})_", name))}) == NUMBERS


@pytest.mark.parametrize("name", ["01_unknown.rpt", "01_unknown.xml"])
def test_01_a_latency_that_the_tool_does_not_know(name: str) -> None:
    report = read(name)
    assert (report.latency_cycles, report.interval_cycles) == (Latency(), Interval())
    assert report.clock_ns == Clock(target=8.0, estimated=6.913, uncertainty=1.0)
    assert used(report) == [17444, 9021, 61, 1207, 0]
    assert available(report) == [663360, 1326720, 5520, 4320, 0]


def test_01_what_is_known_inside_stays_known() -> None:
    row_sum, walk, lines = read("01_unknown.rpt").modules
    assert (row_sum.latency_cycles, row_sum.interval_cycles) == (Latency(33, None, 33), Interval(33, 33))
    assert (walk.latency_cycles, walk.interval_cycles) == (Latency(), Interval())
    assert (lines.loop, lines.latency_cycles) == (Loop(96, 96, None, None, None), Latency())


def test_02_cosimulation_knows_what_synthesis_does_not() -> None:
    folder = TRAPS / "02_cosim_beside_csynth" / "scanner_prj" / "solution1"
    synthesis = read_report(folder / "syn" / "report" / "scanner_csynth.xml")
    assert synthesis.latency_cycles == Latency()
    cosim = read_report(folder / "sim" / "report" / "scanner_cosim.rpt")
    assert (cosim.status, cosim.latency_cycles, cosim.interval_cycles) == (
        "Pass",
        Latency(88123, 88123, 88123),
        Interval(),
    )
    lat = read_report(folder / "sim" / "report" / "verilog" / "lat.rpt")
    assert (lat.latency_cycles, lat.interval_cycles) == (Latency(88123, 88123, 88123), Interval(0, 0))
    assert "no second transaction" in lat.notes[0]
    transactions = read_report(folder / "sim" / "report" / "verilog" / "result.transaction.rpt")
    assert (transactions.transactions, transactions.latency_cycles) == (1, Latency(88123, 88123, 88123))


def test_02_a_folder_gives_both_each_from_its_file() -> None:
    designs, errors = read_designs([TRAPS / "02_cosim_beside_csynth"])
    (design,) = designs
    assert (errors, design.disagreements) == ([], ())
    assert (design.report.latency_cycles, design.report.interval_cycles) == (Latency(88123, 88123, 88123), Interval())
    assert (design.report.status, used(design.report)) == ("Pass", [17444, 9021, 61, 1207, 0])
    latency, lut = design.sources["latency_cycles.max"], design.sources["resources.LUT.used"]
    assert (latency.stage, Path(latency.path).name) == ("cosim", "scanner_cosim.rpt")
    assert (lut.stage, Path(lut.path).name) == ("csynth", "scanner_csynth.xml")


@pytest.mark.parametrize("name", ["03_cosim_fail.rpt", "03_cosim_fail_2022.rpt"])
def test_03_a_cosimulation_that_failed_has_no_numbers(name: str) -> None:
    report = read(name)
    assert (report.status, report.latency_cycles, report.interval_cycles) == ("Fail", Latency(), Interval())
    assert report.total_cycles is None
    assert [(module.top, module.status) for module in report.modules] == [("VHDL", None), ("Verilog", "Fail")]


def test_03_a_language_that_passed_does_not_hide_one_that_failed() -> None:
    report = read("03_cosim_one_failed.rpt")
    assert (report.status, report.latency_cycles, report.interval_cycles) == ("Fail", Latency(), Interval())
    vhdl, verilog = report.modules
    assert (vhdl.status, vhdl.latency_cycles, verilog.status) == ("Pass", Latency(52, 55, 60), "Fail")


def test_04_zero_cycles_are_a_number() -> None:
    report = read("04_cosim_zeros.rpt")
    assert (report.status, report.latency_cycles, report.interval_cycles, report.total_cycles) == (
        "Pass",
        Latency(0, 0, 0),
        Interval(0, 0),
        0,
    )
    lat = read("04_lat_zeros.rpt")
    assert (lat.latency_cycles, lat.interval_cycles, lat.total_cycles) == (Latency(0, 0, 0), Interval(0, 0), 0)
    assert lat.notes == ()


def test_05_the_language_that_ran_speaks() -> None:
    report = read("05_cosim_vhdl.rpt")
    assert (report.status, report.latency_cycles, report.interval_cycles) == (
        "Pass",
        Latency(71, 74, 79),
        Interval(70, 73),
    )
    vhdl, verilog = report.modules
    assert (vhdl.status, vhdl.latency_cycles) == ("Pass", Latency(71, 74, 79))
    assert (verilog.status, verilog.latency_cycles) == (None, Latency())


def test_06_the_total_time_is_no_interval() -> None:
    report = read("06_cosim_total_time.rpt")
    assert (report.latency_cycles, report.interval_cycles, report.total_cycles) == (
        Latency(41, 43, 47),
        Interval(12, 17),
        1023,
    )
    lat = read("06_lat_total_time.rpt")
    assert (lat.latency_cycles, lat.interval_cycles, lat.total_cycles) == (Latency(41, 43, 47), Interval(12, 17), 1023)
    listed = read("06_transactions.rpt")
    assert (listed.transactions, listed.latency_cycles, listed.interval_cycles) == (
        3,
        Latency(41, None, 47),
        Interval(12, 17),
    )


@pytest.mark.parametrize(("name", "average"), [("07_best_worst.rpt", None), ("07_best_worst.xml", 310090)])
def test_07_the_best_case_is_not_the_worst(name: str, average: int | None) -> None:
    report = read(name)
    assert report.latency_cycles == Latency(180044, average, 511902)
    assert report.interval_cycles == Interval(90121, 260333)
    assert (used(report), available(report)) == ([9116, 5021, 12, 131, None], [14400, 28800, 66, 100, None])


def test_08_a_dataflow_design_starts_before_it_ends() -> None:
    report = read("08_dataflow_interval.rpt")
    assert (report.tool, report.top, report.pipeline) == ("Vivado HLS", "flow_net", "dataflow")
    assert (report.latency_cycles, report.interval_cycles) == (Latency(2871, None, 2875), Interval(612, 2410))
    conv, dense = report.modules
    assert (conv.top, conv.latency_cycles, conv.interval_cycles) == (
        "conv_a",
        Latency(600, None, 2400),
        Interval(600, 2400),
    )
    assert (dense.top, dense.latency_cycles, dense.interval_cycles) == (
        "dense_b",
        Latency(31, None, 32),
        Interval(31, 32),
    )
    assert used(report) == [131007, 80133, 2044, 1311, 0]


def test_09_multipliers_have_two_names_and_columns_may_be_missing() -> None:
    assert used(read("09_dsp48e.rpt")) == [2907, 1402, 33, 6, None]
    assert used(read("09_dsp.rpt")) == [2850, 1377, 31, 6, 0]
    missing = read("09_missing_tags.xml")
    assert used(missing) == [2907, 1402, None, 6, None]
    assert available(missing) == [53200, 106400, 220, 280, None]


@pytest.mark.parametrize(
    ("name", "latency", "absolute", "estimated"),
    [
        ("10_cells_2018.rpt", Latency(7, None, 9), AbsoluteLatency(), 3.461),
        ("10_cells_2019.rpt", Latency(7, None, 9), AbsoluteLatency(28.0, 36.0), 3.461),
        ("10_cells_2023.rpt", Latency(7, None, 9003), AbsoluteLatency(28.0, 36012.0), 2.861),
    ],
)
def test_10_columns_were_added_over_the_years(
    name: str, latency: Latency, absolute: AbsoluteLatency, estimated: float
) -> None:
    report = read(name)
    assert (report.latency_cycles, report.latency_ns, report.interval_cycles) == (latency, absolute, Interval(1, 3))
    assert (report.clock_ns.target, report.clock_ns.estimated) == (4.0, estimated)


def test_11_a_region_is_not_the_device() -> None:
    report = read("11_slr.rpt")
    assert (report.latency_cycles, report.interval_cycles) == (Latency(61, None, 61), Interval(19, 19))
    assert (used(report), available(report)) == ([151240, 99018, 5480, 11, 0], [1728000, 3456000, 12288, 5376, 1280])
    assert report.percent == {"LUT": "8", "FF": "2", "DSP": "44", "BRAM_18K": "~0", "URAM": "0"}
    (region,) = report.regions
    assert [region.resources[name].available for name in RESOURCES] == [432000, 864000, 3072, 1344, 320]
    assert region.percent == {"LUT": "35", "FF": "11", "DSP": "178", "BRAM_18K": "~0", "URAM": "0"}


def test_12_almost_nothing_nothing_and_unknown_are_three_things() -> None:
    report = read("12_cells.rpt")
    assert (used(report), available(report)) == ([311, 0, 0, 0, None], [242400, 484800, 1920, 1200, None])
    assert report.percent == {"LUT": "~0", "FF": "0", "DSP": "0", "BRAM_18K": "0"}
    assert (report.latency_cycles, report.latency_ns) == (Latency(0, None, 0), AbsoluteLatency(0.0, 0.0))


def test_13_kinds_of_pipelining_are_kept_in_the_tools_words() -> None:
    report = read("13_pipeline.rpt")
    assert (report.pipeline, report.latency_cycles, report.interval_cycles) == (
        "dataflow",
        Latency(1044, None, 2091),
        Interval(512, 520),
    )
    assert [(module.top, module.pipeline) for module in report.modules] == [
        ("fetch", "loop auto-rewind stp (delay=0 clock cycles(s))"),
        ("sum", "no"),
        ("fold", "yes"),
        ("split", "dataflow"),
        ("head", "function"),
        ("tail", "none"),
        ("PACK", "yes(flp)"),
    ]
    assert [module.latency_cycles.max for module in report.modules] == [66, 13, 5, 520, 3, 9, 70]
    assert report.modules[3].latency_ns == AbsoluteLatency(1536.0, 1560.0)
    assert report.modules[6].loop == Loop(64, 64, 8, 8, 1)


@pytest.mark.parametrize("name", ["14_zero_clock.rpt", "14_zero_clock.xml"])
def test_14_a_design_of_wires_has_zeros_everywhere(name: str) -> None:
    report = read(name)
    assert report.clock_ns == Clock(target=5.0, estimated=0.0, uncertainty=0.62)
    assert (report.latency_cycles.min, report.latency_cycles.max, report.interval_cycles) == (0, 0, Interval(0, 0))
    assert used(report) == [0, 0, 0, 0, 0]


def test_15_the_summary_is_a_tree_with_complaints() -> None:
    report = read("15_summary.rpt")
    assert (report.top, report.latency_cycles.max, report.interval_cycles.max) == ("tiny_net", 37, 2)
    assert (report.issues, report.clock_ns.slack) == (("Timing",), -0.41)
    assert used(report) == [30216, 31007, 140, 18, None]
    assert report.percent == {"LUT": "209", "FF": "107", "DSP": "212", "BRAM_18K": "18"}
    assert [(module.top, module.issues, module.clock_ns.slack) for module in report.modules] == [
        ("grp_dense_a_fu_31", ("Timing",), -0.12),
        ("grp_act_b_fu_44", ("II",), 0.52),
        ("grp_soft_c_fu_58", ("Timing",), -0.41),
    ]
    assert [module.latency_cycles.max for module in report.modules] == [8, 1, 21]
    assert used(report.modules[1]) == [1280, 640, None, None, None]


def test_16_one_file_holds_every_module() -> None:
    report = read("16_modules.xml")
    assert (report.latency_cycles, report.interval_cycles) == (Latency(37, 37, 37), Interval(2, 2))
    assert (used(report), available(report)) == ([30216, 31007, 140, 18, 0], [14400, 28800, 66, 100, 0])
    soft, dense = report.modules
    assert (soft.top, soft.latency_cycles, soft.interval_cycles) == ("soft_c", Latency(21, 21, 21), Interval(1, 1))
    assert (used(soft), soft.percent["DSP"], soft.clock_ns.estimated) == ([2217, 3310, 40, 18, 0], "60", 3.331)
    assert (dense.top, dense.latency_cycles, dense.latency_ns) == (
        "dense_a",
        Latency(8, 8, 9),
        AbsoluteLatency(32.0, 36.0),
    )
    assert (used(dense), dense.percent["DSP"]) == ([21116, 20000, 100, None, None], "151")


def test_17_a_kernel_that_never_ends_has_no_latency_but_its_loop_body_has() -> None:
    report = read("17_free_running.rpt")
    assert (report.top, report.latency_cycles, report.interval_cycles) == ("pump", Latency(), Interval())
    assert (report.pipeline, used(report)) == ("no", [3520, 2811, 24, None, None])
    (parent,) = report.modules
    (ever,) = parent.modules
    (body,) = ever.modules
    (spread,) = body.modules
    (loop,) = spread.modules
    assert (ever.kind, ever.loop, ever.latency_cycles) == ("loop", Loop(None, None, None, 151, None), Latency())
    assert (body.latency_cycles.max, body.interval_cycles.max, body.pipeline) == (149, 140, "dataflow")
    assert (loop.pipeline, loop.latency_cycles.max, loop.loop) == ("yes(flp)", 139, Loop(None, 140, None, 1, None))
    names = [node.top for node in (parent, ever, body, spread, loop)]
    assert names == ["dataflow_parent_loop_proc", "EVER", "dataflow_in_loop_EVER_1", "spread_s", "SPREAD"]


def test_28_the_text_of_a_link_is_no_report() -> None:
    with pytest.raises(UserError, match="must be a report, not the name of another file") as caught:
        read("28_link_text.rpt")
    assert "build/kernels/pump/hls/syn/report/csynth.rpt" in (caught.value.hint or "")
    assert caught.value.exit_code == 2


def test_29_of_two_copies_that_differ_the_tools_own_is_taken_and_both_are_named() -> None:
    folder = TRAPS / "29_two_copies"
    copy, own = folder / "docs" / "gated_csynth.rpt", folder / "gated" / "hls" / "syn" / "report" / "gated_csynth.rpt"
    assert [read_report(path).resources["LUT"].used for path in (copy, own)] == [88031, 87990]
    designs, errors = read_designs([folder])
    (design,) = designs
    assert (errors, design.report.resources["LUT"].used) == ([], 87990)
    (disagreement,) = design.disagreements
    assert disagreement.quantity == "resources.LUT.used"
    assert [(said.value, said.path) for said in disagreement.values] == [(87990, str(own)), (88031, str(copy))]
