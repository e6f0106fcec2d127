"""A quantised model with other widths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, parse_quantiser
from fpga_tf.layers import (
    QEinsumDense,
    QLayerNormalization,
    QLinformerAttention,
    QMultiHeadAttention,
    QScaleShift,
    QSigmoid,
    QSoftmax,
)
from fpga_tf.models.plan import OneFormat
from fpga_tf.models.read import read_model
from fpga_tf.models.requantise import requantised
from tests.models.builders import data, float_model, spread
from tests.models.keras2_files import Writer, bits

pytestmark = pytest.mark.qkeras
ONE = OneFormat(integer=3, fraction=6, weight_fraction=4)
MODES = "AP_RND_CONV,AP_SAT,0"
SIGNED, POSITIVE, WEIGHT = f"ap_fixed<10,4,{MODES}>", f"ap_ufixed<9,3,{MODES}>", f"ap_fixed<8,4,{MODES}>"
STAGES = ("query", "key", "value", "scores", "context", "output")


def dense(units: int, name: str, activation: Any = None, **options: Any) -> Any:
    from qkeras import QDense

    weights = {"kernel_quantizer": "quantized_bits(4,0,alpha=1)", "bias_quantizer": "quantized_bits(5,1,1,alpha=1)"}
    return QDense(units, activation=activation, name=name, **{**weights, **options})


def attention(layer: Any = QMultiHeadAttention, **options: Any) -> Any:
    formats = {f"{stage}_quantizer": "ap_fixed<5,2,RND_CONV,SAT>" for stage in STAGES} | options
    weights = {"kernel_quantizer": "ap_fixed<4,1,TRN,WRAP>", "bias_quantizer": "ap_fixed<4,1,TRN,WRAP>"}
    return layer(2, 4, **{"attention_quantizer": "ap_ufixed<4,1,RND_CONV,SAT>", **weights, **formats})


def every_layer() -> keras.Model:
    """A layer of each kind, with formats of few bits."""
    from qkeras import QActivation

    inputs = keras.Input((3, 4), name="x")
    x = QActivation("quantized_bits(6,2,alpha=1)", name="entry")(inputs)
    x = dense(4, "hidden", "quantized_relu(5,2)")(x)
    x = QScaleShift("ap_fixed<6,2>", "ap_fixed<7,3>", "ap_fixed<8,3,TRN,WRAP>", name="scaled")(x)
    x = attention(name="attention", output_quantizer=None)(x, x)
    projections = {f"{role}_{what}_quantizer": "ap_fixed<5,2>" for role in ("key", "value") for what in ("projection",)}
    tokens = {f"{role}_tokens_quantizer": "ap_fixed<7,3,RND,SAT>" for role in ("key", "value")}
    linformer = attention(QLinformerAttention, proj_dim=2, name="linformer", **projections, **tokens)
    x = linformer(x, x)
    stages = {f"{stage}_quantizer": "ap_fixed<9,3,RND_CONV,SAT>" for stage in ("input", "mean", "deviation", "output")}
    roots = {f"{stage}_quantizer": "ap_ufixed<9,3,RND_CONV,SAT>" for stage in ("variance", "inverse")}
    weights = {f"{weight}_quantizer": "ap_fixed<6,2,RND_CONV,SAT>" for weight in ("gamma", "beta")}
    x = QLayerNormalization(**stages, **roots, **weights, name="norm")(x)
    x = keras.layers.Flatten(name="flat")(x)
    einsum = {"kernel_quantizer": "ap_fixed<4,1>", "output_quantizer": "ap_ufixed<6,3,RND_INF,SAT>"}
    x = QEinsumDense("ab,bc->ac", 3, bias_axes="c", bias_quantizer="ap_fixed<4,1>", name="einsum", **einsum)(x)
    shares = QSoftmax(error=0.5, name="shares")(x)
    sigmoid = QSigmoid("ap_fixed<6,3,RND,SAT>", "ap_ufixed<5,1,RND_CONV,SAT>", name="sigmoid")(x)
    return spread(keras.Model(inputs, [shares, sigmoid], name="all"))


def stated(layer: Any) -> dict[str, str]:
    """Formats of a layer by key of its configuration, their quantisers' names cut off."""
    config = layer.get_config()
    keys = [k for k in config if k.endswith("_quantizer") and config[k] is not None]
    found = {k.removesuffix("_quantizer"): str(parse_quantiser(config[k])) for k in keys}
    activation = getattr(layer, "activation", None)
    if type(layer).__name__ in ("QActivation", "QDense") and getattr(activation, "__name__", "") != "linear":
        found["activation"] = str(parse_quantiser(activation))
    return found


def modes(fmt: str, text: str) -> str:
    return fmt.replace(MODES, f"{text},0")


def test_every_quantiser_has_the_widths_and_its_own_sign_and_modes() -> None:
    model = every_layer()
    before = {layer.name: stated(layer) for layer in model.layers}
    made = requantised(model, ONE)
    truncated = "AP_TRN,AP_WRAP"
    projection = dict.fromkeys(("kernel", "bias"), modes(WEIGHT, truncated))
    # with key_dim 4 the factor is one half: one more integer bit, one fraction bit less
    scores = f"ap_fixed<10,5,{MODES}>"
    share = f"ap_ufixed<7,1,{MODES}>"
    inside = {**dict.fromkeys(("query", "key", "value", "context"), SIGNED), "scores": scores, "attention": share}
    assert {layer.name: stated(layer) for layer in made.layers if stated(layer)} == {
        "entry": {"activation": SIGNED},
        "hidden": {"kernel": WEIGHT, "bias": modes(WEIGHT, "AP_RND_CONV,AP_SAT_SYM"), "activation": POSITIVE},
        "scaled": {
            "scale": modes(WEIGHT, truncated),
            "shift": modes(WEIGHT, truncated),
            "output": modes(SIGNED, truncated),
        },
        "attention": {**projection, **inside},
        "linformer": {
            **projection,
            **inside,
            "output": SIGNED,
            **dict.fromkeys(("key_projection", "value_projection"), modes(WEIGHT, truncated)),
            **dict.fromkeys(("key_tokens", "value_tokens"), modes(SIGNED, "AP_RND,AP_SAT")),
        },
        "norm": {
            **dict.fromkeys(("input", "mean", "deviation", "output"), SIGNED),
            "variance": f"ap_ufixed<18,6,{MODES}>",
            "inverse": POSITIVE,
            **dict.fromkeys(("gamma", "beta"), WEIGHT),
        },
        "einsum": {
            **dict.fromkeys(("kernel", "bias"), modes(WEIGHT, truncated)),
            "output": modes(POSITIVE, "AP_RND_INF,AP_SAT"),
        },
        "shares": {"input": SIGNED, "output": f"ap_ufixed<6,0,{MODES}>"},
        "sigmoid": {"input": SIGNED, "output": share},
    }
    assert before == {layer.name: stated(layer) for layer in model.layers}
    assert [layer.name for layer in model.layers] == [layer.name for layer in made.layers]


def test_tables_follow_the_formats() -> None:
    made = {fraction: requantised(every_layer(), OneFormat(3, fraction, fraction)) for fraction in (6, 12)}
    errors = {f: [m.get_layer(n).softmax_error for n in ("attention", "linformer")] for f, m in made.items()}
    assert errors == {6: [2.0**-6] * 2, 12: [2.0**-12] * 2}
    assert [m.get_layer("shares").error for m in made.values()] == [2.0**-6, 2.0**-12]
    # finer steps than an exp table takes are cut: 2**-10 of the exponent
    assert [m.get_layer("attention").formats["scores"].fraction for m in made.values()] == [5, 9]
    assert [m.get_layer("shares").input_format.fraction for m in made.values()] == [6, 10]
    # 16 bits are more than a sigmoid's table has addresses for
    assert [m.get_layer("sigmoid").input_format.width for m in made.values()] == [10, 14]
    # 15 bits of a root are more than its table has addresses for
    assert [m.get_layer("norm").error for m in made.values()] == [None, Format(False, 3, 12).max * 2.0**-12]


def test_weights_are_rounded_from_those_that_the_model_was_trained_to_have() -> None:
    inputs = keras.Input((1,), name="x")
    model = keras.Model(inputs, dense(1, "dense", kernel_quantizer="quantized_bits(4,0,alpha=1)")(inputs))
    model.set_weights([np.array([[0.3]]), np.array([0.0])])
    x = np.array([[1.0]], np.float32)
    assert float(model(x)[0, 0]) == 0.25
    for fraction, weight in ((10, 0.25), (2, 0.25), (1, 0.0)):  # a half of 1, to even
        assert float(requantised(model, OneFormat(3, 4, fraction))(x)[0, 0]) == weight


def test_all_weights_are_behind_their_own_quantisers() -> None:
    model = every_layer()
    made = requantised(model, ONE)
    own = {
        "hidden": {"kernel": "ap_fixed<4,1,RND_CONV,SAT>", "bias": "ap_fixed<5,2,RND_CONV,SAT_SYM>"},
        "scaled": {"scale": "ap_fixed<6,2>", "shift": "ap_fixed<7,3>"},
        "attention": {"kernel": "ap_fixed<4,1,TRN,WRAP>", "bias": "ap_fixed<4,1,TRN,WRAP>"},
        "norm": {"gamma": "ap_fixed<6,2,RND_CONV,SAT>", "beta": "ap_fixed<6,2,RND_CONV,SAT>"},
        "einsum": {"kernel": "ap_fixed<4,1>", "bias": "ap_fixed<4,1>"},
    }
    tokens = dict.fromkeys(("key_tokens_kernel", "value_tokens_kernel"), "ap_fixed<5,2>")
    own["linformer"] = {**own["attention"], **tokens}
    for name, formats in own.items():
        pairs = list(zip(model.get_layer(name).weights, made.get_layer(name).weights, strict=True))
        assert {old.name for old, _ in pairs} == set(formats)
        for old, new in pairs:
            fmt = Format.parse(formats[old.name])
            assert np.array_equal(np.asarray(new), fmt.dequantise(fmt.quantise(np.asarray(old))))
            assert not np.array_equal(np.asarray(new), np.asarray(old))


def test_many_bits_bring_a_model_back() -> None:
    model = every_layer()
    x = data(model, 200)
    was = model(x)[0]
    far, near = (np.abs(np.asarray(requantised(model, one)(x)[0] - was)).max() for one in (ONE, OneFormat(7, 9, 9)))
    assert near < far


@pytest.mark.parametrize("fraction", [3, 5])
@pytest.mark.parametrize("options", [{}, {"norms": True, "sigmoid": True}], ids=["softmax", "norms, sigmoid"])
def test_the_own_widths_of_a_keras_2_file_change_nothing(
    options: dict[str, bool], fraction: int, tmp_path: Path
) -> None:
    def own(config: dict[str, Any]) -> None:
        for layer in config["config"]["layers"]:
            for key in ("kernel_quantizer", "bias_quantizer"):
                if key in layer["config"]:
                    layer["config"][key] = bits(4 + fraction, 3)
            activation = layer["config"].get("activation")
            if isinstance(activation, dict) and activation["class_name"] == "quantized_relu":
                activation["config"].update(bits=3 + fraction, integer=3)

    model = read_model(Writer(rows=5, **options).model(2, 1).write(tmp_path / "old.h5", own))
    x = 3 * data(model, 200)
    same, coarser = (requantised(model, OneFormat(3, f, f)) for f in (fraction, fraction - 1))
    assert np.array_equal(model(x), same(x))
    assert not np.array_equal(model(x), coarser(x))


def test_a_saved_model_is_the_same_again(tmp_path: Path) -> None:
    made = requantised(every_layer(), ONE)
    made.save(tmp_path / "made.keras")
    again = read_model(tmp_path / "made.keras")
    x = data(made, 50)
    assert all(np.array_equal(a, b) for a, b in zip(made(x), again(x), strict=True))


def test_what_is_refused() -> None:
    from qkeras import QConv1D

    with pytest.raises(UserError, match="must be a quantised one, not a float one"):
        requantised(float_model(), ONE)
    inputs = keras.Input((3, 2), name="x")
    model = keras.Model(inputs, dense(1, "dense", kernel_quantizer="quantized_bits(4,0,alpha='auto_po2')")(inputs))
    with pytest.raises(UserError, match="kernel_quantizer: quantized_bits's alpha must be 1") as caught:
        requantised(model, ONE)
    assert caught.value.where == "layer 'dense'"
    model = keras.Model(inputs, QConv1D(1, 1, kernel_quantizer="quantized_bits(4,0,alpha=1)", name="conv")(inputs))
    with pytest.raises(UserError, match=r"a layer to requantise must be one of .*, not QConv1D"):
        requantised(model, ONE)
