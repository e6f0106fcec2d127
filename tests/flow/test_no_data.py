"""A run without jets: random inputs, no physics, and nothing that asks for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.flow import judge
from fpga_tf.flow.check import check
from fpga_tf.flow.config import load_config
from fpga_tf.flow.config_errors import ConfigError
from fpga_tf.flow.prepare import load_jets
from fpga_tf.flow.reference import read_reference, write_reference
from fpga_tf.flow.samples import EVALUATION, input_sets, random_inputs
from fpga_tf.flow.settings import Settings, read_project
from fpga_tf.lower.inputs import BIT, InputPort
from fpga_tf.verdict.gates import physics_gates

from .conftest import Write, save_archive
from .projects import manifest, project, reference, rewrite, settings

FORMATS = [Format.parse(t) for t in ("ap_fixed<6,3,RND_CONV,SAT>", "ap_fixed<7,2>", "ap_ufixed<3,4,RND,SAT>")]
NO_PHYSICS: dict[str, Any] = {"classes": None, "signal": None, "gates": None}


def without(job: Write, **changes: Any) -> Path:
    """The small job's configuration without data."""
    path = job(**changes)
    kept = [line for line in path.read_text().splitlines() if line not in ("data:", "  path: data.h5")]
    path.write_text("\n".join(kept) + "\n")
    return path


def complaint(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return str(caught.value).replace(f"{path}:", "")


def test_data_may_be_left_out_or_null(job: Write, tmp_path: Path) -> None:
    config = load_config(without(job))
    assert config.data is None and load_config(job(data=None)).data is None
    assert config.simulation.random_samples == 10_000
    assert load_jets(config) is None
    found = check(config)
    assert (found.shapes, found.classes) == (None, None)
    assert found.to_json()["data"] is None
    fields = config.digest_fields("data", "simulation")
    assert fields["data"] is None and fields["simulation"]["random_samples"] == 10_000


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"gates": {"max_accuracy_loss": 0.1}},
            "gates.max_accuracy_loss must be left out without data: there is no physics to compare, not given\n"
            "  at   5:22",
        ),
        (
            {"gates": {"max_auc_loss": 0.005, "max_accuracy_loss": 0.1}},
            "gates.max_auc_loss must be left out without data: there is no physics to compare, not given\n  at   5:17",
        ),
        (
            {"model": {"path": "model.keras", "float": "model.keras"}},
            "model.float must be left out without data: there is no physics to compare, not given\n  at   4:10",
        ),
        (
            {"quantise": {"weight_bits": 8}},
            "quantise must be given together with data, to calibrate on, not alone\n  at   5:3",
        ),
    ],
)
def test_what_takes_jets_is_an_error_without_them(job: Write, changes: dict[str, Any], told: str) -> None:
    assert complaint(without(job, **changes)) == f"{told}\n  hint name a file of jets in the section data"


def test_random_samples_are_for_runs_without_data(job: Write) -> None:
    assert load_config(without(job, simulation={"random_samples": 7})).simulation.random_samples == 7
    assert complaint(job(simulation={"random_samples": 7})) == (
        "simulation.random_samples must be left out where data is given, not given\n  at   7:19\n"
        "  hint the samples of data are compared: remove the key, or the section data"
    )
    assert complaint(without(job, simulation={"random_samples": 0})).startswith(
        "simulation.random_samples must be a whole number from 1 to 10000000, not 0\n"
    )


def test_a_quantised_model_needs_no_data_to_be_checked(job: Write, tmp_path: Path) -> None:
    save_archive(tmp_path / "model.keras", "hgq.layers")
    assert check(load_config(without(job, gates={}))).frontend == "hgq2"


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_random_inputs_reach_every_code(fmt: Format, raw: bool) -> None:
    ports = [InputPort("x", fmt, (4, 3), raw, mask=False), InputPort("m", BIT, (4,), raw=False, mask=True)]
    x, bits = random_inputs(ports, 400, seed=5)
    assert (x.shape, bits.shape) == ((400, 4, 3), (400, 4))
    assert set(bits.ravel()) == {0.0, 1.0}
    codes, on = fmt.codes_of(x[200:] if raw else x)
    assert on.all()
    counts = np.bincount((codes - fmt.min_code).ravel(), minlength=1 << fmt.width)
    assert counts.min() > 0 and counts.max() < 4 * counts.mean()
    if raw:
        between = x[:200]
        assert np.array_equal(between, between.astype(np.float32))
        assert fmt.codes_of(between)[1].mean() < 0.1
        assert fmt.min <= between.min() < fmt.min + fmt.lsb and fmt.max - fmt.lsb < between.max() <= fmt.max


def test_random_inputs_are_of_their_seed_and_not_those_of_the_stress_set() -> None:
    ports = [InputPort("x", FORMATS[0], (4, 3), raw=False, mask=False)]
    assert np.array_equal(random_inputs(ports, 50, 5)[0], random_inputs(ports, 50, 5)[0])
    assert not np.array_equal(random_inputs(ports, 50, 5)[0], random_inputs(ports, 50, 6)[0])
    sets = input_sets(ports, random_inputs(ports, 50, 5), 50, 5)
    assert np.array_equal(sets[EVALUATION][0], random_inputs(ports, 50, 5)[0])
    assert (sets["random"][0] != sets[EVALUATION][0]).mean() > 0.9


def test_a_reference_without_labels(tmp_path: Path) -> None:
    made = replace(reference(), labels=None)
    write_reference(tmp_path / "r.npz", made)
    found = read_reference(tmp_path / "r.npz", manifest())
    assert found.labels is None and found.float_scores is None
    assert np.array_equal(found.inputs["evaluation"][0], made.inputs["evaluation"][0])
    write_reference(tmp_path / "r.npz", replace(made, float_scores=np.zeros((60, 3))))
    with pytest.raises(UserError, match="the reference must be as it was written"):
        read_reference(tmp_path / "r.npz", manifest())


def test_no_physics_and_no_gate_on_it() -> None:
    made, limits = replace(reference(), labels=None), settings(**NO_PHYSICS)
    made.outputs["evaluation"][0][1] = made.outputs["evaluation"][0][0]
    made.outputs["evaluation"][1][1] = made.outputs["evaluation"][1][0]
    stages, changes, notes = judge.judge_physics(manifest().outputs[0], limits, made, made.outputs["evaluation"][0])
    assert stages == {"float": None, "quantised": None, "csim": None} and changes == {}
    assert notes == [
        "no data: compared on 60 random inputs, which give 59 different outputs; there is no physics, and no gate on it"
    ]
    given = {"float_": None, "quantised": None, "csim": None}
    assert physics_gates(judge.limits(limits), **given) == []
    assert len(physics_gates(judge.limits(settings()), **given)) == 2


def test_settings_have_all_of_physics_or_nothing(job: Write, tmp_path: Path) -> None:
    made = Settings.of(load_config(without(job)), None, probabilities=False)
    assert (made.classes, made.signal, made.gates) == (None, None, None)
    assert Settings.model_validate(made.plain()) == made
    for given in ({"classes": None}, {"signal": None}, {"gates": None}, {"classes": None, "signal": None}):
        with pytest.raises(ValidationError, match="classes, signal, gates"):
            settings(**given)
    folder = project(tmp_path / "p")
    rewrite(folder, config=made.plain())
    assert read_project(folder)[1] == made
