"""Quartus' fitter and timing reports; damaged ones are refused or say nothing false."""

from __future__ import annotations

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports import quartus_fit, quartus_sta
from fpga_tf.reports.read import read_report
from fpga_tf.reports.types import Clock, ClockDomain, Resource, Timing

from .damage import DATA, check_cuts, check_lines, source, told
from .pace import at_most

FIT = (DATA / "quartus" / "lantern.fit.rpt").read_bytes()
STA = (DATA / "quartus" / "lantern.sta.rpt").read_bytes()
SUMMARY_4E = b"""Fitter report for lantern
Wed Jun  4 09:00:00 2025
Quartus II 64-Bit Version 13.1.0 Build 162 10/23/2013 SJ Web Edition

+-----------------------------------------------------------------+
; Fitter Summary                                                  ;
+------------------------------------+----------------------------+
; Fitter Status                      ; Successful                 ;
; Quartus II 64-Bit Version          ; 13.1.0 Build 162           ;
; Top-level Entity Name              ; lantern_top                ;
; Device                             ; EP4CE10F17C8               ;
; Total logic elements               ; 2,507 / 10,320 ( 24 % )    ;
;     Total combinational functions  ; 2,410 / 10,320 ( 23 % )    ;
; Total registers                    ; 1031                       ;
; Embedded Multiplier 9-bit elements ; 6 / 46 ( 13 % )            ;
+------------------------------------+----------------------------+

+------------------------------------------+
; Fitter Resource Usage Summary            ;
+--------------------+---------------------+
; Resource           ; Usage               ;
+--------------------+---------------------+
;     -- Register only ; 48                ;
; M9Ks               ; 7 / 46 ( 15 % )     ;
;     -- Register only ; 49                ;
+--------------------+---------------------+
"""


def test_resources_after_fitting() -> None:
    report = read_report(DATA / "quartus" / "lantern.fit.rpt")
    assert (report.format, report.stage, report.tool, report.version) == ("quartus_fit", "route", "Quartus", "20.1.0")
    assert (report.top, report.part, report.date) == ("lantern_top", "5CEBA4F23C7", "Tue Jun  3 16:20:11 2025")
    assert report.status == "Successful - Tue Jun  3 16:20:11 2025"
    assert report.resources == {
        "LUT": Resource(3016),
        "FF": Resource(2744),
        "DSP": Resource(13, 66),
        "BRAM_18K": Resource(),
        "URAM": Resource(),
    }
    assert report.counts["Logic utilization (in ALMs)"] == Resource(1907, 18480)
    assert report.counts["M10K blocks"] == Resource(21, 308)
    assert "BRAM_18K is unknown: M10K blocks are no 18 Kb blocks" in report.notes
    assert "LUT counts ALUTs used for logic, without route-through and memory" in report.notes


def test_a_device_of_logic_elements() -> None:
    report = quartus_fit.read(source(SUMMARY_4E))
    assert quartus_fit.claims(source(SUMMARY_4E))
    assert (report.version, report.part, report.top) == ("13.1.0", "EP4CE10F17C8", "lantern_top")
    assert report.resources["LUT"] == Resource(2410, 10320)
    assert report.resources["DSP"] == Resource()
    assert report.counts["Embedded Multiplier 9-bit elements"] == Resource(6, 46)
    assert report.counts["M9Ks"] == Resource(7, 46)
    assert "DSP is unknown: Embedded Multiplier 9-bit elements are no DSP blocks" in report.notes


def test_a_fitter_that_failed_places_nothing() -> None:
    report = quartus_fit.read(source(FIT.replace(b"Successful -", b"Failed -    ")))
    assert (report.stage, report.notes[-1]) == ("estimate", "the fitter did not succeed: nothing is placed")


def test_slacks_of_one_clock() -> None:
    report = read_report(DATA / "quartus" / "lantern.sta.rpt")
    assert (report.format, report.stage, report.version) == ("quartus_sta", "route", "20.1.0")
    assert (report.part, report.top, report.date) == ("5CEBA4F23C7", None, "Tue Jun  3 16:21:40 2025")
    assert report.clock_ns == Clock(target=8.0, achieved=8.317, slack=-0.317)
    assert report.timing == Timing(
        setup_slack=-0.317,
        setup_total=-2.904,
        hold_slack=0.142,
        hold_total=0.0,
        pulse_slack=2.871,
        pulse_total=0.0,
        met=False,
        clocks=(ClockDomain("clk_in", 8.0, -0.317, 0.142, 2.871),),
    )


def _two_clocks() -> bytes:
    clock = b"; clk_in     ; Base ; 8.000  ; 125.0 MHz ; { clk_in } ;\n"
    slack = b";  clk_in          ; -0.317 ; 0.142 ; N/A      ; N/A     ; 2.871               ;\n"
    data = STA.replace(clock, clock + clock.replace(b"clk_in  ", b"clk_io  ").replace(b"8.000", b"5.000"))
    return data.replace(slack, slack + slack.replace(b"clk_in", b"clk_io").replace(b"-0.317", b"1.250 "))


def test_two_clocks_have_no_one_period() -> None:
    report = quartus_sta.read(source(_two_clocks()))
    assert report.clock_ns == Clock(slack=-0.317)
    assert report.timing is not None
    assert [(c.name, c.period, c.setup_slack) for c in report.timing.clocks] == [
        ("clk_in", 8.0, -0.317),
        ("clk_io", 5.0, 1.25),
    ]


@pytest.mark.parametrize(
    "snapshot, stage", [("final", "route"), ("placed", "place"), ("synthesized", "synth"), ("other", "estimate")]
)
def test_the_stage_is_that_of_the_snapshot(snapshot: str, stage: str) -> None:
    row = b"; Device Name           ; 5CEBA4F23C7"
    line = next(line for line in STA.splitlines(keepends=True) if line.startswith(row))
    extra = line.replace(b"Device Name", b"Snapshot   ").replace(b"5CEBA4F23C7", snapshot.encode().ljust(11))
    assert quartus_sta.read(source(STA.replace(line, line + extra))).stage == stage


def test_a_professional_edition_without_a_snapshot_has_no_known_stage() -> None:
    assert quartus_sta.read(source(STA.replace(b"Lite Edition", b"Pro Edition "))).stage == "estimate"


@pytest.mark.parametrize("data", [FIT, STA])
def test_every_cut(data: bytes) -> None:
    assert check_cuts(data) > 0


@pytest.mark.parametrize("data", [FIT, STA, _two_clocks()])
def test_every_moved_line(data: bytes) -> None:
    check_lines(data)


@pytest.mark.parametrize("data", [FIT, STA])
def test_doubled_and_glued_reports(data: bytes) -> None:
    assert told(data + data) == told(data)
    for other in (data.replace(b"report for lantern", b"report for torch"), data.replace(b" 2025\n", b" 2024\n")):
        assert told(data + other) is None


@pytest.mark.parametrize(
    "old, new, rule",
    [
        (b"; Total registers             ; 2744", b"; Total registers             ; 27,44", "must be a whole number"),
        (b"; 1,907 / 18,480 ;", b"; 1,908 / 18,480 ;", "must state the same ALMs"),
        (b"; Total pins                  ;", b"; Total registers             ;", "must be given once"),
    ],
)
def test_a_broken_fitter_report_is_refused(old: bytes, new: bytes, rule: str) -> None:
    assert old in FIT
    with pytest.raises(UserError, match=rule) as caught:
        quartus_fit.read(source(FIT.replace(old, new)))
    assert (caught.value.where or "").startswith("report:")


def test_a_date_is_that_of_the_first_lines_only_if_they_are_of_the_same_run() -> None:
    version, torch = b"Quartus Prime Version 20.1.0", b"report for torch"
    assert quartus_fit.read(source(FIT.replace(version, b"Quartus Prime Version 21.1.0", 1))).date is None
    assert quartus_sta.read(source(STA.replace(b"report for lantern", torch))).date is None


def test_a_worst_slack_that_no_clock_has_is_refused() -> None:
    with pytest.raises(UserError, match="must be the smallest of all clocks'"):
        quartus_sta.read(source(STA.replace(b"; Worst-case Slack ; -0.317", b"; Worst-case Slack ; -0.31 ")))


def test_a_report_without_its_summary_is_refused() -> None:
    for data, name in ((FIT, b"; Fitter Summary "), (STA, b"; Timing Analyzer Summary ")):
        assert told(data.replace(name, name.replace(b"Summary", b"summary"))) is None


def test_many_panels_take_little_time() -> None:
    rule = b"+-----------------+\n"
    data = FIT + (rule + b"; Fitter Summary  ;\n") * 40_000 + rule
    with at_most(100):
        told(data)
