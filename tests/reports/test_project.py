"""Which reports of a folder are of one design, in the layouts of the tools."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from fpga_tf.errors import ToolError, UserError
from fpga_tf.reports import SynthesisReport, find, project_design, project_designs
from fpga_tf.reports.find import find_files
from fpga_tf.reports.layers import LayerNames, Origin

DATA = Path(__file__).parent / "data"
COSIM = """
Report time       : Mon Mar  3 10:00:00 UTC 2025.
Solution          : solution1.
Simulation tool   : xsim.

+----------+----------+-----------------------------------------------+-----------------------------------------------+
|          |          |                    Latency                    |                    Interval                   |
+   RTL    +  Status  +-----------------------------------------------+-----------------------------------------------+
|          |          |      min      |      avg      |      max      |      min      |      avg      |      max      |
+----------+----------+-----------------------------------------------+-----------------------------------------------+
|      VHDL|        NA|             NA|             NA|             NA|             NA|             NA|             NA|
|   Verilog|      {status}|             {cycles}|             {cycles}|             {cycles}|{three}|{three}|{three}|
+----------+----------+-----------------------------------------------+-----------------------------------------------+
"""
COSIM = COSIM.replace("{three}", f"{3:15}")
LAT = '$MAX_LATENCY = "{0}"\n$MIN_LATENCY = "{0}"\n$AVER_LATENCY = "{0}"\n'
LAT += '$MAX_THROUGHPUT = "0"\n$MIN_THROUGHPUT = "0"\n$AVER_THROUGHPUT = "0"\n'


def put(source: str, target: Path, *edits: tuple[str, str]) -> Path:
    """Copy a report to where a tool would write it."""
    text = (DATA / source).read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return write(target, text)


def write(target: Path, text: str) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    return target


MODULE = ("<TopModelName>tagger<", "<TopModelName>softmax<")
APP = '<AutoPilot:project xmlns:AutoPilot="com.autoesl.autopilot.project" name="p" top="tagger"/>'


def paths(reports: Sequence[SynthesisReport]) -> list[str]:
    return [report.path for report in reports]


def test_without_a_report_there_is_no_design(tmp_path: Path) -> None:
    write(tmp_path / "project.xml", "<project/>")
    write(tmp_path / "empty.rpt", "")
    write(tmp_path / "tagger_prj/solution1/syn/report/csynth_design_size.rpt", "== Design Size Report\n")
    found = project_designs(tmp_path)
    assert (found.designs, found.errors) == ((), ())
    assert project_design(tmp_path, "tagger") is None


def test_the_report_with_modules_comes_first_and_modules_are_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "tagger_prj/solution1/syn/report"
    put("vitis_csynth.xml", folder / "tagger_csynth.xml")
    put("vitis_csynth.xml", folder / "csynth.xml")
    put("vitis_csynth.xml", folder / "softmax_csynth.xml", MODULE, (">142003<", ">9<"))
    write(folder / "rows_csynth.xml", "half a fi")
    (design,) = project_designs(tmp_path).designs
    assert (design.name, design.report.top, design.disagreements) == (tmp_path.name, "tagger", ())
    assert paths(design.reports) == [str(folder / name) for name in ("csynth.xml", "tagger_csynth.xml")]
    assert len(design.report.modules) == 2


@pytest.mark.parametrize("layout", ["tagger_prj/solution1", "component/hls", "component", "work/hls"])
def test_all_layouts(tmp_path: Path, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put("vitis_csynth.xml", tmp_path / layout / "syn/report/csynth.xml")
    write(tmp_path / layout / "sim/report/tagger_cosim.rpt", COSIM.format(status="Pass", cycles=70))
    write(tmp_path / layout / "sim/report/verilog/lat.rpt", LAT.format(70))
    design = project_design(tmp_path, "tagger")
    assert design is not None
    assert [report.stage for report in design.reports] == ["csynth", "cosim", "cosim"]
    assert design.report.latency_cycles.max == 70
    assert design.sources["latency_cycles.max"].path.endswith("tagger_cosim.rpt")
    monkeypatch.chdir(tmp_path / layout)
    (inside,) = project_designs(Path()).designs
    assert inside.report.latency_cycles.max == 70 and inside.name == Path(layout).name


def test_two_solutions_are_two_designs_and_a_run_must_not_choose(tmp_path: Path) -> None:
    one = put("vitis_csynth.xml", tmp_path / "tagger_prj/solution1/syn/report/csynth.xml")
    two = put("vitis_csynth.xml", tmp_path / "tagger_prj/solution2/syn/report/csynth.xml", (">64<", ">65<"))
    names = [design.name for design in project_designs(tmp_path).designs]
    assert names == ["tagger_prj/solution1", "tagger_prj/solution2"]
    with pytest.raises(UserError, match="must be of one solution, not of several") as caught:
        project_design(tmp_path, "tagger")
    where = caught.value.where or ""
    assert f"{one}: top tagger" in where and "latency 64" in where
    assert f"{two}: top tagger" in where and "latency 65" in where


def test_a_report_of_another_top_is_not_taken_for_the_tops(tmp_path: Path) -> None:
    folder = tmp_path / "tagger_prj/solution1/syn/report"
    put("vivado_dataflow_csynth.xml", folder / "aaa_csynth.xml", MODULE)
    put("vivado_dataflow_csynth.xml", folder / "tagger_csynth.xml")
    design = project_design(tmp_path, "tagger")
    assert design is not None and design.report.top == "tagger"
    assert design.notes == ("1 reports of modules are left out: which holds which is not told",)
    (folder / "tagger_csynth.xml").unlink()
    with pytest.raises(UserError, match="must be of the top function 'tagger'"):
        project_design(tmp_path, "tagger")


def test_without_a_name_the_top_is_told_by_the_tools_project_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "tagger_prj/solution1/syn/report"
    put("vivado_dataflow_csynth.xml", folder / "tagger_csynth.xml")
    put("vivado_dataflow_csynth.xml", folder / "softmax_csynth.xml", MODULE)
    put("vitis_csynth.xml", tmp_path / "other_prj/solution1/syn/report/csynth.xml")
    found = project_designs(tmp_path)
    assert [design.name for design in found.designs] == [tmp_path.name]
    (error,) = found.errors
    assert error.what.startswith("the top function must be named")
    with pytest.raises(UserError, match="must be of one solution, not of several"):
        project_design(tmp_path, "tagger")
    (tmp_path / "other_prj/solution1/syn/report/csynth.xml").unlink()
    write(tmp_path / "tagger_prj/vivado_hls.app", APP)
    (design,) = project_designs(tmp_path).designs
    assert design.report.top == "tagger"


def test_a_copy_elsewhere_that_differs_is_shown_and_the_tools_own_is_taken(tmp_path: Path) -> None:
    own = put("vitis_csynth.xml", tmp_path / "tagger/hls/syn/report/csynth.xml")
    copy = put("vitis_csynth.xml", tmp_path / "docs/csynth.xml", (">142003<", ">142999<"))
    (design,) = project_designs(tmp_path).designs
    assert design.report.resources["LUT"].used == 142003
    (found,) = design.disagreements
    assert (found.quantity, [one.path for one in found.values]) == ("resources.LUT.used", [str(own), str(copy)])
    assert str(found) == (f"reports disagree on resources.LUT.used: 142003 of {own} is taken, not 142999 in {copy}")


def test_what_is_left_of_another_part_is_not_taken(tmp_path: Path) -> None:
    solution = tmp_path / "tagger_prj/solution1"
    put("vitis_csynth.xml", solution / "syn/report/csynth.xml")
    old = put("vitis_csynth.xml", solution / "impl/report/csynth.xml", ("xcvu13p-flga2577-2-e", "xcku115-flvb2104-2-i"))
    (design,) = project_designs(tmp_path).designs
    assert len(design.reports) == 1
    assert design.notes == (f"{old}: not taken, as it has part xcku115-flvb2104-2-i, not xcvu13p-flga2577-2-e",)


def test_loose_reports_that_contradict_each_other_are_designs_of_their_own(tmp_path: Path) -> None:
    put("vitis_csynth.xml", tmp_path / "narrow.xml")
    put("vitis_csynth.xml", tmp_path / "wide.xml", (">142003<", ">9<"))
    designs = project_designs(tmp_path).designs
    assert [(design.name, design.report.resources["LUT"].used) for design in designs] == [
        ("narrow.xml", 142003),
        ("wide.xml", 9),
    ]


def test_a_failed_cosimulation_gives_no_latency(tmp_path: Path) -> None:
    solution = tmp_path / "tagger_prj/solution1"
    put("vitis_csynth.xml", solution / "syn/report/csynth.xml")
    write(solution / "sim/report/tagger_cosim.rpt", COSIM.format(status="Fail", cycles=70))
    write(solution / "sim/report/verilog/lat.rpt", LAT.format(70))
    design = project_design(tmp_path, "tagger")
    assert design is not None and design.report.latency_cycles.max == 64
    assert len([note for note in design.notes if "did not pass, so its cycles are not taken" in note]) == 2


def test_links_neither_loop_nor_lead_out(tmp_path: Path) -> None:
    root, outside = tmp_path / "project", tmp_path / "outside"
    folder = root / "tagger_prj/solution1/syn/report"
    put("vitis_csynth.xml", outside / "syn/report/csynth.xml")
    found = put("vitis_csynth.xml", folder / "csynth.xml")
    (folder / "loop").symlink_to(root)
    (root / "out").symlink_to(outside)
    (folder / "gone_csynth.xml").symlink_to(tmp_path / "nothing")
    assert find_files(root) == [found]


def test_the_text_of_a_link_is_said_not_skipped(tmp_path: Path) -> None:
    put("vitis_csynth.xml", tmp_path / "component/syn/report/csynth.xml")
    link = write(tmp_path / "csynth.rpt", "component/syn/report/csynth.rpt")
    (design,) = project_designs(tmp_path).designs
    assert design.notes == (f"{link}: not read, as it holds the name of another file, which a link would lead to",)


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="must be an existing folder"):
        find_files(tmp_path / "none")
    write(tmp_path / "0.rpt", "123456")
    monkeypatch.setattr(find, "MAX_TOTAL_BYTES", 5)
    with pytest.raises(UserError, match="at most 5 bytes"):
        find_files(tmp_path)
    monkeypatch.setattr(find, "MAX_ENTRIES", 5)
    for index in range(6):
        (tmp_path / str(index)).touch()
    with pytest.raises(UserError, match="at most 5 entries"):
        find_files(tmp_path)


def test_very_deep_folders_end_the_search(tmp_path: Path) -> None:
    put("vitis_csynth.xml", tmp_path.joinpath(*"a" * find.MAX_DEPTH, "b/csynth.xml"))
    assert find_files(tmp_path) == []


def test_an_unreadable_folder_is_said_not_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("vitis_csynth.xml", tmp_path / "tagger_prj/solution1/syn/report/csynth.xml")
    walk = os.walk

    def denied(root: Path, onerror: object, followlinks: bool) -> object:
        find._unreadable(PermissionError(13, "Permission denied", str(root)))
        return walk(root)

    monkeypatch.setattr(os, "walk", denied)
    with pytest.raises(ToolError, match="Permission denied"):
        find_files(tmp_path)


def test_a_broken_report_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "tagger_prj/solution1/syn/report"
    put("vitis_csynth.xml", folder / "csynth.xml")
    (folder / "tagger_csynth.xml").write_bytes((DATA / "vitis_csynth.xml").read_bytes()[:500])
    found = project_designs(tmp_path)
    assert len(found.designs) == 1
    assert [error.what for error in found.errors] == ["the report must be complete XML, not broken (unclosed token)"]
    with pytest.raises(UserError, match="must be complete XML"):
        project_design(tmp_path, "tagger")


@pytest.mark.parametrize(
    "text", ["", "\0", "<profile>", '<!DOCTYPE a [<!ENTITY b "c">]><profile>&b;</profile>', "half a fi"]
)
def test_what_a_tool_calls_a_report_must_be_one(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "tagger_prj/solution1/syn/report/csynth.xml", text)
    write(tmp_path / "tagger_prj/solution1/syn/report/csynth_design_size.rpt", text)
    write(tmp_path / "docs/csynth.xml", text)
    found = project_designs(tmp_path)
    assert found.designs == () and [error.where for error in found.errors] == [str(path)]
    with pytest.raises(UserError):
        project_design(tmp_path, "tagger")


def test_layers_and_notes_are_asked_for_by_folder(tmp_path: Path) -> None:
    solution = tmp_path / "tagger_prj/solution1"
    put("vitis_csynth.xml", solution / "syn/report/csynth.xml")
    asked = []

    def origin(folder: Path, report: SynthesisReport) -> Origin:
        asked.append((folder, report.top))
        return Origin((LayerNames("attention", names=("config7",)),), ("a note",))

    design = project_design(tmp_path, "tagger", origin)
    assert design is not None
    assert asked == [(solution, "tagger")]
    assert ([layer.name for layer in design.layers], design.notes) == (["attention", "other"], ("a note",))


def test_reports_of_modules_beside_the_tops_are_no_designs_of_their_own(tmp_path: Path) -> None:
    put("vitis_csynth.xml", tmp_path / "run/tagger_csynth.xml")
    name = ("<TopModelName>tagger<", "<TopModelName>softmax_config7_s<")
    put("vivado_dataflow_csynth.xml", tmp_path / "run/other_part.xml", name)
    part = [("xcvu9p-flgb2104-2-e", "xcvu13p-flga2577-2-e"), (">4.17<", ">5.00<")]
    put("vivado_dataflow_csynth.xml", tmp_path / "run/softmax_csynth.xml", name, *part)
    other, design = project_designs(tmp_path).designs
    assert (other.report.top, other.report.part) == ("softmax_config7_s", "xcvu9p-flgb2104-2-e")
    assert (design.report.top, len(design.reports)) == ("tagger", 1)
    assert design.notes == ("reports of modules beside this one, left out: 1",)
