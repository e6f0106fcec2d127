"""`fpga-tf init`: what it writes passes the check and runs; what cannot be hardware is told at once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ..job import Job, randomised

pytestmark = pytest.mark.qkeras


def text(path: Path) -> str:
    """The file with runs of spaces as one."""
    return re.sub(r" +", " ", path.read_text("utf-8"))


def test_a_float_model_runs_as_it_is_written(job: Job) -> None:
    out = job.folder / "small.yaml"
    model, data = job.made / "small_float.keras", job.made / "small.h5"
    done = job.main("init", model, "--data", data, "--out", out, "--part", "xcku5p-ffvb676-2-e", "--clock", "250MHz")
    assert done.code == 0, done.err
    assert done.out.endswith(f"{out}: written\n  check  fpga-tf check {out}\n  run    fpga-tf run {out}\n")
    written = text(out)
    assert "importing TensorFlow: formats are inside the model" in done.out
    assert "name: small_float # the file's name; also that of the C++ top function\n" in written
    assert re.search(
        r"\n weight_bits: \d+ # with these two \d+ of 100 calibration jets keep their top class\n", written
    )
    assert "\n calibration_x: x_calib # 100 jets, apart from the evaluation\n" in written
    assert "\n part: xcku5p-ffvb676-2-e # asked for on the command line\n clock_ns: 4.0 # asked for" in written
    assert "\n shape: auto # estimates against the budget decide" in written
    assert all(" # " in line for line in written.splitlines() if re.match(r" *[a-z_]+: .", line))
    assert job.main("check", out).code == 0
    done = job.main("run", out, "--project", job.project, "--format", "json", "-q")
    assert done.code == 0, done.err
    assert done.json["agreement"]["differing"] == 0
    again = job.main("init", model, "--data", data, "--out", out)
    assert (again.code, again.err.splitlines()[0]) == (2, "a configuration must not be overwritten")
    assert text(out) == written


def test_a_quantised_model_alone(job: Job) -> None:
    out = job.folder / "small.yaml"
    done = job.main("init", job.made / "small.keras", "--out", out, "--format", "json")
    assert done.code == 0, done.err
    assert (done.json["frontend"], done.json["text"]) == ("qkeras", out.read_text("utf-8"))
    assert "\n random_samples: 2000 # there is no data" in text(out)
    assert "quantise:" not in text(out) and "\ndata:" not in text(out)
    assert job.main("check", out).code == 0


def saved(job: Job, layers: list[Any], tracks: int = 4) -> Path:
    import keras

    x = inputs = keras.layers.Input((tracks, 3), name="tracks")
    for layer in layers:
        x = layer(x)
    path = job.folder / "model.keras"
    randomised(keras.Model(inputs, x)).save(path)
    return path


def test_every_layer_of_a_float_model_that_cannot_be_hardware(job: Job) -> None:
    from keras import layers

    path = saved(
        job,
        [
            layers.Dense(4, activation="gelu", name="embed"),
            layers.Conv1D(4, 2, name="wide"),
            layers.ReLU(max_value=6, name="capped"),
            layers.LSTM(3, name="memory"),
        ],
    )
    done = job.main("init", path, "--data", job.made / "small.h5", "--format", "json")
    assert done.code == 2
    problems = done.json["error"]["problems"]
    assert [problem["where"] for problem in problems] == [
        "layer 'embed'", "layer 'wide'", "layer 'capped'", "layer 'memory'"
    ]  # fmt: skip
    assert problems[0]["what"] == "an activation must be linear, relu, softmax or sigmoid, not gelu"
    assert [problem["hint"] for problem in problems] == [
        "train it again with relu",
        "a kernel of size 1 is a Dense over the last axis; a wider one must be trained away",
        "use a plain ReLU",
        "no recurrent layer is hardware: attend over the rows in its place",
    ]


def test_every_layer_of_a_quantised_model_that_cannot_be_hardware(job: Job) -> None:
    from keras import layers
    from qkeras import QActivation, QDense

    weights = {"kernel_quantizer": "quantized_bits(5,1,alpha=1)", "bias_quantizer": "quantized_bits(5,1,alpha=1)"}
    path = saved(
        job,
        [
            QActivation("quantized_bits(6,2,alpha=1)", name="tracks_q"),
            QDense(4, kernel_quantizer="quantized_bits(5,1,alpha=1)", name="no_bias_format"),
            layers.MaxPooling1D(2, name="largest"),
            QDense(3, activation="tanh", name="curved", **weights),
            layers.Flatten(name="flat"),
        ],
    )
    done = job.main("init", path)
    assert done.code == 2
    lines = done.err.splitlines()
    assert [line for line in lines if line.startswith("  at ")] == [
        "  at   layer no_bias_format", "  at   layer largest", "  at   layer curved"
    ]  # fmt: skip
    assert not list(job.folder.glob("*.yaml"))


def places(job: Job, layers: list[Any], *arguments: str | Path) -> list[str]:
    """Where a model of these layers is refused."""
    done = job.main("init", saved(job, layers), "--format", "json", *arguments)
    error = done.json["error"]
    return [problem["where"] for problem in error.get("problems", [error])]


def refused(name: str) -> Any:
    from qkeras import QDense

    return QDense(3, kernel_quantizer="quantized_bits(5,1,alpha=1)", name=name)  # no format for the bias


def test_normalisations_masks_and_float_layers_hide_no_other_refusal(job: Job) -> None:
    from keras import layers
    from qkeras import QActivation

    first = QActivation("quantized_bits(6,2,alpha=1)", name="tracks_q")
    norms = [layers.BatchNormalization(axis=1, name=name) for name in ("rows", "again")]
    good = layers.BatchNormalization(name="good")
    assert places(job, [first, norms[0], good, refused("a"), norms[1], layers.GaussianNoise(0.1), refused("b")]) == [
        "layer 'rows'", "layer 'again'", "layer a", "layer b"
    ]  # fmt: skip
    pool = layers.GlobalAveragePooling1D(name="pool")
    assert places(job, [first, layers.Masking(name="mask"), pool, refused("a"), refused("b")]) == [
        "layer pool", "layer a", "layer b"
    ]  # fmt: skip
    assert places(job, [first, refused("a"), layers.Dense(4, name="plain"), norms[0], refused("b")]) == [
        "layer plain", "layer 'rows'", "layer a", "layer b"
    ]  # fmt: skip
    curved = layers.Dense(3, activation="gelu", name="curved")
    assert places(job, [norms[0], curved, norms[1], pool], "--data", job.made / "small.h5") == [
        "layer 'curved'", "layer 'rows'", "layer 'again'"
    ]  # fmt: skip


def test_a_layer_that_is_called_twice_is_refused_once_and_operations_are_named(job: Job) -> None:
    import keras
    from qkeras import QActivation

    layer = refused("again")
    quantised = QActivation("quantized_bits(6,2,alpha=1)", name="tracks_q")
    done = job.main("init", saved(job, [quantised, layer, layer, lambda x: keras.ops.add(x, x)]), "--format", "json")
    assert [(problem["where"], problem["what"]) for problem in done.json["error"]["problems"]] == [
        ("layer again", "bias_quantizer must be given to be hardware, not None"),
        ("layer add", "a layer must be one that is hardware, not the operation Add"),
    ]


def test_an_input_that_no_quantiser_reads_first(job: Job) -> None:
    from qkeras import QDense

    weights = {"kernel_quantizer": "quantized_bits(5,1,alpha=1)", "bias_quantizer": "quantized_bits(5,1,alpha=1)"}
    path = saved(job, [QDense(3, name="scores", **weights)])
    assert job.main("init", path, "--out", job.folder / "a.yaml").code == 0
    assert (
        '\n input_precision: "ap_fixed<16,6,RND_CONV,SAT>" # no quantiser reads the input first; no --data shows'
        in text(job.folder / "a.yaml")
    )
    assert job.main("check", job.folder / "a.yaml").code == 0


def test_code_in_a_model_and_names_are_told_together(job: Job) -> None:
    import zipfile

    path = job.folder / "evil.keras"
    with zipfile.ZipFile(job.made / "small_float.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    layers = config["config"]["layers"]
    layers[1]["class_name"] = "Lambda"
    layers[-1]["config"]["name"] = "a b"
    layers[2].update(module="other.package", registered_name=None)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    done = job.main("init", path, "--format", "json")
    problems = done.json["error"]["problems"]
    assert (done.code, len(problems)) == (2, 3)
    assert problems[0]["what"] == "a model must be made of layers, not of code (Lambda)"
    assert problems[1]["what"].startswith(
        "a model's layers must come from Keras, QKeras, HGQ2 or fpga_tf, not 'other.package."
    )
    assert problems[2]["where"] == "layer 'a b'"


def test_what_is_wrong_with_the_command_is_told_before_tensorflow(job: Job) -> None:
    done = job.cli("init", job.made / "small.keras", "--part", "a b")
    assert (done.code, done.err) == (2, "--part must be an AMD part number such as xcvu13p-flga2577-2-e, not 'a b'\n")
    done = job.cli("init", job.folder / "none.keras")
    assert (done.code, done.err.splitlines()[0]) == (2, "MODEL must be an existing file")
    done = job.main("init", job.made / "small_float.keras")
    assert (done.code, done.err.splitlines()[0]) == (
        2, "a float model must come with --data: the formats of its tensors are chosen on calibration samples"
    )  # fmt: skip


def test_decisions_settle_the_widths(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    from fpga_tf.flow import init_model

    found = init_model.inspect(job.made / "small_float.keras")
    jets = np.random.default_rng(0).normal(0, 2, (40, 4, 3)).astype(np.float32)
    monkeypatch.setattr(init_model, "WIDTHS", ((2, 2), (12, 14), (16, 16)))
    got = init_model._quantised(found, Path("m"), jets)
    assert (got.widths, got.samples) == ((12, 14), 40)
    assert got.kept == 40


@pytest.mark.parametrize(
    "value", ["x_eval", ".5", ".inf", "no", "1e3", "a: b", "# c", "../d/e.keras", "é", "-", "[x]", "a\nb"]
)
def test_names_are_read_back_as_they_are(value: str) -> None:
    import yaml

    from fpga_tf.flow.init_text import _value

    assert yaml.safe_load(f"k: {_value(value)}  # why")["k"] == value
