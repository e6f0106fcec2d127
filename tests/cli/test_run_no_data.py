"""A run on a model file alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ..job import Job

pytestmark = pytest.mark.qkeras
NOTE = "no data: compared on 500 random inputs, which give {} different outputs; there is no physics, and no gate on it"


def test_a_model_file_is_enough(job: Job) -> None:
    from fpga_tf.flow.reference import REFERENCE, read_reference
    from fpga_tf.flow.settings import read_project

    job.config(data=None, simulation={"random_samples": 500, "stress_samples": 32})
    done = job.run()
    assert done.code == 0, done.err
    agreement = done.json["agreement"]
    assert (agreement["compared"], agreement["differing"]) == ((500 + 4 * 32) * 3, 0)
    assert [one["name"] for one in agreement["sets"]] == ["evaluation", "minima", "maxima", "doubled", "random"]
    assert done.json["physics"] == {"float": None, "quantised": None, "csim": None, "top_class_changes": {}}
    names = [gate["gate"] for gate in [*done.json["gates"], *done.json["budget"]]]
    assert {"agreement", "sources", "latency_us"} <= set(names)
    assert not {"max_auc_loss", "max_accuracy_loss"} & set(names)
    manifest, settings = read_project(job.project)
    assert settings.classes is None
    reference = read_reference(job.project / REFERENCE, manifest)
    different = len(np.unique(reference.outputs["evaluation"][0], axis=0))
    assert different > 100
    assert NOTE.format(different) in done.json["notes"]
    codes, port = reference.inputs["evaluation"][0], manifest.inputs[0].type
    assert (codes.min(), codes.max()) == (port.min_code, port.max_code)

    again = job.simulate()
    assert again.json["agreement"] == agreement and again.json["physics"] == done.json["physics"]
    cached = job.run()
    assert cached.steps["evaluate the model"] and cached.json["agreement"] == agreement


def test_a_changed_weight_is_found_by_random_inputs(job: Job) -> None:
    from .test_run_sabotage import VALUES, weight_file

    job.config(data=None, simulation={"random_samples": 500, "stress_samples": 32})
    assert job.run().code == 0
    path = weight_file(job.project, "embed", "w")
    match = VALUES.search(path.read_text())
    assert match is not None
    zeros = ", ".join("0" for _ in match[2].split(", "))
    path.write_text(path.read_text().replace(match[0], match[1] + zeros))
    done = job.simulate()
    assert (done.code, done.json["agreement"]["first_diverging_layer"]) == (1, "embed")


def test_what_takes_data_is_told_with_its_line(job: Job) -> None:
    path = job.config(data=None, gates={"max_auc_loss": 0.1})
    done = job.main("run", path)
    assert done.code == 2
    assert done.err.startswith("gates.max_auc_loss must be left out without data: there is no physics to compare")
    assert f"\n  at   {path}:" in done.err
    path = job.config(data=None, model={"path": str(job.made / "small_float.keras")}, quantise={"weight_bits": 8})
    done = job.main("run", path)
    assert done.code == 2
    assert done.err.startswith("quantise must be given together with data, to calibrate on, not alone\n")
    path = job.config(data=None, model={"path": str(job.made / "small_float.keras")})
    assert job.main("check", path).code == 0
    assert job.main("run", path).err.count("a float model must be quantised to be hardware") == 1


def test_check_tells_that_there_is_none(job: Job) -> None:
    path: Path = job.config(data=None)
    done = job.main("check", path)
    assert "\n  data     none: 10,000 random inputs\n" in done.out
