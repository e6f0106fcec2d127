"""QSoftmax: the hardware's codes forward, the true softmax's gradient backward."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import bits_format, softmax_codes
from fpga_tf.layers import QSoftmax

SHAPE = (4, 3, 5, 2)
AXES: list[int | tuple[int, ...]] = [-1, 1, 2, 3, -2, (2, 3), (1, 2), (-3, -2, -1)]


def scores(seed: int, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 6, shape).astype(np.float32)


def random_layer(rng: np.random.Generator, axis: Any) -> QSoftmax:
    bits = int(rng.integers(5, 13))
    return QSoftmax(
        axis,
        bits_format(bits, int(rng.integers(2, 5)), signed=True),
        bits_format(int(rng.integers(4, 13)), 0, signed=bool(rng.integers(2)), symmetric=bool(rng.integers(2))),
        stable=bool(rng.integers(4)) or bits > 8,
        error=[None, 2.0**-7][int(rng.integers(2))],
    )


def by_codes(layer: QSoftmax, x: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """The same in integers, the normalised axes moved last by hand."""
    axes = layer.axes(x.ndim)
    rest = [a for a in range(x.ndim) if a not in axes]
    order = rest + list(axes)

    def flat(array: np.ndarray) -> np.ndarray:
        return array.transpose(order).reshape(*(x.shape[a] for a in rest), -1)

    codes = layer.input_format.quantise(flat(x))
    keep = None if mask is None else flat(np.broadcast_to(mask, x.shape))
    out = softmax_codes(layer.design(x.shape), codes, keep)
    return out.reshape([x.shape[a] for a in order]).transpose(np.argsort(order))


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("masked", [False, True])
def test_codes_equal_the_reference(axis: Any, masked: bool) -> None:
    rng = np.random.default_rng(17)
    for trial in range(6):
        layer = random_layer(rng, axis)
        x = scores(trial)
        mask = rng.integers(0, 2, SHAPE).astype(np.bool_) if masked else None
        if mask is not None:
            mask[0] = False
        y = layer(x) if mask is None else layer(x, mask=mask)
        codes, on_grid = layer.output_format.codes_of(np.asarray(y))
        assert on_grid.all()
        np.testing.assert_array_equal(codes, by_codes(layer, x, mask))


@pytest.mark.parametrize("mask_shape", [(4, 1, 5, 2), (1, 3, 1, 1), (5, 1)])
def test_masks_broadcast(mask_shape: tuple[int, ...]) -> None:
    layer = QSoftmax((2, 3))
    mask = np.random.default_rng(2).integers(0, 2, mask_shape)
    x = scores(3)
    whole = np.broadcast_to(mask.astype(np.bool_), SHAPE)
    np.testing.assert_array_equal(layer(x, mask=mask.astype(np.float32)), layer(x, mask=whole))


def test_compiled_graph_equals_eager() -> None:
    layer = QSoftmax(2)
    inputs = keras.Input(SHAPE[1:])
    model = keras.Model(inputs, layer(inputs))
    x = scores(4)
    np.testing.assert_array_equal(model.predict(x, verbose=0), layer(x))


def test_close_to_the_true_softmax() -> None:
    layer = QSoftmax(input_quantizer="quantized_bits(14,4,alpha=1)")
    x = np.clip(scores(5), -15, 15)
    off = np.abs(np.asarray(layer(x)) - np.asarray(ops.softmax(x))).max()
    assert off < 2.5 * layer.output_format.lsb


@pytest.mark.parametrize("masked", [False, True])
def test_gradient_is_the_true_softmaxs(masked: bool) -> None:
    layer = QSoftmax(1, "quantized_bits(12,4,alpha=1)")
    x = tf.constant(layer.input_format.dequantise(layer.input_format.quantise(scores(6))).astype(np.float32))
    weight = scores(7)
    mask = np.random.default_rng(8).integers(0, 2, SHAPE).astype(np.bool_) if masked else None

    def gradient(function: Any) -> np.ndarray:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = ops.sum(ops.multiply(function(x), weight))
        return np.asarray(tape.gradient(y, x))

    found = gradient(lambda t: layer(t) if mask is None else layer(t, mask=mask))
    expected = gradient(
        lambda t: keras.layers.Softmax(1)(t, mask=None if mask is None else ops.convert_to_tensor(mask))
    )
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_saved_and_loaded_without_custom_objects(tmp_path: Any) -> None:
    inputs = keras.Input(SHAPE[1:])
    layer = QSoftmax((1, 2), "quantized_bits(9,3,alpha=1)", "quantized_bits(7,0,1,alpha=1)", error=2.0**-5, name="soft")
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("soft").get_config() == layer.get_config()
    np.testing.assert_array_equal(loaded(scores(9)), model(scores(9)))


@pytest.mark.parametrize("axis", [0, (1, 3), 4, -5, ()])
def test_wrong_axes(axis: Any) -> None:
    with pytest.raises(UserError) as caught:
        QSoftmax(axis, name="soft").axes(4)
    assert caught.value.what.startswith("QSoftmax's axis must be adjacent non-batch axes of 4 dimensions, not ")
    assert caught.value.where == "layer soft"


def test_wrong_quantisers() -> None:
    with pytest.raises(UserError, match="input_quantizer must be given, not None"):
        QSoftmax(input_quantizer=None)
    with pytest.raises(UserError, match="must round half to even and saturate, not ap_fixed<8,1,AP_TRN,AP_WRAP,0>"):
        QSoftmax(output_quantizer="ap_fixed<8,1>")
    with pytest.raises(UserError, match="must have a fixed length to be hardware"):
        QSoftmax(1).design((None, None, 3))
