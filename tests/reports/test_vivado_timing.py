"""Vivado's timing summaries; damaged ones are refused or say nothing false."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports.read import read_report, read_source
from fpga_tf.reports.types import Clock, ClockDomain, SynthesisReport, Timing

from .damage import DATA, check_cuts, check_lines, source, told

SHARED = Path(__file__).parents[3] / "shared" / "reports"
FOLDER = DATA / "vivado"
MET = (FOLDER / "timing_met.rpt").read_text()
FAILED = (FOLDER / "timing_failed.rpt").read_text()
VERSAL = (FOLDER / "timing_versal.rpt").read_text()
FREE = (FOLDER / "timing_unconstrained.rpt").read_text()
PATHS = (FOLDER / "paths.rpt").read_text()
WHOLE = Timing(
    setup_slack=-0.731,
    setup_total=-58.906,
    hold_slack=0.018,
    hold_total=0.0,
    pulse_slack=0.3,
    pulse_total=0.0,
    failing=214,
    endpoints=20877,
    met=False,
    clocks=(
        ClockDomain("board_clk", 8.0, None, None, 2.0),
        ClockDomain("core_clk", 4.0, -0.731, 0.018, 0.3),
        ClockDomain("mmcm_fb", 8.0, None, None, 6.751),
    ),
)


def read(text: str) -> SynthesisReport:
    return read_source(source(text))


def timing(text: str) -> Timing:
    found = read(text).timing
    assert found is not None
    return found


def section(text: str, title: str) -> str:
    """A section from its rule to that of the next."""
    start = text.index(f"{'-' * 96}\n| {title}\n")
    return text[start : text.index("-" * 96 + "\n| ", text.index("-" * 96 + "\n\n", start))]


def test_a_routed_design_of_one_clock_that_meets_timing() -> None:
    report = read_report(FOLDER / "timing_met.rpt")
    assert (report.format, report.stage, report.status) == ("vivado_timing", "route", "Routed")
    assert (report.tool, report.version, report.part) == ("Vivado", "2023.1", "xcku5p-ffvb676")
    assert (report.top, report.date) == ("trigger_core", "Tue Apr  8 16:20:41 2025")
    assert report.clock_ns == Clock(target=3.0, achieved=2.588, slack=0.412)
    clocks = (ClockDomain("clk_main", 3.0, 0.412, 0.021, 1.225),)
    assert report.timing == Timing(0.412, 0.0, 0.021, 0.0, 1.225, 0.0, 0, 9041, True, clocks)
    assert report.notes == ()


def test_a_design_that_fails_and_whose_stage_only_the_nets_tell() -> None:
    report = read(FAILED)
    assert report.timing == WHOLE
    assert (report.stage, report.status) == ("route", None)
    assert report.clock_ns == Clock(target=4.0, achieved=4.731, slack=-0.731)
    assert report.notes == ("the stage is told by the nets of the paths: the report does not state it",)


def test_of_27_clocks_none_is_the_design() -> None:
    report = read(VERSAL)
    assert report.stage == "route"
    assert report.clock_ns == Clock(slack=0.037)
    assert report.timing is not None and len(report.timing.clocks) == 27
    assert (report.timing.hold_slack, report.timing.pulse_slack, report.timing.met) == (0.012, 0.004, True)
    assert (report.timing.endpoints, report.timing.failing) == (648533, 0)
    assert report.timing.clocks[4] == ClockDomain("kernel_clk", 3.333, 0.037, 0.012, 0.767)
    assert report.timing.clocks[26] == ClockDomain("pll_xpll_2", 0.312, None, None, 0.05)


def test_no_constraints_are_no_pass() -> None:
    report = read(FREE)
    assert (report.timing, report.clock_ns, report.stage) == (Timing(), Clock(), "estimate")
    assert report.notes[-1] == "the design has no timing constraints: nothing tells whether it is fast enough"
    row = next(line for line in FREE.splitlines() if line.lstrip().startswith("NA"))
    half = f"{'inf':>11}  {'0.000':>11}  {'0':>21}  {'20':>19}"
    assert timing(FREE.replace(row, f"{half}  {half}{row[len(half + half) + 2 :]}")) == Timing(endpoints=20)


def test_a_worst_path_that_is_no_clocks_own_gives_no_achieved_period() -> None:
    for text, target in ((FAILED, None), (MET, 3.0)):
        design = section(text, "Design Timing Summary")
        worse = design.replace("-0.731", "-0.944").replace(" 0.412", " 0.405")
        report = read(text.replace(design, worse))
        assert report.clock_ns == Clock(target=target, slack=-0.944 if target is None else 0.405)


def test_cells_with_places_make_a_placed_design_of_nets_that_are_not() -> None:
    """A list of paths that nothing constrains, after placement and out of context: its nets are called unplaced."""
    loose = FAILED.replace(", routed)", ", unplaced)")
    assert read(loose.replace("                         LUT6", "    SLICE_X26Y90         LUT6", 1)).stage == "place"
    assert read(loose.replace("                         LUT6", "    BUFGCTRL_X0Y16       LUT6", 1)).stage == "synth"


def test_a_clock_without_paths_meets_constraints_that_hold_nothing() -> None:
    """The tool says so of a combinational design that has a clock all the same."""
    verdict = "All user specified timing constraints are met."
    free = FREE.replace("There are no user specified timing constraints.", verdict)
    summary = section(free, "Clock Summary")
    report = read(free.replace(summary, section(MET, "Clock Summary")))
    assert report.timing == Timing(met=True, clocks=(ClockDomain("clk_main", 3.0),))
    assert (report.clock_ns, report.stage) == (Clock(target=3.0), "estimate")
    assert report.notes[-1] == "no path is held to the constraints: nothing tells whether the design is fast enough"


def test_the_end_of_another_report_above_the_header_tells_no_stage() -> None:
    assert read(PATHS[PATHS.index("    Location") :] + FREE).stage == "estimate"


@pytest.mark.parametrize(
    ("kinds", "stage"), [("routed", "route"), ("estimated", "place"), ("unplaced", "synth"), ("unset", "estimate")]
)
def test_nets_tell_the_stage(kinds: str, stage: str) -> None:
    assert read(FAILED.replace(", routed)", f", {kinds})")).stage == stage
    assert read(MET.replace(", routed)", f", {kinds})")).stage == "route"  # its header states it
    one = FAILED.replace(", routed) ", f", {kinds}) ", 1)
    assert read(one).stage == ("route" if kinds in ("routed", "unset") else stage)


def test_a_total_too_long_for_its_column_moves_its_row() -> None:
    wide = FAILED.replace("      -58.906", "  -1234567.906")
    assert (timing(wide).setup_total, timing(wide).failing) == (-1234567.906, 214)
    assert timing(wide.replace("0.300", "0.299")).pulse_slack == 0.299


def test_columns_are_found_by_heading() -> None:
    """A report of `-delay_type max` has no columns of hold, and then not all failing endpoints are known."""
    lines = FAILED.split("\n")
    cut = [
        line[: line.index("WHS(ns)") - 6].rstrip() if "WNS(ns)" in line and "WHS(ns)" in line else line
        for line in lines
    ]
    for index, line in enumerate(lines):
        if line != cut[index]:
            for row in range(index + 1, index + 5):
                cut[row] = lines[row][: len(cut[index])] if len(lines[row]) > 100 else lines[row]
    found = timing("\n".join(cut))
    assert (found.setup_slack, found.setup_total, found.endpoints) == (-0.731, -58.906, 20877)
    assert (found.hold_slack, found.pulse_slack, found.failing) == (None, None, None)


@pytest.mark.parametrize("name", ["timing_met.rpt", "timing_failed.rpt", "timing_unconstrained.rpt"])
def test_every_cut_gives_the_true_values_none_or_an_error(name: str) -> None:
    assert check_cuts((FOLDER / name).read_bytes()) > 0


def test_a_cut_in_a_table_of_many_clocks_is_refused() -> None:
    start, stop = VERSAL.index("| Clock Summary"), VERSAL.index("| Inter Clock Table")
    for length in range(start, stop, 7):
        assert told(VERSAL[:length]) is None


@pytest.mark.parametrize("name", ["timing_met.rpt", "timing_failed.rpt"])
def test_lines_left_out_doubled_or_swapped_give_nothing_false(name: str) -> None:
    check_lines((FOLDER / name).read_bytes())


@pytest.mark.parametrize("text", [MET, FAILED, VERSAL, FREE])
def test_a_doubled_file_says_the_same(text: str) -> None:
    one, both = read(text), read(text + text)
    assert (both.timing, both.clock_ns, both.stage) == (one.timing, one.clock_ns, one.stage)


def test_two_reports_in_one_file_are_refused() -> None:
    with pytest.raises(UserError, match="must state"):
        read(MET + FAILED)
    later = MET.replace("0.412", "0.217")
    with pytest.raises(UserError, match="must state its timing once"):
        read(MET + later)
    for length in range(MET.index("Timing Summary Report") + 22, MET.index("| Inter Clock Table"), 50):
        assert told(MET[:length] + later) is None
    with pytest.raises(UserError, match="of one format"):
        read(MET + PATHS)


def test_sections_in_another_order_say_the_same_and_swapped_tables_are_refused() -> None:
    summary, intra = section(FAILED, "Clock Summary"), section(FAILED, "Intra Clock Table")
    assert timing(FAILED.replace(summary + intra, intra + summary)) == WHOLE
    titles = FAILED.replace("| Clock Summary\n| -------------", "| X").replace(
        "| Intra Clock Table\n", "| Clock Summary\n"
    )
    assert told(titles) is None
    body = FAILED.replace(summary, "<1>").replace(intra, "<2>")
    head, other = summary.split("\n\n", 1), intra.split("\n\n", 1)
    mixed = body.replace("<1>", head[0] + "\n\n" + other[1]).replace("<2>", other[0] + "\n\n" + head[1])
    assert told(mixed) is None


def test_a_clock_twice_is_one_and_one_with_other_values_is_refused() -> None:
    row = next(line for line in FAILED.split("\n") if line.startswith("  core_clk ") and "20877" in line)
    assert timing(FAILED.replace(row, row + "\n" + row)) == WHOLE
    with pytest.raises(UserError, match="'core_clk' once"):
        read(FAILED.replace(row, row + "\n" + row.replace("0.018", "0.081")))
    with pytest.raises(UserError, match="clocks of the clock summary only"):
        read(FAILED.replace(row, row.replace("core_clk", "care_clk")))
    with pytest.raises(UserError, match=r"have all \d+ clocks of the clock summary"):
        read(FAILED.replace(row + "\n", ""))


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("Timing constraints are not met.", "All user specified timing constraints are met.", "no slack is negative"),
        ("Timing constraints are not met.", "", "whether the constraints are met"),
        ("     -0.731      -58.906", "      0.731      -58.906", "state the worst slack"),
        ("      0.018", "      0.01x", "must be a number"),
        ("{0.000 2.000}        4.000", "{0.000 2.000}         4.000", "below their headings"),
        ("{0.000 2.000}        4.000", "{0.000 2.000}        0.000", "state a period"),
        ("\n  mmcm_fb                   ", "\n\n  mmcm_fb                   ", "be one table"),
        ("    WNS(ns)      TNS(ns)", "    WNS(ns)      WNS(ns)", "one heading above each"),
        ("    -------  ", "    ------- " + "- " * 20000, "headings above dashes"),
        ("                  9433  ", "                 9433   ", "below their headings"),
    ],
)
def test_what_does_not_agree_is_refused(old: str, new: str, match: str) -> None:
    assert old in FAILED
    with pytest.raises(UserError, match=match):
        read(FAILED.replace(old, new, 1))


@pytest.mark.skipif(not (SHARED / "truth.json").is_file(), reason="the collection of real reports is not here")
def test_every_real_summary_is_read_as_a_person_reads_it() -> None:
    right = 0
    for row in json.loads((SHARED / "truth.json").read_text()):
        truth = row["truth"]
        if truth["kind"] == "timing" and truth["summary_row"] is not None:
            report = read_report(SHARED / "files" / row["file"])
            cells = truth["summary_row"].split()
            found = report.timing
            assert found is not None
            slacks = (found.setup_slack, found.hold_slack, found.pulse_slack)
            totals = (found.setup_total, found.hold_total, found.pulse_total)
            assert [*slacks, *totals] == [float(cells[index]) for index in (0, 4, 8, 1, 5, 9)]
            assert (found.failing, found.endpoints) == (sum(int(cells[i]) for i in (2, 6, 10)), int(cells[3]))
            assert (found.met, len(found.clocks)) == (truth["met"], truth["nclocks"])
            assert (report.part, report.version) == (truth["part"], truth["version"])
            assert (report.status or "") == truth["state"]
            right += 1
    assert right == 8
