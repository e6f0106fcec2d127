"""Reports of what Vivado made of an exported design; damaged ones are refused or say nothing false."""

from __future__ import annotations

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports import export_rpt
from fpga_tf.reports.read import read_report, read_source
from fpga_tf.reports.types import Clock, Resource

from .damage import DATA, check_cuts, check_lines, source, told

IMPL = (DATA / "export" / "impl_export.rpt").read_bytes()
SYNTH = (DATA / "export" / "synth_export.rpt").read_bytes()


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


@pytest.mark.parametrize("old, new", [(b"Timing not met", b"Timing met"), (b"3.471", b"3.300"), (b"3.300", b"3.500")])
def test_a_verdict_that_contradicts_the_periods_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(UserError, match="the verdict must fit the periods"):
        export_rpt.read(source(IMPL.replace(old, new)))


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


def test_another_file_is_not_claimed() -> None:
    assert not export_rpt.claims(source("a note on\n" + IMPL.decode().strip()))
    with pytest.raises(UserError, match="known format"):
        read_source(source("Implementation tool: Xilinx Vivado v.2020.1 and more\n"))
