"""QEinsumDense and QScaleShift against integer arithmetic."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from fpga_tf.fixedpoint import parse_quantiser
from fpga_tf.layers import QEinsumDense, QScaleShift

KERNEL, BIAS, OUT = "quantized_bits(6,0,alpha=1)", "quantized_bits(9,2,1,alpha=1)", "ap_fixed<8,4,TRN,WRAP>"
EQUATIONS = [("abc,cd->abd", (5, 7), "d"), ("abc,cde->abde", (5, 2, 3), "de"), ("abc,bcd->abd", (5, 7), None)]


def inputs(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes with 4 fraction bits, and their values."""
    codes = np.random.default_rng(seed).integers(-64, 64, (3, 5, 4))
    return codes, (codes / 16.0).astype(np.float32)


def spread(layer: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.normal(0, 1.0, w.shape) for w in layer.get_weights()])


@pytest.mark.parametrize(("equation", "shape", "bias_axes"), EQUATIONS)
@pytest.mark.parametrize("output", [None, OUT])
def test_einsum_dense(equation: str, shape: tuple[int, ...], bias_axes: str | None, output: str | None) -> None:
    layer = QEinsumDense(equation, shape, KERNEL, BIAS, output, bias_axes=bias_axes)
    codes, x = inputs(0)
    layer.build(x.shape)
    spread(layer, 1)
    kernel, bias = layer.kernel_format, layer.bias_format
    y = np.einsum(equation, codes, kernel.quantise(np.asarray(layer.kernel)))
    fraction = 4 + kernel.fraction
    if bias_axes:
        y = y + (bias.quantise(np.asarray(layer.bias)) << (fraction - bias.fraction))
    expected = np.ldexp(y.astype(np.float64), -fraction)
    if output is not None:
        fmt = parse_quantiser(output)
        expected = fmt.dequantise(fmt.requantise(y, fraction))
    np.testing.assert_array_equal(np.asarray(layer(x), dtype=np.float64), expected)


@pytest.mark.parametrize("output", [None, OUT])
def test_scale_shift(output: str | None) -> None:
    layer = QScaleShift(KERNEL, BIAS, output)
    codes, x = inputs(2)
    layer.build(x.shape)
    spread(layer, 3)
    scale, shift = layer.scale_format, layer.shift_format
    y = codes * scale.quantise(np.asarray(layer.scale))
    fraction = 4 + scale.fraction
    y = y + (shift.quantise(np.asarray(layer.shift)) << (fraction - shift.fraction))
    expected = np.ldexp(y.astype(np.float64), -fraction)
    if output is not None:
        fmt = parse_quantiser(output)
        expected = fmt.dequantise(fmt.requantise(y, fraction))
    np.testing.assert_array_equal(np.asarray(layer(x), dtype=np.float64), expected)


def test_saved_and_loaded_without_custom_objects(tmp_path: Any) -> None:
    tensor = keras.Input((5, 4))
    hidden = QEinsumDense("abc,cd->abd", (5, 7), KERNEL, BIAS, OUT, bias_axes="d", name="dense")(tensor)
    model = keras.Model(tensor, QScaleShift(KERNEL, BIAS, OUT, name="scale")(hidden))
    for name in ("dense", "scale"):
        spread(model.get_layer(name), 4)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for name in ("dense", "scale"):
        assert loaded.get_layer(name).get_config() == model.get_layer(name).get_config()
    np.testing.assert_array_equal(loaded(inputs(5)[1]), model(inputs(5)[1]))


def test_weights_learn_through_the_quantisers() -> None:
    layer = QEinsumDense("abc,cd->abd", (5, 7), KERNEL, BIAS, OUT, bias_axes="d")
    x = tf.constant(inputs(6)[1])
    with tf.GradientTape() as tape:
        loss = ops.sum(layer(x))
    kernel, bias = tape.gradient(loss, [layer.kernel.value, layer.bias.value])
    np.testing.assert_allclose(kernel, np.tile(np.asarray(x).sum((0, 1))[:, None], (1, 7)), rtol=1e-5)
    np.testing.assert_allclose(bias, np.full(7, 15.0))


def test_without_quantisers_it_is_its_parent() -> None:
    own = QEinsumDense("abc,cd->abd", (5, 7), bias_axes="d")
    parent = keras.layers.EinsumDense("abc,cd->abd", (5, 7), bias_axes="d")
    x = inputs(7)[1]
    own.build(x.shape)
    parent.build(x.shape)
    spread(parent, 8)
    own.set_weights(parent.get_weights())
    np.testing.assert_array_equal(own(x), parent(x))
