"""Post-training quantisation of a layer normalisation."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.layers import QLayerNormalization
from fpga_tf.lower.walk import lower
from fpga_tf.models import quantise, quantise_with_report
from fpga_tf.models.evaluate import evaluate, output_keys
from tests.models.builders import data, spread
from tests.models.test_quantise import worst

pytestmark = pytest.mark.qkeras
LAYERS = keras.layers


def float_model(masked: bool = False, **options: Any) -> keras.Model:
    """A block with a normalisation before the attention and one behind the residual sum."""
    x = inputs = keras.Input((5, 4), name="x")
    if masked:
        x = LAYERS.Masking(name="masking")(x)
    x = LAYERS.Dense(6, activation="relu", name="embed")(x)
    normal = LAYERS.LayerNormalization(name="n1", **options)(x)
    attended = LAYERS.MultiHeadAttention(2, 3, name="a")(normal, normal)
    total = attended if masked else LAYERS.Add(name="total")([x, attended])
    flat = LAYERS.Flatten(name="flat")(LAYERS.LayerNormalization(name="n2")(total))
    return spread(keras.Model(inputs, LAYERS.Dense(3, name="head")(flat)))


@pytest.mark.parametrize("options", [{}, {"scale": False, "epsilon": 0.01}, {"center": False, "axis": 2}], ids=str)
@pytest.mark.parametrize("masked", [False, True])
def test_it_comes_close_and_becomes_hardware(masked: bool, options: dict[str, Any]) -> None:
    model = float_model(masked, **options)
    values = data(model, 300)
    if masked:
        values[::3, 4:] = 0.0
    found, report = quantise_with_report(model, values, weight_bits=12, activation_bits=12)
    if masked:  # Keras's softmax gives a query that is left out some weights
        values = values[(values[:, 4:] != 0).any(axis=(1, 2))]
    assert worst(model, found, values) < 0.03
    layer = found.get_layer("n1")
    assert type(layer) is QLayerNormalization and layer.quantised
    assert (layer.epsilon, layer.scale, layer.center) == (
        options.get("epsilon", 1e-3), options.get("scale", True), options.get("center", True)
    )  # fmt: skip
    for stage in ("mean", "deviation", "variance", "inverse"):
        assert layer.formats[stage] == report.format_of(f"n1/{stage}").format
    assert layer.formats["output"] == report.format_of("n1").format
    assert layer.formats["input"] == report.format_of("embed_q").format  # what comes in, and no second rounding
    assert report.format_of("n1/variance").format.width == 16
    lowered = lower(found)
    assert [n["class_name"] for n in lowered.nodes].count("FpgaTfLayerNorm") == 2


def test_native_and_exact_evaluation_agree() -> None:
    model = float_model()
    found = quantise(model, data(model, 300), weight_bits=6, activation_bits=8)
    keys = output_keys(found)
    native, exact = (evaluate(found, [data(model, 50, 1)], keys, exact=e)[keys[0]] for e in (False, True))
    np.testing.assert_array_equal(native, exact)
    assert worst(model, found, data(model, 50, 1)) < 0.3


def test_stages_are_profiled_as_keras_computes_them() -> None:
    inputs = keras.Input((5, 4), name="x")
    model = spread(keras.Model(inputs, LAYERS.LayerNormalization(name="n")(inputs)))
    values = data(model, 400)
    values[:100] = values[:100, :, :1]  # equal values: their roots do not stretch the format
    _, report = quantise_with_report(model, values)
    mean, variance = values.mean(-1), values.astype(np.float64).var(-1)
    seen = variance[variance > 1e-3 / 16]
    assert report.format_of("n/mean").low == pytest.approx(mean.min(), rel=1e-5)
    assert report.format_of("n/variance").high == pytest.approx(variance.max(), rel=1e-5)
    assert report.format_of("n/variance").low == pytest.approx(0, abs=1e-12)
    assert report.format_of("n/inverse").high == pytest.approx(1 / np.sqrt(seen.min() + 1e-3), rel=1e-5)
    assert report.format_of("n/deviation").high == pytest.approx((values - mean[..., None]).max(), rel=1e-5)
    assert not report.format_of("n/inverse").format.signed


def test_many_bits_take_the_best_table_there_is() -> None:
    inputs = keras.Input((4,), name="x")
    model = spread(keras.Model(inputs, LAYERS.LayerNormalization(name="n")(inputs)))
    found = quantise(model, data(model, 300), weight_bits=12, activation_bits=14)
    layer = found.get_layer("n")
    assert isinstance(layer.formats["inverse"], Format)
    assert layer.formats["inverse"].width == 14
    assert len(layer.design(4).table) <= 3 * 2**12
    assert worst(model, found, data(model, 300)) < 0.01


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"axis": 1}, "a layer normalisation's axis must be the last one, not [1]"),
        ({"axis": [1, 2]}, "a layer normalisation's axis must be the last one, not [1, 2]"),
        ({"rms_scaling": True}, "a layer normalisation's rms_scaling must be off"),
        ({"epsilon": 0.0}, "a layer normalisation's epsilon must be above 0 in hardware, not 0.0"),
    ],
)
@pytest.mark.filterwarnings("ignore:You passed `rms_scaling")
def test_refusals(options: dict[str, Any], message: str) -> None:
    inputs = keras.Input((5, 4), name="x")
    model = keras.Model(inputs, LAYERS.LayerNormalization(name="n", **options)(inputs))
    with pytest.raises(UserError) as caught:
        quantise(model, data(model, 20))
    assert caught.value.what == message
