"""QLayerNormalization: the hardware's codes forward, the true gradient backward, Keras's own without quantisers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, Overflow, Rounding, layer_norm_codes
from fpga_tf.layers import QLayerNormalization
from fpga_tf.layers.codes import mean_codes, requantise
from fpga_tf.models.evaluate import evaluate

SHAPE = (7, 3, 6)
FINE: dict[str, Any] = {
    "input_quantizer": "quantized_bits(14,4,alpha=1)",
    "mean_quantizer": "quantized_bits(14,4,alpha=1)",
    "deviation_quantizer": "quantized_bits(15,5,alpha=1)",
    "variance_quantizer": "quantized_bits(14,6,keep_negative=0,alpha=1)",
    "inverse_quantizer": "quantized_bits(12,2,keep_negative=0,alpha=1)",
    "gamma_quantizer": "quantized_bits(10,2,alpha=1)",
    "beta_quantizer": "quantized_bits(10,2,alpha=1)",
    "output_quantizer": "quantized_bits(14,5,alpha=1)",
}


def values(seed: int, scale: float = 3.0, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, scale, shape).astype(np.float32)


def built(layer: Any, seed: int = 0) -> Any:
    """The layer with random weights."""
    layer.build((None, *SHAPE[1:]))
    layer.set_weights([values(seed + i, 1.0, w.shape) for i, w in enumerate(layer.weights)])
    return layer


def random_quantisers(rng: np.random.Generator, scale: bool, center: bool) -> dict[str, Any]:
    def fmt(low: int, high: int, signed: bool = True, modes: Any = tuple(Rounding)) -> Format:
        width, integer = int(rng.integers(low, high)), int(rng.integers(0, 4))
        modes = (
            Rounding(str(rng.choice([str(m) for m in modes]))),
            Overflow(str(rng.choice([str(o) for o in Overflow]))),
        )
        return Format(signed, integer, width - integer - int(signed), *modes)

    down = (Rounding.RND_CONV, Rounding.TRN)
    stages = {
        "input": fmt(5, 11, bool(rng.integers(2))),
        "mean": fmt(5, 11, True, down),
        "deviation": fmt(5, 11),
        "variance": fmt(5, 12, False, down),
        "inverse": fmt(4, 9, False),
        "output": fmt(5, 11, bool(rng.integers(2))),
        **({"gamma": fmt(4, 8)} if scale else {}),
        **({"beta": fmt(4, 8)} if center else {}),
    }
    return {f"{stage}_quantizer": f for stage, f in stages.items()}


def codes(layer: Any, name: str, weight: Any) -> Any:
    fmt = layer.formats[name]
    return None if weight is None else fmt.quantise(np.asarray(weight))


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("center", [True, False])
def test_codes_equal_the_reference(scale: bool, center: bool) -> None:
    rng = np.random.default_rng(3)
    for trial in range(12):
        options = random_quantisers(rng, scale, center)
        layer = built(QLayerNormalization(**options, scale=scale, center=center, epsilon=[1e-3, 0.5, 1e-5][trial % 3]))
        x = values(trial)
        x[0], x[1, 0] = x[0, :, :1], 1e4
        fmt = layer.formats["output"]
        weights = codes(layer, "gamma", layer.gamma), codes(layer, "beta", layer.beta)
        expected = layer_norm_codes(layer.design(6), layer.input_format.quantise(x), *weights)
        for dtype in ("float32", "float64"):
            found, on_grid = fmt.codes_of(np.asarray(layer.call(ops.convert_to_tensor(x, dtype=dtype))))
            assert on_grid.all()
            np.testing.assert_array_equal(found, expected)


def test_tensors_of_codes_are_rounded_as_formats_do() -> None:
    rng = np.random.default_rng(5)
    whole = rng.integers(-500, 500, 400)
    for rounding in Rounding:
        for overflow in Overflow:
            for fraction in (0, 3, 7):
                fmt = Format(bool(rng.integers(2)), 3, 3, rounding, overflow)
                found = np.asarray(requantise(ops.convert_to_tensor(whole), fraction, fmt))
                np.testing.assert_array_equal(found, fmt.requantise(whole, fraction))
                if rounding in (Rounding.TRN, Rounding.RND):
                    exact = np.asarray(mean_codes(ops.convert_to_tensor(whole), fraction, 4, fmt))
                    np.testing.assert_array_equal(exact, fmt.requantise(whole, fraction + 2))


def test_without_quantisers_it_is_keras() -> None:
    for axis, options in ((-1, {}), ([1, 2], {"scale": False}), (-1, {"center": False, "epsilon": 0.1})):
        ours, theirs = (
            built(kind(axis=axis, **options)) for kind in (QLayerNormalization, keras.layers.LayerNormalization)
        )
        assert not ours.quantised
        np.testing.assert_array_equal(ours(values(1)), theirs(values(1)))
    with pytest.raises(UserError, match="must have quantisers to be hardware"):
        ours.design(6)


def test_close_to_the_true_one() -> None:
    layer, true = built(QLayerNormalization(**FINE)), built(keras.layers.LayerNormalization())
    off = np.abs(np.asarray(layer(values(4))) - np.asarray(true(values(4)))).max()
    assert off < 0.05


def test_compiled_graph_equals_eager_and_float64() -> None:
    layer = built(QLayerNormalization(**FINE))
    inputs = keras.Input(SHAPE[1:])
    model = keras.Model(inputs, layer(inputs))
    x = values(5)
    found = model.predict(x, verbose=0)
    np.testing.assert_array_equal(found, layer(x))
    key = model.outputs[0].name
    np.testing.assert_array_equal(found, evaluate(model, [x], [key], exact=True)[key])
    np.testing.assert_array_equal(found, evaluate(model, [x], [key], exact=False)[key])


def test_gradient_is_the_true_ones() -> None:
    layer, true = built(QLayerNormalization(**FINE)), built(keras.layers.LayerNormalization())
    for own, keras_own, stage in zip(layer.weights, true.weights, ("gamma", "beta"), strict=True):
        keras_own.assign(layer.formats[stage].dequantise(layer.formats[stage].quantise(own.numpy())))
    x = tf.constant(layer.input_format.dequantise(layer.input_format.quantise(values(6))).astype(np.float32))

    def gradients(function: Any) -> list[np.ndarray]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = ops.sum(ops.multiply(function(x), values(7)))
        variables = [w.value for w in function.trainable_variables]
        return [np.asarray(g) for g in tape.gradient(y, [x, *variables])]

    for found, expected in zip(gradients(layer), gradients(true), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_it_trains() -> None:
    model = keras.Sequential([keras.Input((6,)), QLayerNormalization(**FINE)])
    model.compile(keras.optimizers.Adam(0.1), "mse")
    x = values(8, 3.0, (256, 6))
    wanted = 2 * (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True) - 0.5
    first = model.evaluate(x, wanted, verbose=0)
    model.fit(x, wanted, epochs=10, shuffle=False, verbose=0)
    assert model.evaluate(x, wanted, verbose=0) < first / 50


def test_saved_and_loaded_without_custom_objects(tmp_path: Any) -> None:
    inputs = keras.Input(SHAPE[1:])
    options = {**FINE, "beta_quantizer": None, "center": False, "epsilon": 0.01, "error": 0.25}
    layer = built(QLayerNormalization(**options, name="norm"))
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("norm").get_config() == layer.get_config()
    assert loaded.get_layer("norm").design(6) == layer.design(6)
    np.testing.assert_array_equal(loaded(values(9)), model(values(9)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mean_quantizer": None}, "mean_quantizer must be given, not None"),
        ({"beta_quantizer": None}, "beta_quantizer must be given, not None"),
        ({"scale": False}, "gamma_quantizer must be None where there is no gamma, not ap_fixed<10,3"),
        ({"rms_scaling": True}, "a layer normalisation's rms_scaling must be off in hardware"),
        ({"axis": 1}, r"a layer normalisation's axis must be the last one in hardware, not 1"),
        ({"axis": [1, 2]}, r"a layer normalisation's axis must be the last one in hardware, not \[1, 2\]"),
    ],
)
@pytest.mark.filterwarnings("ignore:You passed `rms_scaling")
def test_refusals(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        QLayerNormalization(**{**FINE, **options, "name": "norm"})(values(1))
    assert caught.value.where == "layer norm"


def test_rows_must_have_a_length() -> None:
    with pytest.raises(UserError, match="must have a fixed length to be hardware, not None"):
        QLayerNormalization(**FINE).design(None)
