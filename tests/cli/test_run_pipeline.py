"""The real run, from nothing to the verdict and again: what it prints, what it reuses, what it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from fpga_tf.hls.manifest import read_manifest

from ..job import CLASSES, LAYERS, OUTPUTS, PROGRAM, TIMEOUT, Done, Job, contents

pytestmark = pytest.mark.qkeras

STEPS = [
    "read the configuration and the jets", "read the model", "convert to an HLS project", "evaluate the model",
    "compile the C-simulation", "simulate", "compare", "judge",
]  # fmt: skip
NUMBER = {"type": ["number", "null"]}
PHYSICS = {
    "type": "object",
    "properties": {
        "accuracy": {"type": "number"},
        "auc": {"type": "object", "required": list(CLASSES), "additionalProperties": {"type": "number"}},
        "rejection": {
            "type": "object",
            "required": ["c", "light"],
            "additionalProperties": {"type": "object", "required": ["0.5", "0.7"], "additionalProperties": NUMBER},
        },
    },
    "required": ["accuracy", "auc", "rejection"],
}
SCHEMA = {
    "type": "object",
    "required": ["verdict", "agreement", "physics", "budget", "steps", "project"],
    "properties": {
        "verdict": {"enum": ["pass", "fail", "incomplete"]},
        "agreement": {
            "type": "object",
            "required": ["differing", "compared", "max_lsb", "first_diverging_layer"],
            "properties": {
                "differing": {"type": "integer"},
                "compared": {"type": "integer"},
                "max_lsb": {"type": ["integer", "null"]},
                "first_diverging_layer": {"type": ["string", "null"]},
            },
        },
        "physics": {
            "type": "object",
            "required": ["float", "quantised", "csim"],
            "properties": {"float": {"anyOf": [PHYSICS, {"type": "null"}]}, "quantised": PHYSICS, "csim": PHYSICS},
        },
        "budget": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["gate", "limit", "value", "unit", "source", "result"],
                "properties": {
                    "gate": {"type": "string"},
                    "limit": {"type": "number"},
                    "value": NUMBER,
                    "unit": {"type": "string"},
                    "source": {"type": ["string", "null"]},
                    "result": {"enum": ["pass", "fail", "unknown"]},
                },
            },
        },
        "steps": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "seconds", "cached"],
                "properties": {
                    "name": {"type": "string"},
                    "seconds": {"type": "number", "minimum": 0},
                    "cached": {"type": "boolean"},
                },
                "additionalProperties": False,
            },
        },
        "project": {"type": "string"},
    },
}
# 300 jets and four sets of 32, three classes
COMPARED = (300 + 4 * 32) * 3


def test_from_nothing_to_the_verdict(first: tuple[Job, Done]) -> None:
    job, done = first
    assert (done.code, done.err) == (0, "")
    found = done.json
    jsonschema.validate(found, SCHEMA)
    assert found["verdict"] == "incomplete"
    assert found["agreement"]["differing"] == 0
    assert found["agreement"]["compared"] == COMPARED
    assert found["agreement"]["max_lsb"] == 0
    assert found["agreement"]["first_diverging_layer"] is None
    assert [s["name"] for s in found["agreement"]["sets"]] == ["evaluation", "minima", "maxima", "doubled", "random"]
    assert found["physics"]["float"] is None
    assert found["physics"]["quantised"] == found["physics"]["csim"]
    assert found["physics"]["csim"]["n"] == 300
    assert found["project"] == str(job.project)
    assert done.steps == dict.fromkeys(STEPS, False)
    assert {gate["result"] for gate in found["gates"]} == {"pass"}
    assert {gate["result"] for gate in found["budget"]} == {"unknown"}
    for gate in found["budget"]:
        assert gate["value"] is None
        assert "vitis_hls -f build_prj.tcl" in gate["missing"]
    assert json.loads((job.project / "fpga_tf_result.json").read_text()) == found


def test_the_project_names_every_layer(first: tuple[Job, Done]) -> None:
    manifest = read_manifest(first[0].project)
    assert tuple(port.name for port in manifest.layers) == LAYERS
    weights, types = set(manifest.weights.values()), set(manifest.typedefs)
    assert weights == {f"attention/{s}" for s in ("query", "key", "value", "output", "attention")} | {
        "embed", "logits", "probabilities",
    }  # fmt: skip
    assert set(LAYERS) <= types
    assert {name.partition("/")[0] for name in types} <= {name.partition("/")[0] for name in LAYERS} | {"tracks"}


def test_strict(job: Job) -> None:
    done = job.cli("run", job.config(), "--strict", "--format", "json", "-q")
    assert (done.code, done.json["verdict"]) == (1, "incomplete")


def test_again_everything_is_there(job: Job) -> None:
    done = job.run()
    assert done.code == 0
    assert done.steps == {name: name in STEPS[1:6] for name in STEPS}
    assert done.json["agreement"]["compared"] == COMPARED
    again = job.run()
    kept = ("verdict", "agreement", "physics", "budget", "gates", "project")
    assert {k: again.json[k] for k in kept} == {k: done.json[k] for k in kept}


def test_again_without_keras_tensorflow_and_hls4ml(job: Job) -> None:
    program = (
        "import sys\n"
        "from fpga_tf.cli.main import main\n"
        "code = main(sys.argv[1:])\n"
        "heavy = {'keras', 'tensorflow', 'hls4ml', 'qkeras', 'hgq', 'matplotlib', 'scipy', 'pandas'}\n"
        "print(code, sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    for arguments in (["run", job.config()], ["simulate", job.project]):
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments), "-q"],
            env=job.environment, cwd=job.folder, capture_output=True, text=True, check=False, timeout=TIMEOUT,
        )  # fmt: skip
        assert (done.stderr, done.returncode) == ("0 []\n", 0)


def test_in_text(job: Job) -> None:
    done = job.cli("run", job.config())
    lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    for number, name in enumerate(STEPS, 1):
        assert any(line.startswith(f"[{number}/8] {name} ") for line in lines), name
    assert "(cached)" in done.out
    assert lines[-1].startswith(f"INCOMPLETE: 0 of {COMPARED:,} outputs differ; ")


def test_json_and_progress_do_not_mix(job: Job) -> None:
    done = job.cli("run", job.config(), "--format", "json")
    assert done.json["verdict"] == "incomplete"
    assert done.err.splitlines()[0].startswith("[1/8] ")


def test_convert_then_simulate(job: Job) -> None:
    config = job.config()
    done = job.cli("convert", config)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == str(job.project)
    assert not (job.project / "fpga_tf_result.json").exists()
    for target in (job.project, config):
        done = job.main("simulate", target, "--format", "json", "-q")
        assert done.code == 0
        jsonschema.validate(done.json, SCHEMA)
        assert list(done.steps) == STEPS[4:]
        assert done.json["agreement"]["differing"] == 0
    assert job.simulate("--strict").code == 1


def test_a_project_that_was_moved_to_a_machine_without_a_store(job: Job) -> None:
    job.main("convert", job.config(), "-q")
    tuned = job.project / "firmware" / "small.cpp"
    tuned.write_text(tuned.read_text() + "// a pragma, tuned by hand\n")
    moved = job.folder / "µ elsewhere" / "renamed"
    moved.parent.mkdir()
    job.project.rename(moved)
    done = job.main("simulate", moved, "--format", "json", "-q", FPGA_TF_STORE=str(job.folder / "empty"))
    assert done.code == 0
    assert done.json["project"] == str(moved)
    assert done.json["notes"] == ["1 generated file was edited: firmware/small.cpp"]
    assert (done.json["agreement"]["differing"], done.json["agreement"]["compared"]) == (0, COMPARED)
    assert done.steps == dict.fromkeys(STEPS[4:], False)


def test_the_results_do_not_depend_on_the_number_of_processes(job: Job) -> None:
    found = []
    for jobs in (1, 2, 3):
        own = Job(job.folder / str(jobs), job.made, job.store)
        own.folder.mkdir()
        own.config(simulation={"stress_samples": 32, "jobs": jobs})
        own = own.own_store(OUTPUTS)
        done = own.run()
        assert (done.steps["compile the C-simulation"], done.steps["simulate"]) == (True, False)
        entry = next(own.store.glob(f"v1/*/*/{OUTPUTS}"))
        found.append((entry.parent.name, done.json["agreement"], done.json["physics"]))
    assert found[0] == found[1] == found[2]


def test_fresh_makes_the_same_project_again(job: Job) -> None:
    job.run()
    before = contents(job.project)
    edit = job.project / "firmware" / "weights" / "b3.h"
    edit.write_text(edit.read_text() + "// mine\n")
    (job.project / "notes.txt").write_text("mine")
    stored = contents(job.store)
    done = job.run("--fresh")
    assert (done.code, done.json["agreement"]["differing"]) == (0, 0)
    assert done.steps == dict.fromkeys(STEPS, False)
    after = contents(job.project)
    vary = {"fpga_tf_result.json", "fpga_tf.json", "fpga_tf_model.keras"}  # seconds; the date in the archive
    assert {k: v for k, v in after.items() if k not in vary} == {k: v for k, v in before.items() if k not in vary}
    assert set(after) == set(before)
    assert contents(job.store) == stored


def test_a_project_that_stands_needs_no_store(job: Job) -> None:
    job.run()
    done = job.own_store("fpga_tf.json").run()
    assert done.code == 0
    assert done.steps["convert to an HLS project"]


def test_new_limits_are_judged_on_the_same_project(job: Job) -> None:
    job.run()
    (job.project / "notes.txt").write_text("mine")
    job.config(budget={"latency_us": 1.5, "device_share": {"LUT": 0.5}, "slr_share": {}}, gates={"max_auc_loss": 0.1})
    done = job.run()
    assert done.code == 0
    limits = {gate["gate"]: gate["limit"] for gate in done.json["gates"] + done.json["budget"]}
    assert limits["latency_us"] == 1.5
    assert limits["device_share.LUT"] == 0.5
    assert "slr_share.LUT" not in limits
    assert limits["max_auc_loss"] == 0.1
    assert (job.project / "notes.txt").read_text() == "mine"


def test_another_configuration_replaces_an_untouched_project(job: Job) -> None:
    job.run()
    job.config(data={"path": str(job.made / "small.h5"), "max_samples": 50, "signal": "light"})
    done = job.run()
    assert done.code == 0
    assert done.json["physics"]["csim"]["n"] == 50
    assert done.json["physics"]["csim"]["signal"] == "light"
    assert done.steps["compile the C-simulation"]  # the firmware is the same


def test_work_in_a_project_is_not_replaced_without_asking(job: Job) -> None:
    job.run()
    report = job.project / "small_prj" / "solution1" / "syn" / "report" / "csynth.xml"
    report.parent.mkdir(parents=True)
    report.write_text("a night of synthesis")
    edit = job.project / "firmware" / "small.cpp"
    edit.write_text(edit.read_text() + "// tuned\n")
    before = contents(job.project)
    job.config(data={"path": str(job.made / "small.h5"), "max_samples": 60})
    done = job.run()
    assert done.code == 2
    error = done.json["error"]
    assert error["what"] == (
        "a project must be as it was generated to be replaced by another, 2 files are not: firmware/small.cpp, "
        "small_prj/solution1/syn/report/csynth.xml"
    )
    assert error["hint"] == "name another project folder, or replace it with --fresh"
    assert contents(job.project) == before


def test_a_link_to_the_project_is_another_name(job: Job) -> None:
    job.run()
    link = job.folder / "link"
    link.symlink_to(job.project)
    assert job.main("simulate", link, "-q").code == 0


@pytest.mark.slow
def test_a_float_model_is_quantised_on_the_way(job: Job) -> None:
    job.config(model={"path": str(job.made / "small_float.keras")}, quantise={"weight_bits": 8, "activation_bits": 10})
    done = job.run()
    assert done.code in (0, 1)  # the physics of random weights is nobody's goal
    found = done.json
    jsonschema.validate(found, SCHEMA)
    assert (found["agreement"]["differing"], found["agreement"]["compared"]) == (0, COMPARED)
    assert found["physics"]["float"]["n"] == 300
    assert set(found["physics"]["top_class_changes"]) == {"quantised_to_csim", "float_to_quantised", "float_to_csim"}
    assert any("quantised after training" in note for note in found["notes"])


@pytest.mark.slow
def test_the_float_model_is_what_physics_is_held_against(job: Job) -> None:
    job.config(
        model={"path": str(job.made / "small.keras"), "float": str(job.made / "small_float.keras")},
        gates={"max_auc_loss": 1.0, "max_accuracy_loss": 1.0},
    )
    done = job.run()
    assert done.code == 0
    assert done.json["physics"]["float"]["n"] == 300
    sources = {gate["gate"]: gate["source"] for gate in done.json["gates"]}
    assert sources["max_accuracy_loss"] == "float to csim"
    assert done.steps["compile the C-simulation"]


def test_program_and_outputs_are_all_that_is_stored_besides_projects(job: Job) -> None:
    own = Job(job.folder, job.made, job.folder / "own")
    own.store.mkdir(mode=0o700)
    assert own.run().code == 0
    kinds = {
        frozenset(path.name for path in entry.iterdir()) & {PROGRAM, OUTPUTS, "fpga_tf.json"}
        for entry in own.store.glob("v1/??/*")
    }
    assert kinds == {frozenset([PROGRAM]), frozenset([OUTPUTS]), frozenset(["fpga_tf.json"])}
    assert not any(Path(own.store, "v1", "tmp").iterdir())
