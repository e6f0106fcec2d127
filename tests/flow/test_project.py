"""What stands in a project folder, and what may take its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpga_tf.errors import UserError
from fpga_tf.files import MANIFEST
from fpga_tf.flow.config import load_config
from fpga_tf.flow.project import place, stands
from fpga_tf.flow.settings import Settings, read_project

from ..job import contents
from .conftest import Write
from .projects import CLASSES, project, rewrite, settings

KEY, OTHER = "0" * 64, "1" * 64


def test_nothing_or_an_empty_folder_does_not_stand(tmp_path: Path) -> None:
    assert not stands(tmp_path / "none", KEY, fresh=False)
    assert not stands(tmp_path, KEY, fresh=False)


def test_the_same_project_stands_edited_or_not(tmp_path: Path) -> None:
    project(tmp_path)
    assert stands(tmp_path, KEY, fresh=False)
    (tmp_path / "firmware" / "small.cpp").write_text("mine")
    (tmp_path / "notes").write_text("mine")
    assert stands(tmp_path, KEY, fresh=False)
    assert not stands(tmp_path, KEY, fresh=True)


def test_another_untouched_project_may_be_replaced(tmp_path: Path) -> None:
    project(tmp_path)
    for name in ("fpga_tf_result.json", "fpga_tf_build.log"):
        (tmp_path / name).write_text("ours")
    assert not stands(tmp_path, OTHER, fresh=False)


@pytest.mark.parametrize(
    ("work", "names"),
    [
        (lambda p: (p / "firmware" / "small.cpp").write_text("mine"), "1 file is not: firmware/small.cpp"),
        (lambda p: (p / "notes").write_text("mine"), "1 file is not: notes"),
        (lambda p: (p / "link").symlink_to("nowhere"), "1 file is not: link"),
        (lambda p: (p / "firmware" / "defines.h").unlink(), "1 file is not: firmware/defines.h"),
        (
            lambda p: [(p / f"{n}.xml").write_text("") for n in "abcd"],
            "4 files are not: a.xml, b.xml, c.xml ...",
        ),
    ],
    ids=["edited", "added", "link", "removed", "many"],
)
def test_work_in_another_project_is_kept(work: Callable[[Path], object], names: str, tmp_path: Path) -> None:
    work(project(tmp_path))
    with pytest.raises(UserError) as caught:
        stands(tmp_path, OTHER, fresh=False)
    assert str(caught.value) == (
        f"a project must be as it was generated to be replaced by another, {names}\n"
        f"  at   {tmp_path}\n"
        "  hint name another project folder, or replace it with --fresh"
    )
    assert not stands(tmp_path, OTHER, fresh=True)


@pytest.mark.parametrize("fresh", [False, True])
def test_what_is_no_project_is_never_replaced(fresh: bool, tmp_path: Path) -> None:
    (tmp_path / "thesis").write_text("three years")
    with pytest.raises(UserError, match=r"must be empty or hold fpga_tf\.json"):
        stands(tmp_path, KEY, fresh=fresh)
    with pytest.raises(UserError, match="must be a folder, not a file or a link"):
        stands(tmp_path / "thesis", KEY, fresh=fresh)


def test_place(tmp_path: Path) -> None:
    entry = project(tmp_path / "entry")
    (entry / "entry.json").write_text("{}")
    project(tmp_path / "old")
    (tmp_path / "old" / "left").write_text("")
    place(entry, tmp_path / "old")
    expected = contents(entry)
    del expected["entry.json"]
    assert contents(tmp_path / "old") == expected
    assert sorted(p.name for p in tmp_path.iterdir()) == ["entry", "old"]


def test_read_project(tmp_path: Path) -> None:
    manifest, found = read_project(project(tmp_path))
    assert manifest.name == "small"
    assert found == settings()
    assert found.budget.device_share.as_dict() == dict.fromkeys(("LUT", "FF", "DSP", "BRAM_18K", "URAM"), 0.8)


WRONG: dict[str, Any] = {
    "clock_ns": ["5", None, 0, -5, True, float("inf")],
    "clock_uncertainty_percent": ["12.5%", None, -1, 91, True, float("nan")],
    "key": [1, None],
    "name": ["a b", "../x", 3, ""],
    "backend": ["Quartus", 1],
    "part": [None],
    "exact": ["roughly", 32],
    "inputs": [[], {}, None, [{"name": "x"}], "abc"],
    "outputs": [[]],
    "layers": [None, [[]]],
    "widest": [{}, {"a": "b"}, []],
    "versions": [{"a": 1}],
    "weights": [{"a": None}, []],
    "typedefs": [{"a": "b"}, {"a": {"b": 1}}, []],
    "notes": [[1], 5],
    "files": [[], {"a": 1}, {"../a": "b"}, {"/etc/passwd": "b"}, {"a/../../b": "c"}],
    "schema": [0, "1", None],
    "config": [None, {}, []],
    "more": [1],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in WRONG.items() for v in values])
def test_a_manifest_of_other_types(name: str, value: object, tmp_path: Path) -> None:
    rewrite(project(tmp_path), **{name: value})
    with pytest.raises(UserError) as caught:
        read_project(tmp_path)
    assert caught.value.where == str(tmp_path / MANIFEST)


def test_a_manifest_of_another_version_is_not_called_damaged(tmp_path: Path) -> None:
    rewrite(project(tmp_path), schema=1, clock_uncertainty_percent=None)
    with pytest.raises(UserError) as caught:
        read_project(tmp_path)
    assert caught.value.what == "a project must have manifest schema 2, not 1"
    assert caught.value.hint == "another version of fpga_tf made it: make it again with --fresh"


def test_a_manifest_without_a_key(tmp_path: Path) -> None:
    project(tmp_path)
    text = (tmp_path / MANIFEST).read_text()
    for name in json.loads(text):
        fields = json.loads(text)
        del fields[name]
        (tmp_path / MANIFEST).write_text(json.dumps(fields))
        if name in ("weights", "modules", "typedefs", "network", "files"):
            read_project(tmp_path)  # of a project without weights, or an older one
            continue
        with pytest.raises(UserError, match=r"fpga_tf\.json must be as it was written, not damaged"):
            read_project(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"classes": ["b"]}, {"classes": "bc"}, {"signal": "x"}, {"signal": None}, {"probabilities": 1}, {"jobs": 0},
        {"jobs": 65}, {"jobs": 2.5}, {"gates": {"max_auc_loss": -1}}, {"gates": None}, {"budget": {"latency_ms": 1}},
        {"budget": {"latency_us": "2"}}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_no_configuration_gives(change: dict[str, Any], tmp_path: Path) -> None:
    rewrite(project(tmp_path), config=settings().plain() | change)
    with pytest.raises(UserError, match=r"fpga_tf\.json must be as it was written, not damaged"):
        read_project(tmp_path)


def test_a_port_without_values(tmp_path: Path) -> None:
    project(tmp_path)
    ports = json.loads((tmp_path / MANIFEST).read_text())["inputs"]
    for shape in ([0, 3], [-1], ["4"], 4):
        rewrite(tmp_path, inputs=[ports[0] | {"shape": shape}])
        with pytest.raises(UserError):
            read_project(tmp_path)


def test_settings_of_a_configuration(job: Write) -> None:
    loaded = load_config(job(budget={"latency_us": 1.5}, gates={"max_auc_loss": 0.25}, simulation={"jobs": 3}))
    found = Settings.of(loaded, CLASSES, probabilities=False)
    assert (found.classes, found.signal, found.probabilities, found.jobs) == (CLASSES, "b", False, 3)
    assert (found.budget.latency_us, found.gates.max_auc_loss) == (1.5, 0.25)
    assert Settings.model_validate(json.loads(json.dumps(found.plain()))) == found


def test_a_signal_that_is_no_class(job: Write) -> None:
    loaded = load_config(job(data={"path": "data.h5", "signal": "tau"}))
    with pytest.raises(UserError, match="signal must be one of b, c, light, not tau") as caught:
        Settings.of(loaded, CLASSES, probabilities=True)
    assert caught.value.where is not None
    assert "tiny.yaml:" in caught.value.where
