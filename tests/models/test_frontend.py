"""Which family a model belongs to, and mixtures that no converter takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.layers import QEinsumDense, QSoftmax
from fpga_tf.models.frontend import describe
from fpga_tf.models.normalisation import fold_batch_norms
from fpga_tf.models.read import read_model
from fpga_tf.models.rebuild import rebuild
from tests.models.builders import data, float_model, layer_of, rewritten, saved


def model_of(*layers: Any) -> keras.Model:
    x = inputs = keras.Input((5, 4), name="x")
    for layer in layers:
        x = layer(x)
    return keras.Model(inputs, x)


def neutral() -> list[Any]:
    return [
        keras.layers.BatchNormalization(name="norm"),
        keras.layers.Dropout(0.1, name="drop"),
        keras.layers.ReLU(name="relu"),
        keras.layers.Flatten(name="flat"),
    ]


def test_float() -> None:
    assert describe(float_model()) == "float"
    assert describe(model_of(*neutral())) == "float"


def test_ours_among_layers_without_weights() -> None:
    assert describe(model_of(QEinsumDense("abc,cd->abd", (5, 3), name="d"), *neutral())) == "qkeras"
    assert describe(model_of(QSoftmax(name="s"))) == "qkeras"


@pytest.mark.parametrize(
    ("layer", "hint"),
    [
        (keras.layers.Dense(2, name="plain"), "use QDense, or quantise a float model with the `quantise` section"),
        (
            keras.layers.EinsumDense("abc,cd->abd", (5, 3), name="plain"),
            "use QEinsumDense, or quantise a float model with the `quantise` section",
        ),
        (
            keras.layers.LayerNormalization(name="plain"),
            "use QLayerNormalization, or quantise a float model with the `quantise` section",
        ),
    ],
)
def test_float_weights_in_a_quantised_model(layer: Any, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        describe(model_of(QSoftmax(name="s"), layer))
    kind = type(layer).__name__
    assert caught.value.what == f"a quantised model's layers must come from QKeras or fpga_tf, not Keras's {kind}"
    assert caught.value.where == "layer 'plain'"
    assert caught.value.hint == hint


@pytest.mark.qkeras
def test_qkeras() -> None:
    import qkeras

    quantised = qkeras.QDense(3, kernel_quantizer="quantized_bits(6,0,alpha=1)", name="d")
    assert describe(model_of(quantised, qkeras.QActivation("quantized_relu(6,2)", name="a"))) == "qkeras"


def hgq2_model(*more: Any) -> keras.Model:
    from hgq.layers import QAdd, QDense, QMultiHeadAttention

    x = inputs = keras.Input((5, 4), name="x")
    x = QDense(4, activation="relu", name="embed")(x)
    x = QAdd(name="total")([x, QMultiHeadAttention(2, 3, name="attention")(x, x)])
    for layer in more:
        x = layer(x)
    return keras.Model(inputs, x, name="hgq2_model")


@pytest.mark.hgq2
def test_hgq2_model_is_read_described_and_rebuilt(tmp_path: Path) -> None:
    model = hgq2_model(keras.layers.Dropout(0.5, name="drop"))
    found = read_model(saved(model, tmp_path / "model.keras"))
    assert describe(found) == "hgq2"
    expected = np.asarray(model(data(model, 9)))
    for again in (found, rebuild(found, lambda layer: None)):
        np.testing.assert_array_equal(again(data(model, 9)), expected)
    folded, notes = fold_batch_norms(found)
    assert "drop" not in [layer.name for layer in folded.layers]
    assert notes == []
    np.testing.assert_array_equal(folded(data(model, 9)), expected)


@pytest.mark.hgq2
def test_hgq2_mixtures() -> None:
    with pytest.raises(UserError, match="must come from HGQ2, not Keras's Dense"):
        describe(hgq2_model(keras.layers.Dense(3, name="plain")))
    with pytest.raises(UserError, match="QKeras's and fpga_tf's layers or HGQ2's, not both") as caught:
        describe(hgq2_model(QSoftmax(name="soft")))
    assert caught.value.where == "layer 'embed'"
    with pytest.raises(UserError, match="an HGQ2 model's normalisation must be HGQ2's own"):
        fold_batch_norms(hgq2_model(keras.layers.BatchNormalization(name="norm")))


@pytest.mark.hgq2
def test_without_qkeras_quantisation_says_what_is_missing() -> None:
    from fpga_tf.models.quantise import quantise

    with pytest.raises(UserError, match="quantisation must have QKeras, not fail to import it") as caught:
        quantise(float_model(), data(float_model(), 8))
    assert caught.value.hint == "pip install 'fpga_tf[qkeras]', in another environment than the extra hgq2"


@pytest.mark.hgq2
def test_hgq2s_own_qkeras_is_not_taken_for_the_real_one(tmp_path: Path) -> None:
    path = saved(float_model(), tmp_path / "model.keras")
    rewritten(path, lambda c: layer_of(c, "embed").update(module="qkeras.qlayers", class_name="QDense"))
    with pytest.raises(UserError) as caught:
        read_model(path)
    assert caught.value.what == (
        "a model of qkeras's layers must be read where that package works, not without it "
        "(the package qkeras here is another one)"
    )
