"""What a project's manifest says of the designs in it: layers, and what does not fit."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fpga_tf.files import MANIFEST
from fpga_tf.flow.report_origin import layer_names, origin_of
from fpga_tf.reports.layers import LayerNames, Origin, layer_costs
from fpga_tf.reports.types import Clock, Resource, SynthesisReport
from tests.flow.projects import manifest, project, rewrite

PART = "xcvu13p-flga2577-2-e"
# As in a converted project: a layer that became several nodes, and an attention with its stages.
MODULES = (
    ("embed", ("config44", "config4", "config20")),
    ("attention/query", ("config5",)),
    ("attention/softmax", ("config8",)),
    ("probabilities", ("config36",)),
)


def report(path: Path, **changes: Any) -> SynthesisReport:
    made = SynthesisReport(str(path), "csynth_xml", "csynth", part=PART, top="small", clock_ns=Clock(5.0, 3.6, 1.35))
    return replace(made, **changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path, manifest(modules=MODULES))


@pytest.mark.parametrize("below", [".", "small_prj", "small_prj/solution1", "component", "copies/of/reports"])
def test_the_manifest_is_found_above(folder: Path, below: str) -> None:
    origin = origin_of(folder / below, report(folder / below / "csynth.xml"))
    assert [layer.name for layer in origin.layers] == ["embed", "attention/query", "attention/softmax", "probabilities"]
    assert origin.notes == ()


def test_a_manifest_far_above_is_of_something_else(folder: Path) -> None:
    assert origin_of(folder / "a/b/c/d", report(folder / "csynth.xml")) == Origin()


def test_the_nearest_manifest_counts(folder: Path) -> None:
    inner = project(folder / "inner", manifest(modules=(("other", ("config1",)),)))
    assert [layer.name for layer in origin_of(inner / "prj", report(inner / "csynth.xml")).layers] == ["other"]


def test_without_a_manifest_nothing_is_known(tmp_path: Path) -> None:
    assert origin_of(tmp_path, report(tmp_path / "csynth.xml")) == Origin()


def test_a_manifest_of_another_top_says_nothing(folder: Path) -> None:
    for top in ("other", None, "Small"):
        assert origin_of(folder, report(folder / "csynth.xml", top=top, part="xcku3p")) == Origin()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1}', '{"schema": 2}', "\ufeff{}"])
def test_a_damaged_manifest_is_said_and_the_report_is_shown(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text)
    origin = origin_of(folder, report(folder / "csynth.xml"))
    (note,) = origin.notes
    assert origin.layers == () and note.startswith(f"{folder / MANIFEST}: layers are not known: ")


def test_modules_that_are_no_names_are_damage(folder: Path) -> None:
    for damage in ([["embed", ["a b"]]], [["embed"]], [[1, ["config1"]]], "embed", {"embed": 1}):
        rewrite(folder, modules=damage)
        assert "layers are not known" in origin_of(folder, report(folder / "csynth.xml")).notes[0]


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({}, None),
        ({"part": "xcvu13pflga2577-2"}, None),
        ({"part": None}, None),
        ({"part": "xcvu9p-flgb2104-2-i"}, f"is for xcvu9p-flgb2104-2-i, the project for {PART}"),
        ({"clock_ns": Clock(5.004)}, None),
        ({"clock_ns": Clock(estimated=2.0)}, None),
        ({"clock_ns": Clock(2.5)}, "is for a clock of 2.5 ns, the project for 5.0 ns"),
    ],
)
def test_a_part_or_clock_that_does_not_fit_is_said(folder: Path, change: dict[str, Any], note: str | None) -> None:
    path = folder / "csynth.xml"
    assert origin_of(folder, report(path, **change)).notes == (() if note is None else (f"{path} {note}",))


def test_a_report_that_is_older_than_the_firmware_is_said(folder: Path) -> None:
    path, firmware = folder / "csynth.xml", folder / "firmware"
    path.write_text("report")
    files = [file for file in firmware.rglob("*") if file.is_file()]
    for file in files:
        os.utime(file, (1000, 1000))
    os.utime(path, (1000, 1000))
    assert origin_of(folder, report(path)).notes == ()
    os.utime(files[-1], (1001, 1001))
    assert origin_of(folder, report(path)).notes == (f"{path} is older than the firmware: synthesise again",)


def test_modules_of_the_firmware_are_told_by_their_configurations() -> None:
    names = layer_names(manifest(modules=MODULES))
    assert names[0] == LayerNames("embed", names=("config44", "config4", "config20"))
    functions = {
        "pointwise_conv_1d_cl_ap_fixed_ap_fixed_11_6_5_3_0_config44_s": 1,
        "dense_latency_ap_fixed_ap_fixed_config44_mult_s": 2,
        "relu_ap_fixed_ap_ufixed_8_3_4_0_0_relu_config4_s": 4,
        "einsum_dense_ap_ufixed_ap_fixed_config5_s": 8,
        "transpose_ap_fixed_config5_tpose_inp_s": 16,
        "softmax_ap_fixed_ap_ufixed_config8_s": 32,
        "regslice_both": 64,
        "add_ap_fixed_config80_s": 128,
        "softmax_softmax_config36_s": 256,
    }
    modules = tuple(
        SynthesisReport("p", "f", "csynth", top=name, kind="module", resources={"LUT": Resource(count)})
        for name, count in functions.items()
    )
    costs = layer_costs([replace(report(Path("p")), modules=modules)], names)
    assert {cost.name: cost.resources["LUT"].used for cost in costs} == {
        "embed": 7,
        "attention/query": 24,
        "attention/softmax": 32,
        "probabilities": 256,
        "other": 192,
    }
