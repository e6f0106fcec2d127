"""Reports of what Vivado made of an exported design; damaged ones are refused or say nothing false."""

from __future__ import annotations

import re

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports import export_rpt, export_text, export_xml
from fpga_tf.reports.read import read_report, read_source
from fpga_tf.reports.types import Clock, Resource

from .damage import DATA, check_cuts, check_lines, source, told

IMPL = (DATA / "export" / "impl_export.rpt").read_bytes()
SYNTH = (DATA / "export" / "synth_export.rpt").read_bytes()
XML = (DATA / "export" / "impl_export.xml").read_bytes()
TEXT = (DATA / "export" / "export_impl.rpt").read_bytes()


def test_a_report_after_implementation() -> None:
    report = read_report(DATA / "export" / "impl_export.rpt")
    assert (report.format, report.stage, report.tool, report.version) == ("export_rpt", "route", "Vivado", "2020.1")
    assert (report.part, report.date) == ("xczu7ev-ffvc1156-2-e", "Fri Aug 08 09:15:01 CEST 2025")
    used = {name: resource.used for name, resource in report.resources.items()}
    assert used == {"LUT": 14071, "FF": 22313, "DSP": 187, "BRAM_18K": 43, "URAM": 6}
    assert report.counts == {"CLB": Resource(3120), "SRL": Resource(512)}
    assert report.clock_ns == Clock(target=3.3, estimated=2.914, achieved=3.471)
    assert (report.status, report.timing and report.timing.met) == ("Timing not met", False)
    assert report.top is None


def test_a_report_after_synthesis() -> None:
    report = read_report(DATA / "export" / "synth_export.rpt")
    assert (report.stage, report.clock_ns) == ("synth", Clock(target=4.0, achieved=2.803))
    assert report.resources["URAM"] == Resource(0)
    assert report.timing is not None and report.timing.met is True


def test_a_resource_that_is_not_named_is_unknown() -> None:
    report = export_rpt.read(source(IMPL.replace(b"URAM:             6\n", b"")))
    assert report.resources["URAM"] == Resource()


def test_a_combinational_design_has_no_period() -> None:
    data = SYNTH.replace(b"Timing met", b"No Sequential Path").replace(b"      2.803", b"      NA")
    report = export_rpt.read(source(data))
    assert (report.clock_ns.achieved, report.timing and report.timing.met) == (None, None)
    assert report.notes == ("no path between registers: no clock period is achieved",)


def test_a_verdict_on_another_stage_is_not_taken() -> None:
    data = IMPL.replace(b"implementation:    3.471\nTiming not met", b"implementation: NA\nTiming met")
    report = export_rpt.read(source(data))
    assert (report.clock_ns.achieved, report.timing and report.timing.met) == (None, None)


def test_a_title_that_goes_on_is_not_claimed() -> None:
    title, end = IMPL.decode().strip().partition("\n")[::2]
    assert not export_rpt.claims(source(title + " " * 10_000 + "and on\n" + end))
    assert not export_text.claims(source("=" * 64 + "\n== Vivado RTL Synthesis Results\n" + "=" * 10_000 + "x\n"))


@pytest.mark.parametrize("old, new", [(b"Timing not met", b"Timing met"), (b"3.471", b"3.300"), (b"3.300", b"3.500")])
def test_a_verdict_that_contradicts_the_periods_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(UserError, match="timing must be met at a period of at most"):
        export_rpt.read(source(IMPL.replace(old, new)))


def test_a_first_line_that_does_not_end_is_refused() -> None:
    data = re.sub(rb"(Implementation tool: .*)\n", lambda found: found[1] + b" " * 10_000 + b"x\n", IMPL)
    with pytest.raises(UserError, match="first line must name the tool and nothing else"):
        export_rpt.read(source(data))


@pytest.mark.parametrize("data", [IMPL, SYNTH])
def test_a_period_below_zero_is_refused(data: bytes) -> None:
    with pytest.raises(UserError, match="CP required must be at least 0"):
        export_rpt.read(source(re.sub(rb"CP required: +", rb"\g<0>-", data)))


@pytest.mark.parametrize("data", [IMPL, SYNTH])
def test_every_cut_and_every_moved_line(data: bytes) -> None:
    # Only the cut before the last line end leaves the report whole.
    assert check_cuts(data) == 1
    check_lines(data)


def test_doubled_and_glued_reports() -> None:
    assert told(IMPL * 2) == told(IMPL)
    assert told(IMPL + SYNTH) is None
    assert told(IMPL + IMPL.replace(b"14071", b"14072")) is None
    for length in range(len(IMPL)):
        report = told(IMPL[:length] + SYNTH)
        assert report is None or report == told(SYNTH), length


def test_a_row_twice_with_two_values_is_refused_with_its_line() -> None:
    with pytest.raises(UserError, match="LUT must be given once") as caught:
        export_rpt.read(source(IMPL.replace(b"FF:", b"LUT:          14072\nFF:")))
    assert caught.value.where == "report:12"


def test_a_part_or_a_date_that_is_none_is_unknown() -> None:
    data = IMPL.replace(b"xczu7ev-ffvc1156-2-e", b"xczu7ev and more").replace(b" 2025\n", b"\n")
    report = export_rpt.read(source(data))
    assert (report.part, report.date) == (None, None)


def test_another_file_is_not_claimed() -> None:
    assert not export_rpt.claims(source("a note on\n" + IMPL.decode().strip()))
    with pytest.raises(UserError, match="known format"):
        read_source(source("Implementation tool: Xilinx Vivado v.2020.1 and more\n"))


def test_xml_after_implementation() -> None:
    report = read_report(DATA / "export" / "impl_export.xml")
    assert (report.format, report.stage, report.tool, report.version) == ("export_xml", "route", "Vivado", "2023.1")
    assert (report.top, report.part) == ("lantern", "xcku5p-ffvb676-2-e")
    assert report.date == "Fri Aug 08 12:02:11 CEST 2025"
    assert report.clock_ns == Clock(target=4.0, estimated=3.105, achieved=4.212, slack=-0.212)
    assert report.resources == {
        "LUT": Resource(12077, 216960),
        "FF": Resource(19004, 433920),
        "DSP": Resource(318, 1824),
        "BRAM_18K": Resource(61, 960),
        "URAM": Resource(5, 64),
    }
    assert report.counts == {"CLB": Resource(2740, 27120), "LATCH": Resource(0), "SRL": Resource(77)}
    timing = report.timing
    assert timing is not None and (timing.setup_slack, timing.setup_total, timing.met) == (-0.212, -7.3, False)
    assert [(clock.name, clock.period) for clock in timing.clocks] == [("ap_clk", 4.0)]


def test_modules_are_below_the_nearest_cell_around_them() -> None:
    dense, norm = export_xml.read(source(XML)).modules
    assert (dense.top, dense.instance, dense.kind, norm.top) == ("lantern_dense", "dense_U0", "module", "lantern_norm")
    assert (dense.resources["BRAM_18K"], norm.resources["BRAM_18K"]) == (Resource(40), Resource())
    (multiplier,) = dense.modules
    assert (multiplier.top, multiplier.instance, multiplier.resources["DSP"]) == ("mul", "mul_U7", Resource(300))


def test_the_top_is_no_module_of_its_own() -> None:
    for mark in (b'DEPTH="0"', b'IS_TOP="1"'):
        report = export_xml.read(source(XML.replace(mark, b"", 1)))
        assert (report.top, [module.instance for module in report.modules]) == ("lantern", ["dense_U0", "norm_U0"])


def test_xml_after_synthesis_does_not_take_values_of_another_stage() -> None:
    data = XML.replace(b">impl<", b">synth<").replace(b"4.212", b"3.105").replace(b"FALSE", b"TRUE")
    report = export_xml.read(source(data))
    assert (report.stage, report.clock_ns.achieved, report.clock_ns.estimated) == ("synth", 3.105, None)
    assert report.timing is not None and report.timing.met is True


def test_the_period_after_synthesis_is_not_taken_for_that_after_implementation() -> None:
    data = XML.replace(b"4.212", b"3.105").replace(b"<CP_ROUTE>3.105<", b"<CP_ROUTE>NA<").replace(b"FALSE", b"TRUE")
    report = export_xml.read(source(data))
    assert report.clock_ns == Clock(target=4.0, estimated=3.105)
    assert report.timing is not None
    assert (report.timing.met, report.timing.setup_slack, report.timing.setup_total) == (None, None, None)
    assert "the period after implementation is unknown" in report.notes[0]


@pytest.mark.parametrize(
    "route, clb, stage",
    [
        (b"4.212", b"<CLB>0</CLB>", "route"),
        (b"NA", b"<CLB>2740</CLB>", "route"),
        (b"NA", b"<CLB>0</CLB>", "synth"),
        (b"NA", b"", "estimate"),
    ],
)
def test_a_file_that_does_not_name_its_stage_is_told_by_what_it_holds(route: bytes, clb: bytes, stage: str) -> None:
    start, end = XML.index(b"  <RunData>"), XML.index(b"  <TimingReport>")
    data = (XML[:start] + XML[end:]).replace(b"<CLB>2740</CLB>", clb).replace(b"<CLB>27120</CLB>", b"")
    report = export_xml.read(source(data.replace(b"<CP_ROUTE>4.212", b"<CP_ROUTE>" + route)))
    assert (report.stage, report.version) == (stage, None)
    assert "stage" in report.notes[0]
    assert report.clock_ns.estimated == (3.105 if stage == "route" else None)


@pytest.mark.parametrize(
    "old, new, rule",
    [
        (b">impl<", b">place<", "must be synth or impl"),
        (b">FALSE<", b">TRUE<", "timing must be met"),
        (b"<CP_SYNTH>3.105", b"<CP_SYNTH>-3.105", "a period in ns"),
        (b"<CP_FINAL>4.212", b"<CP_FINAL>4.2", "must be equal"),
        (b"<CP_TARGET>4.000", b"<CP_TARGET>5.000", "must be equal"),
        (b"<CP_ROUTE>4.212", b"<CP_ROUTE>4.1", "as CP_ROUTE"),
        (b"<CP_SYNTH>3.105", b"<CP_SYNTH>-3.105", "a period in ns or unknown"),
        (b"<LUT>12077</LUT>", b"<LUT>12077</LUT><LUT>12078</LUT>", "given once"),
        (b"<LUT>12077</LUT>", b"<LUT>12 077</LUT>", "a whole number"),
        (b'CELL="inst/norm_U0"', b'CELL="inst/dense_U0"', "given once for a cell"),
        (b'CELL="inst/norm_U0"', b'CELL="' + b"a/" * 70 + b'"', "at most 64 deep"),
        (b"</profile>", b"</profile><profile/>", "complete XML"),
        (b"<profile>", b'<!DOCTYPE a [<!ENTITY b "c">]><profile>', "DOCTYPE"),
    ],
)
def test_broken_xml_is_refused(old: bytes, new: bytes, rule: str) -> None:
    with pytest.raises(UserError, match=rule) as caught:
        read_source(source(XML.replace(old, new, 1)))
    assert (caught.value.where or "").startswith("report:")


def test_counts_of_a_device_without_luts_are_unknown() -> None:
    data = XML.replace(b"<LUT>216960<", b"<LUT>0<").replace(b"<LUT>12077<", b"<LUT>0<")
    assert export_xml.read(source(data)).resources["LUT"] == Resource()


def test_cut_and_doubled_xml() -> None:
    assert check_cuts(XML) == 1
    assert told(XML * 2) is None
    check_lines(XML)


def test_text_after_implementation_says_the_same_as_the_xml() -> None:
    report = read_report(DATA / "export" / "export_impl.rpt")
    assert (report.format, report.stage, report.tool, report.version) == ("export_text", "route", "Vitis HLS", "2023.1")
    assert (report.part, report.date) == ("xcku5p-ffvb676-2-e", "Fri Aug 08 12:02:14 CEST 2025")
    used = {name: resource.used for name, resource in report.resources.items()}
    assert used == {"LUT": 12077, "FF": 19004, "DSP": 318, "BRAM_18K": 61, "URAM": 5}
    assert report.counts == {"SRL": Resource(77)}
    assert report.clock_ns == Clock(target=4.0, estimated=3.105, achieved=4.212)
    assert (report.status, report.timing and report.timing.met) == ("Timing was NOT met", False)


def _text_after_synthesis() -> bytes:
    row = b"| Post-Synthesis | 3.105       |\n"
    data = TEXT.replace(b"Place & Route", b"RTL Synthesis").replace(b" NOT met", b" met").replace(row, b"")
    return data.replace(b"| Post-Route     | 4.212 ", b"| Post-Route     | 3.105 ")


def test_text_after_synthesis_is_of_that_stage_whatever_it_calls_the_period() -> None:
    report = read_source(source(_text_after_synthesis()))
    assert (report.stage, report.clock_ns) == ("synth", Clock(target=4.0, achieved=3.105))
    assert report.timing is not None and report.timing.met is True


@pytest.mark.parametrize("data", [TEXT, _text_after_synthesis()])
def test_every_cut_and_every_moved_line_of_text(data: bytes) -> None:
    assert check_cuts(data) > 0
    check_lines(data)


def test_doubled_and_glued_text() -> None:
    assert told(TEXT * 2) == told(TEXT)
    assert told(TEXT + _text_after_synthesis()) is None
    assert told(TEXT + TEXT.replace(b"URAM:             5\n", b"")) is None


@pytest.mark.parametrize(
    "old, new, rule",
    [
        (b"FF:               19004", b"LUT:              19004", "LUT must be given once"),
        (b"FF:               19004", b"FF:               190 04", "FF must be a whole number"),
        (b"FF:               19004", b"#=== Final timing ===", "must be a resource and its count"),
        (b"| 3.105       |", b"| -3.105      |", "Post-Synthesis must"),
        (b"NOT met\n+", b"met\n+", "timing must be met at a period of at most"),
        (b"NOT met\n+", b"NOT met\n* Timing was met\n+", "met or not, not both"),
        (b"| Post-Synthesis |", b"| Post-Route     |", "Post-Route must be given once"),
        (
            b"== Place & Route Resource Summary",
            b"== Place & Route",
            "must have a section Place & Route Resource Summary",
        ),
        (b"LUT:  ", b"== Vivado RTL Synthesis Results\nLUT:  ", "a title must be between two rules"),
    ],
)
def test_broken_text_is_refused(old: bytes, new: bytes, rule: str) -> None:
    assert old in TEXT
    with pytest.raises(UserError, match=rule) as caught:
        read_source(source(TEXT.replace(old, new, 1)))
    assert (caught.value.where or "").startswith("report:")
