"""From codes to gates: agreement over ports, physics of three stages, edited sources, reports in the project."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.flow import judge, verify
from fpga_tf.flow.config_sections import BudgetConfig, GatesConfig
from fpga_tf.hls.manifest import edited, read_manifest
from fpga_tf.verdict.agreement import combine
from fpga_tf.verdict.physics import physics

from .projects import CLASSES, LOGITS, manifest, project, reference, settings

REPORT = Path(__file__).parent.parent / "reports" / "data" / "vitis_csynth.xml"


def test_all_ports_of_all_sets_are_compared() -> None:
    made = reference()
    firmware = {name: [codes.copy() for codes in ports] for name, ports in made.outputs.items()}
    same = combine(judge.compare_sets(made, firmware))
    assert (same.differing, same.max_lsb, same.exact) == (0, 0, True)
    assert same.compared == (60 + 5) * (3 + 4)
    firmware["random"][1][4, 1, 0] += 7
    firmware["evaluation"][0][2, 1] -= 1
    found = combine(judge.compare_sets(made, firmware))
    assert (found.differing, found.max_lsb) == (2, 7)
    assert [(w.set, w.sample, w.output, w.lsb) for w in found.worst] == [("random", 4, 5, 7), ("evaluation", 2, 1, 1)]


@pytest.mark.parametrize(
    ("widest", "differing", "told"),
    [
        ({"embed": 24}, 3, []),
        ({"embed": 25, "sum": 38}, 0, []),
        ({}, 3, []),
        (
            {"embed": 25, "sum": 38},
            3,
            [
                "exact results need up to 38 bits (sum), but HGQ2 computes in float32, which holds 24: the differences "
                "may be roundings of the reference; with fewer bits it is exact"
            ],
        ),
    ],
)
def test_differences_that_may_be_roundings_of_hgq2(widest: dict[str, int], differing: int, told: list[str]) -> None:
    agreement = replace(combine([]), differing=differing)
    made = manifest(frontend="hgq2", widest=widest)
    assert verify._remarks(made, [], agreement) == told
    edited = ["firmware/weights/w2.h"]  # which tells enough
    assert verify._remarks(made, edited, agreement) == [f"1 generated file was edited: {edited[0]}"]


def test_differing_samples() -> None:
    made = reference().outputs["random"]
    other = [codes.copy() for codes in made]
    assert judge.differing_samples(made, other).tolist() == []
    other[0][3, 0] += 1
    other[1][1, 1, 1] += 1
    assert judge.differing_samples(made, other).tolist() == [1, 3]


def test_physics_is_that_of_the_decoded_scores() -> None:
    made, port = reference(), manifest().outputs[0]
    firmware = made.outputs["evaluation"][0].copy()
    firmware[:10] = firmware[:10, ::-1]
    scores = np.random.default_rng(2).random((60, 3))
    made = replace(made, float_scores=scores)
    stages, changes, remarks = judge.judge_physics(port, settings(signal="c"), made, firmware)
    for stage, values in (
        ("float", scores),
        ("quantised", made.outputs["evaluation"][0] / 256),
        ("csim", firmware / 256),
    ):
        assert stages[stage] == physics(values, made.labels, CLASSES, "c", logits=False)
    top = {
        stage: np.argmax(x, axis=1)
        for stage, x in (("q", made.outputs["evaluation"][0]), ("c", firmware), ("f", scores))
    }
    assert changes == {
        "quantised_to_csim": np.mean(top["q"] != top["c"]),
        "float_to_quantised": np.mean(top["f"] != top["q"]),
        "float_to_csim": np.mean(top["f"] != top["c"]),
    }
    assert changes["quantised_to_csim"] > 0
    assert remarks == []


def test_without_a_float_model() -> None:
    made = reference()
    stages, changes, _ = judge.judge_physics(manifest().outputs[0], settings(), made, made.outputs["evaluation"][0])
    assert stages["float"] is None
    assert stages["quantised"] == stages["csim"]
    assert changes == {"quantised_to_csim": 0.0}


def test_logits_may_be_negative() -> None:
    made = reference()
    for codes in made.outputs["evaluation"][:1]:
        codes -= 100
    port = replace(manifest().outputs[0], format=LOGITS)
    stages, _, _ = judge.judge_physics(port, settings(probabilities=False), made, made.outputs["evaluation"][0])
    expected = physics(made.outputs["evaluation"][0] / 16, made.labels, CLASSES, "b", logits=True)
    assert stages["quantised"] == stages["csim"] == expected


def test_firmware_that_gives_no_probabilities_has_no_physics_and_no_pass() -> None:
    made = reference()
    firmware = made.outputs["evaluation"][0].copy()
    firmware[0, 0] = -5
    stages, _, remarks = judge.judge_physics(manifest().outputs[0], settings(), made, firmware)
    assert stages["csim"] is None
    assert stages["quantised"] is not None
    assert remarks == ["no physics of the C-simulation: probabilities must not be negative"]


def test_a_model_that_gives_no_probabilities_is_the_users_mistake() -> None:
    made = reference()
    made.outputs["evaluation"][0][0, 0] = -5
    with pytest.raises(UserError, match="probabilities must not be negative"):
        judge.judge_physics(manifest().outputs[0], settings(), made, made.outputs["evaluation"][0])


def test_limits() -> None:
    found = judge.limits(settings(gates=GatesConfig(max_auc_loss=0.25, max_accuracy_loss=0.5)))
    assert (found.max_auc_loss, found.max_accuracy_loss) == (0.25, 0.5)


def sources(folder: Path) -> tuple[str, int, str]:
    made = read_manifest(folder)
    gate = judge.sources_gate(folder, made, edited(folder, made))
    assert (gate.gate, gate.limit, gate.unit) == ("sources", 0, "files")
    assert isinstance(gate.value, int)
    return gate.result, gate.value, gate.source or ""


def append(path: Path, text: str = "\n") -> None:
    path.write_bytes(path.read_bytes() + text.encode())


def test_untouched_sources(tmp_path: Path) -> None:
    assert sources(project(tmp_path)) == ("pass", 0, "digests in the manifest")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("firmware/weights/w3.h", "edited: firmware/weights/w3.h (embed)"),
        ("firmware/weights/exp_table8.h", "edited: firmware/weights/exp_table8.h (attention/query)"),
        ("firmware/fpga_tf/softmax.h", "edited: firmware/fpga_tf/softmax.h"),
        ("fpga_tf_simulate.cpp", "edited: fpga_tf_simulate.cpp"),
        ("fpga_tf_reference.npz", "edited: fpga_tf_reference.npz"),
        ("fpga_tf_model.keras", "edited: fpga_tf_model.keras"),
        ("firmware/defines.h", "edited: firmware/defines.h"),
    ],
)
def test_one_edited_source(name: str, source: str, tmp_path: Path) -> None:
    append(project(tmp_path) / name)
    assert sources(tmp_path) == ("fail", 1, source)


@pytest.mark.parametrize("name", ["firmware/small.cpp", "firmware/nnet_utils/nnet_dense.h"])
def test_where_pragmas_are_tuned(name: str, tmp_path: Path) -> None:
    append(project(tmp_path) / name, "#pragma HLS\n")
    assert sources(tmp_path)[0] == "pass"


@pytest.mark.parametrize(
    ("old", "new", "layers"),
    [
        ("AP_RND_CONV", "AP_TRN", "attention/query"),
        ("ap_uint<11> exp_table8_t", "ap_uint<10> exp_table8_t", "attention/query"),
        ("ap_fixed<20,8> embed_accum_t", "ap_fixed<19,8> embed_accum_t", "embed"),
        ("typedef ap_ufixed<8,0> layer2_t;\n", "", "probabilities"),
        ("typedef ap_fixed<8,4> layer0_t;", "typedef float layer0_t;", "embed"),
        ("ap_", "AP_", "embed and attention/query and probabilities"),
    ],
)
def test_a_type_that_was_changed_names_its_layer(old: str, new: str, layers: str, tmp_path: Path) -> None:
    path = project(tmp_path) / "firmware" / "defines.h"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert sources(tmp_path) == ("fail", 1, f"edited: firmware/defines.h ({layers})")


def test_a_missing_source_is_an_edited_one(tmp_path: Path) -> None:
    (project(tmp_path) / "firmware" / "defines.h").unlink()
    assert sources(tmp_path)[:2] == ("fail", 1)


def test_many_edits_are_counted(tmp_path: Path) -> None:
    project(tmp_path)
    for name in ("weights/w3.h", "weights/exp_table8.h", "fpga_tf/softmax.h", "defines.h"):
        append(tmp_path / "firmware" / name)
    result, count, source = sources(tmp_path)
    assert (result, count) == ("fail", 4)
    assert source.endswith("; firmware/weights/exp_table8.h (attention/query) and 1 more")


def test_typedefs(tmp_path: Path) -> None:
    path = tmp_path / "defines.h"
    path.write_text(
        "typedef ap_fixed<9, 3> a_t;\ntypedef nnet::array<b_t, 4*4> c_t;\ntypedef int d_t;\n// typedef x e_t;\n"
    )
    assert judge.typedefs(path) == {"a_t": "ap_fixed<9,3>", "c_t": "nnet::array<b_t,4*4>", "d_t": "int"}
    assert judge.typedefs(tmp_path / "none.h") == {}


def put_report(folder: Path, age: float) -> Path:
    path = folder / "csynth.xml"
    path.write_text(REPORT.read_text().replace("tagger", "small"))
    newest = max(p.stat().st_mtime for p in (folder / "firmware").rglob("*"))
    os.utime(path, (newest - age, newest - age))
    return path


def test_without_a_report_the_budget_is_unknown(tmp_path: Path) -> None:
    gates, notes = judge.judge_budget(project(tmp_path), manifest(), settings())
    assert {gate.result for gate in gates} == {"unknown"}
    assert {gate.value for gate in gates} == {None}
    assert all("run C synthesis in the project: vitis_hls -f build_prj.tcl" in (gate.missing or "") for gate in gates)
    assert notes == []
    gates, _ = judge.judge_budget(tmp_path, manifest(backend="Vivado"), settings())
    assert all("vivado_hls -f build_prj.tcl" in (gate.missing or "") for gate in gates)


def test_a_report_decides_the_budget(tmp_path: Path) -> None:
    put_report(project(tmp_path), age=-1)
    budget = BudgetConfig.model_validate({"latency_us": 0.3, "slr_share": {}, "device_share": {"LUT": 0.5, "DSP": 0.1}})
    gates, notes = judge.judge_budget(tmp_path, manifest(), settings(budget=budget))
    assert {gate.gate: gate.result for gate in gates} == {
        "latency_us": "fail",
        "device_share.LUT": "pass",
        "device_share.DSP": "fail",
        "timing_met": "pass",
    }
    assert notes == []


def test_nothing_asked_for_leaves_the_clock_alone(tmp_path: Path) -> None:
    put_report(project(tmp_path), age=-1)
    budget = BudgetConfig.model_validate({"latency_us": None, "slr_share": {}, "device_share": {}})
    gates, _ = judge.judge_budget(tmp_path, manifest(), settings(budget=budget))
    assert [gate.gate for gate in gates] == ["timing_met"]


def test_a_report_older_than_any_source_is_told(tmp_path: Path) -> None:
    path = put_report(project(tmp_path), age=1)
    assert judge.judge_budget(tmp_path, manifest(), settings())[1] == [
        f"{path} is older than the firmware: synthesise again"
    ]


def test_a_cosimulation_decides_latency_and_says_whether_it_passed(tmp_path: Path) -> None:
    put_report(project(tmp_path), age=-1)
    cosim = tmp_path / "small_prj/solution1/sim/report/verilog/lat.rpt"
    cosim.parent.mkdir(parents=True)
    cosim.write_text("".join(f'${end}_LATENCY = "9000"\n' for end in ("MAX", "MIN", "AVER")))
    budget = BudgetConfig.model_validate({"latency_us": 3.0, "slr_share": {}, "device_share": {}})
    gates, notes = judge.judge_budget(tmp_path, manifest(), settings(budget=budget))
    found = {gate.gate: gate for gate in gates}
    assert found["latency_us"].result == "fail"
    assert (found["latency_us"].source or "").startswith(f"cosim, {cosim}; csynth, ")
    assert found["cosim"].result == "unknown"
    assert len(notes) == 3 and all("latency_cycles" in note for note in notes)
