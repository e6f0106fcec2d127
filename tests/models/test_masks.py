"""Which tensor carries which mask: what Keras does at run time is the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fpga_tf.errors import InternalError, UserError

pytestmark = pytest.mark.qkeras
W, B = "quantized_bits(5,1,alpha=1)", "quantized_bits(7,2,alpha=1)"


def attention(name: str) -> Any:
    from fpga_tf.layers import QMultiHeadAttention

    stages = {f"{s}_quantizer": B for s in ("query", "key", "value", "scores", "context", "output")}
    weights = {"kernel_quantizer": W, "bias_quantizer": W}
    weight = "quantized_bits(6,0,keep_negative=0,alpha=1)"
    return QMultiHeadAttention(1, 2, **stages, **weights, attention_quantizer=weight, name=name)


def travelling() -> Any:
    """A model through which masks travel in every way that there is."""
    import keras
    from qkeras import QActivation, QDense

    from fpga_tf.layers import QScaleShift

    layers = keras.layers
    inputs = keras.Input((3, 2), name="x")
    x = QActivation(B, name="x_q")(inputs)
    masked = layers.Masking(name="masking")(x)
    kept = [
        layers.Dropout(0.1, name="drop")(masked),
        layers.ReLU(name="relu")(masked),
        layers.Activation("linear", name="linear")(masked),
        QDense(2, kernel_quantizer=W, bias_quantizer=W, name="dense")(masked),
        QScaleShift(W, W, name="scale")(masked),
        layers.Add(name="same")([masked, masked]),
        layers.Concatenate(name="wide")([masked, masked]),
        *attention("scored")(masked, x, return_attention_scores=True),
        attention("named")(value=x, query=masked),
        attention("other")(x, masked),
    ]
    lost = [
        QActivation(B, name="masked_q")(masked),
        layers.Add(name="one")([masked, x]),
        layers.Add(name="two")([x, masked]),
        layers.Concatenate(name="half")([x, masked]),
        layers.Flatten(name="flat")(masked),
        layers.Permute((2, 1), name="move")(masked),
        layers.Reshape((2, 3), name="shape")(masked),
    ]
    return keras.Model(inputs, [*kept, *lost])


def test_tensors_carry_the_masks_that_keras_gives_them() -> None:
    from keras.src import backend

    from fpga_tf.models.evaluate import _Native
    from fpga_tf.models.graph import calls
    from fpga_tf.models.masks import implicit_masks

    model = travelling()
    x = np.random.default_rng(0).normal(0, 1, (40, 3, 2)) * np.random.default_rng(1).integers(0, 2, (40, 3, 1))
    run = _Native(model, set())
    made = {key: np.asarray(value) for key, value in run.values([x.astype("float32")]) if key.endswith("/mask")}
    assert len(made) == 1 and 0.2 < next(iter(made.values())).mean() < 0.8
    found = implicit_masks(model)
    carrying = 0
    for call in calls(model):
        for tensor in call.outputs:
            actual = backend.get_keras_mask(run.tensors[id(tensor)])
            key = found.get(tensor.name)
            if actual is None or np.asarray(actual).all():
                assert key is None, call.layer.name
            else:
                carrying += 1
                assert key is not None, call.layer.name
                assert np.array_equal(np.asarray(actual), made[key] != 0), call.layer.name
    assert carrying == 10


def test_both_evaluations_see_the_same_masks() -> None:
    from fpga_tf.models.evaluate import evaluate, output_keys

    model = travelling()
    x = np.round(
        np.random.default_rng(2).normal(0, 2, (60, 3, 2)) * np.random.default_rng(3).integers(0, 2, (60, 3, 1))
    )
    keys = output_keys(model)
    native, exact = (evaluate(model, [x], keys, exact=e, batch=16) for e in (False, True))
    for key in keys:
        assert native[key].shape[0] == 60 and np.array_equal(native[key], exact[key])


def test_an_embedding_that_masks_is_refused() -> None:
    import keras

    from fpga_tf.models.masks import implicit_masks

    inputs = keras.Input((3,), dtype="int32")
    model = keras.Model(inputs, keras.layers.Embedding(4, 2, mask_zero=True, name="table")(inputs))
    with pytest.raises(UserError, match="an Embedding's mask_zero must be off") as caught:
        implicit_masks(model)
    assert caught.value.where == "layer table"


@pytest.mark.hgq2
def test_hgq2_is_not_evaluated_in_float64() -> None:
    import keras
    from hgq.layers import QDense

    from fpga_tf.models.evaluate import evaluate, output_keys

    inputs = keras.Input((3,))
    model = keras.Model(inputs, QDense(2)(inputs))
    with pytest.raises(InternalError, match="an HGQ2 model must be evaluated as it is"):
        evaluate(model, [np.zeros((2, 3))], output_keys(model), exact=True)
