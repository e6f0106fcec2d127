"""Batch normalisation at inference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.layers import QEinsumDense, QScaleShift
from fpga_tf.models.normalisation import fold_batch_norms, scale_and_shift
from tests.models.builders import data, spread

LAYERS = keras.layers
Chain = Callable[[Any], Any]


def chain(*layers: Any, shape: tuple[int, ...] = (5, 4)) -> keras.Model:
    x = inputs = keras.Input(shape, name="x")
    for layer in layers:
        x = layer(x)
    return spread(keras.Model(inputs, x))


def norm(**options: Any) -> Any:
    return LAYERS.BatchNormalization(name="norm", **options)


FOLDED: dict[str, list[Any]] = {
    "dense": [lambda: LAYERS.Dense(3, name="host")],
    "dense_without_bias": [lambda: LAYERS.Dense(3, use_bias=False, name="host")],
    "einsum": [lambda: LAYERS.EinsumDense("abc,cd->abd", (5, 3), bias_axes="d", name="host")],
    "einsum_without_bias": [lambda: LAYERS.EinsumDense("abc,cde->abde", (5, 2, 3), name="host")],
    "einsum_with_wide_bias": [lambda: LAYERS.EinsumDense("abc,cde->abde", (5, 2, 3), bias_axes="de", name="host")],
    "einsum_with_kernel_per_row": [lambda: LAYERS.EinsumDense("abc,bcd->abd", (5, 3), bias_axes="bd", name="host")],
    "through_dropout": [lambda: LAYERS.Dense(3, name="host"), lambda: LAYERS.Dropout(0.5, name="drop")],
}


@pytest.mark.parametrize("case", FOLDED)
@pytest.mark.parametrize("options", [{}, {"center": False}, {"scale": False}, {"epsilon": 0.1}], ids=str)
def test_folded_into_the_layer_before(case: str, options: dict[str, Any]) -> None:
    model = chain(*(make() for make in FOLDED[case]), norm(**options))
    found, notes = fold_batch_norms(model)
    assert [layer.name for layer in found.layers] == ["x", "host"]
    assert notes == ["norm is folded into host"]
    np.testing.assert_allclose(found(data(model, 20)), model(data(model, 20)), rtol=1e-5, atol=1e-5)


ALONE: dict[str, Callable[[], keras.Model]] = {
    "first": lambda: chain(norm()),
    "after_relu": lambda: chain(LAYERS.Dense(3, activation="relu", name="d"), norm()),
    "channels_not_in_kernel": lambda: chain(LAYERS.EinsumDense("abc,bd->adc", (2, 4), name="d"), norm()),
    "bias_over_another_axis": lambda: chain(LAYERS.EinsumDense("abc,cd->abd", (5, 3), bias_axes="b", name="d"), norm()),
}


@pytest.mark.parametrize("case", ALONE)
def test_a_scale_and_a_shift_where_it_cannot_be_folded(case: str) -> None:
    model = ALONE[case]()
    found, notes = fold_batch_norms(model)
    layer = found.get_layer("norm")
    assert isinstance(layer, QScaleShift)
    assert layer.scale_format is None
    assert notes == ["norm becomes a scale and a shift"]
    np.testing.assert_allclose(found(data(model, 20)), model(data(model, 20)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("why", ["second reader", "output", "shared"])
def test_not_folded_into_a_layer_that_others_use(why: str) -> None:
    inputs = keras.Input((5, 4), name="x")
    dense = LAYERS.Dense(4, name="d")
    y = dense(inputs)
    z = norm()(y)
    if why == "second reader":
        z = LAYERS.Add(name="add")([y, z])
    model = spread(keras.Model(inputs, {"output": [y, z], "shared": [z, dense(inputs)]}.get(why, z)))
    found, _ = fold_batch_norms(model)
    assert isinstance(found.get_layer("norm"), QScaleShift)
    for e, f in zip(keras.tree.flatten(model(data(model, 9))), keras.tree.flatten(found(data(model, 9))), strict=True):
        np.testing.assert_allclose(f, e, rtol=1e-5, atol=1e-5)


def test_two_norms_in_a_row() -> None:
    model = chain(LAYERS.Dense(3, name="host"), norm(), LAYERS.BatchNormalization(name="second"))
    found, notes = fold_batch_norms(model)
    assert notes == ["norm is folded into host", "second becomes a scale and a shift"]
    np.testing.assert_allclose(found(data(model, 9)), model(data(model, 9)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "AlphaDropout"])
def test_noise_vanishes(kind: str) -> None:
    model = chain(LAYERS.Dense(3, name="d"), getattr(LAYERS, kind)(0.5, name="noise"))
    found, notes = fold_batch_norms(model)
    assert [item.name for item in found.layers] == ["x", "d"]
    assert notes == []
    np.testing.assert_array_equal(found(data(model, 9)), model(data(model, 9)))


def quantised(seed: int = 0, width: float = 0.5) -> keras.Model:
    inputs = keras.Input((5, 4), name="x")
    dense = QEinsumDense("abc,cd->abd", (5, 3), "quantized_bits(6,0,alpha=1)", name="d")
    return spread(keras.Model(inputs, norm()(dense(inputs))), seed, width)


@pytest.mark.parametrize("width", [0.01, 0.5, 300.0])
def test_sixteen_bits_in_a_quantised_model(width: float) -> None:
    model = quantised(1, width)
    scale, shift = scale_and_shift(model.get_layer("norm"))
    found, notes = fold_batch_norms(model)
    layer = found.get_layer("norm")
    assert (layer.scale_format.width, layer.shift_format.width) == (16, 16)
    changes = []
    for fmt, exact, held in (
        (layer.scale_format, scale, layer.quantised_scale),
        (layer.shift_format, shift, layer.quantised_shift),
    ):
        assert np.abs(np.asarray(held) - exact).max() <= fmt.lsb * 0.5001  # nothing saturates
        assert np.abs(exact).max() > fmt.max / 2.001  # and no bit is idle
        changes.append(np.abs(np.asarray(held, dtype=np.float64) / exact - 1).max())
    assert notes == [
        f"norm becomes a scale and a shift of 16 bits: a scale changes by at most {changes[0]:.2g} of itself"
    ]


def test_scale_just_below_a_power_of_two_does_not_saturate() -> None:
    model = quantised()
    layer = model.get_layer("norm")
    layer.gamma.assign([np.nextafter(np.float32(1), np.float32(0)), 0.5, -1.0])
    layer.moving_variance.assign([1.0 - layer.epsilon] * 3)
    found, _ = fold_batch_norms(model)
    np.testing.assert_allclose(found.get_layer("norm").quantised_scale, [1.0, 0.5, -1.0])


def test_all_zero() -> None:
    model = quantised()
    layer = model.get_layer("norm")
    layer.gamma.assign([0.0] * 3)
    found, notes = fold_batch_norms(model)
    assert not np.asarray(found.get_layer("norm").quantised_scale).any()
    assert notes[0].endswith("at most 0 of itself")


def test_a_variance_below_zero_is_told_with_its_layer() -> None:
    layer = norm()
    layer.build((None, 3))
    layer.moving_variance.assign([0.5, -0.25, 0.0])
    with pytest.raises(UserError, match=r"variances must not be negative, not -0\.25") as caught:
        scale_and_shift(layer)
    assert caught.value.where == "layer 'norm'"


def test_refusals() -> None:
    with pytest.raises(UserError, match="must be over the last axis, not 1") as caught:
        fold_batch_norms(chain(norm(axis=1)))
    assert caught.value.where == "layer 'norm'"
    inputs = keras.Input((4,), name="x")
    for layer in (LAYERS.Dropout(0.5, name="on"), LAYERS.BatchNormalization(name="on")):
        with pytest.raises(UserError, match="must be called as at inference, not with training=True") as caught:
            fold_batch_norms(keras.Model(inputs, layer(inputs, training=True)))
        assert caught.value.where == "layer 'on'"
