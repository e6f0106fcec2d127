"""RTL in a run and by itself: three faces that agree, what an edit of the Verilog does, and when there is none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fpga_tf.files import MANIFEST
from fpga_tf.rtl.manifest import RTL_MANIFEST, read_rtl_manifest

from ..job import Done, Job
from .test_run_budget import report

pytestmark = pytest.mark.qkeras

RTL = {"levels": 9, "clock_ns": 10.0}  # few stages: quick to compile
TOP = "small_top"  # small is a word of Verilog


def folder(job: Job) -> Path:
    return job.project.with_name("small_rtl")


def gates(done: Done) -> dict[str, dict[str, Any]]:
    return {gate["gate"]: gate for gate in [*done.json["gates"], *done.json.get("budget", [])]}


def last_stage(job: Job) -> Path:
    """The stage that gives the outputs."""
    stages = (folder(job) / "src").glob(f"{TOP}_core_stage*.v")
    return max(stages, key=lambda path: int(re.findall(r"\d+", path.stem)[-1]))


@pytest.fixture
def made(job: Job) -> Job:
    """A job that has been run with RTL; its builds are in the session's store."""
    job.config(rtl=RTL, budget={"interval_cycles": 1})
    assert job.run().code == 0
    return job


def test_a_run_decides_every_gate_and_the_three_faces_agree(made: Job) -> None:
    done = made.run()
    rtl, found = done.json["rtl"], gates(done)
    manifest = read_rtl_manifest(folder(made))
    assert done.json["agreement"]["differing"] == rtl["agreement"]["differing"] == 0
    assert done.json["agreement"]["compared"] == rtl["agreement"]["compared"] == (300 + 4 * 32) * 3
    assert rtl["latency_cycles"] == rtl["stages"] == manifest.latency > 3
    assert (rtl["interval_cycles"], rtl["levels"], rtl["problems"], rtl["edited"]) == (1, 9, [], [])
    assert found["interval_cycles"]["value"] == 1 and found["interval_cycles"]["result"] == "pass"
    assert found["latency_us"]["value"] == pytest.approx(manifest.latency * 10 / 1000)
    assert found["timing_met"]["result"] == "pass" and found["timing_met"]["error"] > 0
    assert found["slr_share.LUT"]["result"] == found["device_share.DSP"]["result"] == "pass"
    assert found["slr_share.LUT"]["error"] > 0
    assert all(step["cached"] for step in done.json["steps"] if "clock" in step["name"] or "RTL" in step["name"])
    assert done.json == json.loads((made.project / "fpga_tf_result.json").read_text()) | {"steps": done.json["steps"]}


def test_the_table_has_a_column_for_each_face(made: Job) -> None:
    done = made.main("run", made.folder / "small.yaml", "-q", "--no-color")
    assert "Agreement of model, C-simulation and RTL" not in done.out  # quiet
    done = made.main("run", made.folder / "small.yaml", "--no-color")
    assert "Agreement of model, C-simulation and RTL" in done.out
    assert re.search(r"inputs +outputs +C-sim differs +RTL differs +largest, LSB", done.out)
    assert re.search(r"evaluation +900 +0 +0 +0", done.out)
    assert re.search(r"LUT +[0-9,]+ ± 11 % +estimate, [0-9.]+ % of the device, [0-9.]+ % of an SLR", done.out)
    assert re.search(r"0 of 1,284 outputs differ in C-simulation, 0 in RTL; latency [0-9]+ cycles", done.out)


def test_a_changed_constant_in_the_verilog_fails(made: Job) -> None:
    tables = sorted((folder(made) / "src").glob(f"{TOP}_core_table*.v"))
    for table in tables:  # whichever of them jets reach
        text = table.read_text()
        table.write_text(re.sub(r"'d(\d+);", lambda match: f"'d{int(match[1]) ^ 1};", text))
    done = made.run()
    found = gates(done)
    assert (done.code, done.json["verdict"]) == (1, "fail")
    assert found["agreement"]["result"] == "pass" and found["rtl_agreement"]["result"] == "fail"
    assert found["rtl_agreement"]["value"] == done.json["rtl"]["agreement"]["differing"] > 0
    assert found["rtl_sources"]["value"] == len(tables) > 0
    # what is wrong tells nothing of cycles
    assert "RTL simulation" not in str(found["latency_us"]["source"])
    for command in ("run", "rtl"):
        done = made.main(command, made.folder / "small.yaml", "-q")
        assert done.code == 1 and "of 1,284 outputs differ of the RTL" in done.out
    assert made.simulate().code == 1
    assert made.run("--fresh").code == 0


def test_an_edit_that_changes_no_output_fails_too(made: Job) -> None:
    stage = last_stage(made)
    stage.write_text(stage.read_text() + "// mine\n")
    done = made.run()
    found = gates(done)
    assert done.code == 1 and found["rtl_agreement"]["result"] == "pass"
    assert found["rtl_sources"]["source"] == f"edited: src/{stage.name}"


def test_verilog_that_does_not_compile_is_a_tools_failure(made: Job) -> None:
    stage = last_stage(made)
    stage.write_text(stage.read_text().replace("endmodule", "endmodul"))
    done = made.main("run", made.folder / "small.yaml", "-q")
    assert done.code == 3 and "Verilator" in done.err and "%Error" in done.err


def test_an_edited_folder_is_not_replaced_by_other_rtl(made: Job) -> None:
    stage = last_stage(made)
    stage.write_text(stage.read_text() + "// mine\n")
    made.config(rtl={**RTL, "levels": 8})
    done = made.main("run", made.folder / "small.yaml", "-q")
    assert done.code == 2 and "RTL must be as it was generated to be replaced by other RTL, 1 file is not" in done.err
    assert stage.read_text().endswith("// mine\n")


def test_a_project_alone_takes_its_rtl_with_it(made: Job) -> None:
    done = made.simulate()
    assert done.code == 0 and done.json["rtl"]["agreement"]["differing"] == 0
    other = json.loads((folder(made) / RTL_MANIFEST).read_text()) | {"project": "of another"}
    (folder(made) / RTL_MANIFEST).write_text(json.dumps(other))
    done = made.simulate()
    assert done.json["rtl"] is None and done.json["verdict"] == "incomplete"
    assert "no RTL beside the project" in gates(done)["latency_us"]["missing"]


def test_the_estimate_needs_no_simulation(job: Job) -> None:
    done = job.main("estimate", job.config(), "--format", "json", "-q", "--clock", "100 MHz")
    rtl, found = done.json["rtl"], {gate["gate"]: gate for gate in done.json["gates"]}
    assert (done.code, rtl["clock_ns"], rtl["agreement"], rtl["latency_cycles"]) == (0, 10.0, None, None)
    assert rtl["levels"] == 10 and found["timing_met"]["result"] == "pass"
    assert found["latency_us"]["value"] == pytest.approx(rtl["stages"] * 10.0 / 1000)
    assert "rtl_agreement" not in found
    assert not any("clock" in step["name"] for step in done.json["steps"])


def test_a_pipeline_too_slow_for_its_clock_counts_at_the_period_that_is_believed(job: Job) -> None:
    done = job.main("estimate", job.config(), "--format", "json", "-q", "--levels", "9")
    rtl, found = done.json["rtl"], {gate["gate"]: gate for gate in done.json["gates"]}
    believed = rtl["estimate"]["clock_ns"]
    assert done.code == 1 and believed["value"] * (1 - believed["error"]) > 5 == rtl["clock_ns"]
    assert found["timing_met"]["result"] == "fail"
    assert found["latency_us"]["value"] == pytest.approx(rtl["stages"] * believed["value"] / 1000)
    assert found["latency_us"]["error"] == pytest.approx(believed["error"] * found["latency_us"]["value"])


def test_a_limit_within_the_error_is_unknown(job: Job) -> None:
    first = job.main("estimate", job.config(), "--format", "json", "-q", "--clock", "10").json["rtl"]["estimate"]["LUT"]
    share = first["value"] / 432_000
    for limit, result in (
        (share * 1.1, "unknown"),
        (share * 0.9, "unknown"),
        (share * 1.2, "pass"),
        (share * 0.8, "fail"),
    ):
        config = job.config(budget={"slr_share": {"LUT": limit}, "latency_us": None, "device_share": {}})
        done = job.main("estimate", config, "--format", "json", "-q", "--clock", "10")
        (gate,) = [gate for gate in done.json["gates"] if gate["gate"] == "slr_share.LUT"]
        assert gate["result"] == result
        assert done.code == int(result == "fail")


def test_reports_of_the_hls_project_are_not_mixed_with_the_rtl(made: Job) -> None:
    report(made.project)
    done = made.run()
    found = gates(done)
    assert found["latency_us"]["source"].startswith("csynth")
    assert "judged by the reports of the HLS project, not by the RTL" in " ".join(done.json["notes"])


def test_a_model_that_cannot_be_rtl_is_incomplete(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    from fpga_tf.errors import UserError
    from fpga_tf.rtl import trace

    def refused(graph: Any) -> None:
        raise UserError("exact results must have at most 32 bits here to become RTL, not 40")

    monkeypatch.setattr(trace, "check_graph", refused)
    job.config(rtl={**RTL, "levels": 7})
    done = job.run()
    assert (done.code, done.json["verdict"], done.json["rtl"]) == (0, "incomplete", None)
    assert "no RTL: exact results must have at most 32 bits" in gates(done)["latency_us"]["missing"]
    done = job.main("run", job.config(rtl={"generate": "always", "levels": 7}), "-q")
    assert done.code == 2 and "exact results must have at most 32 bits" in done.err


def test_what_is_too_large_is_estimated(made: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    from fpga_tf.flow import rtl_verify

    monkeypatch.setattr(rtl_verify, "LARGEST_BYTES", 1)
    done = made.run()
    found = gates(done)
    assert (done.code, done.json["verdict"], done.json["rtl"]["agreement"]) == (0, "incomplete", None)
    assert "GB to compile" in found["rtl_agreement"]["missing"]
    assert found["device_share.LUT"]["result"] == "pass"
    made.config(rtl={**RTL, "simulate": "always"}, budget={"interval_cycles": 1})
    assert made.run().json["rtl"]["agreement"]["differing"] == 0
    made.config(rtl={**RTL, "simulate": "never"}, budget={"interval_cycles": 1})
    assert gates(made.run())["rtl_agreement"]["missing"] == "rtl.simulate is never"


def test_without_the_extra_a_run_says_what_to_install(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    from fpga_tf.flow import rtl_make

    monkeypatch.setattr(rtl_make, "PACKAGES", ("da4ml", "no_such_package"))
    job.config(rtl=RTL)
    done = job.run()
    assert (done.code, done.json["rtl"]) == (0, None)
    assert "no_such_package is not installed (pip install 'fpga_tf[rtl]')" in gates(done)["latency_us"]["missing"]
    for command in ("rtl", "estimate"):
        done = job.main(command, job.folder / "small.yaml", "-q")
        assert done.code == 2 and "no_such_package must be installed to make RTL" in done.err


def test_what_is_not_ours_is_not_replaced(job: Job) -> None:
    other = job.folder / "mine"
    other.mkdir()
    (other / "thesis.tex").write_text("x")
    done = job.main("rtl", job.config(), "-q", "-o", other)
    assert done.code == 2 and f"must be empty or hold {RTL_MANIFEST}" in done.err
    assert [path.name for path in other.iterdir()] == ["thesis.tex"]
    done = job.main("rtl", job.config(), "-q", "-o", job.project)
    assert done.code == 2 and f"must be empty or hold {RTL_MANIFEST}" in done.err
    assert (job.project / MANIFEST).is_file()


@pytest.mark.parametrize("clock", ["fast", "0", "5 s", "-5", "1e3"])
def test_a_clock_is_a_period(job: Job, clock: str) -> None:
    done = job.main("estimate", job.config(), "-q", f"--clock={clock}")
    assert done.code == 2 and "--clock must be a" in done.err
