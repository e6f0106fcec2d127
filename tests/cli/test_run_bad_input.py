"""Input that cannot be worked with: one clear error, the documented exit code, nothing that a later run would trust."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import pytest

from fpga_tf.jets.sample import write_sample

from ..job import CLASSES, Job, contents, float_model, jets, quantised_model

pytestmark = pytest.mark.qkeras

Change = Callable[[Job], dict[str, Any]]


def refused(job: Job, changes: dict[str, Any], *, code: int = 2, run: Callable[..., Any] | None = None) -> str:
    """Run a good configuration, one with `changes`, and the good one again; returns the error of the second, as JSON.

    The second must leave the store and the project as they were.
    """
    call = run or job.main
    job.config()
    assert job.main("run", job.folder / "small.yaml", "-q").code == 0
    before = contents(job.project), contents(job.store)
    done = call("run", job.config(**changes), "--format", "json", "-q")
    assert (contents(job.project), contents(job.store)) == before
    assert done.code == code, done.err
    error = done.json["error"]
    assert error["exit_code"] == code
    assert done.err.startswith(error["what"])
    assert len(done.err.splitlines()) <= 3  # what, at, hint
    again = job.main("run", job.config(), "--format", "json", "-q")
    assert again.code == 0
    assert again.steps["compile the C-simulation"]
    assert again.json["agreement"]["differing"] == 0
    return str(error)


def data(job: Job, change: Callable[[h5py.File], None]) -> dict[str, Any]:
    """The session's jets, changed."""
    path = job.folder / "bad.h5"
    path.write_bytes((job.made / "small.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        change(file)
    return {"data": {"path": str(path)}}


def model(job: Job, made: Any, **sections: Any) -> dict[str, Any]:
    """A model of the test's own."""
    made.save(job.folder / "bad.keras")
    return {"model": {"path": "bad.keras"}, **sections}


def raw_model(job: Job, content: bytes) -> dict[str, Any]:
    (job.folder / "bad.keras").write_bytes(content)
    return {"model": {"path": "bad.keras"}}


def truncated(job: Job) -> dict[str, Any]:
    raw = (job.made / "small.keras").read_bytes()
    return raw_model(job, raw[: len(raw) // 2])


def random_bytes(job: Job) -> dict[str, Any]:
    return raw_model(job, np.random.default_rng(5).bytes(20_000))


def random_zip(job: Job) -> dict[str, Any]:
    raw = bytearray((job.made / "small.keras").read_bytes())
    raw[200:1200] = np.random.default_rng(6).bytes(1000)
    return raw_model(job, bytes(raw))


def no_weights(job: Job) -> dict[str, Any]:
    raw = (job.made / "small.keras").read_bytes()
    return raw_model(job, raw.replace(b"model.weights.h5", b"model.weights.h6"))


def layer_norm(job: Job) -> dict[str, Any]:
    import keras

    return model(job, quantised_model(embed=keras.layers.LayerNormalization(name="norm")))


def no_operator(job: Job) -> dict[str, Any]:
    import keras

    return model(job, quantised_model(embed=keras.layers.UpSampling1D(1, name="up")))


def a_lambda(job: Job) -> dict[str, Any]:
    import keras

    return model(job, quantised_model(embed=keras.layers.Lambda(lambda x: x, name="anything")))


def shell_name(job: Job) -> dict[str, Any]:
    import keras

    return model(job, quantised_model(embed=keras.layers.Dropout(0.1, name="a; rm -rf b")))


def foreign_name(job: Job) -> dict[str, Any]:
    import keras

    return model(job, quantised_model(embed=keras.layers.Dropout(0.1, name="größe")))


def nan_weight(job: Job) -> dict[str, Any]:
    made = quantised_model()
    layer = made.get_layer("embed")
    layer.set_weights([np.full_like(w, np.nan) for w in layer.get_weights()])
    return model(job, made)


def two_inputs(job: Job) -> dict[str, Any]:
    import keras

    inner = quantised_model()
    second = keras.layers.Input((4, 3), name="second")
    outputs = [inner.output, inner.get_layer("tracks_q")(second)]
    return model(job, keras.Model([inner.inputs[0], second], outputs))


def float_alone(job: Job) -> dict[str, Any]:
    return {"model": {"path": str(job.made / "small_float.keras")}}


def quantised_twice(job: Job) -> dict[str, Any]:
    return {"quantise": {"weight_bits": 8}}


def quantised_as_float(job: Job) -> dict[str, Any]:
    path = str(job.made / "small.keras")
    return {"model": {"path": path, "float": path}}


def float_of_another_shape(job: Job) -> dict[str, Any]:
    import keras

    inputs = keras.layers.Input((9, 2), name="tracks")
    keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Flatten()(inputs))).save(job.folder / "float.keras")
    return {"model": {"path": str(job.made / "small.keras"), "float": "float.keras"}}


def nan(job: Job) -> dict[str, Any]:
    def change(file: h5py.File) -> None:
        file["x_eval"][7, 2, 1] = np.nan

    return data(job, change)


def label(job: Job) -> dict[str, Any]:
    def change(file: h5py.File) -> None:
        file["y_eval"][11] = 3

    return data(job, change)


def no_dataset(job: Job) -> dict[str, Any]:
    def change(file: h5py.File) -> None:
        del file["x_eval"]

    return data(job, change)


def empty_dataset(job: Job) -> dict[str, Any]:
    def change(file: h5py.File) -> None:
        for name in ("x_eval", "y_eval"):
            shape = (0, *file[name].shape[1:])
            del file[name]
            file.create_dataset(name, shape)

    return data(job, change)


def other_shape(job: Job) -> dict[str, Any]:
    write_sample(job.folder / "bad.h5", {"eval": jets(20, 1, tracks=5)}, {})
    return {"data": {"path": "bad.h5"}}


def more_classes(job: Job) -> dict[str, Any]:
    return {"data": {"path": str(job.made / "small.h5"), "classes": [*CLASSES, "tau"]}}


def no_signal(job: Job) -> dict[str, Any]:
    return {"data": {"path": str(job.made / "small.h5"), "signal": "tau"}}


def no_hdf5(job: Job) -> dict[str, Any]:
    (job.folder / "bad.h5").write_bytes((job.made / "small.h5").read_bytes()[:1000])
    return {"data": {"path": "bad.h5"}}


def no_calibration(job: Job) -> dict[str, Any]:
    path = str(job.made / "small.h5")
    return {**float_alone(job), "quantise": {}, "data": {"path": path, "calibration_x": "x_none"}}


def other_calibration(job: Job) -> dict[str, Any]:
    write_sample(job.folder / "bad.h5", {"eval": jets(20, 1), "calib": jets(20, 2)}, {})
    with h5py.File(job.folder / "bad.h5", "r+") as file:
        del file["x_calib"]
        file["x_calib"] = np.zeros((20, 5, 3), np.float32)
    return {**float_alone(job), "quantise": {}, "data": {"path": "bad.h5"}}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda job: {"speed": 1}, "a key of the config must be a known one, not speed"),
        (lambda job: {"budget": {"latency_ms": 0.002}}, "write latency_us, in microseconds"),
        (lambda job: {"hls": {"clock_ns": "5 furlongs"}}, "clock_ns"),
        (lambda job: {"model": {"path": "missing.keras"}}, "model.path must be an existing file, not missing"),
        (lambda job: {"data": {"path": "missing.h5"}}, "data.path must be an existing file, not missing"),
        (truncated, "model file must be a Keras archive (.keras zip) or a Keras HDF5 model"),
        (random_bytes, "model file must be a Keras archive (.keras zip) or a Keras HDF5 model"),
        (random_zip, "model file must be a Keras archive (.keras zip) or a Keras HDF5 model"),
        (no_weights, "bad.keras"),
        (layer_norm, "a quantised model's layers must come from QKeras or fpga_tf, not Keras's LayerNormalization"),
        (no_operator, "not UpSampling1D"),
        (a_lambda, "Lambda"),
        (shell_name, "a; rm -rf b"),
        (foreign_name, "a layer's name must be a letter and then letters, digits or _"),
        (nan_weight, "weights must be finite, not nan"),
        (two_inputs, "a model must have exactly one input of features, not 2 (tracks, second)"),
        (float_alone, "a float model must be quantised to be hardware"),
        (quantised_twice, "quantise must be left out with a quantised model"),
        (quantised_as_float, "model.float must be a float Keras model"),
        (float_of_another_shape, "the data must have the shape of the model's input, (9, 2), not (4, 3)"),
        (nan, "x_eval[7, 2, 1]"),
        (label, "labels must be 0 to 2, not 3"),
        (no_dataset, "x_eval"),
        (empty_dataset, "x_eval"),
        (other_shape, "the data must have the shape of the model's input, (4, 3), not (5, 3)"),
        (more_classes, "the model's first output must have 4 scores, one for each class, not shape (3,)"),
        (no_signal, "signal must be one of b, c, light, not"),
        (no_hdf5, "bad.h5"),
        (no_calibration, "x_none"),
        (other_calibration, "calibration data must be numbers of shape (20, 4, 3), not float32 (20, 5, 3)"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_one_clear_error(change: Change, says: str, job: Job) -> None:
    assert says in refused(job, change(job))


def test_in_a_process_of_its_own_nothing_but_the_error_is_seen(job: Job) -> None:
    job.config()
    path = job.config(**shell_name(job))
    done = job.cli("run", path, "-q")
    assert (done.code, done.out) == (2, "")
    first, *rest = done.err.splitlines()
    assert "a; rm -rf b" in done.err
    assert first.startswith("a layer's name must be ")
    assert [line[:7] for line in rest] == ["  at   ", "  hint "][: len(rest)]
    assert not job.project.exists()


def test_a_file_that_is_no_yaml(job: Job) -> None:
    path = job.config()
    path.write_text("name: [small\n")
    done = job.cli("run", path)
    assert (done.code, done.out) == (2, "")
    assert str(path) in done.err


def test_convert_refuses_the_same(job: Job) -> None:
    done = job.main("convert", job.config(**a_lambda(job)), "--format", "json", "-q")
    assert done.code == 2
    assert "Lambda" in done.json["error"]["what"]
    assert not job.project.exists()


def foreign_folder(job: Job) -> dict[str, bytes]:
    job.project.mkdir(parents=True)
    (job.project / "thesis.tex").write_text("three years")
    (job.project / "figures").mkdir()
    (job.project / "figures" / "one.pdf").write_bytes(b"%PDF")
    return contents(job.project)


@pytest.mark.parametrize("options", [[], ["--fresh"]], ids=["run", "fresh"])
def test_a_folder_with_other_files_is_left_alone(options: list[str], job: Job) -> None:
    before = foreign_folder(job)
    done = job.main("run", job.config(), "--format", "json", "-q", *options)
    assert done.code == 2
    assert done.json["error"]["what"] == "a folder to be replaced must be empty or hold fpga_tf.json, not other files"
    assert contents(job.project) == before
    assert job.main("simulate", job.project, "-q").code == 2
    assert contents(job.project) == before


def test_a_file_in_the_place_of_the_project(job: Job) -> None:
    job.project.parent.mkdir(parents=True)
    job.project.write_text("mine")
    assert job.main("run", job.config(), "-q").code == 2
    assert job.project.read_text() == "mine"


def test_an_empty_folder_is_taken(job: Job) -> None:
    job.project.mkdir(parents=True)
    assert job.main("run", job.config(), "-q").code == 0


def test_a_folder_that_holds_the_config(job: Job) -> None:
    done = job.main("run", job.config(project="."), "--format", "json", "-q")
    assert done.code == 2
    assert "project must be a folder of its own" in done.json["error"]["what"]
    assert (job.folder / "small.yaml").exists()


MANIFESTS: dict[str, Callable[[str], str]] = {
    "empty": lambda text: "",
    "cut": lambda text: text[: len(text) // 2],
    "list": lambda text: "[]",
    "deep": lambda text: "[" * 100_000,
    "schema": lambda text: text.replace('"schema": 2', '"schema": 1'),
    "no ports": lambda text: text.replace('"inputs"', '"outputs2"'),
    "clock": lambda text: text.replace('"clock_ns": 5.0', '"clock_ns": "5"'),
    "jobs": lambda text: text.replace('"jobs": 2', '"jobs": 1000000'),
    "exact": lambda text: text.replace('"exact": "float32"', '"exact": "roughly"'),
    "signal": lambda text: text.replace('"signal": "b"', '"signal": "x"'),
    "outside": lambda text: text.replace('"firmware/small.cpp"', '"../../small.yaml"'),
    "type": lambda text: text.replace("ap_ufixed<8,0,", "ap_ufixed<8000,0,", 1),
}


@pytest.mark.parametrize("damage", MANIFESTS.values(), ids=MANIFESTS)
def test_a_damaged_manifest(damage: Callable[[str], str], job: Job) -> None:
    assert job.main("run", job.config(), "-q").code == 0
    path = job.project / "fpga_tf.json"
    text = path.read_text()
    path.write_text(damage(text))
    assert path.read_text() != text
    before = contents(job.project)
    for command, target in (("simulate", job.project), ("run", job.folder / "small.yaml")):
        done = job.main(command, target, "--format", "json", "-q")
        assert done.code == 2
        assert "fpga_tf.json" in str(done.json["error"])
        assert contents(job.project) == before
    path.write_text(text)
    assert job.main("run", job.folder / "small.yaml", "-q").code == 0


def test_a_manifest_that_is_a_folder(job: Job) -> None:
    assert job.main("convert", job.config(), "-q").code == 0
    (job.project / "fpga_tf.json").unlink()
    (job.project / "fpga_tf.json").mkdir()
    for command, target in (("simulate", job.project), ("run", job.folder / "small.yaml")):
        assert job.main(command, target, "-q").code == 2


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"\x00" * 1000], ids=["empty", "head", "zeros"])
def test_a_damaged_reference(raw: bytes, job: Job) -> None:
    assert job.main("convert", job.config(), "-q").code == 0
    path = job.project / "fpga_tf_reference.npz"
    path.write_bytes(raw)
    done = job.main("simulate", job.project, "--format", "json", "-q")
    assert done.code == 2
    assert done.json["error"]["hint"] == "make the project again with --fresh"
    path.unlink()
    assert job.main("run", job.folder / "small.yaml", "-q").code == 2


def test_a_project_without_a_source(job: Job) -> None:
    assert job.main("convert", job.config(), "-q").code == 0
    (job.project / "firmware" / "parameters.h").unlink()
    done = job.main("run", job.folder / "small.yaml", "--format", "json", "-q")
    assert done.code == 2
    assert "firmware/parameters.h" in done.json["error"]["what"]


def test_input_that_changes_during_the_run_is_not_remembered(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    from fpga_tf.flow import models

    path = job.folder / "own.keras"
    path.write_bytes((job.made / "small.keras").read_bytes())
    load = models.load

    def slow(*arguments: Any) -> Any:
        loaded = load(*arguments)
        float_model().save(path)
        return loaded

    monkeypatch.setattr(models, "load", slow)
    config = job.config(model={"path": "own.keras"}, simulation={"seed": 5})
    before = contents(job.store)
    done = job.main("run", config, "--format", "json", "-q")
    assert done.code == 2
    assert "must stay as they are during a run" in done.json["error"]["what"]
    assert contents(job.store) == before
    assert not job.project.exists()
