"""Catapult's reports; damaged ones are refused or say nothing false."""

from __future__ import annotations

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports import catapult
from fpga_tf.reports.read import read_report, read_source
from fpga_tf.reports.types import Clock, Interval, Latency, no_resources

from .damage import DATA, check_cuts, check_lines, source, told

RTL = (DATA / "catapult" / "rtl.rpt").read_bytes()
CYCLE = (DATA / "catapult" / "cycle.rpt").read_bytes()


def test_cycles_and_timing() -> None:
    report = read_report(DATA / "catapult" / "rtl.rpt")
    assert (report.format, report.stage, report.tool, report.version) == ("catapult", "csynth", "Catapult", "2023.2_1")
    assert (report.top, report.status, report.date) == ("lantern", "extract", "Mon Jun  9 08:12:33 CEST 2025")
    assert (report.latency_cycles, report.interval_cycles) == (Latency(max=40), Interval(max=12))
    assert report.clock_ns == Clock(target=8.0, estimated=6.173, uncertainty=0.25, slack=1.827)
    assert report.resources == no_resources()
    assert report.notes == ("resources are unknown: the report states scores of areas",)
    dense, norm = report.modules
    assert (dense.top, dense.instance) == ("dense<in_t,out_t>", "/lantern/dense<in_t,out_t>/core")
    assert (dense.latency_cycles.max, dense.interval_cycles.max, norm.latency_cycles.max) == (31, 12, 9)


def test_an_unknown_latency_and_the_clock_of_the_clock_table() -> None:
    report = read_report(DATA / "catapult" / "cycle.rpt")
    assert (report.latency_cycles, report.interval_cycles) == (Latency(), Interval(max=12))
    assert report.modules[0].latency_cycles == Latency()
    assert report.clock_ns == Clock(target=8.0)


def test_the_top_is_that_of_the_processes() -> None:
    assert catapult.read(source(RTL.replace(b"lantern.v7", b"fast.v7"))).top == "lantern"
    assert catapult.read(source(RTL.replace(b"/lantern/norm", b"/another/norm"))).top == "lantern"


def test_times_of_several_paths_are_left_out() -> None:
    block = b"    Max Delay:  6.1729998\n    Slack:      1.8270002\n"
    other = block.replace(b"6.17", b"7.17").replace(b"1.82", b"0.82")
    report = catapult.read(source(RTL.replace(block, block + other)))
    assert report.clock_ns == Clock(target=8.0, uncertainty=0.25)
    assert report.notes[0] == "times of several clocks or paths are left out"


@pytest.mark.parametrize("data", [RTL, CYCLE, CYCLE.replace(b"lantern.v7", b"fast.v7")])
def test_every_cut_and_every_moved_line(data: bytes) -> None:
    assert check_cuts(data) > 0
    check_lines(data)


def test_times_are_left_out_of_a_report_without_its_end() -> None:
    report = catapult.read(source(RTL.replace(b"End of Report\n", b"")))
    assert (report.clock_ns, report.status, report.latency_cycles.max) == (Clock(), None, 40)


def test_a_line_of_the_heading_that_lost_its_end_is_not_read() -> None:
    report = catapult.read(source(RTL.replace(b"2023.2_1/1082325 Production Release  ", b"2023.2")))
    assert (report.version, report.date) == (None, "Mon Jun  9 08:12:33 CEST 2025")
    plain = b"\n".join(line.rstrip() for line in RTL.split(b"\n"))
    assert catapult.read(source(plain)).version == "2023.2_1"


def test_doubled_and_glued_reports() -> None:
    assert told(RTL + RTL) == told(RTL)
    assert told(RTL + RTL.replace(b"Jun  9", b"Jun 10")) is None
    assert told(RTL + RTL.replace(b"     40 ", b"     41 ")) is None


@pytest.mark.parametrize(
    "old, new, rule",
    [
        (b"     40 ", b"     4  ", "must stand at its column's right edge"),
        (b"     40 ", b"     4x ", "Latency must be a whole number"),
        (b"    487 ", b"487     ", None),
        (b"/lantern/norm/core              ", b"/lantern/norm/core and something", "must stand below its columns"),
        (b" Throughput ", b" Through    ", "must have a column 'Throughput'"),
        (b"Slack:      1.8270002", b"Slack:      1.82.70", "a time must be a number"),
        (b"Max Delay:  6.17", b"Max Delay:  -6.17", "the delay must not be negative"),
    ],
)
def test_a_broken_report_is_refused(old: bytes, new: bytes, rule: str | None) -> None:
    assert old in RTL
    data = RTL.replace(old, new)
    if rule is None:
        assert read_source(source(data)).latency_cycles.max == 40
        return
    with pytest.raises(UserError, match=rule) as caught:
        read_source(source(data))
    assert (caught.value.where or "").startswith("report:")


def test_another_first_line_is_not_claimed() -> None:
    assert not catapult.claims(source("a note\n" + RTL.decode()))
    assert not catapult.claims(source("-- Catapult Synthesis: Report of something\n"))
    assert catapult.claims(source("-- Catapult Synthesis: Report\n"))
