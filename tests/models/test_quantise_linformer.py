"""Post-training quantisation of a Linformer attention."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.flow.detect import detect_frontend
from fpga_tf.layers import QLinformerAttention
from fpga_tf.lower.walk import lower
from fpga_tf.models import quantise, quantise_with_report
from fpga_tf.models.evaluate import evaluate, output_keys
from fpga_tf.models.frontend import describe
from fpga_tf.models.profile import run
from fpga_tf.models.read import read_model
from tests.models.builders import data, saved, spread
from tests.models.test_quantise import worst

pytestmark = pytest.mark.qkeras
LAYERS = keras.layers


def float_model(masked: bool = False, scores: bool = False, **options: Any) -> keras.Model:
    """A tagger with a Linformer attention and a residual sum."""
    x = inputs = keras.Input((6, 4), name="x")
    if masked:
        x = LAYERS.Masking(name="masking")(x)
    x = LAYERS.Dense(5, activation="relu", name="embed")(x)
    found = QLinformerAttention(2, 3, 2, name="a", **options)(x, x, return_attention_scores=scores)
    attended, *weights = found if scores else [found]
    flat = LAYERS.Flatten(name="flat")(LAYERS.Add(name="total")([x, attended]) if not masked else attended)
    return spread(keras.Model(inputs, [LAYERS.Dense(3, name="head")(flat), *weights]))


@pytest.mark.parametrize("options", [{}, {"share_projections": True, "use_bias": False, "value_dim": 2}], ids=str)
@pytest.mark.parametrize(("masked", "scores"), [(False, False), (True, True)])
def test_it_comes_close_and_becomes_hardware(masked: bool, scores: bool, options: dict[str, Any]) -> None:
    model = float_model(masked, scores, **options)
    values = data(model, 300)
    values[::3, 4:] = 0.0
    found, report = quantise_with_report(model, values, weight_bits=12, activation_bits=14)
    if masked:  # Keras's softmax gives a query that is left out some weights
        present = (values != 0).any(
            axis=(
                1,
                2,
            )
        )
        values = values[present & (values[:, 4:] != 0).any(axis=(1, 2))]
    assert worst(model, found, values) < 0.01
    layer = found.get_layer("a")
    assert type(layer) is QLinformerAttention and layer.quantised and None not in layer.needed().values()
    assert (layer.proj_dim, layer.share_projections) == (2, options.get("share_projections", False))
    names = {entry.name for entry in report.tensors}
    assert {"a/key_tokens", "a/value_tokens", "a/key_tokens_kernel", "a/scores", "a/kernel"} <= names
    assert ("a/value_tokens_kernel" in names) == (not options)
    assert layer.projection_formats["key_tokens"] == report.format_of("a/key_tokens_kernel").format
    assert layer.formats["value_tokens"] == report.format_of("a/value_tokens").format
    assert report.format_of("a/key_tokens_kernel").format.width == 12
    lowered = lower(found)
    kinds = [node["name"] for node in lowered.nodes]
    assert ("a_value_tokens" in kinds) == (not options)  # what is shared is computed once


def test_formats_of_tokens_are_those_of_least_error() -> None:
    model = float_model()
    values = data(model, 400)
    _, report = quantise_with_report(model, values)
    step = next(s for s in run(model, [values]) if s.call.layer.name == "a")
    tokens = np.einsum(
        "ks,bsc->bkc", np.asarray(model.get_layer("a").token_kernel("key_tokens")), step.arguments["value"]
    )
    entry = report.format_of("a/key_tokens")
    assert entry.low == pytest.approx(tokens.min(), rel=1e-5)
    assert entry.high == pytest.approx(tokens.max(), rel=1e-5)
    quantised = entry.format.dequantise(entry.format.quantise(tokens))
    assert entry.error == pytest.approx(float(np.sqrt(np.mean((quantised - tokens) ** 2))), rel=1e-3)


def test_explicit_query_masks_are_kept() -> None:
    x, rows = keras.Input((6, 4), name="x"), keras.Input((6,), dtype="bool", name="rows")
    model = spread(keras.Model([x, rows], QLinformerAttention(1, 3, 2, name="a")(x, x, query_mask=rows)))
    rng = np.random.default_rng(0)
    keep = rng.random((200, 6)) < 0.5
    given = [rng.normal(size=(200, 6, 4)).astype(np.float32), keep]
    found = quantise(model, given, weight_bits=12, activation_bits=14)
    made = evaluate(found, given, output_keys(found), exact=True)[output_keys(found)[0]]
    layer = found.get_layer("a")
    fmt = layer.formats["output"]
    bias = fmt.dequantise(
        fmt.quantise(layer.bias_format.dequantise(layer.bias_format.quantise(np.asarray(layer.output_dense.bias))))
    )
    assert np.array_equal(made[~keep], np.tile(bias, ((~keep).sum(), 1)))


def test_it_counts_as_float_without_quantisers(tmp_path: Path) -> None:
    model = float_model()
    path = saved(model, tmp_path / "float.keras")
    assert (describe(model), detect_frontend(path), describe(read_model(path))) == ("float", "keras", "float")
    assert np.array_equal(model(data(model, 5)), read_model(path)(data(model, 5)))
    found = quantise(model, data(model, 200))
    path = saved(found, tmp_path / "quantised.keras")
    assert (describe(found), detect_frontend(path), describe(read_model(path))) == ("qkeras", "qkeras", "qkeras")
    only = keras.Input((6, 4), name="x")
    alone = saved(keras.Model(only, QLinformerAttention(2, 3, 2, name="a")(only, only)), tmp_path / "alone.keras")
    assert (detect_frontend(alone), describe(read_model(alone))) == ("keras", "float")
    legacy = saved(model, tmp_path / "float.h5")
    assert detect_frontend(legacy) == "keras"
    options: dict[str, Any] = {"kernel_quantizer": "ap_fixed<8,2,RND,SAT>"}
    partly = saved(
        keras.Model(only, QLinformerAttention(2, 3, 2, name="a", **options)(only, only)), tmp_path / "b.keras"
    )
    assert detect_frontend(partly) == "qkeras"


def test_in_a_quantised_model_it_must_be_quantised() -> None:
    from qkeras import QActivation

    x = keras.Input((6, 4), name="x")
    y = QActivation("quantized_bits(8,2,alpha=1)", name="q")(x)
    model = keras.Model(x, QLinformerAttention(2, 3, 2, name="a")(y, y))
    assert describe(model) == "qkeras"
    with pytest.raises(UserError, match="attention must have a quantiser for its kernels and every stage") as caught:
        lower(model)
    assert "key_projection_quantizer" in str(caught.value.hint)
