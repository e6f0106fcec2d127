"""Files of Keras 2 with attentions: what is built from them, and what they may not do."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, bits_format, design_softmax
from fpga_tf.fixedpoint.tables import inverse_sqrt
from fpga_tf.models.archive import read_config
from fpga_tf.models.evaluate import evaluate, output_keys
from fpga_tf.models.frontend import describe
from fpga_tf.models.graph import calls
from fpga_tf.models.keras2 import is_keras2
from fpga_tf.models.keras2_formats import scores_format
from fpga_tf.models.read import read_model, read_with_notes
from tests.models.builders import float_model, layer_of, saved
from tests.models.keras2_files import Writer, bits, relu

pytestmark = pytest.mark.qkeras

SHARED = Path(__file__).parents[3] / "shared" / "peers"


def refused(path: Path, precision: Format | None = None) -> UserError:
    """The error that reading gives."""
    with pytest.raises(UserError) as caught:
        read_with_notes(path, precision)
    return caught.value


def softmax(x: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def by_hand(writer: Writer, blocks: int, x: np.ndarray, weight: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The float model in numpy, its weights passed through `weight`."""
    w = {name: {key: weight(a.astype(float)) for key, a in arrays.items()} for name, arrays in writer.weights.items()}
    for i in range(blocks):
        a = w[f"attention_{i}"]
        q, k, v = (np.einsum("btf,fhd->bthd", x, a[f"{p}/kernel"]) + a[f"{p}/bias"] for p in ("query", "key", "value"))
        p = softmax(np.einsum("bthd,bshd->bhts", q, k) / np.sqrt(writer.key_dim))
        context = np.einsum("bhts,bshd->bthd", p, v)
        x = x + np.einsum("bthd,hdf->btf", context, a["attention_output/kernel"]) + a["attention_output/bias"]
        hidden = np.maximum(x @ w[f"up_{i}"]["kernel"] + w[f"up_{i}"]["bias"], 0)
        x = x + hidden @ w[f"down_{i}"]["kernel"] + w[f"down_{i}"]["bias"]
    return softmax(x.reshape(len(x), -1) @ w["head"]["kernel"] + w["head"]["bias"])


@pytest.mark.parametrize(("rows", "features", "heads"), [(4, 3, (2,)), (5, 1, (3, 3)), (2, 4, (1, 2, 1))])
def test_the_float_variant_is_the_same_function(
    tmp_path: Path, rows: int, features: int, heads: tuple[int, ...]
) -> None:
    writer = Writer(rows=rows, features=features, quantised=False).model(*heads)
    model, notes = read_with_notes(writer.write(tmp_path / "m.h5"))
    assert (describe(model), notes) == ("float", ())
    assert [layer.name for layer in model.layers] == [layer["name"] for layer in writer.layers]
    x = np.random.default_rng(0).normal(size=(20, rows, features)).astype(np.float32)
    found = np.asarray(model(x))
    np.testing.assert_allclose(found, by_hand(writer, len(heads), x, lambda w: w), atol=1e-5)
    assert np.ptp(found, axis=0).max() > 0.02


def test_the_quantised_variant_approaches_its_function(tmp_path: Path) -> None:
    """With many fraction bits everywhere all that is left of quantisation is the file's: weights and rectifiers."""
    path = Writer().model(2, 2).write(tmp_path / "m.h5")
    x = np.random.default_rng(0).normal(size=(50, 4, 3))
    weight = bits_format(8, 3, symmetric=True)
    expected = by_hand(Writer().model(2, 2), 2, x, lambda w: weight.dequantise(weight.quantise(w)))
    worst = []
    for fraction in (3, 6, 12):
        model, _ = read_with_notes(path, Format(True, 6, fraction))
        found = evaluate(model, [x], output_keys(model), exact=True)[output_keys(model)[0]]
        worst.append(float(np.abs(found - expected).max()))
    assert worst[2] < worst[0] / 2 and worst[2] < 0.05  # the rectifiers have 4 fraction bits


def test_every_tensor_has_a_stated_or_the_models_own_format(tmp_path: Path) -> None:
    model, notes = read_with_notes(Writer().model(2).write(tmp_path / "m.h5"))
    assert describe(model) == "qkeras"
    own, result = bits_format(8, 3, symmetric=True), bits_format(5, 1, signed=False)
    attention = model.get_layer("attention_0")
    assert attention.kernel_format == attention.bias_format == own
    stages = {stage: result if stage == "attention" else own for stage in attention.stage_names}
    stages["scores"] = bits_format(9, 4, symmetric=True)  # one integer bit more for the factor 1/sqrt(2)
    assert attention.formats == stages
    assert attention.softmax_error == 2.0**-4
    kinds = [(c.layer.name, type(c.layer).__name__) for c in calls(model)]
    assert kinds == [
        ("input_1_q", "QActivation"), ("attention_0", "QMultiHeadAttention"), ("dropout_0", "Dropout"),
        ("add_0", "Add"), ("add_0_q", "QActivation"), ("up_0", "QDense"), ("down_0", "QDense"), ("sum_0", "Add"),
        ("sum_0_q", "QActivation"), ("flatten_1", "Flatten"), ("head", "QDense"), ("head_softmax", "QSoftmax"),
    ]  # fmt: skip
    soft = model.get_layer("head_softmax")
    assert (soft.input_format, soft.output_format, soft.error) == (own, result, 2.0**-4)
    assert notes == (
        "read from a Keras 2 file: tensors whose format it does not state are ap_fixed<8,4,AP_RND_CONV,AP_SAT_SYM,0> "
        "(the format of its kernels), scores when scaled, results of a softmax ap_ufixed<5,1,AP_RND_CONV,AP_SAT,0>",
        "error of the softmax's tables at most 2**-4: attention_0, head_softmax",
    )
    assert read_model(tmp_path / "m.h5").count_params() == sum(
        a.size for arrays in Writer().model(2).weights.values() for a in arrays.values()
    )


def test_a_declared_precision_takes_their_place(tmp_path: Path) -> None:
    path = Writer().model(2).write(tmp_path / "m.h5")
    model, notes = read_with_notes(path, Format.parse("ap_fixed<17,7>"))  # TRN and WRAP are the port's alone
    wide = bits_format(17, 6)
    assert model.get_layer("attention_0").formats["query"] == wide
    assert model.get_layer("attention_0").formats["attention"] == bits_format(11, 1, signed=False)
    assert model.get_layer("attention_0").kernel_format == bits_format(8, 3, symmetric=True)  # stated stays
    assert "quantized_relu(8,4" in str(model.get_layer("up_0").activation)
    assert "(model.input_precision)" in notes[0]
    assert model.get_layer("attention_0").softmax_error == 2.0**-10


def test_tables_as_exact_as_they_can_be(tmp_path: Path) -> None:
    """One LSB where 16,384 entries do it, else the next power of two that they can."""
    path = Writer().model(2).write(tmp_path / "m.h5")
    model, notes = read_with_notes(path, bits_format(21, 6))
    layer = model.get_layer("attention_0")
    assert layer.formats["attention"].lsb == 2.0**-14 < layer.softmax_error
    scores, output = layer.formats["scores"], layer.formats["attention"]
    design_softmax(scores, output, 4, inverse_sqrt(2), layer.softmax_error)
    with pytest.raises(UserError):
        design_softmax(scores, output, 4, inverse_sqrt(2), layer.softmax_error / 2)
    assert f"at most 2**{int(np.log2(layer.softmax_error))}: attention_0" in " ".join(notes)


@pytest.mark.parametrize("key_dim", [1, 2, 3, 4, 5, 15, 16, 17, 32, 64])
def test_scaled_scores_have_the_range_and_the_step(key_dim: int) -> None:
    precision = bits_format(11, 6)
    fmt, root = scores_format(precision, key_dim), key_dim**0.5
    assert precision.max <= fmt.max / root < 2.1 * precision.max
    assert precision.lsb / 2 < fmt.lsb / root <= precision.lsb


def test_kernels_of_several_formats_need_a_declared_one(tmp_path: Path) -> None:
    def change(config: dict[str, Any]) -> None:
        layer_of(config, "up_0")["config"]["kernel_quantizer"] = bits(6, 1)

    path = Writer().model(1).write(tmp_path / "m.h5", change)
    error = refused(path)
    assert error.what == "a model's kernels must have one signed format, which its tensors then get, too"
    assert "model.input_precision" in str(error.hint)
    read_with_notes(path, Format(True, 4, 4))


def test_files_of_keras_3_are_left_to_keras(tmp_path: Path) -> None:
    import qkeras

    for name in ("m.keras", "m3.h5"):
        assert not is_keras2(read_config(saved(float_model(), tmp_path / name)))
    inputs = keras.Input((3,))
    sequential = keras.Sequential([inputs, qkeras.QDense(2, kernel_quantizer="quantized_bits(4,1,alpha=1)", name="d")])
    assert not is_keras2(read_config(saved(sequential, tmp_path / "sequential.keras")))
    assert is_keras2(read_config(Writer().model(1).write(tmp_path / "m.h5")))


# --- hostile variants ---


def option(layer: str, /, **options: Any) -> Callable[[dict[str, Any]], None]:
    """Options of a layer, replaced."""
    return lambda config: layer_of(config, layer)["config"].update(options)


def entry(layer: str, /, **entries: Any) -> Callable[[dict[str, Any]], None]:
    """A layer's other entries, replaced."""
    return lambda config: layer_of(config, layer).update(entries)


def inner(**entries: Any) -> Callable[[dict[str, Any]], None]:
    """Entries of the model, replaced."""
    return lambda config: config["config"].update(entries)


HUGE = 1 << 19
HOSTILE: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (entry("add_0", class_name="Lambda"), "a model must be made of layers, not of code (Lambda)"),
    (entry("add_0", class_name="QBatchNormalization"), "a layer of a Keras 2 file must be one of Activation, Add, "),
    (entry("add_0", class_name=["Add"]), "a model's class_name must be a text"),
    (entry("add_0", config=None), "a layer must have a config"),
    (entry("add_0", name="other"), "a layer must have one name, not 'other' and another"),
    (option("add_0", name="a; rm -rf"), "a layer must have one name"),
    (lambda c: json.loads(json.dumps(c).replace('"add_0"', '"a/../b"')), "a layer's name must be a letter"),
    (entry("add_0", inbound_nodes=[]), "a layer must be called once"),
    (entry("add_0", inbound_nodes=[[["input_1", 0, 0, {}]], [["input_1", 0, 0, {}]]]), "a layer must be called once"),
    (entry("add_0", inbound_nodes=[[["head", 0, 0, {}], ["input_1", 0, 0, {}]]]), "a layer must come after its input"),
    (entry("add_0", inbound_nodes=[[["input_1", 1, 0, {}], ["input_1", 0, 0]]]), "a layer's input must be another"),
    (entry("add_0", inbound_nodes=[[["input_1", 0, 0, {}]]]), "an Add must have two or more inputs of one shape"),
    (entry("flatten_1", inbound_nodes=[[["input_1", 0, 0, {"mask": [1]}]]]), "a layer's call must have no arguments"),
    (entry("attention_0", inbound_nodes=[[["input_1", 0, 0, {}]]]), "a layer's input must be another layer's only"),
    (entry("input_1", inbound_nodes=[[["head", 0, 0, {}]]]), "an input must not have inputs"),
    (option("input_1", batch_input_shape=[None, 1 << 30, 3]), "an input must have a fixed shape of at most 1,048,576"),
    (option("input_1", batch_input_shape=[None, None, 3]), "an input must have a fixed shape"),
    (option("input_1", batch_input_shape=[None, True, 3]), "an input must have a fixed shape"),
    (option("input_1", batch_input_shape=[None, 3]), "an attention's inputs must have two axes"),
    (option("input_1", dtype="float16"), "a layer's dtype must be float32"),
    (option("up_0", units=HUGE), f"weights must be kernel (3, {HUGE}), bias ({HUGE},), not "),
    (option("up_0", units=-1), "units must be a whole number above 0, not -1"),
    (option("up_0", units=5.0), "units must be a whole number above 0, not 5.0"),
    (option("up_0", units=True), "units must be a whole number above 0, not True"),
    (option("up_0", use_bias="yes"), "use_bias must be true or false, not yes"),
    (option("up_0", use_bias=False), "weights must be kernel (3, 5), not "),
    (option("up_0", activation="tanh"), "an activation must be linear, relu, softmax, sigmoid or a quantiser"),
    (option("up_0", activation={"class_name": "Evil", "config": {}}), "an activation must be linear, relu"),
    (option("up_0", activation=bits(1 << 40, 2)), "activation: a fixed-point format must have 1 to 1024 bits"),
    (option("up_0", activation=bits(40, 2)), "activation must have at most 32 bits"),
    (option("up_0", kernel_quantizer="__import__('os')"), "kernel_quantizer: a quantiser must be one of"),
    (option("up_0", lora_rank=3), "a QDense must not have the option 'lora_rank'"),
    (option("attention_0", num_heads=HUGE), "weights must be query/kernel (3, 524288, 2), "),
    (option("attention_0", attention_axes=[2]), "an attention's output_shape and attention_axes must be left"),
    (option("attention_0", output_shape=4), "an attention's output_shape and attention_axes must be left"),
    (option("flatten_1", data_format="channels_first"), "a Flatten's data_format must be channels_last"),
    (inner(input_layers=[]), "a model must have inputs and outputs"),
    (inner(input_layers=[["head", 0, 0]]), "a model's input_layers must be its InputLayers"),
    (inner(output_layers=[["none", 0, 0]]), "a model's inputs and outputs must be its layers"),
    (inner(name="../../x"), "a layer's name must be a letter"),
    (lambda c: {**c, "class_name": "Sequential"}, "a model of Keras 2 must be functional, not Sequential"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "what"), HOSTILE, ids=[what[:50] for _, what in HOSTILE])
def test_hostile_configurations(tmp_path: Path, change: Callable[[dict[str, Any]], Any], what: str) -> None:
    error = refused(Writer().model(2).write(tmp_path / "m.h5", change))
    assert error.what.startswith(what), error.what
    assert error.where


def test_weights_that_do_not_fit(tmp_path: Path) -> None:
    good = Writer().model(2)

    def changed(name: str, **arrays: np.ndarray | None) -> dict[str, dict[str, np.ndarray]]:
        found = {key: dict(value) for key, value in good.weights.items()}
        found.setdefault(name, {}).update({k: v for k, v in arrays.items() if v is not None})
        for key in (k for k, v in arrays.items() if v is None):
            del found[name][key]
        return found

    def error(weights: dict[str, dict[str, np.ndarray]]) -> str:
        return refused(good.write(tmp_path / "m.h5", weights=weights)).what

    shapes = "weights must be kernel (12, 3), bias (3,), not "
    assert error(changed("head", kernel=np.zeros((3, 12)))) == shapes + "bias (3,), kernel (3, 12)"
    assert error(changed("head", bias=None)) == shapes + "kernel (12, 3)"
    assert error(changed("head", bias=None, kernel=None)) == shapes + "missing"
    assert error(changed("head", more=np.zeros(3))).startswith(shapes)
    assert error(changed("add_0", kernel=np.zeros(3))) == "a layer must not have weights that it does not use"
    assert error(changed("nobody", kernel=np.zeros(3))) == "weights must belong to a layer of the model"
    assert error(changed("head", kernel=np.zeros((12, 3), int))) == "weights must be floating-point arrays"
    assert error(changed("head", kernel=np.full((12, 3), np.nan))).startswith("weights must be finite, not nan")
    assert error(changed("head", kernel=np.full((12, 3), 1e300))).startswith("weights must be finite, not inf")


def test_weights_elsewhere_or_twice(tmp_path: Path) -> None:
    path = Writer().model(1).write(tmp_path / "m.h5")
    with h5py.File(path, "a") as file:
        file["model_weights/head/head/again/kernel:0"] = np.zeros(2)
    assert refused(path).what.startswith("weights must be kernel (12, 3), bias (3,), not ")
    with h5py.File(path, "a") as file:
        del file["model_weights/head/head/again"]
        file["model_weights/head/other/kernel:0"] = np.zeros((12, 3))
    assert refused(path).what == "weights must be there once"
    with h5py.File(path, "a") as file:
        del file["model_weights/head"]
        file["model_weights/head"] = h5py.ExternalLink("/etc/passwd", "/")
    assert refused(path).what == "weights must lie in the model file itself, not behind a link"
    with h5py.File(path, "a") as file:
        del file["model_weights"]
    assert refused(path).what == "a model file of Keras 2 must have a group of weights for each layer"


@pytest.mark.parametrize("seed", range(30))
def test_flipped_bytes_give_a_model_or_one_clear_error(tmp_path: Path, seed: int) -> None:
    path = Writer().model(2).write(tmp_path / "m.h5")
    rng = np.random.default_rng(seed)
    content = bytearray(path.read_bytes())
    for position in rng.integers(0, len(content), 20):
        content[position] ^= int(rng.integers(1, 256))
    path.write_bytes(bytes(content))
    try:
        read_model(path)
    except UserError as error:
        assert "must" in error.what


VALUES = [
    *(None, True, 0, -1, 2, 3.5, 1e300, 10**30, "", "x", "relu", "add_0", [], [[]], {}, [None, 4, 3]),
    *("softmax", [["input_1", 0, 0, {}]], bits(4, 40), bits(0, -9), {"class_name": "Dense", "config": {}}),
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a configuration, with every key of it."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


@pytest.mark.parametrize("seed", range(60))
def test_any_value_anywhere_gives_a_model_or_one_clear_error(tmp_path: Path, seed: int) -> None:
    def change(config: dict[str, Any]) -> None:
        rng = random.Random(seed)
        container, key = rng.choice(list(places(config)))
        container[key] = rng.choice(VALUES)

    path = Writer(quantised=seed % 4 != 0).model(2).write(tmp_path / "m.h5", change)
    try:
        read_model(path)
    except UserError as error:
        assert "must" in error.what


def test_a_float_activation_is_no_quantiser(tmp_path: Path) -> None:
    def change(config: dict[str, Any]) -> None:
        layer_of(config, "dropout_0").update(class_name="Activation")
        layer_of(config, "dropout_0")["config"] = {"name": "dropout_0", "activation": relu(6, 2)}

    error = refused(Writer(quantised=False).model(2).write(tmp_path / "m.h5", change))
    assert error.what == "activation must be no quantiser in a float model"


# --- the published b-tagger ---


@pytest.mark.parametrize("name", ["btag_ptq.h5", "btag_qat.h5"])
def test_the_published_tagger(name: str) -> None:
    path = SHARED / name
    if not path.is_file():
        pytest.skip("the published model is not here")
    model, _ = read_with_notes(path, Format.parse("ap_fixed<17,7>"))
    assert (model.input_shape, model.output_shape, model.count_params()) == ((None, 15, 6), (None, 3), 9135)
    jets = np.random.default_rng(1).normal(size=(200, 15, 6))
    scores = evaluate(model, [jets], output_keys(model), exact=True)[output_keys(model)[0]]
    assert np.abs(scores.sum(axis=-1) - 1).max() < 0.01
    assert np.ptp(scores, axis=0).min() > 0.1
