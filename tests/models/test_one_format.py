"""Quantisation to one format for everything."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, bits_format, parse_quantiser
from fpga_tf.layers import QMultiHeadAttention, QScaleShift, QSoftmax
from fpga_tf.models import quantise
from fpga_tf.models.plan import OneFormat
from fpga_tf.models.quantise import quantise_to
from tests.models.builders import data, float_model, spread

pytestmark = pytest.mark.qkeras
ONE = OneFormat(integer=3, fraction=6, weight_fraction=4)
SIGNED, POSITIVE = bits_format(10, 3), bits_format(9, 3, signed=False)
SHARE, WEIGHT = bits_format(6, 0, signed=False), bits_format(8, 3)


def formats(model: keras.Model) -> dict[str, Format | None]:
    """Every format in a model by what it is of; relu and probabilities among them."""
    found: dict[str, Format | None] = {}
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "QActivation":
            found[layer.name] = parse_quantiser(layer.activation)
        elif kind == "QDense":
            found[f"{layer.name}/kernel"] = parse_quantiser(layer.kernel_quantizer)
            found[f"{layer.name}/bias"] = parse_quantiser(layer.bias_quantizer)
        elif isinstance(layer, QMultiHeadAttention):
            found.update({f"{layer.name}/{stage}": fmt for stage, fmt in layer.formats.items()})
            found.update({f"{layer.name}/kernel": layer.kernel_format, f"{layer.name}/bias": layer.bias_format})
        elif isinstance(layer, QSoftmax):
            found.update({f"{layer.name}/scores": layer.input_format, layer.name: layer.output_format})
        elif isinstance(layer, QScaleShift):
            found.update({f"{layer.name}/scale": layer.scale_format, f"{layer.name}/shift": layer.shift_format})
    return found


def test_every_tensor_and_every_weight_has_the_format() -> None:
    model = spread(float_model())
    quantised, notes = quantise_to(model, data(model, 5), ONE)
    found = formats(quantised)
    shares = {name for name, fmt in found.items() if fmt == SHARE}
    assert {name for name in shares if name.endswith("/attention")} == {
        f"{layer.name}/attention" for layer in quantised.layers if isinstance(layer, QMultiHeadAttention)
    }
    weights = {n: f for n, f in found.items() if n.rpartition("/")[2] in ("kernel", "bias", "scale", "shift")}
    assert weights and set(weights.values()) == {WEIGHT}
    tensors = [f for n, f in found.items() if n not in weights and n not in shares]
    assert set(tensors) == {SIGNED, POSITIVE}
    assert notes == []


def test_the_values_are_those_of_rounding_by_hand() -> None:
    inputs = keras.Input((2,), name="x")
    model = keras.Model(inputs, keras.layers.Dense(1, activation="relu", name="dense")(inputs))
    model.layers[1].set_weights([np.array([[0.3], [-1.7]]), np.array([0.29])])
    quantised, _ = quantise_to(model, np.zeros((1, 2)), ONE)
    x = np.array([[1.013, -2.004], [9.0, 0.0], [0.0, 5.0]])
    # inputs to 1/64 and below 8; weights to 1/16: 5/16, -27/16, bias 5/16; the result to 1/64
    rows = [(65 / 64, -128 / 64), (511 / 64, 0.0), (0.0, 5.0)]
    exact = [a * 5 / 16 - b * 27 / 16 + 5 / 16 for a, b in rows]
    expected = [np.rint(64 * max(v, 0.0)) / 64 for v in exact]
    np.testing.assert_array_equal(np.asarray(quantised(x)).ravel(), expected)
    assert expected[2] == 0.0 and expected[0] != expected[1]


def test_a_shared_layer_that_is_negative_once_keeps_its_sign() -> None:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    shared = keras.layers.Add(name="sum")
    positive = keras.layers.ReLU(name="relu")(a)
    model = keras.Model([a, b], shared([shared([positive, positive]), b]))  # never negative in its first call
    quantised, _ = quantise_to(model, [np.zeros((1, 3)), np.zeros((1, 3))], ONE)
    assert formats(quantised)["sum_q"] == SIGNED


@pytest.mark.parametrize("one", [OneFormat(0, 1, 1), OneFormat(12, 11, 11), OneFormat(7, 16, 16)])
def test_the_ends_of_the_range_are_computed(one: OneFormat) -> None:
    model = spread(float_model())
    quantised, _ = quantise_to(model, data(model, 3), one)
    assert np.isfinite(np.asarray(quantised(data(model, 3)))).all()


def test_what_a_softmax_reads_has_no_more_fraction_bits_than_its_table() -> None:
    model = spread(float_model())
    quantised, _ = quantise_to(model, data(model, 3), OneFormat(3, 12, 12))
    found = formats(quantised)
    scores = {name: fmt for name, fmt in found.items() if name.endswith("/scores")}
    # key_dim 3: a step of 2**-9 is 2**-9.8 of the exponent; the last softmax has no scale
    assert scores == {"attention/scores": bits_format(13, 3), "head_softmax/scores": bits_format(14, 3)}
    assert found["attention/query"] == bits_format(16, 3)


def test_a_quantised_model_is_refused() -> None:
    model = spread(float_model())
    with pytest.raises(UserError, match="must be a float one"):
        quantise_to(quantise(model, data(model, 50)), data(model, 5), ONE)


@pytest.mark.parametrize("fraction", [2, 6, 12])
def test_a_layer_normalisation_has_it_too(fraction: int) -> None:
    inputs = keras.Input((5, 4), name="x")
    normal = keras.layers.LayerNormalization(name="normal")(inputs)
    model = spread(keras.Model(inputs, keras.layers.Dense(2, name="head")(normal)))
    quantised, _ = quantise_to(model, data(model, 3), OneFormat(4, fraction, fraction))
    signed, positive = bits_format(5 + fraction, 4), bits_format(4 + fraction, 4, signed=False)
    expected = dict.fromkeys(("input", "mean", "deviation", "gamma", "beta", "output"), signed)
    assert quantised.get_layer("normal").formats == {**expected, "variance": positive, "inverse": positive}
    x = data(model, 50, seed=2)
    error = np.abs(np.asarray(quantised(x)) - np.asarray(model(x))).max()
    assert error < 24 * 2.0**-fraction
    assert [layer.name for layer in quantised.layers].count("normal_q") == 0
