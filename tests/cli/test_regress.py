"""`fpga-tf baseline` and `fpga-tf regress` on the small job: what is recorded, what is caught, what is written."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import h5py
import pytest

from fpga_tf.flow.reference import REFERENCE, read_reference
from fpga_tf.flow.regression_facts import digest
from fpga_tf.flow.settings import read_project

from ..job import CLASSES, LAYERS, Done, Job, quantised_model
from .test_run_sabotage import rounding

pytestmark = pytest.mark.qkeras


def baseline(job: Job, *arguments: str | Path) -> Done:
    return job.main("baseline", job.folder / "small.yaml", "--format", "json", "-q", *arguments)


def regress(job: Job, *arguments: str | Path, **environment: str) -> Done:
    return job.main("regress", job.folder / "small.yaml", "--format", "json", "-q", *arguments, **environment)


def file(job: Job) -> Path:
    return job.folder / "small.baseline.json"


def recorded(job: Job) -> dict[str, Any]:
    found = json.loads(file(job).read_text())
    assert isinstance(found, dict)
    return found


def says(done: Done) -> dict[str, str]:
    """Sentences of what failed, by name."""
    return {f"{row['group']}.{row['name']}": row["say"] for row in done.json["moved"] if row["outcome"] == "fail"}


@pytest.fixture
def kept(job: Job) -> Job:
    """A job with its baseline."""
    job.config()
    assert baseline(job).code == 0
    return job


def test_what_is_recorded(kept: Job) -> None:
    found = recorded(kept)
    manifest, _ = read_project(kept.project)
    reference = read_reference(kept.project / REFERENCE, manifest)
    assert [layer["name"] for layer in found["layers"]] == list(LAYERS)
    assert {layer["name"]: layer["format"] for layer in found["layers"]} == {p.name: p.format for p in manifest.layers}
    assert {name: one["samples"] for name, one in found["sets"].items()} == {
        "evaluation": 300, "minima": 32, "maxima": 32, "doubled": 32, "random": 32,
    }  # fmt: skip
    for name, one in found["sets"].items():
        assert one["outputs"] == digest(reference.outputs[name])  # equal to the model's, as nothing differs
        assert one["inputs"] == digest(reference.inputs[name])
    assert found["traced"]["samples"] == 64 + 4 * 16
    assert len(found["samples"]) == 8 + 4 * 2
    sample = found["samples"][1]
    assert (sample["set"], sample["sample"]) == ("evaluation", 1)
    codes = reference.inputs["evaluation"][0][1].reshape(-1)
    assert sample["inputs"] == {"tracks": " ".join(map(str, codes))}
    assert sample["outputs"] == {"probabilities": " ".join(map(str, reference.outputs["evaluation"][0][1]))}
    assert set(found["physics"]["firmware"]["auc"]) == set(CLASSES)
    assert found["physics"]["firmware"] == found["physics"]["quantised"]
    assert found["physics"]["float"] is None
    assert found["cost"]["LUT"] == {"error": None, "source": None, "unit": "", "value": None}  # no RTL, no report
    assert found["gates"]["agreement"] == "pass" and found["gates"]["latency_us"] == "unknown"
    assert tuple(found["made_for"]["classes"]) == CLASSES
    shares = {f"device_share.{name}": 0.8 for name in ("LUT", "FF", "DSP", "BRAM_18K", "URAM")} | {"slr_share.LUT": 1.0}
    losses = {"max_auc_loss": 0.005, "max_accuracy_loss": 0.01}
    assert found["configuration"] == {"signal": CLASSES[0], "at_most": {"latency_us": 2.0, **shares, **losses}}
    assert found["model"]["file"] == "small.keras" and found["versions"] == manifest.versions


def test_layers_are_digested_in_the_firmware_as_keras_has_them(kept: Job) -> None:
    from fpga_tf.flow.models import layer_codes
    from fpga_tf.flow.regression_facts import traced_inputs

    manifest, _ = read_project(kept.project)
    inputs = traced_inputs(read_reference(kept.project / REFERENCE, manifest).inputs)
    expected = layer_codes(kept.project / "fpga_tf_model.keras", manifest, inputs)
    assert {name: digest([codes]) for name, codes in expected} == {
        layer["name"]: layer["codes"] for layer in recorded(kept)["layers"]
    }


def test_an_unchanged_tagger_passes(kept: Job) -> None:
    before = file(kept).read_bytes()
    done = regress(kept)
    assert (done.code, done.json["verdict"], done.json["moved"], done.json["since"]) == (0, "pass", [], None)
    assert done.json["replayed"] == {
        "differing": 0, "samples": 16, "differing_outputs": 0, "outputs": 48, "max_lsb": 0,
    }  # fmt: skip
    assert file(kept).read_bytes() == before
    shown = kept.main("regress", kept.folder / "small.yaml", "-q")
    assert shown.out.startswith("PASS: ") and shown.code == 0


def test_a_baseline_is_replaced_on_demand_only_and_keeps_its_limits(kept: Job) -> None:
    found = recorded(kept)
    found["limits"]["growth"]["LUT"], found["physics"]["firmware"]["accuracy"] = 0.25, 0.9
    text = json.dumps(found)
    file(kept).write_text(text)
    done = baseline(kept)
    assert (done.code, file(kept).read_text()) == (2, text)
    assert "must not be overwritten by chance" in done.json["error"]["what"]
    assert "--update" in done.json["error"]["hint"]
    assert says(regress(kept)).keys() == {"physics.firmware accuracy"}
    done = baseline(kept, "--update")
    assert (done.code, done.json["recorded"], done.json["changes"]["verdict"]) == (0, True, "fail")
    assert recorded(kept)["limits"]["growth"]["LUT"] == 0.25
    assert regress(kept).code == 0
    file(kept).write_text("{}")
    done = baseline(kept, "--update")
    assert done.code == 2  # its limits would be lost
    assert "delete it and record another one" in done.json["error"]["hint"]
    assert file(kept).read_text() == "{}"


def test_equal_runs_give_equal_files(kept: Job) -> None:
    other = kept.folder / "elsewhere" / "b.json"
    assert baseline(kept, "--out", other).code == 0
    assert other.read_bytes() == file(kept).read_bytes()


def save(job: Job, model: Any) -> Path:
    path = job.folder / "changed.keras"
    model.save(path)
    return job.config(model={"path": str(path)})


def test_a_changed_weight_is_found_in_its_layer(kept: Job) -> None:
    model = quantised_model()
    layer = model.get_layer("logits")
    weights = layer.get_weights()
    weights[0][0, 0] += 0.5
    layer.set_weights(weights)
    save(kept, model)
    written = {
        name: kept.folder / f"r.{name}" for name in ("json", "junit", "markdown", "gitlab")
    }  # fmt: skip
    summary = kept.folder / "summary.md"
    summary.write_text("# before\n")
    options = [word for name, path in written.items() for word in (f"--{name}", str(path))]
    done = regress(kept, *options, "--github", GITHUB_STEP_SUMMARY=str(summary))
    assert done.code == 1
    assert done.json["since"] == {"layer": "logits", "what": "codes", "number": 13, "of": 14, "detail": ""}
    assert done.json["replayed"]["differing"] > 0 and done.json["replayed"]["max_lsb"] > 0
    assert says(done)["codes.layers"] == "codes differ since layer logits (13 of 14)"
    assert json.loads(written["json"].read_text()) == done.json
    root = ElementTree.fromstring(written["junit"].read_text())
    assert int(root.get("failures", "0")) == len(says(done))
    assert summary.read_text() == "# before\n" + written["markdown"].read_text()
    assert "codes differ since layer logits" in summary.read_text()
    issues = json.loads(written["gitlab"].read_text())
    assert "fpga-tf.codes.layers" in {issue["check_name"] for issue in issues}
    assert "::error file=" in done.err  # in JSON mode stdout is the object's
    rows = kept.main("regress", kept.folder / "small.yaml", "-q", "--github").out
    assert rows.count("::error file=") == min(len(says(done)), 10)
    assert "codes.layers::codes differ since layer logits (13 of 14)\n" in rows and "FAIL: " in rows
    token = re.findall(r"^::stop-commands::([0-9a-f]{32})$", rows, re.MULTILINE)
    table = rows.partition(f"::stop-commands::{token[0]}\n")[2]
    assert table.startswith("FAIL: ") and table.endswith(f"\n::{token[0]}::\n")


def test_new_data_is_told_apart_from_new_firmware(kept: Job) -> None:
    path = kept.folder / "other.h5"
    with h5py.File(kept.made / "small.h5") as old, h5py.File(path, "w") as new:
        for name in old:
            old.copy(name, new)
        new.attrs.update(old.attrs)
        for name in ("x_eval", "y_eval"):
            new[name][...] = new[name][...][::-1]
    kept.config(data={"path": str(path)})
    done = regress(kept)
    assert done.code == 1
    assert {name.partition(".")[0] for name in says(done)} == {"inputs"}
    assert done.json["replayed"] == {
        "differing": 0, "samples": 16, "differing_outputs": 0, "outputs": 48, "max_lsb": 0,
    }  # fmt: skip


def test_a_loosened_budget_fails_and_a_stricter_one_does_not(kept: Job) -> None:
    loose = {"latency_us": 5, "device_share": {"LUT": 0.8, "FF": 0.8, "DSP": 0.8, "URAM": 0.8}}
    kept.config(budget=loose, gates={"max_auc_loss": 0.01})
    done = regress(kept)
    assert done.code == 1
    assert says(done) == {
        "configuration.latency_us": "the configuration's limit of latency_us from 2 us to 5 us, which is looser",
        "configuration.device_share.BRAM_18K": (
            "the configuration's limit of device_share.BRAM_18K from 0.8 to none, which is looser"
        ),
        "configuration.max_auc_loss": "the configuration's limit of max_auc_loss from 0.005 to 0.01, which is looser",
    }
    kept.config(budget={"latency_us": 1, "interval_cycles": 1})
    done = regress(kept)
    assert done.code == 0
    assert {row["name"]: row["outcome"] for row in done.json["moved"]} == {
        "latency_us": "within", "interval_cycles": "within"
    }  # fmt: skip
    assert baseline(kept, "--update").code == 0
    kept.config()
    assert says(regress(kept)).keys() == {"configuration.latency_us", "configuration.interval_cycles"}


def test_another_signal_fails_and_the_default_in_words_does_not(kept: Job) -> None:
    kept.config(data={"path": str(kept.made / "small.h5"), "signal": CLASSES[0]})
    assert regress(kept).json["moved"] == []
    kept.config(data={"path": str(kept.made / "small.h5"), "signal": CLASSES[1]})
    done = regress(kept)
    assert done.code == 1
    text = f"the configuration's signal from {CLASSES[0]} to {CLASSES[1]}"
    assert says(done) == {"configuration.signal": text}


def test_firmware_that_is_not_its_model_is_never_recorded(kept: Job) -> None:
    file(kept).unlink()
    rounding(kept.project, "embed")
    done = baseline(kept)
    assert (done.code, done.json["recorded"], file(kept).exists()) == (1, False, False)
    shown = kept.main("baseline", kept.folder / "small.yaml", "-q")
    assert "FAIL: " in shown.out and "not recorded: " in shown.out


@pytest.mark.parametrize(
    ("inputs", "what"),
    [
        ({"tracks": "1 2"}, "must hold 12 codes, not 2"),
        ({"tracks": " ".join(["99"] * 12)}, "must hold codes of ap_fixed<6,3,"),
        ({"jets": "1"}, "must hold 12 codes, not 0"),
    ],
)
def test_samples_that_are_no_inputs_are_refused(inputs: dict[str, str], what: str, kept: Job) -> None:
    found = recorded(kept)
    found["samples"][3]["inputs"] = inputs
    file(kept).write_text(json.dumps(found, indent=1, sort_keys=True))
    done = regress(kept)
    assert done.code == 2
    assert what in done.json["error"]["what"]
    line = int(done.json["error"]["where"].rpartition(":")[2])
    assert '"inputs"' in file(kept).read_text().splitlines()[line - 1]


def test_a_missing_baseline_says_how_to_record_it(job: Job) -> None:
    job.config()
    done = regress(job)
    assert (done.code, done.json["error"]["what"]) == (2, "a baseline must be a file, not missing")
    assert done.json["error"]["hint"].startswith("record it: fpga-tf baseline CONFIG")


def test_a_summary_that_can_not_be_written_is_an_error(kept: Job) -> None:
    done = regress(kept, "--github", GITHUB_STEP_SUMMARY=os.fspath(kept.folder))
    assert done.code == 2
    assert "GITHUB_STEP_SUMMARY must be a file" in done.err


def test_a_dataflow_shape_is_guarded_by_its_own_estimate(kept: Job) -> None:
    unknown = {name for name in recorded(kept)["cost"] if recorded(kept)["cost"][name]["value"] is None}
    assert "latency_cycles" in unknown
    kept.config(hls={"shape": "dataflow", "io_type": "io_stream", "reuse_factor": 2, "heads": "in_turn"})
    done = regress(kept)
    assert done.code == 1, done.err
    assert says(done)["made_for.shape"] == "shape from parallel to dataflow"
    assert not any(name.startswith(("codes", "formats")) for name in says(done))
    assert baseline(kept, "--update").code == 0
    found = recorded(kept)
    assert found["gates"]["fifos"] == "pass"
    estimate = baseline(kept, "--out", kept.folder / "b.json").json["run"]["dataflow"]["estimate"]
    assert found["cost"]["latency_cycles"]["value"] == estimate["latency_cycles"]["max"]
    assert found["cost"]["latency_cycles"]["source"] == "estimate"
    assert found["cost"]["latency_cycles"]["error"] > 0
    assert found["cost"]["LUT"]["value"] == estimate["resources"]["LUT"]["used"]
    assert regress(kept).code == 0


def test_files_that_can_not_be_written_are_refused_before_the_run(job: Job) -> None:
    job.config()
    done = regress(job, "--junit", job.folder)
    assert (done.code, done.json["error"]["what"]) == (2, "--junit must be a file, not a folder or a device")
    done = regress(job, "--junit", job.folder / "x", "--json", job.folder / "x")
    assert (done.code, done.json["error"]["what"]) == (2, "--junit must be another file than --json, not the same")
    done = regress(job, "--markdown", job.folder / "small.yaml")
    assert done.json["error"]["what"] == "--markdown must be another file than the configuration, not the same"
    assert baseline(job, "--out", job.folder).code == 2
    assert not job.project.exists()
