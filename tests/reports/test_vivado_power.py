"""Vivado's power reports; damaged ones are refused or say nothing false."""

from __future__ import annotations

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports.read import read_report, read_source
from fpga_tf.reports.types import Clock, Power, SynthesisReport

from .damage import DATA, check_cuts, check_lines, source, told

FILE = DATA / "vivado" / "power.rpt"
TEXT = FILE.read_text()
POWER = Power(6.318, 5.277, 1.041)


def read(text: str) -> SynthesisReport:
    return read_source(source(text))


def test_the_summary_of_a_routed_design() -> None:
    report = read_report(FILE)
    assert (report.format, report.stage, report.status) == ("vivado_power", "route", "routed")
    assert (report.tool, report.version, report.part) == ("Vivado", "2021.1", "xcku5p-ffvb676-2-e")
    assert (report.top, report.date) == ("trigger_core", "Sat Dec  4 21:15:30 2021")
    assert (report.power_w, report.timing, report.clock_ns) == (POWER, None, Clock())
    assert report.notes == ("the tool's confidence in its estimate of power: Medium",)


@pytest.mark.parametrize(("state", "stage"), [("synthesized", "synth"), ("Fully Placed", "place"), ("new", "estimate")])
def test_the_stage_is_that_of_the_design(state: str, stage: str) -> None:
    assert read(TEXT.replace(": routed", f": {state}")).stage == stage


def summary(**cells: str) -> str:
    """The report with other cells in its summary, by the first letters of their names; borders as wide as needed."""
    start, stop = TEXT.index("+--"), TEXT.index("* Specify")
    rows = [line.split("|")[1:3] for line in TEXT[start:stop].split("\n") if line.startswith("|")]
    pairs = [(name.strip(), cells.get(name.split()[0], value.strip())) for name, value in rows]
    wide = max(len(value) for _, value in pairs)
    border = f"+{'-' * 26}+{'-' * (wide + 2)}+"
    return TEXT[:start] + "\n".join(
        [border, *(f"| {name:24} | {value:{wide}} |" for name, value in pairs), border, TEXT[stop:]]
    )


def test_what_the_tool_warns_of_is_a_note() -> None:
    assert summary() == TEXT
    report = read(summary(Total="61.318 (Junction temp exceeded!)"))
    assert report.power_w == Power(61.318, 5.277, 1.041)
    assert report.notes[0] == "Total On-Chip Power (W): Junction temp exceeded!"


def test_what_is_too_small_to_print_or_not_stated_is_unknown() -> None:
    report = read(summary(Dynamic="<0.001", Device="NA"))
    assert report.power_w == Power(6.318)
    assert report.notes[0] == "Dynamic (W): <0.001"
    row = next(line for line in TEXT.split("\n") if line.startswith("| Dynamic (W)"))
    assert read(TEXT.replace(row + "\n", "")).power_w == Power(6.318, None, 1.041)


def test_damage_gives_nothing_false() -> None:
    assert check_cuts(FILE.read_bytes()) > 0
    check_lines(TEXT.replace("| Design State : routed\n", "").encode())  # without it the stage is unknown
    for length in range(TEXT.index("+--"), TEXT.index("* Specify") - 1):
        assert told(TEXT[:length]) is None


def test_two_reports_in_one_file() -> None:
    assert read(TEXT + TEXT).power_w == POWER
    with pytest.raises(UserError, match=r"must state Dynamic \(W\) once"):
        read(TEXT + summary(Dynamic="5.278"))
    with pytest.raises(UserError, match="must state Design once"):
        read(TEXT + TEXT.replace("trigger_core", "other_core"))
    with pytest.raises(UserError, match="one summary for each title"):
        read(TEXT[: TEXT.index("+--")] + TEXT)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("| 6.318        |", "| 6.3x8        |", "must be a number"),
        ("| 5.277        |", "| 5.277         |", "two cells in each row"),
        ("| 1.041        |\n", "| 1.041        |\n| Dynamic (W)              | 9.277        |\n", "once"),
    ],
)
def test_a_damaged_row_is_refused(old: str, new: str, match: str) -> None:
    assert old in TEXT
    with pytest.raises(UserError, match=match) as caught:
        read(TEXT.replace(old, new, 1))
    assert (caught.value.where or "").startswith("report:")
