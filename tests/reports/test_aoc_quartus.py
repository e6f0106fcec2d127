"""Quartus' results as Intel's FPGA compiler lists them; damaged files are refused or say nothing false."""

from __future__ import annotations

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports import aoc_quartus
from fpga_tf.reports.read import read_report
from fpga_tf.reports.types import Clock, Resource

from .damage import DATA, check_cuts, check_lines, source, told

LIST = (DATA / "aoc" / "acl_quartus_report.txt").read_bytes()


def test_resources_and_frequency() -> None:
    report = read_report(DATA / "aoc" / "acl_quartus_report.txt")
    assert (report.format, report.stage, report.tool) == ("aoc_quartus", "route", "Quartus")
    assert report.clock_ns == Clock(achieved=3.9)  # 256.41 MHz
    assert report.resources == {
        "LUT": Resource(61307),
        "FF": Resource(88415),
        "DSP": Resource(96, 1687),
        "BRAM_18K": Resource(),
        "URAM": Resource(),
    }
    assert report.counts["RAM blocks"] == Resource(214, 2131)
    assert report.counts["Logic utilization"] == Resource(40228, 251680)
    assert "BRAM_18K is unknown: memory blocks of the device are no 18 Kb blocks" in report.notes


def test_every_cut_and_every_moved_line() -> None:
    assert check_cuts(LIST) > 0
    check_lines(LIST)


def test_doubled_and_glued_files() -> None:
    assert told(LIST * 2) == told(LIST)
    assert told(LIST + LIST.replace(b"61307", b"61308")) is None


@pytest.mark.parametrize(
    "old, new, rule",
    [
        (b"DSP blocks: 96", b"DSP blocks: about 96", "DSP blocks must be a count"),
        (b"Kernel fmax: 256.41", b"Kernel fmax: fast", "Kernel fmax must be a number"),
        (b"/ 251,680 ( 16 % )", b"/ 251", "Logic utilization must be a count"),
        (b"/ 251,680 (", b"/ 25,168 (", "Logic utilization must be 16 %"),
        (b"Memory bits:", b"Memory bits", "a line must be a name and a value"),
        (b"88,415", b"88,41", "Registers must be a whole number"),
        (b"88,415", b"88\n", "a line must be a name and a value"),
    ],
)
def test_a_broken_list_is_refused(old: bytes, new: bytes, rule: str) -> None:
    with pytest.raises(UserError, match=rule) as caught:
        aoc_quartus.read(source(LIST.replace(old, new)))
    assert (caught.value.where or "").startswith("report:")


def test_another_list_is_not_claimed() -> None:
    assert not aoc_quartus.claims(source("Registers: 5\nALUTs: 6\n"))
