"""Vivado's lists of timing paths; damaged ones are refused or say nothing false."""

from __future__ import annotations

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports.read import read_source
from fpga_tf.reports.types import Clock, ClockDomain, SynthesisReport, Timing

from .damage import DATA, check_cuts, check_lines, source

FILE = DATA / "vivado" / "paths.rpt"
PATHS = FILE.read_text()


def read(text: str) -> SynthesisReport:
    return read_source(source(text))


def timing(text: str) -> Timing:
    found = read(text).timing
    assert found is not None
    return found


def test_the_worst_path_of_a_list() -> None:
    report = read(PATHS)
    assert (report.format, report.stage, report.top) == ("vivado_paths", "synth", "conv_block")
    assert report.clock_ns == Clock(target=4.2, achieved=3.282, slack=0.918)
    assert report.timing == Timing(setup_slack=0.918, met=True, clocks=(ClockDomain("ap_clk", 4.2, 0.918),))
    assert report.notes[-1] == "only paths are listed, so what else may fail is unknown"


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("(MET) :     ", "(VIOLATED) :", "a slack that is VIOLATED"),
        ("  Path Type:", "  Requirement:            4.100ns  (a - b)\n  Path Type:", "have one requirement"),
        ("Slack (MET) :              0.918ns", "Slack (MET) :              0.9l8ns", "state its slack"),
    ],
)
def test_a_damaged_path_is_refused(old: str, new: str, match: str) -> None:
    assert old in PATHS
    with pytest.raises(UserError, match=match) as caught:
        read(PATHS.replace(old, new, 1))
    assert (caught.value.where or "").startswith("report:")


def test_a_path_of_half_a_period_or_of_two_clocks_gives_no_achieved_period() -> None:
    assert read(PATHS.replace("Requirement:            4.200", "Requirement:            2.100")).clock_ns == Clock(
        target=4.2, slack=0.918
    )
    other = PATHS.replace("clocked by ap_clk ", "clocked by in_clk ", 1)
    assert read(other).clock_ns == Clock(slack=0.918)
    assert [clock.setup_slack for clock in timing(other).clocks] == [1.044, None]


@pytest.mark.parametrize("option", ["-from [get_pins a/C]", "-group clk", "-sort_by group", "-new_one"])
def test_slacks_of_chosen_paths_are_not_the_designs(option: str) -> None:
    chosen = PATHS.replace("report_timing -max_paths 2", f"report_timing {option} -max_paths 2")
    report = read(chosen)
    assert (report.clock_ns, timing(chosen).setup_slack, timing(chosen).met) == (Clock(), None, None)
    assert option.split()[0] in report.notes[1]
    late = chosen.replace("(MET) :     ", "(VIOLATED) :", 1).replace("  0.918", " -0.918")
    assert timing(late).met is False


def test_paths_of_an_unknown_command_may_be_chosen() -> None:
    report = read("".join(line for line in PATHS.splitlines(keepends=True) if not line.startswith("| Command")))
    assert report.clock_ns == Clock()
    assert report.notes[1].startswith("a command that the report does not state may choose")


def test_options_inside_of_a_file_name_choose_no_paths() -> None:
    assert read(PATHS.replace("-file paths.rpt", "-file {my -from x/paths.rpt}")).clock_ns.slack == 0.918


def test_hold_that_was_asked_for_and_is_not_listed_is_unknown() -> None:
    asked = PATHS.replace("-max_paths 2", "-delay_type min_max")
    assert (timing(asked).setup_slack, timing(asked).met) == (0.918, None)
    first, second = PATHS.index("Slack"), PATHS.rindex("Slack (MET)")
    hold = PATHS[first:second].replace("required time - arrival time", "arrival time - required time")
    both = timing(asked.replace(PATHS[second:], hold.replace("0.918", "0.033").replace("4.200ns  (", "0.000ns  (")))
    assert (both.setup_slack, both.hold_slack, both.met) == (0.918, 0.033, True)


def test_lists_without_whole_paths() -> None:
    head = PATHS[: PATHS.index("Slack")]
    empty = read(head + "No timing paths found.\n")
    assert (empty.timing, empty.clock_ns) == (Timing(), Clock())
    with pytest.raises(UserError, match="show them in full"):
        read(head + "Startpoint    Endpoint    Slack(ns)\n")
    endless = read(
        head + "Slack:                    inf\n  Source:                 a\n  Path Group:             (none)\n"
    )
    assert endless.timing == Timing()


def test_damage_gives_nothing_false() -> None:
    assert check_cuts(FILE.read_bytes()) > 0
    check_lines(FILE.read_bytes())
    both = read(PATHS + PATHS)
    assert (both.timing, both.clock_ns) == (timing(PATHS), read(PATHS).clock_ns)
