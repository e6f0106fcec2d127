"""What a folder of RTL says of itself: written, read back, and refused where it is damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fpga_tf.errors import UserError
from fpga_tf.rtl.manifest import RTL_MANIFEST, Depth, RtlManifest, RtlPort, read_rtl_manifest, rtl_digests, rtl_edited
from fpga_tf.rtl.words import Field

MADE = RtlManifest(
    name="tagger",
    key="ab",
    project="cd",
    part="xcvu13p-flga2577-2-e",
    clock_ns=5.0,
    levels=2.0,
    delay={"base_ns": 0.5, "level_ns": 0.6},
    latency=41,
    cost=1234.5,
    register_bits=567,
    operations={"adder": 12, "table": 3},
    costs={"scores": {"additions": 30.5, "multiplications": 900.0}},
    depths=(Depth(1.0, 80, 900), Depth(2.0, 41, 567)),
    inputs=(RtlPort("tracks", (3, 2), "ap_fixed<8,3,RND,SAT>"),),
    outputs=(RtlPort("scores", (2,), "ap_ufixed<6,1>"),),
    input_fields=(Field(True, 2, 5), Field(False, 0, 0), Field(False, -2, 9)),
    output_fields=(Field(False, 1, 5), Field(False, 7, -3)),
    spans={"scores": (0.0, 4.5)},
    versions={"da4ml": "0.6.0"},
    files={"src/tagger.v": "00"},
)


def write(folder: Path, manifest: RtlManifest) -> Path:
    (folder / RTL_MANIFEST).write_text(manifest.to_text())
    return folder


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = read_rtl_manifest(write(tmp_path, MADE))
    assert found == MADE
    assert found.outputs[0].type.width == 6
    assert json.loads(MADE.to_text())["input_fields"] == "s2.5 u0.0 u-2.9"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema", 2), ("name", "a b"), ("name", "x" * 62), ("key", 3), ("clock_ns", "5"), ("clock_ns", True),
        ("levels", -1), ("latency", 2.5), ("latency", None), ("register_bits", -1), ("cost", None),
        ("operations", {"adder": "many"}), ("operations", []), ("inputs", []), ("inputs", 3),
        ("costs", {"scores": 3}), ("costs", {"scores": {"additions": "3"}}), ("depths", [{"levels": 1}]),
        ("depths", [{"levels": 1, "latency": 2.5, "register_bits": 3}]),
        ("outputs", [{"name": "y", "shape": [0], "format": "ap_fixed<8,3>"}]),
        ("outputs", [{"name": "y", "shape": [1], "format": "double"}]),
        ("outputs", [{"name": "y", "shape": [1]}]), ("input_fields", "s2"), ("input_fields", "x2.5"),
        ("files", {"../x": "00"}), ("files", {"/etc/passwd": "00"}), ("files", {"a": 1}), ("delay", {"base_ns": "0"}),
        ("versions", {"da4ml": 6}), ("more", 1), ("spans", {"scores": 3}), ("spans", {"scores": [1]}),
        ("spans", {"scores": [2, 1]}), ("spans", {"scores": [0, "1"]}), ("spans", []),
    ],
)  # fmt: skip
def test_damage_is_refused(tmp_path: Path, name: str, value: Any) -> None:
    data = json.loads(MADE.to_text()) | {name: value}
    (tmp_path / RTL_MANIFEST).write_text(json.dumps(data))
    with pytest.raises(UserError, match="must be as it was written, not damaged"):
        read_rtl_manifest(tmp_path)


def test_a_manifest_from_before_spans_were_kept_is_read(tmp_path: Path) -> None:
    data = json.loads(MADE.to_text())
    del data["spans"]
    (tmp_path / RTL_MANIFEST).write_text(json.dumps(data))
    assert read_rtl_manifest(tmp_path) == replace(MADE, spans={})


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"schema": 1}', "[" * 100_000, "\udcff"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / RTL_MANIFEST).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match="must be as it was written, not damaged"):
        read_rtl_manifest(tmp_path)


def test_a_folder_without_one_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"a folder of RTL must hold {RTL_MANIFEST}"):
        read_rtl_manifest(tmp_path)


def test_what_was_edited_is_found(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    for name in ("src/a.v", "src/b.v", "README.md"):
        (tmp_path / name).write_text(name)
    manifest = replace(MADE, files=rtl_digests(write(tmp_path, MADE)))
    assert list(manifest.files) == ["README.md", "src/a.v", "src/b.v"]
    assert rtl_edited(tmp_path, manifest) == []
    (tmp_path / "src/b.v").write_text("1")
    (tmp_path / "README.md").unlink()
    assert rtl_edited(tmp_path, manifest) == ["README.md", "src/b.v"]
