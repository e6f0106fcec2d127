"""Vivado's reports of resources: true values, and none from damaged, doubled or glued files."""

from __future__ import annotations

import re

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports.read import READERS, read_report, read_source
from fpga_tf.reports.types import RESOURCES, Resource, SynthesisReport
from tests.reports.damage import DATA, check_cuts, check_lines, source, told, values

FOLDER = DATA / "vivado"
FLAT = ("synth_7series.rpt", "placed_slr.rpt", "routed_slr_index.rpt", "versal.rpt")
FILES = (*FLAT, "hierarchy.rpt", "accelerator.rpt")
SECTION = re.compile(r"(?m)^(?=[0-9.]+ .*\n-+$)")


def text(name: str) -> str:
    return (FOLDER / name).read_text()


def read(name: str) -> SynthesisReport:
    return read_report(FOLDER / name)


def used(report: SynthesisReport) -> list[int | None]:
    return [report.resources[name].used for name in RESOURCES]


def available(report: SynthesisReport) -> list[int | None]:
    return [report.resources[name].available for name in RESOURCES]


def refused(content: str, match: str) -> None:
    with pytest.raises(UserError, match=match) as caught:
        read_source(source(content))
    assert str(caught.value.where).startswith("report")


def test_a_synthesised_design_of_an_old_part() -> None:
    report = read("synth_7series.rpt")
    assert (report.format, report.stage, report.status) == ("vivado_utilization", "synth", "Synthesized")
    assert (report.tool, report.version, report.part, report.top) == ("Vivado", "2018.3", "7k160tfbg484-2", "tagger")
    assert report.date == "Tue Feb 11 08:15:30 2020"
    assert used(report) == [24117, 31986, 418, 75, None]
    assert available(report) == [101400, 202800, 600, 650, None]
    assert report.percent == {"LUT": "23.78", "FF": "15.77", "DSP": "69.67", "BRAM_18K": "11.54"}
    assert report.counts["LUT as Memory"] == Resource(1112, 35000)
    assert report.counts["LUT as Shift Register"] == Resource(600)
    assert report.counts["RAMB36/FIFO"] == Resource(31, 325)
    assert (report.regions, report.modules) == ((), ())
    assert report.notes == ("LUT is counted before optimisation: the final count is typically lower",)


def test_a_placed_design_and_its_regions() -> None:
    report = read("placed_slr.rpt")
    assert (report.stage, report.version, report.notes) == ("place", "2022.1", ())
    assert used(report) == [70155, 91240, 1203, 411, 16]
    assert available(report) == [788160, 1576320, 4560, 2880, 640]
    assert "using O6 output only" not in report.counts
    first, second = report.regions
    assert [first.name, second.name] == ["SLR0", "SLR1"]
    assert [first.resources[name] for name in RESOURCES] == [Resource(x) for x in (70136, 91178, 1140, 410, 16)]
    assert [second.resources[name] for name in RESOURCES] == [Resource(x) for x in (19, 62, 63, 1, 0)]
    assert second.percent == {"LUT": "<0.01", "FF": "<0.01", "DSP": "2.76", "BRAM_18K": "0.07", "URAM": "0.00"}


def test_a_routed_design_whose_regions_are_rows() -> None:
    report = read("routed_slr_index.rpt")
    assert (report.stage, report.part) == ("route", "xcku115flvb2104-1")
    assert used(report) == [50321, 60777, 906, 24, None]
    assert [region.name for region in report.regions] == ["SLR0", "SLR1"]
    assert [report.regions[0].resources[name].used for name in RESOURCES] == [20001, 20077, 6, None, None]
    assert [region.percent for region in report.regions] == [{"LUT": "6.03"}, {"LUT": "9.14"}]


def test_a_versal_part_counts_more_registers_than_its_clbs_hold() -> None:
    report = read("versal.rpt")
    assert (report.stage, report.status) == ("route", "Physopt postRoute")
    assert used(report) == [80021, 120034, 812, 121, 7]
    assert available(report) == [899840, 1799680, 1968, 1934, 463]
    assert "CLB Registers" in text("versal.rpt") and "119001" in text("versal.rpt")


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        ("Synthesized", "synth"),
        ("Optimized", "place"),
        ("Physopt postPlace", "place"),
        ("Fully Routed", "route"),
        ("Partially Routed", "place"),
        ("Dreamt", "estimate"),
    ],
)
def test_the_state_tells_the_stage(state: str, stage: str) -> None:
    report = read_source(source(text("versal.rpt").replace("Physopt postRoute", state)))
    assert (report.stage, report.status) == (stage, state)
    assert bool(report.notes) == (state in ("Optimized", "Dreamt"))


@pytest.mark.parametrize("line", ["", "| Design State : Physopt\n", "| Design State : Physopt postRou\n"])
def test_a_state_that_is_lost_or_cut_off_is_refused(line: str) -> None:
    refused(text("versal.rpt").replace("| Design State : Physopt postRoute\n", line), "Design State")


def test_regions_of_an_unplaced_design_are_zero_with_a_note() -> None:
    lines = text("routed_slr_index.rpt").replace("Routed", "Synthesized").splitlines()
    zero = [re.sub(r"\d+(?=[0-9.]* \|)", lambda x: "0" * len(x[0]), x) if x[:5] == "| SLR" else x for x in lines]
    report = read_source(source("\n".join(line.replace("| 0LR", "| SLR") for line in zero)))
    assert {region.resources["LUT"].used for region in report.regions} == {0}
    assert used(report)[0] == 50321
    assert any("not placed yet" in note for note in report.notes)


def test_the_hierarchy_has_all_instances() -> None:
    report = read("hierarchy.rpt")
    assert (report.format, report.stage, report.top, report.instance) == ("vivado_hierarchy", "place", "trigger", None)
    assert used(report) == [70155, 91240, 1203, 411, 16]
    assert available(report) == [None] * 5
    assert report.percent["LUT"] == "8.90"
    assert report.counts["SRLs"] == Resource(4000)
    own, core, fifo = report.modules
    assert (own.instance, used(own), bool(own.notes)) == ("(trigger)", [155, 240, 3, 0, 0], True)
    assert (core.top, core.instance, core.kind, core.notes) == ("core_conv_config2", "core_U", "module", ())
    assert [module.instance for module in core.modules] == ["(core_U)", "mac_U"]
    assert used(core.modules[1]) == [50000, 59900, 1000, 220, 0]
    assert (used(fifo), fifo.counts["RAMB36"], fifo.counts["RAMB18"]) == (
        [19992, 31000, 200, 191, 16],
        Resource(90),
        Resource(11),
    )


def test_a_part_of_a_design_is_not_the_design() -> None:
    content = text("hierarchy.rpt").replace(
        "| trigger      |             (top) |", "| engine       |        engine_rtl |"
    )
    report = read_source(source(content.replace("(trigger) ", "(engine)  ")))
    assert report.top == "engine" and "of engine alone" in report.notes[0]
    flat = read_source(source(text("versal.rpt").replace("report_utilization ", "report_utilization -cells u_0 ")))
    assert flat.top is None and "-cells" in flat.notes[0]


def test_kernels_within_the_budget_that_the_platform_leaves() -> None:
    report = read("accelerator.rpt")
    assert len(text("accelerator.rpt").split("Accelerator Utilization")[0]) > 8192
    assert (report.format, report.stage, report.top) == ("vivado_accelerator", "route", "vitis_design_wrapper")
    assert used(report) == [140020, 210077, 402, 127, 12]
    assert available(report) == [872000, 1760012, 1960, 1902, 460]
    assert report.percent == {"LUT": "16.06", "FF": "11.94", "DSP": "20.51", "BRAM_18K": "6.68", "URAM": "2.61"}
    assert report.counts == {"LUTAsMem": Resource(9100, 446900)}
    assert "user budget" in report.notes[0]
    feed, net = report.modules
    assert (feed.top, feed.instance, used(feed)) == ("feed", None, [20, 10077, 2, 3, 0])
    assert [(module.top, module.instance) for module in net.modules] == [("net", "net_1"), ("net", "net_2")]
    assert used(net.modules[0]) == [80000, 120000, 200, 62, 6]


@pytest.mark.parametrize("name", FILES)
def test_one_reader_claims_each(name: str) -> None:
    assert len([reader for reader in READERS if reader.claims(source(text(name)))]) == 1


@pytest.mark.parametrize("name", FILES)
def test_no_cut_and_no_lost_doubled_or_swapped_line_gives_a_false_value(name: str) -> None:
    lines = (FOLDER / name).read_bytes().splitlines(keepends=True)
    data = b"".join(line for line in lines if len(line) < 1000)
    assert check_cuts(data) > 0
    check_lines(data)


def test_a_cut_file_says_so() -> None:
    content = text("synth_7series.rpt")
    report = read_source(source(content[: content.index("3. DSP\n---")]))
    assert used(report) == [24117, 31986, None, 75, None]
    assert "no section DSP, IO and GT Specific, Clocking, Primitives and others" in report.notes[0]


@pytest.mark.parametrize("name", FILES)
def test_a_doubled_file_is_the_same_and_two_designs_are_refused(name: str) -> None:
    content = text(name)
    assert values(read_source(source(content * 2))) == values(read_source(source(content)))
    other = re.sub(r"\| Design +: \S+", "| Design       : other", content)
    refused(content + other, "must state Design once")
    refused(content[: len(content) // 2] + other, "must")
    # of one design and date, but another count
    number = str(used(read(name))[0])
    assert told(content + content.replace(number, number[:-1] + str((int(number[-1]) + 1) % 10))) is None


@pytest.mark.parametrize("name", FLAT)
def test_sections_may_stand_in_any_order(name: str) -> None:
    head, *sections = SECTION.split(text(name))
    assert values(read_source(source(head + "".join(reversed(sections))))) == values(read_source(source(text(name))))


def test_reports_of_two_kinds_are_refused() -> None:
    refused(text("placed_slr.rpt") + text("hierarchy.rpt"), "one format")
    refused(text("versal.rpt") + text("accelerator.rpt"), "one format")


def test_a_section_of_another_report_is_refused() -> None:
    old, new = text("synth_7series.rpt"), text("placed_slr.rpt")
    memory = old.index("2. Memory\n---")
    refused(old[:memory] + new[new.index("3. BLOCKRAM\n---") :], "table of contents")
    # the first file's tail stands above the second one's header
    refused(old[memory:] + new, "table of contents")


def test_a_row_that_is_given_twice_must_say_the_same() -> None:
    content = text("placed_slr.rpt")
    row = next(line for line in content.splitlines(keepends=True) if line.startswith("| DSPs  "))
    assert values(read_source(source(content.replace(row, row * 2, 1)))) == values(read_source(source(content)))
    refused(content.replace(row, row + row.replace("1203", "1204"), 1), "must state DSP once")
    # the registers are stated again where the report tells how they are packed
    before, after = content.split("2. CLB Logic Distribution\n--")
    refused(before + "2. CLB Logic Distribution\n--" + after.replace(" 91240 ", " 91241 ", 1), "must state FF once")


@pytest.mark.parametrize(
    ("name", "old", "new", "match"),
    [
        ("versal.rpt", "| 60.5 |", "| 60.3 |", "steps of a half"),
        ("versal.rpt", " 80021 |", " 8oo21 |", "whole number"),
        ("versal.rpt", "  8.89 |", "  8,89 |", "percentage"),
        ("versal.rpt", " 80021 |", " 8021 |", "below those of the table's heading"),
        ("hierarchy.rpt", "|   fifo_U   ", "|  fifo_U    ", "2 blanks deeper"),
        ("hierarchy.rpt", "|   fifo_U   ", "|   core_U   ", "once where it is"),
        ("hierarchy.rpt", "|     (core_U) ", "|     (fifo_U) ", "below"),
        ("hierarchy.rpt", " 59900(3.80%) |", " 59901(3.80%) |", "all that is in it"),
        ("hierarchy.rpt", " 59900(3.80%) |", " 59900(3.80]) |", "count or unknown"),
        ("accelerator.rpt", "| User Budget    ", "| User Badge     ", "User Budget"),
        ("accelerator.rpt", "|    net_2 ", "|    net_1 ", "once where it is"),
        ("accelerator.rpt", "|  120000 [", "|  120001 [", "all that is in it"),
        ("accelerator.rpt", "|  120000 [", "|  110000 [", "as many FF as in all its instances"),
    ],
)
def test_what_can_not_be_is_refused(name: str, old: str, new: str, match: str) -> None:
    assert old in text(name)
    refused(text(name).replace(old, new, 1), match)


def test_the_area_of_a_pblock_is_no_design() -> None:
    content = text("versal.rpt").replace("| Prohibited |", "|     Parent |")
    refused(content, "Pblock")


def test_a_title_of_another_tool_is_no_report_of_vivado() -> None:
    content = text("versal.rpt").replace("| Tool Version", "| Version     ")
    assert not any(reader.claims(source(content)) for reader in READERS)
