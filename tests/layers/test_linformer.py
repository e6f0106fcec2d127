"""QLinformerAttention: an attention over projected tokens; every stage equals integer arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, softmax_codes
from fpga_tf.layers import QLinformerAttention
from fpga_tf.layers.attention import STAGES

Arrays = dict[str, np.ndarray]


def layer_of(shapes: Sequence[tuple[int, ...]], seed: int = 1, **options: Any) -> QLinformerAttention:
    """A built layer with random weights; shapes of query, value (and key)."""
    layer = QLinformerAttention(**{"num_heads": 2, "key_dim": 4, "proj_dim": 3, "name": "a", **options})
    layer.build(*[(None, *s) for s in ([*shapes, *shapes] if len(shapes) == 1 else shapes)])
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.normal(0, 0.5, w.shape) for w in layer.get_weights()])
    return layer


def tensors(shapes: list[tuple[int, ...]], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    found = [rng.normal(size=(3, *s)).astype(np.float32) for s in shapes]
    return found * 2 if len(found) == 1 else found


@pytest.mark.parametrize(
    ("options", "shapes"),
    [
        ({}, [(6, 5)]),
        ({"proj_dim": 1}, [(6, 5)]),
        ({"share_projections": True}, [(4, 6), (7, 5)]),
        ({"value_dim": 2, "output_shape": 9, "use_bias": False}, [(4, 6), (7, 5), (7, 3)]),
    ],
    ids=str,
)
def test_without_quantisers_it_is_keras_attention_over_projected_tokens(
    options: dict[str, Any], shapes: list[tuple[int, ...]]
) -> None:
    layer = layer_of(shapes, **options)
    query, value, *rest = tensors(shapes)
    key = rest[0] if rest else value
    own = {"proj_dim", "share_projections", "name"}
    parent = keras.layers.MultiHeadAttention(
        **{"num_heads": 2, "key_dim": 4, **{k: v for k, v in options.items() if k not in own}}
    )
    e, *f = (np.asarray(w) for w in layer._token_kernels)
    assert len(f) == (0 if layer.share_projections else 1)
    f = f or [e]
    few = [np.einsum("ks,bsc->bkc", m, x).astype(np.float32) for m, x in ((f[0], value), (e, key))]
    parent.build(query.shape, few[0].shape, few[1].shape)
    parent.set_weights([np.asarray(w) for w in layer.weights if w.path.count("tokens") == 0])
    expected, weights = parent(query, *few, return_attention_scores=True)
    found, scores = layer(query, value, *rest, return_attention_scores=True)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6)
    np.testing.assert_allclose(scores, weights, rtol=1e-5, atol=2e-6)
    assert scores.shape[-1] == layer.proj_dim


def quantisers(rng: np.random.Generator) -> dict[str, Any]:
    def bits(low: int, high: int, integer: int) -> str:
        return f"quantized_bits({rng.integers(low, high)},{integer},{rng.integers(2)},alpha=1)"

    stages = {f"{s}_quantizer": bits(5, 10, 2) for s in ("key_tokens", "value_tokens", *STAGES)}
    stages["attention_quantizer"] = f"quantized_bits({rng.integers(4, 10)},0,keep_negative=0,alpha=1)"
    kernels = {f"{k}_quantizer": bits(4, 8, 0) for k in ("kernel", "key_projection", "value_projection")}
    return {**kernels, "bias_quantizer": bits(6, 10, 1), **stages}


def by_codes(layer: QLinformerAttention, query: np.ndarray, value: np.ndarray, key: np.ndarray, mask: Any) -> Arrays:
    """All stages in int64, from codes of the inputs with 4 fraction bits."""
    formats: dict[str, Any] = layer.formats
    out: Arrays = {}

    def summed(equation: str, x: np.ndarray, fraction: int, kernel: Any, fmt: Any, bias: Any, stage: str) -> np.ndarray:
        total = fraction + fmt.fraction
        y = np.einsum(equation, x, fmt.quantise(np.asarray(kernel)))
        if bias is not None:
            b: Any = layer.bias_format
            shared = max(total, b.fraction)
            y = (y << (shared - total)) + (b.quantise(np.asarray(bias)) << (shared - b.fraction))
            total = shared
        codes: np.ndarray = formats[stage].requantise(y, total)
        return codes

    def project(stage: str, x: np.ndarray, fraction: int) -> np.ndarray:
        dense = layer.projections()[stage]
        return summed(dense.equation, x, fraction, dense.kernel, layer.kernel_format, dense.bias, stage)

    e, *f = layer._token_kernels
    for stage, x, kernel in (("key_tokens", key, e), ("value_tokens", value, f[0] if f else e)):
        fmt = layer.projection_formats["value_tokens" if f and stage == "value_tokens" else "key_tokens"]
        out[stage] = summed("bsc,ks->bkc", x, 4, kernel, fmt, None, stage)
    out["query"] = project("query", query, 4)
    for stage in ("key", "value"):
        out[stage] = project(stage, out[f"{stage}_tokens"], formats[f"{stage}_tokens"].fraction)
    raw = np.einsum("bshd,bthd->bhts", out["key"], out["query"])
    out["scores"] = formats["scores"].requantise(raw, formats["key"].fraction + formats["query"].fraction)
    out["attention"] = softmax_codes(layer.design(raw.shape[-1]), out["scores"], mask)
    raw = np.einsum("bhts,bshd->bthd", out["attention"], out["value"])
    out["context"] = formats["context"].requantise(raw, formats["attention"].fraction + formats["value"].fraction)
    out["output"] = project("output", out["context"], formats["context"].fraction)
    return out


@pytest.mark.parametrize("trial", range(8))
def test_every_stage_equals_integer_arithmetic(trial: int) -> None:
    rng = np.random.default_rng(200 + trial)
    cross, masked, shared = trial % 2 == 1, trial >= 4, trial % 3 == 0
    shapes = [(4, 6), (7, 5), (7, 3)] if cross else [(5, 6)]
    given = quantisers(rng) | ({"value_projection_quantizer": None} if shared else {})
    layer = layer_of(shapes, num_heads=1 + trial % 3, proj_dim=1 + trial % 4, share_projections=shared, **given)
    codes = [rng.integers(-64, 64, (3, *s)) for s in shapes]
    codes = codes * 3 if len(codes) == 1 else codes
    masks: Arrays = {}
    kept = list(codes)
    if masked:
        masks = {
            "value_mask": rng.random((3, codes[1].shape[1])) < 0.6,
            "query_mask": rng.random((3, codes[0].shape[1])) < 0.7,
        }
        kept[1:] = [c * masks["value_mask"][..., None] for c in codes[1:]]
    rows = masks["query_mask"][:, None, :, None] if masked else None
    if rows is not None:
        rows = np.broadcast_to(rows, (*rows.shape[:3], layer.proj_dim))
    expected = by_codes(layer, kept[0], kept[1], kept[2], rows)
    x = [(c / 16.0).astype(np.float32) for c in codes]
    if not cross:
        x[2] = x[1]
    options: dict[str, Any] = {"attention_mask": None, "use_causal_mask": False, "key_mask": None, **masks}
    stages = layer.stages(*layer.masked(*x, **options))
    assert tuple(stages) == layer.stage_names
    for stage, tensor in stages.items():
        fmt = layer.formats[stage]
        assert fmt is not None
        found, on_grid = fmt.codes_of(np.asarray(tensor))
        assert on_grid.all(), stage
        np.testing.assert_array_equal(found, expected[stage], err_msg=stage)
    np.testing.assert_array_equal(layer(*x, **masks), stages["output"])


def test_tokens_that_are_left_out_do_not_count() -> None:
    layer = layer_of([(5, 6)])
    x = tensors([(5, 6)])[0]
    keep = np.array([[1, 1, 1, 0, 0], [1, 0, 1, 1, 1], [0, 0, 0, 0, 0]], dtype=np.bool_)
    junk = np.where(keep[..., None], x, 77.0).astype(np.float32)
    zeros = np.where(keep[..., None], x, 0.0).astype(np.float32)
    np.testing.assert_array_equal(layer(x, junk, value_mask=keep), layer(x, zeros))
    np.testing.assert_array_equal(layer(x, junk, x, value_mask=keep), layer(x, zeros, zeros))
    np.testing.assert_array_equal(layer(x, x, junk, key_mask=keep), layer(x, zeros, zeros))
    assert np.abs(np.asarray(layer(x, junk)) - np.asarray(layer(x, zeros))).max() > 0.1


def masked_model(**options: Any) -> keras.Model:
    inputs = keras.Input((5, 6), name="x")
    x = keras.layers.Masking(name="masking")(inputs)
    layer = QLinformerAttention(2, 4, 3, name="a", **options)
    return keras.Model(inputs, layer(x, x, return_attention_scores=True))


@pytest.mark.parametrize("quantised", [False, True])
def test_masks_travel_and_saving_keeps_everything(quantised: bool, tmp_path: Any) -> None:
    given = quantisers(np.random.default_rng(5)) | {"softmax_error": 2.0**-6} if quantised else {}
    model = masked_model(**given)
    out, scores = model.outputs
    assert (out.shape, scores.shape) == ((None, 5, 6), (None, 2, 5, 3))
    x = np.random.default_rng(4).normal(size=(3, 5, 6)).astype(np.float32)
    x[0, 3:] = x[1, 1] = x[2] = 0.0
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("a").get_config() == model.get_layer("a").get_config()
    layer = model.get_layer("a")
    assert layer.quantised == quantised
    keep = (x != 0).any(axis=-1)
    direct = layer(x, x, query_mask=keep, value_mask=keep, return_attention_scores=True)
    for a, b, c, d in zip(model(x), model.predict(x, verbose=0), loaded(x), direct, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(a, d)
        np.testing.assert_allclose(a, b, rtol=0, atol=0 if quantised else 1e-5)
    if quantised:  # a query that is left out has no weights
        assert not np.asarray(model(x)[1])[~np.broadcast_to(keep[:, None, :, None], (3, 2, 5, 3))].any()


def test_shared_projections_are_one_variable(tmp_path: Any) -> None:
    one, two = layer_of([(6, 5)], share_projections=True), layer_of([(6, 5)])
    assert [w.shape for w in one.weights[:1]] == [(3, 6)]
    assert len(two.weights) == len(one.weights) + 1
    assert list(one.token_variables()) == ["key_tokens"]
    assert np.abs(np.asarray(two.token_kernel("key_tokens")) - np.asarray(two.token_kernel("value_tokens"))).max() > 0.1
    np.testing.assert_array_equal(one.token_kernel("key_tokens"), one.token_kernel("value_tokens"))


@pytest.mark.parametrize("quantised", [False, True])
def test_gradients_reach_every_weight(quantised: bool) -> None:
    layer = layer_of([(5, 6)], **(quantisers(np.random.default_rng(6)) if quantised else {}))
    x = tf.constant(tensors([(5, 6)])[0])
    with tf.GradientTape() as tape:
        loss = ops.sum(ops.square(layer(x, x)))
    for weight, gradient in zip(
        layer.trainable_weights, tape.gradient(loss, [w.value for w in layer.trainable_weights]), strict=True
    ):
        assert gradient is not None and np.isfinite(gradient).all(), weight.path
        if "key/bias" not in weight.path:  # it shifts all scores of a query alike
            assert np.abs(gradient).max() > 0, weight.path


def test_what_hardware_needs() -> None:
    needed = layer_of([(5, 6)]).needed()
    assert set(needed) == {
        *("key_projection", "value_projection", "key_tokens", "value_tokens", "kernel", "query", "key", "value"),
        *("scores", "attention", "context"),
    }
    shared = layer_of([(5, 6)], share_projections=True, key_projection_quantizer="ap_fixed<6,1,RND,SAT>")
    assert shared.needed()["value_projection"] == Format.parse("ap_fixed<6,1,RND,SAT>")


@pytest.mark.parametrize("causal", [True, False])
def test_masks_over_single_keys_are_refused(causal: bool) -> None:
    options: dict[str, Any] = {"use_causal_mask": True} if causal else {"attention_mask": np.ones((1, 5, 3), np.bool_)}
    x = keras.Input((5, 6))
    for given in (x, tensors([(5, 6)])[0]):
        with pytest.raises(UserError, match="attention_mask and use_causal_mask must be left out"):
            QLinformerAttention(2, 4, 3, name="a")(given, given, **options)


def test_refusals() -> None:
    for proj_dim in (0, -1, True, 2.0, None):
        with pytest.raises(UserError, match="proj_dim must be a whole number of at least 1, not"):
            QLinformerAttention(2, 4, proj_dim)  # type: ignore[arg-type]
    for options in ({"sliding_window": 2}, {"attention_axes": (2,)}):
        with pytest.raises(UserError, match="sliding_window and attention_axes must be off"):
            QLinformerAttention(2, 4, 3, **options)
    with pytest.raises(UserError, match="value_projection_quantizer must be left out where projections are shared"):
        QLinformerAttention(2, 4, 3, share_projections=True, value_projection_quantizer="ap_fixed<8,3,RND,SAT>")
    for shapes in ([(None, 3, 4, 6)] * 2, [(None, 5, 6), (None, 5, 6), (None, 4, 6)], [(None, None, 6)] * 2):
        with pytest.raises(UserError, match=r"must have shape \(batch, tokens, features\)"):
            QLinformerAttention(2, 4, 3).build(*shapes)
