"""Which report speaks for a project, in the folder layouts of the tools."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fpga_tf.errors import ToolError, UserError
from fpga_tf.reports import find_csynth, project, project_report

DATA = Path(__file__).parent / "data"


def put(source: str, target: Path, *edits: tuple[str, str]) -> Path:
    """Copy a report to where a tool would write it."""
    text = (DATA / source).read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    return target


MODULE = ("<TopModelName>tagger<", "<TopModelName>softmax<")


def test_reports_of_all_layouts_are_found_the_tops_first(tmp_path: Path) -> None:
    classic = tmp_path / "tagger_prj/solution1/syn/report"
    names = ["alpha_csynth.xml", "csynth.xml", "tagger_csynth.xml", "zeta_csynth.xml"]
    expected = [put("vitis_csynth.xml", classic / name) for name in names]
    component = put("vitis_csynth.xml", tmp_path / "component/hls/syn/report/csynth.xml")
    by_hand = put("vitis_csynth.xml", tmp_path / "csynth.xml")
    for other in ("csynth.rpt", "csynth.xml.bak"):
        (classic / other).write_text("x")
    put("vitis_csynth.xml", tmp_path / "tagger_prj/solution1/impl/csynth.xml")
    put("vitis_csynth.xml", tmp_path / "tagger_prj/.autopilot/syn/report/csynth.xml")
    order = [component, by_hand, expected[1], expected[2], expected[0], expected[3]]
    assert find_csynth(tmp_path, "tagger") == order


def test_without_a_report_there_is_none(tmp_path: Path) -> None:
    assert find_csynth(tmp_path) == []
    assert project_report(tmp_path, "tagger") is None


def test_agreeing_reports_give_the_one_with_modules(tmp_path: Path) -> None:
    folder = tmp_path / "tagger_prj/solution1/syn/report"
    put("vitis_csynth.xml", folder / "tagger_csynth.xml")
    put("vitis_csynth.xml", folder / "csynth.xml")
    put("vitis_csynth.xml", folder / "softmax_csynth.xml", MODULE, (">142003<", ">9<"))
    report = project_report(tmp_path, "tagger")
    assert report is not None
    assert (report.path, len(report.modules)) == (str(folder / "csynth.xml"), 2)


def test_a_modules_report_is_never_taken_for_the_tops(tmp_path: Path) -> None:
    folder = tmp_path / "tagger_prj/solution1/syn/report"
    put("vivado_dataflow_csynth.xml", folder / "aaa_csynth.xml", MODULE)
    put("vivado_dataflow_csynth.xml", folder / "tagger_csynth.xml")
    report = project_report(tmp_path, "tagger")
    assert report is not None and report.top == "tagger"
    (folder / "tagger_csynth.xml").unlink()
    with pytest.raises(UserError, match="must be of the top function 'tagger'"):
        project_report(tmp_path, "tagger")


def test_reports_that_disagree_are_listed_not_chosen_from(tmp_path: Path) -> None:
    one = put("vitis_csynth.xml", tmp_path / "tagger_prj/solution1/syn/report/csynth.xml")
    two = put("vitis_csynth.xml", tmp_path / "tagger_prj/solution2/syn/report/csynth.xml", (">64<", ">65<"))
    with pytest.raises(UserError, match="must agree, not differ") as caught:
        project_report(tmp_path, "tagger")
    where = caught.value.where or ""
    assert f"{one}: top tagger" in where and "latency 64" in where
    assert f"{two}: top tagger" in where and "latency 65" in where


def test_without_a_top_a_single_report_will_do_and_several_will_not(tmp_path: Path) -> None:
    folder = tmp_path / "tagger_prj/solution1/syn/report"
    put("vivado_dataflow_csynth.xml", folder / "tagger_csynth.xml")
    report = project_report(tmp_path)
    assert report is not None and report.top == "tagger"
    put("vivado_dataflow_csynth.xml", folder / "softmax_csynth.xml", MODULE)
    with pytest.raises(UserError, match="top function must be named"):
        project_report(tmp_path)


def test_links_neither_loop_nor_lead_out(tmp_path: Path) -> None:
    root, outside = tmp_path / "project", tmp_path / "outside"
    folder = root / "tagger_prj/solution1/syn/report"
    put("vitis_csynth.xml", outside / "syn/report/csynth.xml")
    found = put("vitis_csynth.xml", folder / "csynth.xml")
    (folder / "loop").symlink_to(root)
    (root / "out").symlink_to(outside)
    (folder / "gone_csynth.xml").symlink_to(tmp_path / "nothing")
    assert find_csynth(root) == [found]


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="must be an existing folder"):
        find_csynth(tmp_path / "none")
    monkeypatch.setattr(project, "MAX_ENTRIES", 5)
    for index in range(6):
        (tmp_path / str(index)).touch()
    with pytest.raises(UserError, match="at most 5 entries"):
        find_csynth(tmp_path)


def test_very_deep_folders_end_the_search(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*"a" * 14)
    put("vitis_csynth.xml", deep / "syn/report/csynth.xml")
    assert find_csynth(tmp_path) == []


def test_an_unreadable_folder_is_said_not_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("vitis_csynth.xml", tmp_path / "tagger_prj/solution1/syn/report/csynth.xml")
    walk = os.walk

    def denied(root: Path, onerror: object, followlinks: bool) -> object:
        project._unreadable(PermissionError(13, "Permission denied", str(root)))
        return walk(root)

    monkeypatch.setattr(os, "walk", denied)
    with pytest.raises(ToolError, match="Permission denied"):
        find_csynth(tmp_path)


def test_a_broken_report_is_said_not_skipped(tmp_path: Path) -> None:
    folder = tmp_path / "tagger_prj/solution1/syn/report"
    put("vitis_csynth.xml", folder / "csynth.xml")
    shutil.copy(DATA / "vitis_csynth.xml", folder / "tagger_csynth.xml")
    (folder / "tagger_csynth.xml").write_bytes((DATA / "vitis_csynth.xml").read_bytes()[:500])
    with pytest.raises(UserError, match="must be complete XML"):
        project_report(tmp_path, "tagger")


def test_the_modules_reports_are_not_even_read_where_the_top_has_one(tmp_path: Path) -> None:
    folder = tmp_path / "tagger_prj/solution1/syn/report"
    put("vitis_csynth.xml", folder / "csynth.xml")
    put("vitis_csynth.xml", folder / "softmax_csynth.xml", MODULE)
    (folder / "rows_csynth.xml").write_text("half a fi")
    for top in ("tagger", None):
        report = project_report(tmp_path, top)
        assert report is not None and report.top == "tagger"
