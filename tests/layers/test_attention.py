"""QMultiHeadAttention: its Keras parent without quantisers, the hardware's codes with them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import bits_format, softmax_codes
from fpga_tf.layers import QMultiHeadAttention
from fpga_tf.layers.attention import STAGES

Arrays = dict[str, np.ndarray]
CASES: dict[str, tuple[dict[str, Any], list[tuple[int, ...]], dict[str, Any]]] = {
    # name: constructor's arguments, shapes of query, value (and key), call's arguments
    "self": ({}, [(5, 6)], {}),
    "one_head": ({"num_heads": 1}, [(5, 6)], {}),
    "cross": ({}, [(4, 6), (7, 5)], {}),
    "cross_with_key": ({}, [(4, 6), (7, 5), (7, 3)], {}),
    "value_dim": ({"value_dim": 2}, [(5, 6)], {}),
    "output_shape": ({"output_shape": 9}, [(5, 6)], {}),
    "output_shape_of_rank_two": ({"output_shape": (2, 3)}, [(5, 6)], {}),
    "no_bias": ({"use_bias": False}, [(5, 6)], {}),
    "causal": ({}, [(5, 6)], {"use_causal_mask": True}),
    "causal_cross": ({}, [(4, 6), (7, 5)], {"use_causal_mask": True}),
    "sliding_window": ({"sliding_window": 2}, [(5, 6)], {}),
    "attention_mask": ({}, [(4, 6), (7, 5)], {"attention_mask": "random"}),
    "causal_and_mask": ({}, [(5, 6)], {"attention_mask": "random", "use_causal_mask": True}),
    "scores": ({}, [(4, 6), (7, 5)], {"return_attention_scores": True}),
    "scores_and_mask": ({}, [(5, 6)], {"return_attention_scores": True, "attention_mask": "random"}),
    "two_axes": ({}, [(3, 4, 6)], {}),
    "one_axis_of_two": ({"attention_axes": (2,)}, [(3, 4, 6)], {}),
    "first_axis_of_two": ({"attention_axes": 1}, [(3, 4, 6)], {"return_attention_scores": True}),
}


def arguments(shapes: list[tuple[int, ...]], call: dict[str, Any], seed: int = 0) -> tuple[list[Any], dict[str, Any]]:
    """Tensors of a batch of 3, self-attention if there is one shape, and a mask that leaves every query one key."""
    rng = np.random.default_rng(seed)
    tensors = [ops.convert_to_tensor(rng.normal(size=(3, *s)).astype(np.float32)) for s in shapes]
    tensors = tensors * 2 if len(tensors) == 1 else tensors
    call = dict(call)
    if "attention_mask" in call:
        mask = rng.integers(0, 2, (3, shapes[0][0], shapes[-1][0])).astype(np.bool_)
        mask[..., 0] = True
        call["attention_mask"] = ops.convert_to_tensor(mask)
    return tensors, call


def pair(options: dict[str, Any], shapes: list[tuple[int, ...]], **quantisers: Any) -> tuple[Any, QMultiHeadAttention]:
    """The Keras layer and ours, with the same random weights."""
    options = {"num_heads": 2, "key_dim": 4, **options}
    parent, own = keras.layers.MultiHeadAttention(**options), QMultiHeadAttention(**options, **quantisers)
    full = [(None, *s) for s in (shapes * 2 if len(shapes) == 1 else shapes)]
    parent.build(*full)
    own.build(*full)
    rng = np.random.default_rng(1)
    parent.set_weights([rng.normal(0, 0.5, w.shape) for w in parent.get_weights()])
    own.set_weights(parent.get_weights())
    return parent, own


@pytest.mark.parametrize("case", CASES)
def test_without_quantisers_it_is_its_parent(case: str) -> None:
    options, shapes, call = CASES[case]
    parent, own = pair(options, shapes)
    tensors, call = arguments(shapes, call)
    expected, found = parent(*tensors, **call), own(*tensors, **call)
    for e, f in zip(keras.tree.flatten(expected), keras.tree.flatten(found), strict=True):
        np.testing.assert_allclose(f, e, rtol=1e-5, atol=2e-6)


def quantisers(rng: np.random.Generator) -> dict[str, str]:
    def bits(low: int, high: int, integer: int) -> str:
        return f"quantized_bits({rng.integers(low, high)},{integer},{rng.integers(2)},alpha=1)"

    stages = {f"{s}_quantizer": bits(5, 10, 2) for s in STAGES}
    stages["attention_quantizer"] = f"quantized_bits({rng.integers(4, 10)},0,keep_negative=0,alpha=1)"
    return {"kernel_quantizer": bits(4, 8, 0), "bias_quantizer": bits(6, 10, 1), **stages}


def by_codes(layer: QMultiHeadAttention, query: np.ndarray, value: np.ndarray, key: np.ndarray, mask: Any) -> Arrays:
    """All stages in int64, from codes of the inputs with 4 fraction bits; written for one attention axis."""

    def project(dense: Any, stage: str, x: np.ndarray, fraction: int) -> np.ndarray:
        kernel = layer.kernel_format.quantise(np.asarray(dense.kernel))
        y = np.einsum(dense.equation, x, kernel)
        total = fraction + layer.kernel_format.fraction
        if dense.bias is not None:
            bias = layer.bias_format.quantise(np.asarray(dense.bias))
            shared = max(total, layer.bias_format.fraction)
            y = (y << (shared - total)) + (bias << (shared - layer.bias_format.fraction))
            total = shared
        return layer.formats[stage].requantise(y, total)

    formats, out = layer.formats, {}
    for stage, x in (("query", query), ("key", key), ("value", value)):
        out[stage] = project(layer.projections()[stage], stage, x, 4)
    raw = np.einsum("bshd,bthd->bhts", out["key"], out["query"])
    out["scores"] = formats["scores"].requantise(raw, formats["key"].fraction + formats["query"].fraction)
    out["attention"] = softmax_codes(layer.design(raw.shape[-1]), out["scores"], mask)
    raw = np.einsum("bhts,bshd->bthd", out["attention"], out["value"])
    out["context"] = formats["context"].requantise(raw, formats["attention"].fraction + formats["value"].fraction)
    out["output"] = project(layer.projections()["output"], "output", out["context"], formats["context"].fraction)
    return out


@pytest.mark.parametrize("trial", range(8))
def test_every_stage_equals_integer_arithmetic(trial: int) -> None:
    rng = np.random.default_rng(100 + trial)
    cross, masked = trial % 2 == 1, trial >= 4
    shapes = [(4, 6), (7, 5), (7, 3)] if cross else [(5, 6)]
    options = {"num_heads": 1 + trial % 4, "use_bias": trial % 3 > 0, "value_dim": [None, 3][cross]}
    _, layer = pair(options, shapes, **quantisers(rng))
    codes = [rng.integers(-64, 64, (3, *s)) for s in shapes]
    codes = codes * 3 if len(codes) == 1 else codes
    mask = None
    if masked:
        mask = rng.integers(0, 2, (3, shapes[0][0], shapes[-1][0])).astype(np.bool_)
        mask[0, 0] = False
    tensors = [ops.convert_to_tensor((c / 16.0).astype(np.float32)) for c in codes]
    expected = by_codes(layer, *codes, None if mask is None else mask[:, None])
    stages = layer.stages(*tensors, mask=None if mask is None else ops.convert_to_tensor(mask))
    for stage, tensor in stages.items():
        found, on_grid = layer.formats[stage].codes_of(np.asarray(tensor))
        assert on_grid.all(), stage
        np.testing.assert_array_equal(found, expected[stage], err_msg=stage)
    y, weights = layer(*tensors, attention_mask=mask, return_attention_scores=True)
    np.testing.assert_array_equal(layer.formats["output"].codes_of(np.asarray(y))[0], expected["output"])
    np.testing.assert_array_equal(layer.formats["attention"].codes_of(np.asarray(weights))[0], expected["attention"])


def test_query_that_may_attend_to_nothing_gets_the_bias_only() -> None:
    rng = np.random.default_rng(3)
    _, layer = pair({}, [(5, 6)], **quantisers(rng))
    x = ops.convert_to_tensor(rng.normal(size=(3, 5, 6)).astype(np.float32))
    mask = np.ones((3, 5, 5), dtype=np.bool_)
    mask[:, 2] = False
    stages = layer.stages(x, x, mask=ops.convert_to_tensor(mask))
    assert not np.asarray(stages["attention"])[:, :, 2].any()
    bias = bits_format(1, 0) if layer.bias_format is None else layer.bias_format
    kept = bias.dequantise(bias.quantise(np.asarray(layer.output_dense.bias)))
    out = layer.formats["output"]
    np.testing.assert_array_equal(
        np.asarray(stages["output"])[:, 2], np.tile(out.dequantise(out.quantise(kept)), (3, 1))
    )


def masked_model(cls: Any, **extra: Any) -> keras.Model:
    inputs = keras.Input((5, 6), name="x")
    masked = keras.layers.Masking(name="masking")(inputs)
    return keras.Model(inputs, cls(2, 4, name="attention", **extra)(masked, masked, return_attention_scores=True))


def test_masks_that_travel_with_the_tensors() -> None:
    parent, own = masked_model(keras.layers.MultiHeadAttention), masked_model(QMultiHeadAttention)
    own.set_weights(parent.get_weights())
    x = np.random.default_rng(4).normal(size=(3, 5, 6)).astype(np.float32)
    x[0, 3:] = 0.0
    x[1, 1] = 0.0
    x[2] = 0.0
    for expected, found in zip(parent(x), own(x), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6)
    assert not np.asarray(own(x)[1])[0, :, :, 3:].any()


def test_graph_equals_eager_and_survives_saving(tmp_path: Any) -> None:
    rng = np.random.default_rng(5)
    model = masked_model(QMultiHeadAttention, softmax_error=2.0**-6, dropout=0.3, **quantisers(rng))
    x = rng.normal(size=(3, 5, 6)).astype(np.float32)
    x[0, 3:] = 0.0
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("attention").get_config() == model.get_layer("attention").get_config()
    for eager, graph, again in zip(model(x), model.predict(x, verbose=0), loaded(x), strict=True):
        np.testing.assert_array_equal(eager, graph)
        np.testing.assert_array_equal(eager, again)


def test_shapes_of_returned_scores_are_those_of_the_values() -> None:
    query, value = keras.Input((4, 6)), keras.Input((7, 5))
    out, scores = QMultiHeadAttention(2, 4)(query, value, return_attention_scores=True)
    assert (out.shape, scores.shape) == ((None, 4, 6), (None, 2, 4, 7))
    grid = keras.Input((3, 4, 6))
    out, scores = QMultiHeadAttention(2, 4, attention_axes=(2,))(grid, grid, return_attention_scores=True)
    assert (out.shape, scores.shape) == ((None, 3, 4, 6), (None, 3, 2, 4, 4))


def test_gradients_are_finite_and_reach_every_weight() -> None:
    rng = np.random.default_rng(6)
    _, layer = pair({}, [(5, 6)], **quantisers(rng))
    x = tf.constant(rng.normal(size=(3, 5, 6)).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = ops.sum(ops.square(layer(x, x, use_causal_mask=True)))
    weights = [w.value for w in layer.trainable_weights]
    for name, gradient in zip(
        ["x", *(w.path for w in layer.trainable_weights)], tape.gradient(loss, [x, *weights]), strict=True
    ):
        assert gradient is not None, name
        assert np.isfinite(gradient).all(), name
        if "key/bias" not in name:  # a key's bias shifts all scores of a query alike
            assert np.abs(gradient).max() > 0, name


def test_gradient_of_a_fine_grid_is_the_parents() -> None:
    fine = {f"{s}_quantizer": "ap_fixed<22,6,RND_CONV,SAT>" for s in STAGES}
    fine |= {"attention_quantizer": "ap_ufixed<12,0,RND_CONV,SAT>", "scores_quantizer": "ap_fixed<14,6,RND_CONV,SAT>"}
    parent, own = pair({}, [(5, 6)], softmax_error=2.0**-10, **fine)
    x = tf.constant(np.random.default_rng(7).normal(size=(3, 5, 6)).astype(np.float32))
    found = []
    for layer in (parent, own):
        with tf.GradientTape() as tape:
            loss = ops.sum(ops.square(layer(x, x)))
        found.append(tape.gradient(loss, [w.value for w in layer.trainable_weights]))
    for expected, own_gradient in zip(*found, strict=True):
        scale = np.abs(expected).max() + 1.0
        np.testing.assert_allclose(own_gradient / scale, expected / scale, atol=5e-3)


def test_dropout_acts_in_training_only() -> None:
    _, plain = pair({}, [(5, 6)])
    _, dropping = pair({"dropout": 0.5, "seed": 3}, [(5, 6)])
    x = ops.convert_to_tensor(np.random.default_rng(8).normal(size=(3, 5, 6)).astype(np.float32))
    np.testing.assert_array_equal(dropping(x, x), plain(x, x))
    np.testing.assert_array_equal(dropping(x, x, training=False), plain(x, x))
    assert np.abs(np.asarray(dropping(x, x, training=True)) - np.asarray(plain(x, x))).max() > 0.01


def test_refusals() -> None:
    with pytest.raises(UserError, match="use_gate and flash_attention must be off"):
        QMultiHeadAttention(2, 4, use_gate=True)
    with pytest.raises(UserError, match="scores_quantizer and attention_quantizer must be given together"):
        QMultiHeadAttention(2, 4, scores_quantizer="quantized_bits(8,3,alpha=1)")
    with pytest.raises(UserError, match="must have scores_quantizer and attention_quantizer to be hardware"):
        QMultiHeadAttention(2, 4, name="a").design(5)
    with pytest.raises(UserError, match="must round half to even and saturate"):
        QMultiHeadAttention(2, 4, scores_quantizer="ap_fixed<8,3>", attention_quantizer="ap_fixed<8,1>")
    with pytest.raises(UserError, match="alpha must be 1 or None in hardware, not 'auto'"):
        QMultiHeadAttention(2, 4, query_quantizer="quantized_bits(8,3,alpha='auto')")
