"""Files and folders that a user names, read as designs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.flow.report import read_designs, read_together
from fpga_tf.reports.design import Design
from tests.flow.projects import manifest, project
from tests.reports.test_project import COSIM, DATA, put, write

SOLUTION = "tagger_prj/solution1"
OTHER = (("<TopModelName>tagger<", "<TopModelName>other<"), ("<ModuleName>tagger<", "<ModuleName>other<"))


def names(paths: Sequence[Path]) -> list[str]:
    designs, errors = read_designs(paths)
    assert errors == []
    return [design.name for design in designs]


def one(path: Path) -> Design:
    designs, errors = read_designs([path])
    assert errors == []
    (design,) = designs
    return design


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A converted project with C synthesis and co-simulation."""
    layers = (("attention", ("config7",)), ("head", ("config9",)))
    folder = project(tmp_path / "converted", manifest(name="tagger", modules=layers))
    put("vitis_csynth.xml", folder / SOLUTION / "syn/report/csynth.xml")
    write(folder / SOLUTION / "sim/report/tagger_cosim.rpt", COSIM.format(status="Pass", cycles=70))
    return folder


def test_a_folder_is_all_of_its_reports_a_file_is_itself(made: Path) -> None:
    whole, alone = one(made), one(made / SOLUTION / "syn/report/csynth.xml")
    assert (whole.name, whole.report.latency_cycles.max, len(whole.reports)) == ("converted", 70, 2)
    assert (alone.name, alone.report.latency_cycles.max, len(alone.reports)) == ("csynth.xml", 64, 1)
    simulated = one(made / SOLUTION / "sim/report/tagger_cosim.rpt")
    assert (simulated.report.latency_cycles.max, simulated.report.top, simulated.layers) == (70, None, ())


@pytest.mark.parametrize("path", ["", SOLUTION, f"{SOLUTION}/syn", f"{SOLUTION}/syn/report/csynth.xml"])
def test_layers_are_known_wherever_one_begins_to_read(made: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [("attention", 2471), ("other", 512)]
    design = one(made / path)
    costs = [(layer.name, layer.resources["LUT"].used) for layer in design.layers]
    assert [name for name, _ in costs] == [name for name, _ in expected]
    file = (made / path).is_file()
    monkeypatch.chdir((made / path).parent if file else made / path)
    inside = one(Path((made / path).name) if file else Path())
    assert [(layer.name, layer.resources["LUT"].used) for layer in inside.layers] == costs


def test_a_copy_of_the_report_in_the_project_knows_the_layers_too(made: Path, tmp_path: Path) -> None:
    copy = put("vitis_csynth.xml", made / "docs/copy.txt")
    assert [layer.name for layer in one(copy).layers] == ["attention", "other"]
    away = put("vitis_csynth.xml", tmp_path / "away/copy.txt")
    assert [layer.name for layer in one(away).layers] == ["softmax_config7_s", "rows_s"]
    foreign = put("vitis_csynth.xml", made / "docs/other.txt", *OTHER)
    assert "attention" not in [layer.name for layer in one(foreign).layers]


def test_several_paths_keep_their_order_and_have_names_of_their_own(tmp_path: Path) -> None:
    b = put("vitis_csynth.xml", tmp_path / "b/csynth.xml")
    a = put("vitis_csynth.xml", tmp_path / "a/csynth.xml")
    c = put("vitis_csynth.xml", tmp_path / "c/other.xml")
    assert names([b, a, c]) == ["b/csynth.xml", "a/csynth.xml", "other.xml"]
    assert names([a.parent, b.parent, c]) == ["a", "b", "other.xml"]


def test_names_differ_however_deep_the_folders_are_alike(tmp_path: Path) -> None:
    deep = [put("vitis_csynth.xml", tmp_path / name / "v/w/csynth.xml") for name in ("one", "two")]
    assert names(deep) == ["one/v/w/csynth.xml", "two/v/w/csynth.xml"]
    deeper = [put("vitis_csynth.xml", tmp_path / name / "a/b/c/d/e/csynth.xml") for name in ("one", "two")]
    assert names(deeper) == ["one/a/b/c/d/e/csynth.xml", "two/a/b/c/d/e/csynth.xml"]


def test_one_path_named_twice_is_two_designs(tmp_path: Path) -> None:
    path = put("vitis_csynth.xml", tmp_path / "csynth.xml")
    again = put("vitis_csynth.xml", tmp_path / "csynth.xml (2)")
    for paths in ([path, path], [path, path, again], [again, path, path], [path, again, path, again]):
        found = names(paths)
        assert len(set(found)) == len(paths), found
    assert names([path, path]) == ["csynth.xml", "csynth.xml (2)"]
    assert names([path, Path("/", *path.parts), path.parent / "csynth.xml (2)"]) == [
        "csynth.xml",
        "csynth.xml (2)",
        "csynth.xml (2) (2)",
    ]


def test_solutions_of_a_folder_are_designs(tmp_path: Path) -> None:
    for name in ("s1", "s2"):
        put("vitis_csynth.xml", tmp_path / "p" / name / "syn/report/csynth.xml")
        put("vitis_csynth.xml", tmp_path / "q" / name / "syn/report/csynth.xml")
    assert names([tmp_path / "p"]) == ["s1", "s2"]
    assert names([tmp_path / "p", tmp_path / "q"]) == ["p/s1", "p/s2", "q/s1", "q/s2"]
    assert names([tmp_path / "p/s1", tmp_path / "q/s1", tmp_path / "q/s2"]) == ["p/s1", "q/s1", "s2"]


def test_errors_come_with_what_could_be_read(tmp_path: Path) -> None:
    good = put("vitis_csynth.xml", tmp_path / "good/csynth.xml")
    empty = tmp_path / "empty"
    empty.mkdir()
    cut = write(tmp_path / "cut/csynth.xml", (DATA / "vitis_csynth.xml").read_text()[:900])
    text = write(tmp_path / "notes.txt", "no report\n")
    designs, errors = read_designs([tmp_path / "none", good, empty, cut.parent, cut, text])
    assert [design.name for design in designs] == ["csynth.xml"]
    assert [error.what for error in errors] == [
        "the report must be an existing file",
        "a project must hold a report of a known format, not none",
        "the report must be complete XML, not broken (unclosed token)",
        "the report must be complete XML, not broken (unclosed token)",
        "the file must be a report of a known format, not something else",
    ]
    assert all(error.exit_code == 2 for error in errors)


def test_a_folder_with_a_broken_report_shows_the_others(tmp_path: Path) -> None:
    put("vitis_csynth.xml", tmp_path / "p/csynth.xml")
    write(tmp_path / "p/broken_csynth.xml", (DATA / "vitis_csynth.xml").read_text()[:900])
    designs, errors = read_designs([tmp_path / "p"])
    assert (len(designs), len(errors)) == (1, 1)


def test_no_path_is_no_design() -> None:
    assert read_designs([]) == ([], [])


def test_together_is_one_design_wherever_the_reports_lie(made: Path, tmp_path: Path) -> None:
    csynth = made / SOLUTION / "syn/report/csynth.xml"
    cosim = write(tmp_path / "elsewhere/renamed.rpt", COSIM.format(status="Pass", cycles=71))
    for paths in ([csynth, cosim], [cosim, csynth]):
        (design,), errors = read_together(paths)
        assert (errors, design.name) == ([], paths[0].name)
        assert (design.report.top, design.report.latency_cycles.max) == ("tagger", 71)
        assert [layer.name for layer in design.layers] == ["attention", "other"]
    core = ("Design       : tagger", "Design       : bd_0_wrapper"), ("7k160tfbg484-2", "xcvu13p-flga2577-2-e")
    synth = put("vivado/synth_7series.rpt", tmp_path / "away/synth.rpt", *core)
    (design,), errors = read_together([csynth, synth])
    assert (errors, design.report.top, design.report.stage) == ([], "tagger", "synth")
    foreign = put("vitis_csynth.xml", tmp_path / "foreign.xml", *OTHER)
    with pytest.raises(UserError, match="must agree in part, top and clock target"):
        read_together([csynth, foreign])
    with pytest.raises(UserError, match="each path must be a report, not a folder"):
        read_together([csynth, made])
    designs, errors = read_together([tmp_path / "none"])
    assert designs == [] and len(errors) == 1
