"""`fpga-tf scan` on models that were trained with quantisers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.flow.config import load_config
from fpga_tf.flow.reference import read_reference
from fpga_tf.flow.samples import EVALUATION
from fpga_tf.flow.scan_job import at, job_of
from fpga_tf.flow.scan_reference import quantised_scores
from fpga_tf.flow.settings import read_project
from fpga_tf.store import Store
from fpga_tf.verdict.scan import Width
from tests.models.keras2_files import Writer, bits

from ..flow.conftest import save_archive
from ..job import CLASSES, FEATURES, TRACKS, Done, Job
from .test_scan import cached, point

pytestmark = pytest.mark.qkeras
WIDTHS = ("--integer", "2,3", "--fraction", "2,6")
LOOSE = {"max_auc_loss": 0.06, "max_accuracy_loss": 0.03}


def configured(job: Job, **changes: Any) -> Path:
    return job.config(**{"gates": LOOSE} | changes)


def scan(job: Job, *arguments: str | Path, **changes: Any) -> Done:
    return job.main("scan", configured(job, **changes), "--format", "json", "-q", *arguments)


def with_float(job: Job) -> dict[str, str]:
    return {"path": str(job.made / "small.keras"), "float": str(job.made / "small_float.keras")}


def test_more_bits_come_closer_to_the_model_as_trained(job: Job) -> None:
    done = scan(job, *WIDTHS)
    assert (done.code, done.json["reference"], done.json["float"]) == (0, "as_trained", None)
    run = job.run()
    assert done.json["as_trained"] == {k: run.json["physics"]["quantised"][k] for k in ("accuracy", "auc")}
    rough, fine = point(done, 2, 2), point(done, 2, 6)
    assert rough["agreement"] < 0.8 < fine["agreement"]
    assert fine["largest_difference"] < 0.2 < rough["largest_difference"]
    for name in CLASSES:
        assert fine["auc_ratio"][name] == fine["auc"][name] / done.json["as_trained"]["auc"][name]
        assert rough["decision_auc"][name] < fine["decision_auc"][name] < done.json["decision_auc"][name]
    assert (rough["within_limits"], fine["within_limits"]) == (False, True)


def test_the_float_model_is_where_losses_are_counted_from(job: Job) -> None:
    alone, beside = scan(job, *WIDTHS), scan(job, *WIDTHS, model=with_float(job), gates={"max_auc_loss": 0.0})
    assert [s["name"] for s in beside.json["steps"][1:3]] == [
        "evaluate the model as trained", "evaluate the float model"
    ]  # fmt: skip
    assert beside.json["as_trained"] == alone.json["as_trained"]
    assert beside.json["float"]["auc"] != alone.json["as_trained"]["auc"]
    for one, other in zip(alone.json["points"], beside.json["points"], strict=True):
        assert {**one, "within_limits": None} == {**other, "within_limits": None}
        auc = beside.json["float"]["auc"]
        lost = max(round(auc[name] - other["auc"][name], 12) for name in CLASSES)
        accuracy = beside.json["float"]["accuracy"] - other["accuracy"]
        assert other["within_limits"] == (lost <= 0 and round(accuracy, 12) <= 0.01)


def test_the_codes_of_a_pick_are_those_of_its_simulation(job: Job) -> None:
    done = scan(job, *WIDTHS, "--pick")
    assert (done.code, done.json["picked"]) == (0, {"integer": 2, "fraction": 6})
    run = done.json["run"]
    assert (run["agreement"]["differing"], run["verdict"]) == (0, "incomplete")
    assert run["agreement"]["sets"][0]["compared"] == 300 * len(CLASSES)
    assert run["project"] == str(job.folder / "out" / "small_int2_frac6")
    for stage in ("quantised", "csim"):
        assert {k: run["physics"][stage][k] for k in ("accuracy", "auc")} == {
            k: point(done, 2, 6)[k] for k in ("accuracy", "auc")
        }
    # what the simulation was compared with, code by code, is what the scan evaluates
    manifest, _ = read_project(Path(run["project"]))
    simulated = read_reference(Path(run["project"]) / "fpga_tf_reference.npz", manifest).outputs[EVALUATION][0]
    config = load_config(configured(job))
    scores = quantised_scores(job_of(config, Store(job.store)), at(config, Width(2, 6, 6)))
    assert np.array_equal(manifest.outputs[0].type.dequantise(simulated), scores.values)
    # and what is printed for a configuration is that model
    widths = {"integer_bits": 2, "fraction_bits": 6}
    again = job.main("convert", configured(job, requantise=widths), "--format", "json", "-q")
    assert all(step["cached"] for step in again.json["steps"][1:])
    assert scan(job, *WIDTHS, requantise=widths).json["points"] == done.json["points"]


def test_text(job: Job) -> None:
    done = job.main("scan", configured(job), *WIDTHS, "--weight-fraction", "5", "--pick")
    assert done.code == 0
    assert "[2/6] evaluate the model as trained" in done.out
    keys = "`requantise: {integer_bits: 2, fraction_bits: 6, weight_fraction_bits: 5}`"
    assert f"\npicked: integer 2, fraction 6, in a configuration {keys}; its run:\n" in done.out
    assert "every weight to ap_fixed<8,3,AP_RND_CONV,AP_SAT,0>" in " ".join(done.out.split())


def test_a_scan_that_is_done_comes_from_the_store(job: Job) -> None:
    first, again = scan(job, *WIDTHS), scan(job, *WIDTHS)
    assert all(cached(again).values()) and again.json["points"] == first.json["points"]
    rough = scan(job, *WIDTHS, "--weight-fraction", "1")
    assert point(rough, 2, 6)["agreement"] < point(first, 2, 6)["agreement"]


def test_the_own_widths_of_a_keras_2_file_are_the_model_as_trained(job: Job) -> None:
    def own(config: dict[str, Any]) -> None:
        for layer in config["config"]["layers"]:
            activation = layer["config"].get("activation")
            for key in ("kernel_quantizer", "bias_quantizer"):
                if key in layer["config"]:
                    layer["config"][key] = bits(9, 4)
            if isinstance(activation, dict) and activation["class_name"] == "quantized_relu":
                activation["config"].update(bits=8, integer=4)

    writer = Writer(rows=TRACKS, features=FEATURES).model(2)
    path = writer.write(job.folder / "old.h5", own)
    done = scan(job, "--integer", "4", "--fraction", "2,4", model={"path": str(path)})
    rough, same = point(done, 4, 2), point(done, 4, 4)
    assert (same["agreement"], same["largest_difference"], same["auc"]) == (1.0, 0.0, done.json["as_trained"]["auc"])
    assert same["decision_auc"] == done.json["decision_auc"]
    assert rough["agreement"] < 1.0


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"data": None, "gates": None}, "a scan must have data, not a model alone"),
        (
            {"model": {"path": "each.keras"}},
            "a scan must have a model with a width for each tensor, not one of HGQ2, where each value has its own",
        ),
    ],
)
def test_what_is_refused(changes: dict[str, Any], what: str, job: Job) -> None:
    save_archive(job.folder / "each.keras", "hgq.layers")
    done = scan(job, **changes)
    assert (done.code, done.json["error"]["what"]) == (2, what)
