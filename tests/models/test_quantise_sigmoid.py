"""Post-training quantisation of a sigmoid."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from fpga_tf.fixedpoint import bits_format
from fpga_tf.layers import QSigmoid
from fpga_tf.lower.walk import lower
from fpga_tf.models import quantise_with_report
from fpga_tf.models.plan import OneFormat
from fpga_tf.models.quantise import quantise_to
from tests.models.builders import data, spread
from tests.models.test_quantise import worst

pytestmark = pytest.mark.qkeras
LAYERS = keras.layers


def float_model(last: str) -> keras.Model:
    """A small model with a sigmoid in the middle and one at the end, which `last` writes as a layer or an option."""
    inputs = keras.Input((4, 3), name="x")
    x = LAYERS.Dense(5, activation="relu", name="embed")(inputs)
    x = LAYERS.Activation("sigmoid", name="gate")(x)
    x = LAYERS.Flatten(name="flat")(LAYERS.Dense(2, name="narrow")(x))
    x = LAYERS.Dense(1, activation="sigmoid" if last == "option" else None, name="head")(x)
    return spread(keras.Model(inputs, x if last == "option" else LAYERS.Activation("sigmoid", name="head_sigmoid")(x)))


@pytest.mark.parametrize("last", ["option", "layer"])
def test_it_comes_close_and_becomes_hardware(last: str) -> None:
    model = float_model(last)
    values = data(model, 300)
    found, report = quantise_with_report(model, values, weight_bits=12, activation_bits=12)
    assert worst(model, found, values) < 0.004
    layers = [found.get_layer(name) for name in ("gate", "head_sigmoid")]
    assert all(type(layer) is QSigmoid for layer in layers)
    assert layers[0].input_format == report.format_of("embed_q").format  # what comes in, and no second rounding
    assert layers[1].input_format == report.format_of("head_sigmoid/scores").format
    assert layers[1].output_format == bits_format(12, 0, signed=False)
    with pytest.raises(KeyError):
        report.format_of("head")  # its exact sums go straight into the sigmoid's own quantiser
    seen = report.format_of("head_sigmoid/scores")
    before = np.asarray(keras.Model(model.inputs, model.get_layer("flat").output)(values))
    kernel, bias = model.get_layer("head").get_weights()
    assert seen.high == pytest.approx((before @ kernel + bias).max(), rel=1e-5)
    assert [n["class_name"] for n in lower(found).nodes].count("FpgaTfSigmoid") == 2


@pytest.mark.parametrize(
    ("one", "head"),
    [
        (OneFormat(3, 6, 4), bits_format(10, 3)),
        (OneFormat(9, 12, 12), bits_format(14, 4)),  # 12 fraction bits in the result: zero and one from 9.01 on
        (OneFormat(9, 4, 4), bits_format(7, 2)),  # from 3.5 on
    ],
)
def test_one_format_is_cut_to_what_a_table_holds(one: OneFormat, head: Any) -> None:
    model = float_model("option")
    found, _ = quantise_to(model, data(model, 2), one)
    layer = found.get_layer("head_sigmoid")
    assert (layer.input_format, layer.output_format) == (head, one.share)
    assert layer.input_format.width <= 14
