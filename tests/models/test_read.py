"""Reading model files: good ones, and everything that a file can do to us."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.layers import QSoftmax
from fpga_tf.models.archive import MAX_FILE
from fpga_tf.models.read import read_model
from tests.models.builders import data, float_model, layer_of, packed, rewritten, saved, spread


def refused(path: Path) -> UserError:
    """The error that reading gives."""
    with pytest.raises(UserError) as caught:
        read_model(path)
    assert "Traceback" not in str(caught.value)
    assert len(caught.value.what.splitlines()) == 1
    return caught.value


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return saved(spread(float_model()), tmp_path / "small.keras")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_reads_what_keras_saved(tmp_path: Path, suffix: str) -> None:
    model = spread(float_model())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras finds .h5 old
        found = read_model(saved(model, tmp_path / f"model{suffix}"))
    assert [layer.name for layer in found.layers] == [layer.name for layer in model.layers]
    np.testing.assert_array_equal(found(data(model, 3)), model(data(model, 3)))


def test_reads_our_layers_without_custom_objects(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    inputs = keras.Input((4,), name="x")
    saved(keras.Model(inputs, QSoftmax(name="soft")(inputs)), path)
    code = "import sys, pathlib, fpga_tf.models.read as m; print(m.read_model(pathlib.Path(sys.argv[1])).layers[1])"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert "QSoftmax name=soft" in done.stdout


def test_sequential_becomes_functional(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,), name="x"), keras.layers.Dense(2, name="d")], name="seq")
    found = read_model(saved(model, tmp_path / "model.keras"))
    assert isinstance(found, keras.Function)
    assert [layer.name for layer in found.layers] == ["x", "d"]
    assert found.name == "seq"


def test_compiled_with_a_loss_of_its_own(tmp_path: Path) -> None:
    def own_loss(y: Any, p: Any) -> Any:
        return keras.ops.mean(keras.ops.abs(y - p))

    model = spread(float_model())
    model.compile("adam", own_loss)
    assert read_model(saved(model, tmp_path / "model.keras")).name == "small"


# --- the file itself ---


def test_missing(tmp_path: Path) -> None:
    error = refused(tmp_path / "none.keras")
    assert error.what == "a model file must be an existing file, not a missing one"
    assert error.where == str(tmp_path / "none.keras")


def test_folder_and_fifo(tmp_path: Path) -> None:
    (tmp_path / "folder.keras").mkdir()
    assert refused(tmp_path / "folder.keras").what.endswith("not a folder")
    os.mkfifo(tmp_path / "pipe.keras")
    assert refused(tmp_path / "pipe.keras").what.endswith("not a special file")


@pytest.mark.parametrize("name", ["model.pb", "model", "model.pkl"])
def test_other_suffix(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert refused(tmp_path / name).what.startswith("a model file must end in .keras or .h5, not ")


def test_empty_and_huge(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.touch()
    assert refused(path).what == "a model file must have 1 byte to 256 MB, not 0 bytes"
    with path.open("wb") as file:
        file.truncate(MAX_FILE + 1)  # sparse
    assert refused(path).what == "a model file must have 1 byte to 256 MB, not 268,435,457 bytes"


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("seed", range(3))
def test_random_bytes(tmp_path: Path, suffix: str, seed: int) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(np.random.default_rng(seed).bytes(5000))
    kind = "a zip archive" if suffix == ".keras" else "whole HDF5"
    assert refused(path).what.startswith(
        f"a model file must be {kind} written by Keras, not damaged or other content ("
    )


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_truncated(tmp_path: Path, suffix: str, share: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = saved(spread(float_model()), tmp_path / f"model{suffix}")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "must be" in refused(path).what


@pytest.mark.parametrize("seed", range(20))
def test_flipped_bytes_never_crash(small: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    content = bytearray(small.read_bytes())
    for position in rng.integers(0, len(content), 20):
        content[position] ^= int(rng.integers(1, 256))
    small.write_bytes(bytes(content))
    refused(small)  # the archive's checksums see every flip


# --- the archive ---


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "assets/vocabulary.txt", "model.weights.npz", "weights.pkl"])
def test_other_members(small: Path, name: str) -> None:
    error = refused(packed(small, {**members(small), name: b"x"}))
    assert error.what == (f"a .keras file must hold only config.json, metadata.json, model.weights.h5, not {name!r}")


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_missing_member(small: Path, name: str) -> None:
    found = members(small)
    del found[name]
    assert refused(packed(small, found)).what == f"a .keras file must hold {name} once, not 0 times"


def test_member_twice(small: Path) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(small, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("config.json", "{}")
    assert refused(small).what == "a .keras file must hold config.json once, not 2 times"


def test_bomb(small: Path) -> None:
    error = refused(packed(small, {**members(small), "config.json": b" " * 50_000_000}))
    assert error.what == "a .keras file's member must unpack to at most 100 times its size, not to 50,000,000 bytes"


def test_size_that_lies(small: Path) -> None:
    content = small.read_bytes()
    with zipfile.ZipFile(small) as archive:
        size = archive.getinfo("config.json").file_size
    small.write_bytes(content.replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert refused(small).what.startswith("a model file must be a zip archive written by Keras")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "JSON, not Expecting property name"),
        (b"\xff\xfe\x00", "JSON, not "),
        (b"[1]", "an object, not list"),
        (b"[" * 200_000, "JSON, not too deep"),
        (b'{"a":' * 150 + b"1" + b"}" * 150, "at most 100 levels"),
        (b'{"a":[' + b"1," * 2_100_000 + b"1]}", "at most 100 levels and 2,000,000 values"),
    ],
)
def test_configuration_that_is_none(small: Path, text: bytes, reason: str) -> None:
    found = {**members(small), "config.json": text}
    with zipfile.ZipFile(small, "w") as archive:
        for name, content in found.items():
            archive.writestr(name, content)
    assert reason in refused(small).what


def hdf5(change: Callable[[h5py.File], None], content: bytes | None = None) -> bytes:
    buffer = io.BytesIO(content or b"")
    with h5py.File(buffer, "a" if content else "w") as file:
        change(file)
    return buffer.getvalue()


def _external_link(file: h5py.File) -> None:
    file["x"] = h5py.ExternalLink("/etc/passwd", "/")


def _soft_link(file: h5py.File) -> None:
    file["x"] = h5py.SoftLink("/layers")


def _external_data(file: h5py.File) -> None:
    file.create_dataset("x", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (4,))
    file.create_virtual_dataset("x", layout)


def _text(file: h5py.File) -> None:
    file["x"] = ["text"]


def _enormous(file: h5py.File) -> None:
    file.create_dataset("x", (1 << 40,), "f4", chunks=(1 << 10,))


def _cycle(file: h5py.File) -> None:
    file["x/y"] = file


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_external_link, "weights must lie in the model file itself, not behind a link"),
        (_soft_link, "weights must lie in the model file itself, not behind a link"),
        (_external_data, "weights must lie in the model file itself, not in another file"),
        (_virtual, "weights must lie in the model file itself, not in another file"),
        (_text, "weights must be arrays of numbers, not other objects"),
        (_enormous, "weights must have at most 1,073,741,824 bytes, not "),
        (_cycle, "weights must be a small tree, not endless groups"),
    ],
)
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_weights_that_reach_out(small: Path, suffix: str, change: Any, reason: str) -> None:
    if suffix == ".keras":
        found = members(small)
        path = packed(small, {**found, "model.weights.h5": hdf5(change, found["model.weights.h5"])})
    else:
        path = small.with_suffix(".h5")
        path.write_bytes(hdf5(change))
    assert refused(path).what.startswith(reason)


def test_h5_without_a_model(tmp_path: Path) -> None:
    path = tmp_path / "jets.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.zeros(3)
    assert refused(path).what.startswith("an .h5 model file must have the attribute model_config")


# --- what the configuration names ---


def test_lambda(tmp_path: Path) -> None:
    inputs = keras.Input((3,), name="x")
    model = keras.Model(inputs, keras.layers.Lambda(lambda t: t * 2, name="twice", output_shape=(3,))(inputs))
    error = refused(saved(model, tmp_path / "model.keras"))
    assert error.what == "a model must be made of layers, not of code (Lambda)"
    assert error.where == f"{tmp_path / 'model.keras'}, layer 'twice'"
    assert error.hint == "replace it by a layer"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert refused(saved(model, tmp_path / "model.h5")).what == error.what


CLASSES = [
    {"module": "os", "class_name": "system", "config": {}},
    {"module": "builtins", "class_name": "eval", "config": {}},
    {"module": "builtins", "class_name": "function", "config": "os.system", "registered_name": "function"},
    {"module": "keras.utils", "class_name": "get_file", "config": {}},
    {"module": "keras.src.utils.file_utils", "class_name": "get_file", "config": {}},
    {"module": "keras.saving", "class_name": "load_model", "config": {}},
    {"module": "keras", "class_name": "utils.get_file", "config": {}},
    {"module": "kerasevil.layers", "class_name": "Dense", "config": {}},
    {"module": "keras.layersevil", "class_name": "Dense", "config": {}},
    {"module": "fpga_tf.cli", "class_name": "main", "config": {}},
    {"module": "my_project", "class_name": "MyLayer", "config": {}, "registered_name": "my_project>MyLayer"},
    {"module": None, "class_name": "MyLayer", "config": {}, "registered_name": "my_project>MyLayer"},
    {"module": "keras.layers", "class_name": "Dense", "config": {}, "registered_name": "my_project>Dense"},
]


@pytest.mark.parametrize("reference", CLASSES, ids=lambda r: f"{r['module']}.{r['class_name']}")
@pytest.mark.parametrize("place", ["layer", "initialiser", "argument"])
def test_classes_from_elsewhere(small: Path, reference: dict[str, Any], place: str) -> None:
    def change(config: dict[str, Any]) -> None:
        embed = layer_of(config, "embed")
        if place == "layer":
            own = {**embed["config"], "units": 2} if reference["config"] == {} else reference["config"]
            embed.update(reference, config=own)
        elif place == "initialiser":
            embed["config"]["kernel_initializer"] = reference
        else:
            embed["inbound_nodes"][0]["kwargs"]["training"] = reference

    error = refused(rewritten(small, change))
    assert error.what.startswith("a model's layers must come from Keras, QKeras, HGQ2 or fpga_tf, not ")


@pytest.mark.parametrize("name", ["TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "Lambda"])
def test_layers_that_carry_code(small: Path, name: str) -> None:
    error = refused(rewritten(small, lambda c: layer_of(c, "embed").update(class_name=name)))
    assert error.what == f"a model must be made of layers, not of code ({name})"
    assert error.where == f"{small}, layer 'embed'"


def test_layers_that_read_files(small: Path) -> None:
    error = refused(rewritten(small, lambda c: layer_of(c, "embed").update(class_name="StringLookup")))
    assert error.what == "a model must hold all that it needs, not read tables (StringLookup)"


def test_class_name_that_is_no_text(small: Path) -> None:
    error = refused(rewritten(small, lambda c: layer_of(c, "embed").update(class_name=["Dense"])))
    assert error.what == "a model's class_name must be a text, not \"['Dense']\""


def test_what_keras_cannot_build(small: Path) -> None:
    error = refused(rewritten(small, lambda c: layer_of(c, "embed")["config"].update(units=-3)))
    assert error.what.startswith(f"a model file must be readable by Keras {keras.__version__}, not fail with: ")
    assert "units" in error.what


def test_an_option_that_our_layer_refuses(tmp_path: Path) -> None:
    inputs = keras.Input((4,), name="x")
    path = saved(keras.Model(inputs, QSoftmax(name="soft")(inputs)), tmp_path / "model.keras")
    rewritten(path, lambda c: layer_of(c, "soft")["config"].update(output_quantizer="ap_fixed<8,1>"))
    error = refused(path)
    assert error.what == (
        "a softmax's output quantiser must round half to even and saturate, not ap_fixed<8,1,AP_TRN,AP_WRAP,0>"
    )
    assert error.where == "layer soft"


def test_weights_of_another_shape(small: Path) -> None:
    error = refused(rewritten(small, lambda c: layer_of(c, "head")["config"].update(units=4)))
    assert error.what.startswith("a model file must be readable by Keras")


def _forget(file: h5py.File) -> None:
    del file["layers/dense/vars"]


def test_weights_that_are_missing(small: Path) -> None:
    found = members(small)
    weights = hdf5(_forget, found["model.weights.h5"])
    error = refused(packed(small, {**found, "model.weights.h5": weights}))
    assert error.what.startswith("a model file must be readable by Keras")
    assert "embed" in error.what


# --- the model ---


@pytest.mark.parametrize(
    "name", ["a; rm -rf b", "schön", "1st", "a-b", "_x", "a b", "x" * 65, "ab\n", "$(reboot)", "é", "..", "a/b"]
)
def test_names_that_are_no_identifiers(tmp_path: Path, name: str) -> None:
    inputs = keras.Input((3,), name="x")
    layer = keras.layers.Dense(2, name="placeholder")
    path = saved(keras.Model(inputs, layer(inputs)), tmp_path / "model.keras")

    def change(config: dict[str, Any]) -> dict[str, Any]:
        return dict(json.loads(json.dumps(config).replace('"placeholder"', json.dumps(name))))

    error = refused(rewritten(path, change))
    if "/" in name:  # Keras itself has no such names
        assert "not fail with" in error.what
        return
    assert error.what.startswith("a layer's name must be a letter and then letters, digits or _, at most 64, not ")
    assert error.where == f"layer {ascii(name)[:100]}"


@pytest.mark.parametrize("name", ["input", "int", "ap_fixed", "class", "nnet", "co_await", "myproject"])
def test_names_that_are_taken(tmp_path: Path, name: str) -> None:
    inputs = keras.Input((3,), name="x")
    error = refused(saved(keras.Model(inputs, keras.layers.Dense(2, name=name)(inputs)), tmp_path / "model.keras"))
    assert error.what == f"a layer's name must not be a word that C++ or hls4ml needs itself, not {name!r}"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite(tmp_path: Path, value: float) -> None:
    model = spread(float_model())
    dense = model.get_layer("attention").query_dense
    dense.bias.assign(np.full(dense.bias.shape, value))
    error = refused(saved(model, tmp_path / "model.keras"))
    assert error.what == f"weights must be finite, not {value}"
    assert error.where is not None
    assert error.where.startswith("layer 'attention', variable ")
    assert error.where.endswith("query/bias")


def test_shape_that_is_open(tmp_path: Path) -> None:
    inputs = keras.Input((None, 3), name="x")
    error = refused(saved(keras.Model(inputs, keras.layers.Dense(2, name="d")(inputs)), tmp_path / "model.keras"))
    assert error.what == "a model's shapes must be fixed except for the batch, not (None, None, 3)"


def test_batch_that_is_fixed(tmp_path: Path) -> None:
    inputs = keras.Input(batch_shape=(8, 3), name="x")
    error = refused(saved(keras.Model(inputs, keras.layers.Dense(2, name="d")(inputs)), tmp_path / "model.keras"))
    assert error.what == "a model's shapes must be fixed except for the batch, not (8, 3)"


@pytest.mark.parametrize("shape", [(), (0, 3)])
def test_shape_without_values(shape: tuple[int, ...], tmp_path: Path) -> None:
    inputs = keras.Input(shape, name="x")
    error = refused(saved(keras.Model(inputs, keras.layers.ReLU(name="r")(inputs)), tmp_path / "model.keras"))
    assert (
        error.what == f"a model's inputs and outputs must have values besides the batch, not the shape {(None, *shape)}"
    )
    assert error.hint == "a single number is an axis of length 1: Input((1,))"


def test_model_in_a_model(tmp_path: Path) -> None:
    inner_in = keras.Input((3,), name="y")
    inner = keras.Model(inner_in, keras.layers.Dense(2, name="d")(inner_in), name="inner")
    inputs = keras.Input((3,), name="x")
    error = refused(saved(keras.Model(inputs, inner(inputs)), tmp_path / "model.keras"))
    assert error.what == "a model must be made of layers, not of models"
    assert error.where == "layer 'inner'"


def test_half_precision(tmp_path: Path) -> None:
    inputs = keras.Input((3,), name="x")
    layer = keras.layers.Dense(2, name="d", dtype="mixed_float16")
    error = refused(saved(keras.Model(inputs, layer(inputs)), tmp_path / "model.keras"))
    assert error.what == "a layer's dtype must be float32, not mixed_float16"


def test_file_is_not_changed_or_executed(small: Path) -> None:
    before = small.read_bytes()
    marker = small.parent / "executed"
    rewritten(
        small,
        lambda c: layer_of(c, "embed").update(module="os", class_name="system", config={"command": f"touch {marker}"}),
    )
    refused(small)
    assert not marker.exists()
    small.write_bytes(before)
    read_model(small)
    assert small.read_bytes() == before


def test_missing_package(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package, extra in (("qkeras", "qkeras"), ("hgq", "hgq2")):
        for name in [n for n in sys.modules if n.partition(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)
        before = small.read_bytes()
        module = f"{package}.layers"
        error = refused(rewritten(small, lambda c, m=module: layer_of(c, "embed").update(module=m)))
        assert error.what.startswith(
            f"a model of {package}'s layers must be read where that package works, not without it ("
        )
        assert error.hint is not None
        assert f"pip install 'fpga_tf[{extra}]'" in error.hint
        small.write_bytes(before)
