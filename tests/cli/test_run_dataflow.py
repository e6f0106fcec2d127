"""Runs of the dataflow shape: same codes, estimated schedule, FIFOs run at once, and the shape that is chosen."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from ..job import Done, Job

pytestmark = pytest.mark.qkeras

SETS = {"stress_samples": 32}
STREAM = {"shape": "dataflow", "io_type": "io_stream", "reuse_factor": 2, "heads": "in_turn"}


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory, first: tuple[Job, Done]) -> tuple[Job, Done]:
    job = Job(tmp_path_factory.mktemp("streamed"), first[0].made, first[0].store)
    job.config(simulation=SETS, hls=STREAM)
    return job, job.run()


def test_the_codes_are_those_of_the_model(streamed: tuple[Job, Done]) -> None:
    job, done = streamed
    assert done.code == 0, done.err
    agreement = done.json["agreement"]
    assert (agreement["compared"], agreement["differing"]) == ((300 + 4 * 32) * 3, 0)
    text = (job.project / "firmware" / "small.cpp").read_text()
    assert "#pragma HLS DATAFLOW" in text and "#pragma HLS INTERFACE axis" in text
    assert text.count("FPGA_TF_PROCESS(") > 10


def test_what_is_told_of_the_schedule(streamed: tuple[Job, Done]) -> None:
    _, done = streamed
    found = done.json["dataflow"]
    assert found["fifos"] == {"samples": 8 * 5, "differing": 0, "deadlock": None}
    assert found["unrolled"] == []
    estimate = found["estimate"]
    assert (
        estimate["stage"] == "estimate" and estimate["latency_cycles"]["max"] > estimate["interval_cycles"]["max"] > 4
    )
    assert estimate["errors"]["latency_cycles.max"] > 0
    gates = {gate["gate"]: gate for gate in done.json["gates"] + done.json["budget"]}
    assert gates["fifos"]["result"] == "pass"
    assert gates["latency_us"]["result"] == "pass" and gates["latency_us"]["source"].startswith("estimate")
    assert done.json["rtl"] is None  # RTL is unrolled: another design


def test_verilog_of_it_says_that_it_is_another_design(streamed: tuple[Job, Done]) -> None:
    job, _ = streamed
    done = job.main("estimate", job.folder / "small.yaml", "--format", "json", "-q")
    assert any(note.startswith("this Verilog is unrolled, the HLS project is not") for note in done.json["notes"]), (
        done.err
    )


def test_a_fifo_that_is_too_shallow_fails(streamed: tuple[Job, Done]) -> None:
    job, _ = streamed
    path = job.project / "firmware" / "small.cpp"
    before = path.read_text()
    # the residual around the attention: the deepest FIFO of the design
    deepest = max(re.findall(r", (\d+)> (\w+)\(", before), key=lambda found: int(found[0]))
    path.write_text(before.replace(f", {deepest[0]}> {deepest[1]}(", f", 1> {deepest[1]}("))
    try:
        done = job.simulate()
    finally:
        path.write_text(before)
    assert done.code == 1
    gate = next(g for g in done.json["gates"] if g["gate"] == "fifos")
    assert gate["result"] == "fail" and f"{deepest[1]} is full" in gate["source"]
    assert done.json["agreement"]["differing"] == 0


def test_the_budget_decides_the_shape(job: Job) -> None:
    job.config(simulation=SETS, hls={"shape": "auto"}, budget={"latency_us": 2.0, "slr_share": {"LUT": 0.002}})
    done = job.main("convert", job.folder / "small.yaml")
    assert done.code == 0, done.err
    manifest = manifest_of(job.project)
    assert manifest["network"] is not None
    reason = next(n for n in manifest["notes"] if n.startswith("shape: auto chose"))
    assert "dataflow" in reason
    assert any(n.startswith("shape: auto refused parallel: slr_share.LUT is") for n in manifest["notes"])


def test_a_small_model_is_unrolled(job: Job) -> None:
    job.config(simulation=SETS, hls={"shape": "auto"})
    assert job.main("convert", job.folder / "small.yaml").code == 0
    manifest = manifest_of(job.project)
    assert manifest["network"] is None
    assert "shape: auto chose parallel: its estimate surely fits the budget" in manifest["notes"]


def test_a_layer_that_the_model_lacks(job: Job) -> None:
    job.config(hls={"shape": "dataflow", "layers": {"atention": {"reuse_factor": 2}}})
    done = job.main("convert", job.folder / "small.yaml")
    assert done.code == 2
    assert "a key of hls.layers must be a layer of the model, not atention" in done.err
    assert "did you mean attention" in done.err


def test_all_shapes_side_by_side(job: Job) -> None:
    job.config(simulation=SETS)
    done = job.main("estimate", job.folder / "small.yaml", "--shapes", "--format", "json", "-q")
    assert done.code == 0, done.err
    assert done.json["first"] == done.json["taken"] == "parallel"
    names = [one["shape"] for one in done.json["shapes"]]
    assert names[:3] == ["parallel", "dataflow, R = 1", "dataflow, R = 1, in turn"] and len(names) == 15
    cycles = [one["estimate"]["interval_cycles"]["max"] for one in done.json["shapes"]]
    assert cycles[0] == 1 and cycles[1] < cycles[-2] <= cycles[-1]


def test_what_auto_would_take_is_told_where_none_surely_fits(job: Job) -> None:
    job.config(simulation=SETS, budget={"latency_us": 0.001})
    done = job.main("estimate", job.folder / "small.yaml", "--shapes", "--format", "json", "-q")
    assert done.code == 1
    assert (done.json["first"], done.json["taken"]) == (None, "parallel")
    assert {one["result"] for one in done.json["shapes"]} == {"fail"}


def test_a_part_without_dsps_leaves_luts_unknown(job: Job) -> None:
    """The products of the last softmax take DSPs."""
    job.config(simulation=SETS, hls={"shape": "dataflow"})
    with mock.patch("fpga_tf.flow.model_shapes.available", return_value=0) as asked:
        done = job.main("estimate", job.folder / "small.yaml", "--shapes", "--format", "json", "-q")
    parallel, *by_rows = (one["estimate"]["resources"]["LUT"]["used"] for one in done.json["shapes"])
    assert parallel > 0 and set(by_rows) == {None}
    assert {call.args[1] for call in asked.call_args_list} == {"DSP"}


def test_what_synthesis_holds_back_of_the_clock_decides_cycles(job: Job, streamed: tuple[Job, Done]) -> None:
    from fpga_tf.flow.dataflow import estimate_of
    from fpga_tf.hls.manifest import read_manifest

    found = []
    for percent in (12.5, 60):
        job.config(simulation=SETS, hls={"clock_uncertainty_percent": percent})
        done = job.main("estimate", job.folder / "small.yaml", "--shapes", "--format", "json", "-q")
        found.append(done.json["shapes"][1]["estimate"])
    assert [one["clock_ns"]["uncertainty"] for one in found] == [0.625, 3.0]
    assert found[0]["latency_cycles"]["max"] < found[1]["latency_cycles"]["max"]

    manifest = read_manifest(streamed[0].project)
    assert manifest.clock_uncertainty_percent == 12.5
    held = estimate_of(replace(manifest, clock_uncertainty_percent=60), streamed[0].project)
    assert held.clock_ns.uncertainty == 3.0
    assert (held.latency_cycles.max or 0) > (estimate_of(manifest, streamed[0].project).latency_cycles.max or 0)


def test_a_project_on_a_part_without_dsps_leaves_luts_unknown(streamed: tuple[Job, Done]) -> None:
    from fpga_tf.flow.dataflow import estimate_of
    from fpga_tf.hls.manifest import read_manifest

    project = streamed[0].project
    manifest = read_manifest(project)
    assert (estimate_of(manifest, project).resources["LUT"].used or 0) > 0
    with mock.patch("fpga_tf.flow.dataflow.available", return_value=0):
        assert estimate_of(manifest, project).resources["LUT"].used is None


def manifest_of(project: Path) -> dict[str, Any]:
    import json

    found: dict[str, Any] = json.loads((project / "fpga_tf.json").read_text())
    return found
