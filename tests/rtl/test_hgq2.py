"""HGQ2's layers as traced arithmetic: codes equal to Keras's, and what would be wrong is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fpga_tf.errors import InternalError, UserError
from fpga_tf.fixedpoint import Format

pytestmark = pytest.mark.hgq2
GROUPS = ("quantisers", "means", "merges", "functions", "attentions")
MORE = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 9)]
PORT, WIDE = Format(True, 3, 4), Format(True, 14, 16)


def traced(model: Any, port: Format = PORT) -> Any:
    from fpga_tf.rtl.hgq2 import trace_hgq2

    return trace_hgq2(model, [port] * len(model.inputs), [WIDE] * len(model.outputs))


@pytest.mark.parametrize("seed", [0, *MORE])
@pytest.mark.parametrize("group", GROUPS)
def test_arithmetic_computes_what_keras_computes(group: str, seed: int) -> None:
    from fpga_tf.models.evaluate import evaluate, output_keys
    from fpga_tf.rtl.trace import codes
    from tests.rtl.hgq2_cases import build_model, codes_of

    model = build_model(group, seed)
    given = codes_of(model, PORT, seed)
    found = codes(traced(model), given)
    values = evaluate(model, [PORT.dequantise(x) for x in given], output_keys(model), exact=False)
    differing, moving = {}, 0
    for tensor, got in zip(model.outputs, found, strict=True):
        expected, on = WIDE.codes_of(values[tensor.name])
        if bad := int((expected != got).sum() + (~on).sum()):
            differing[tensor._keras_history.operation.name] = bad
        moving += int((got != got[0]).any(axis=0).sum())
    assert differing == {}
    assert moving > 30


def test_an_unsigned_format_wraps_what_is_negative() -> None:
    """da4ml alone keeps -1 within the bits that the number had: 15 of an input of four bits and a sign."""
    from fpga_tf.rtl.trace import codes

    model = quantiser(k0=False, i0=8, f0=0, overflow_mode="WRAP", round_mode="TRN")
    (found,) = codes(traced(model, Format(True, 4, 0)), [np.array([[-1], [-16], [15]])])
    assert (found[:, 0] >> WIDE.fraction).tolist() == [255, 240, 15]


def quantiser(**options: Any) -> Any:
    """A model that only quantises."""
    import keras
    from hgq.config import QuantizerConfig
    from hgq.quantizer import Quantizer

    bits = {name: keras.initializers.Constant(value) for name, value in options.items() if name in ("k0", "i0", "f0")}
    x = keras.Input((1,), name="x")
    return keras.Model(x, Quantizer(QuantizerConfig("kif", **{**options, **bits}), name="quantiser")(x))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scaler": 3.0}, "of fixed point, without scaler and affine"),
        ({"affine": (1.0, 0.5)}, "of fixed point, without scaler and affine"),
        ({"overflow_mode": "WRAP_SM", "round_mode": "RND"}, "as ap_fixed can, not by RND and WRAP_SM"),
        ({"i0": float("nan"), "overflow_mode": "SAT"}, "finite whole numbers"),
    ],
)
def test_quantisers_that_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        traced(quantiser(**options))
    assert caught.value.where == "layer quantiser"


def attention(**call: Any) -> Any:
    import keras
    from hgq.layers import QMultiHeadAttention

    x = keras.Input((3, 2), name="x")
    made = QMultiHeadAttention(1, 2, name="layer")(x, x, **call)
    return keras.Model(x, made)


def layer(kind: str, **options: Any) -> Any:
    """A model of one layer."""
    import hgq.layers
    import keras

    x = keras.Input((3, 2), name="x")
    found = getattr(hgq.layers, kind, None) or getattr(keras.layers, kind)
    return keras.Model(x, found(name="layer", **options)(x))


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: attention(use_causal_mask=True), "must be called without use_causal_mask"),
        (lambda: attention(attention_mask=np.ones((1, 3, 3), bool)), "must be called without attention_mask"),
        (lambda: attention(return_attention_scores=True), "must be called without return_attention_scores"),
        (
            lambda: layer("Masking"),
            r"a layer must be one of Activation, .*QSoftmax.* to become RTL, not keras.*\.Masking",
        ),
        (lambda: layer("LayerNormalization"), r"not keras.*\.LayerNormalization"),
        (lambda: layer("QDense", units=2, activation="gelu"), "Use dedicated QUnaryFunctionLUT layer instead"),
        (lambda: layer("ReLU", max_value=6.0), "relu or linear without options to become RTL, not relu"),
        (lambda: layer("Activation", activation="tanh"), "relu or linear without options to become RTL, not tanh"),
        (lambda: layer("QGlobalMaxPooling1D", data_format="channels_first"), "a pooling must be channels_last"),
        (lambda: layer("QGlobalAveragePooling1D"), "a mean over rows that are no power of two, must be quantised"),
        (lambda: layer("QUnaryFunctionLUT", activation="tanh", enable_oq=False, enable_ebops=False), "a function,"),
    ],
)
def test_what_would_be_wrong_is_refused(build: Any, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        traced(build())
    assert caught.value.where == "layer layer"


def test_operations_are_no_layers() -> None:
    import keras
    from hgq.layers import QDense

    x = keras.Input((3, 2), name="x")
    y = QDense(2, name="dense")(x)
    with pytest.raises(UserError, match=r"a layer must be one of .*, not keras\.src\.ops\.numpy\.Add"):
        traced(keras.Model(x, y + y))


def test_large_tables_are_refused() -> None:
    import keras
    from hgq.config import QuantizerConfig
    from hgq.layers import QUnaryFunctionLUT

    x = keras.Input((1,), name="x")
    wide = QuantizerConfig("kif", k0=True, i0=4, f0=14, overflow_mode="SAT")
    model = keras.Model(x, QUnaryFunctionLUT("tanh", iq_conf=wide, name="function")(x))
    with pytest.raises(UserError, match="at most 16 bits of address and 31 of entry to become RTL, not 19 and"):
        traced(model, Format(True, 4, 14))


def test_wide_results_are_refused() -> None:
    with pytest.raises(UserError, match="at most 32 bits here to become RTL, not 34"):
        traced(quantiser(k0=True, i0=20, f0=20, overflow_mode="WRAP", round_mode="TRN"), Format(True, 13, 20))


def test_outputs_wrap_in_their_ports_format() -> None:
    from fpga_tf.rtl.hgq2 import trace_hgq2
    from fpga_tf.rtl.trace import codes

    model, port = quantiser(k0=True, i0=3, f0=1, overflow_mode="SAT", round_mode="TRN"), Format(True, 3, 1)
    narrow = trace_hgq2(model, [port], [Format(True, 1, 0)])
    (found,) = codes(narrow, [np.array([[-16], [5], [-1], [3]])])
    assert found[:, 0].tolist() == [0, -2, -1, 1]


def test_hgq2s_own_quantisers_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from hgq._dais_tracer.layers import _base, attn, table

    modules = (_base, attn, table)
    before = [module.mirror_quantizer for module in modules]
    with pytest.raises(UserError):
        traced(layer("Masking"))
    traced(layer("QDense", units=2))
    assert [module.mirror_quantizer for module in modules] == before
    monkeypatch.delattr(attn, "mirror_quantizer")
    with pytest.raises(InternalError, match="this version of hgq2 is another"):
        traced(layer("QDense", units=2))
