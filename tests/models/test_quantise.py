"""Post-training quantisation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, bits_format, parse_quantiser
from fpga_tf.layers import QEinsumDense, QMultiHeadAttention, QScaleShift, QSoftmax
from fpga_tf.models import profile as profile_module
from fpga_tf.models import quantise, quantise_with_report
from fpga_tf.models.frontend import describe
from fpga_tf.models.graph import calls
from fpga_tf.models.profile import run
from fpga_tf.models.read import read_model
from tests.models.builders import data, float_model, saved, spread

pytestmark = pytest.mark.qkeras
LAYERS = keras.layers
CONFIGS = Path(__file__).parents[2] / "configs"


def built(*layers: Any, shape: tuple[int, ...] = (5, 4)) -> keras.Model:
    x = inputs = keras.Input(shape, name="x")
    for layer in layers:
        x = layer(x)
    return spread(keras.Model(inputs, x))


def kinds(model: keras.Model) -> list[tuple[str, str]]:
    return [(layer.name, type(layer).__name__) for layer in model.layers]


def worst(model: keras.Model, quantised: keras.Model, values: Any) -> float:
    """Largest difference of any output, relative to the output's largest value."""
    pairs = zip(keras.tree.flatten(model(values)), keras.tree.flatten(quantised(values)), strict=True)
    return max(float(np.abs(np.asarray(a) - np.asarray(b)).max() / np.abs(np.asarray(a)).max()) for a, b in pairs)


def declared(layer: Any) -> Format | None:
    """The format that a layer says its output has."""
    if type(layer).__name__ == "QActivation":
        return parse_quantiser(layer.activation)
    if isinstance(layer, QMultiHeadAttention):
        return layer.formats["output"]
    return layer.output_format if isinstance(layer, QSoftmax) else None


def test_layers_and_names() -> None:
    model = spread(float_model())
    found = quantise(model, data(model, 300))
    assert kinds(found) == [
        ("tracks", "InputLayer"),
        ("tracks_q", "QActivation"),
        ("embed", "QDense"),
        ("embed_q", "QActivation"),
        ("attention", "QMultiHeadAttention"),
        ("total", "Add"),
        ("total_q", "QActivation"),
        ("pool", "GlobalAveragePooling1D"),
        ("pool_q", "QActivation"),
        ("head", "QDense"),
        ("head_softmax", "QSoftmax"),
    ]
    assert describe(found) == "qkeras"
    assert found.name == "small"
    assert str(found.get_layer("embed_q").activation).startswith("quantized_relu(10,")
    assert "quantized_bits(10," in str(found.get_layer("tracks_q").activation)


def test_bits_are_those_asked_for() -> None:
    model = spread(float_model())
    found, report = quantise_with_report(
        model, data(model, 300), weight_bits=6, activation_bits=11, attention_bits=7, input_bits=9
    )
    widths = {entry.name: entry.format.width for entry in report.tensors}
    assert {widths[n] for n in ("embed/kernel", "attention/kernel", "head/kernel")} == {6}
    assert {widths[n] for n in ("embed_q", "total", "pool", "attention/query", "attention/scores", "head_softmax")} == {
        11
    }
    assert (widths["tracks"], widths["attention/attention"]) == (9, 7)
    assert all(2 <= widths[n] <= 16 for n in widths if n.endswith("/bias"))
    attention = found.get_layer("attention")
    assert attention.formats["attention"] == bits_format(7, 0, signed=False)
    assert attention.kernel_format == report.format_of("attention/kernel").format
    assert report.samples == 300
    with pytest.raises(KeyError):
        report.format_of("nonsense")


def test_every_tensor_is_on_its_grid() -> None:
    model = spread(float_model())
    found = quantise(model, data(model, 300))
    unknown = []
    for step in run(found, [data(model, 50, seed=9) * 3]):  # beyond the calibration's range
        fmt = declared(step.call.layer)
        if fmt is None:
            unknown.append(step.call.layer.name)
        else:
            assert fmt.codes_of(np.asarray(step.output))[1].all(), step.call.layer.name
    assert unknown == ["embed", "total", "pool", "head"]  # exact results, each read by a quantiser


def test_formats_are_those_of_least_error() -> None:
    model = spread(float_model())
    values = data(model, 600)
    _, report = quantise_with_report(model, values)
    seen = {step.call.layer.name: np.asarray(step.output) for step in run(model, [values])}
    for name, x in {"tracks": values, "embed_q": seen["embed"], "total": seen["total"], "pool": seen["pool"]}.items():
        entry = report.format_of(name)
        errors = {}
        for integer in range(-6, 10):
            fmt = bits_format(10, integer, signed=name != "embed_q")
            errors[fmt] = float(np.mean((fmt.dequantise(fmt.quantise(x)) - x) ** 2))
        assert entry.format == min(errors, key=lambda f: errors[f])
        assert entry.error == pytest.approx(np.sqrt(errors[entry.format]), rel=1e-6)
        assert (entry.low, entry.high) == (pytest.approx(x.min()), pytest.approx(x.max()))


def test_more_bits_come_closer() -> None:
    model = spread(float_model())
    values = data(model, 400)
    errors = [worst(model, quantise(model, values, weight_bits=b, activation_bits=b + 2), values) for b in (4, 8, 12)]
    assert errors[0] > 4 * errors[1] > 16 * errors[2]
    assert errors[2] < 0.005


def test_headroom() -> None:
    model = spread(float_model())
    _, plain = quantise_with_report(model, data(model, 300))
    _, roomy = quantise_with_report(model, data(model, 300), headroom_bits=2)
    for name in ("tracks", "embed_q", "attention/scores", "total"):
        assert roomy.format_of(name).format.integer == plain.format_of(name).format.integer + 2
    for name in ("embed/kernel", "attention/attention", "head_softmax"):
        assert roomy.format_of(name).format == plain.format_of(name).format


def configuration(model: keras.Model) -> str:
    return json.dumps(json.loads(model.to_json())["config"]["layers"], sort_keys=True)


def test_deterministic_and_independent_of_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model = spread(float_model())
    before = model.get_weights()
    first, report = quantise_with_report(model, data(model, 300))
    monkeypatch.setattr(profile_module, "BATCH", 37)
    second, again = quantise_with_report(model, data(model, 300))
    assert [(e.name, e.format) for e in report.tensors] == [(e.name, e.format) for e in again.tensors]
    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_samples_are_spread_over_the_data() -> None:
    model = built(LAYERS.Dense(3, name="d"))
    values = data(model, 1000)
    values[999] = 50.0
    _, report = quantise_with_report(model, values, max_samples=10)
    assert report.samples == 10
    assert report.format_of("x").high == 50.0


def test_saved_and_read_again(tmp_path: Path) -> None:
    model = spread(float_model())
    found = quantise(model, data(model, 300))
    again = read_model(saved(found, tmp_path / "model.keras"))
    assert configuration(again) == configuration(found)
    np.testing.assert_array_equal(again(data(model, 99)), found(data(model, 99)))


# --- layer by layer ---


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([LAYERS.Dense(3, use_bias=False, name="d")], "x x_q d d_q"),
        ([LAYERS.Dense(3, activation="softmax", name="d")], "x x_q d d_softmax"),
        ([LAYERS.Dense(3, name="d"), LAYERS.Softmax(axis=1, name="s")], "x x_q d s"),
        ([LAYERS.Dense(3, name="d"), LAYERS.Activation("relu", name="a")], "x x_q d a"),
        ([LAYERS.Dense(3, name="d"), LAYERS.Activation("softmax", name="a")], "x x_q d a"),
        ([LAYERS.Dense(3, name="d"), LAYERS.Activation("linear", name="a")], "x x_q d d_q"),
        ([LAYERS.ReLU(name="r")], "x x_q r"),
        ([LAYERS.Softmax(name="s")], "x x_q s"),
        ([LAYERS.Dense(3, name="d"), LAYERS.BatchNormalization(name="n")], "x x_q d d_q"),
        ([LAYERS.BatchNormalization(name="n")], "x x_q n n_q"),
        ([LAYERS.BatchNormalization(name="n"), LAYERS.ReLU(name="r")], "x x_q n r"),
        ([LAYERS.Dropout(0.4, name="o"), LAYERS.Flatten(name="f")], "x x_q f"),
        ([LAYERS.Permute((2, 1), name="p"), LAYERS.Reshape((10, 2), name="r")], "x x_q p r"),
        ([LAYERS.GlobalAveragePooling1D(name="g")], "x x_q g g_q"),
        ([LAYERS.EinsumDense("abc,cde->abde", (5, 2, 3), bias_axes="de", activation="relu", name="e")], "x x_q e e_q"),
        ([LAYERS.Dense(3, activation="relu", name="x_q")], "x x_q_ x_q x_q_q"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_single_layers(layers: list[Any], expected: str) -> None:
    model = built(*(type(layer).from_config(layer.get_config()) for layer in layers))
    found = quantise(model, data(model, 400), weight_bits=12, activation_bits=14)
    assert [layer.name for layer in found.layers] == expected.split()
    assert describe(found) == "qkeras"
    assert worst(model, found, data(model, 50)) < 0.01


def branching() -> keras.Model:
    """Cross-attention with all options, concatenation, a shared layer, two outputs."""
    x, y = keras.Input((5, 4), name="x"), keras.Input((7, 3), name="y")
    allowed = keras.Input((5, 7), dtype="bool", name="allowed")
    attention = LAYERS.MultiHeadAttention(2, 3, value_dim=2, output_shape=5, use_bias=False, name="attention")
    out, scores = attention(x, y, attention_mask=allowed, return_attention_scores=True)
    shared = LAYERS.Dense(5, activation="relu", name="shared")
    joined = LAYERS.Concatenate(name="joined")([shared(shared(out)), x])
    return spread(keras.Model([x, y, allowed], [LAYERS.Flatten(name="flat")(joined), scores]))


def branching_data(count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(count, 5, 4)), rng.normal(size=(count, 7, 3))
    allowed = rng.integers(0, 2, (count, 5, 7)).astype(np.bool_)
    allowed[..., 0] = True
    return {"x": x.astype(np.float32), "y": y.astype(np.float32), "allowed": allowed}


def test_attention_with_all_options() -> None:
    model = branching()
    values = branching_data(300)
    found = quantise(model, values, weight_bits=12, activation_bits=14)
    by_list = quantise(model, list(values.values()), weight_bits=12, activation_bits=14)
    given = list(values.values())
    assert worst(model, found, given) < 0.01
    assert worst(found, by_list, given) == 0.0
    assert not np.asarray(found(given)[1])[~np.broadcast_to(values["allowed"][:, None], (300, 2, 5, 7))].any()
    names = [layer.name for layer in found.layers]
    assert "allowed_q" not in names  # a mask is a bit
    assert [c.layer.name for c in calls(found)].count("shared_q") == 2
    call = next(c for c in calls(found) if c.layer.name == "attention")
    assert call.kwargs["return_attention_scores"] is True
    assert call.kwargs["attention_mask"] is found.inputs[2]


@pytest.mark.parametrize(
    "options",
    [
        {"use_causal_mask": True},
        {"return_attention_scores": True},
        {"use_causal_mask": True, "return_attention_scores": True},
    ],
    ids=str,
)
def test_attention_call_options(options: dict[str, Any]) -> None:
    x = keras.Input((5, 4), name="x")
    model = spread(keras.Model(x, LAYERS.MultiHeadAttention(2, 3, sliding_window=4, name="a")(x, x, **options)))
    assert worst(model, quantise(model, data(model, 300), weight_bits=12, activation_bits=14), data(model, 50)) < 0.01


def test_concatenation_within_the_budget_needs_no_quantiser() -> None:
    x = keras.Input((5, 4), name="x")
    model = keras.Model(x, LAYERS.Concatenate(name="c")([x, LAYERS.Reshape((5, 4), name="r")(x)]))
    assert "c_q" not in [layer.name for layer in quantise(model, data(model, 200)).layers]


def test_concatenation_of_unlike_formats_is_rounded() -> None:
    x = keras.Input((5, 4), name="x")
    model = keras.Model(x, LAYERS.Concatenate(name="c")([x, LAYERS.ReLU(name="r")(x)]))
    found = quantise(model, data(model, 200))
    assert parse_quantiser(found.get_layer("c_q").activation).width == 10  # type: ignore[union-attr]


def test_an_output_is_rounded_even_if_a_relu_reads_it_too() -> None:
    x = keras.Input((5, 4), name="x")
    dense = LAYERS.Dense(3, name="d")(x)
    model = spread(keras.Model(x, [dense, LAYERS.ReLU(name="r")(dense)]))
    found = quantise(model, data(model, 200))
    assert [layer.name for layer in found.layers] == ["x", "x_q", "d", "d_q", "r"]
    assert [t is found.get_layer("d_q").output for t in found.outputs] == [True, False]


@pytest.mark.parametrize("positive_first", [True, False])
def test_a_shared_layer_is_signed_if_one_of_its_uses_is(positive_first: bool) -> None:
    x = keras.Input((5, 4), name="x")
    pool, given = LAYERS.GlobalAveragePooling1D(name="pool"), [LAYERS.ReLU(name="r")(x), x]
    model = keras.Model(x, [pool(t) for t in (given if positive_first else reversed(given))])
    _, report = quantise_with_report(model, data(model, 200))
    assert report.format_of("pool").format.signed


def test_values_that_are_never_negative_are_unsigned() -> None:
    x = keras.Input((5, 4), name="x")
    a = LAYERS.ReLU(name="a")(x)
    total = LAYERS.Add(name="total")([a, LAYERS.Softmax(name="s")(x)])
    mixed = LAYERS.Add(name="mixed")([total, x])
    model = keras.Model(x, [LAYERS.GlobalAveragePooling1D(name="pool")(total), mixed])
    _, report = quantise_with_report(model, data(model, 200))
    signed = {entry.name: entry.format.signed for entry in report.tensors}
    assert signed == {"x": True, "a": False, "s/scores": True, "s": False, "total": False, "mixed": True, "pool": False}


def test_normalisation_is_told() -> None:
    model = built(LAYERS.Dense(3, name="d"), LAYERS.BatchNormalization(name="n"))
    _, report = quantise_with_report(model, data(model, 50))
    assert report.notes == ("n is folded into d",)


# --- masks ---


def masked(*, sum_first: bool = False, pooled: bool = False) -> keras.Model:
    inputs = keras.Input((5, 4), name="x")
    x = LAYERS.Dense(6, activation="relu", name="d")(LAYERS.Masking(name="masking")(inputs))
    x = LAYERS.BatchNormalization(name="n")(x)
    if sum_first:
        x = LAYERS.Add(name="sum")([x, x])
    x, scores = LAYERS.MultiHeadAttention(2, 3, name="a")(x, x, return_attention_scores=True)
    if pooled:
        x = LAYERS.GlobalAveragePooling1D(name="pool")(x)
    return spread(keras.Model(inputs, [x, scores]))


def test_a_mask_travels_to_the_attention() -> None:
    model = masked()
    values = data(model, 300)
    values[::2, 3:] = 0.0
    found, report = quantise_with_report(model, values, weight_bits=12, activation_bits=14)
    assert [layer.name for layer in found.layers] == ["x", "x_q", "masking", "d", "n", "a"]
    assert isinstance(found.get_layer("n"), QScaleShift)
    assert worst(model, found, values) < 0.01
    weights = np.asarray(found(values)[1])
    assert not weights[::2, :, :, 3:].any()
    assert weights[1::2, :, :, 3:].any()
    assert any("masked query gets zeros" in note for note in report.notes)


def test_masks_that_would_be_lost() -> None:
    model = masked(sum_first=True)
    values = data(model, 50)
    with pytest.raises(UserError) as caught:
        quantise(model, values)
    assert caught.value.what == "a mask must reach the attention as in the float model (query, value), not none"
    assert caught.value.where == "layer 'a'"
    with pytest.raises(UserError, match="must be made of layers, not of operations such as NotEqual") as caught:
        quantise(masked(pooled=True), values)
    assert caught.value.hint is not None
    assert "the mask reaches a pooling or a softmax" in caught.value.hint


def test_mask_inputs() -> None:
    x, mask = keras.Input((5, 4), name="x"), keras.Input((5,), name="mask", dtype="bool")
    pooled = keras.Model([x, mask], LAYERS.GlobalAveragePooling1D(name="pool")(x, mask=mask))
    values = [np.ones((9, 5, 4), np.float32), np.ones((9, 5), np.bool_)]
    with pytest.raises(UserError, match="a pooling must not be masked"):
        quantise(pooled, values)
    real = keras.Input((5, 5), name="real")
    model = keras.Model([x, real], LAYERS.MultiHeadAttention(2, 3, name="a")(x, x, attention_mask=real))
    with pytest.raises(UserError, match="a mask must be of dtype bool, not float32"):
        quantise(model, [values[0], np.ones((9, 5, 5), np.float32)])


def test_mask_value_off_the_grid() -> None:
    inputs = keras.Input((5, 4), name="x")
    model = keras.Model(inputs, LAYERS.Masking(0.3333, name="masking")(inputs))
    with pytest.raises(UserError, match="a mask_value must be a value of the input's format") as caught:
        quantise(model, data(model, 50))
    assert caught.value.where == "layer 'masking'"


# --- refusals ---


@pytest.mark.parametrize(
    ("layer", "what"),
    [
        (LAYERS.UnitNormalization(name="l"), "a layer to quantise must be one of Activation, Add, "),
        (LAYERS.Conv1D(3, 2, name="l"), "a layer to quantise must be one of Activation, Add, "),
        (LAYERS.Dense(3, activation="gelu", name="l"), "an activation must be linear, relu, softmax or sigmoid"),
        (LAYERS.Activation("tanh", name="l"), "an activation must be linear, relu, softmax or sigmoid, not tanh"),
        (LAYERS.ReLU(max_value=6.0, name="l"), "a ReLU must have no options"),
        (LAYERS.GlobalAveragePooling1D(data_format="channels_first", name="l"), "a pooling must be channels_last"),
        (QEinsumDense("abc,cd->abd", (5, 3), name="l"), "a model to quantise must be a float one, not qkeras"),
    ],
)
def test_unsupported_layers(layer: Any, what: str) -> None:
    model = built(type(layer).from_config(layer.get_config()))
    with pytest.raises(UserError) as caught:
        quantise(model, data(model, 20))
    assert caught.value.what.startswith(what)
    if not what.endswith("qkeras"):
        assert caught.value.where == "layer 'l'"


def test_scores_too_fine_for_a_table_are_refused_by_name() -> None:
    model = built(LAYERS.Softmax(name="s"))
    with pytest.raises(UserError, match="exp entries to meet its error"):
        quantise(model, data(model, 50) * 20, activation_bits=20)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"weight_bits": 1}, "weight_bits must be a whole number from 2 to 16, not 1"),
        ({"weight_bits": 8.0}, "weight_bits must be a whole number from 2 to 16, not 8.0"),
        ({"activation_bits": 21}, "activation_bits must be a whole number from 2 to 20, not 21"),
        ({"attention_bits": True}, "attention_bits must be a whole number from 2 to 20, not True"),
        ({"input_bits": 0}, "input_bits must be a whole number from 2 to 20, not 0"),
        ({"headroom_bits": -1}, "headroom_bits must be 0 or more"),
        ({"headroom_bits": 10}, "headroom_bits must be 0 or more"),
        ({"max_samples": 0}, "headroom_bits must be 0 or more and below activation_bits, max_samples at least 1"),
    ],
)
def test_bits_out_of_range(options: dict[str, Any], what: str) -> None:
    model = built(LAYERS.Dense(3, name="d"))
    with pytest.raises(UserError) as caught:
        quantise(model, data(model, 20), **options)
    assert caught.value.what.startswith(what)


def test_unsuitable_data() -> None:
    model = built(LAYERS.Dense(3, name="d"))
    values = data(model, 20)

    def message(given: Any) -> str:
        with pytest.raises(UserError) as caught:
            quantise(model, given)
        return str(caught.value)

    for bad in (np.nan, np.inf):
        broken = values.copy()
        broken[3, 2, 1] = bad
        assert message(broken) == (
            f"calibration data must be finite, not {bad}\n  at   calibration data of input 'x', index (3, 2, 1)"
        )
    assert message(values[:, :4]).startswith(
        "calibration data must be numbers of shape (20, 5, 4), not float32 (20, 4, 4)"
    )
    assert message(values[:0]).startswith("calibration data must be numbers of shape (n, 5, 4), not float32 (0, 5, 4)")
    assert message(values.astype(str)).startswith("calibration data must be numbers of shape (20, 5, 4), not <U")
    assert message({"y": values}).startswith("calibration data must have the inputs x, not y")
    two = branching()
    with pytest.raises(UserError, match="must be one array for each of 3 inputs, not 2"):
        quantise(two, [values, values])


def test_names_are_checked() -> None:
    model = built(LAYERS.Dense(3, name="a b"))
    with pytest.raises(UserError, match="a layer's name must be a letter"):
        quantise(model, data(model, 20))


# --- physics ---


def area_under_curve(score: np.ndarray, positive: np.ndarray) -> float:
    _, index, count = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[index]
    n, m = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def losses(model: keras.Model, quantised: keras.Model, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """What quantisation costs in accuracy and in the AUC of each class."""
    a, b = (m.predict(x, batch_size=2000, verbose=0) for m in (model, quantised))
    cost = {"accuracy": float((a.argmax(1) == y).mean() - (b.argmax(1) == y).mean())}
    for k in range(a.shape[1]):
        cost[f"auc {k}"] = area_under_curve(a[:, k], y == k) - area_under_curve(b[:, k], y == k)
    return cost


def test_briefly_trained_transformer_keeps_its_performance() -> None:
    keras.utils.set_random_seed(5)
    rng = np.random.default_rng(5)
    x = rng.normal(size=(9000, 5, 4)).astype(np.float32)
    y = (x[:, :, 0] * x[:, :, 1]).max(1) + 0.3 * rng.normal(size=9000)
    y = np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))
    model = float_model()
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(x[:6000], y[:6000], epochs=4, batch_size=200, verbose=0)
    assert area_under_curve(model.predict(x[6000:], verbose=0)[:, 2], y[6000:] == 2) > 0.7  # it learnt something
    cost = losses(model, quantise(model, x[:2000], weight_bits=8, activation_bits=10), x[6000:], y[6000:])
    assert max(cost.values()) < 0.005, cost


def test_the_float_tagger_keeps_its_performance() -> None:
    model = read_model(CONFIGS / "models" / "flavour_float.keras")
    with h5py.File(CONFIGS / "data" / "flavour.h5") as file:
        calibration, x, y = (file[name][()] for name in ("x_calib", "x_eval", "y_eval"))
    found = quantise(model, calibration, weight_bits=8, activation_bits=10)
    cost = losses(model, found, x.astype(np.float32), y)
    assert max(cost.values()) < 0.002, cost
