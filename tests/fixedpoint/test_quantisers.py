"""Quantisers' meaning against the installed QKeras, code by code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, Overflow, Rounding, bits_format, parse_quantiser, quantiser_text

Case = tuple[str, dict[str, Any]]


def cases() -> list[Case]:
    """Names and arguments of quantisers, drawn with a fixed seed, and the edges."""
    rng = np.random.default_rng(11)
    found: list[Case] = [
        ("quantized_bits", {"bits": 2, "integer": 0, "alpha": 1}),
        ("quantized_bits", {"bits": 1, "integer": 0, "keep_negative": False, "alpha": 1}),
        ("quantized_bits", {"bits": 2, "integer": 1, "symmetric": 1}),
        ("quantized_linear", {"bits": 2, "integer": 0}),
        ("quantized_relu", {"bits": 1, "integer": 0}),
        ("quantized_relu", {"bits": 6, "integer": 6}),
    ]
    for _ in range(25):
        bits = int(rng.integers(2, 17))
        shared = {"bits": bits, "integer": int(rng.integers(-2, bits))}
        signs = {"symmetric": int(rng.integers(2)), "keep_negative": bool(rng.integers(2))}
        alpha = [{}, {"alpha": None}, {"alpha": 1}, {"alpha": 1.0}][int(rng.integers(4))]
        found.append(("quantized_bits", {**shared, **signs, **alpha}))
        found.append(("quantized_linear", {**shared, **signs, **alpha}))
        found.append(("quantized_relu", {"bits": bits, "integer": int(rng.integers(0, bits + 1))}))
    return found


def text(case: Case) -> str:
    return f"{case[0]}({','.join(f'{k}={v}' for k, v in case[1].items())})"


def values(fmt: Format, rng: np.random.Generator) -> np.ndarray:
    """Every quarter of a code over the range and beyond (thinned out), both edges, ties, and far values.

    QKeras returns ``x + (q - x)``, exact in float32 only while x is below 2**24 codes: nothing is farther out.
    """
    span = fmt.max_code - fmt.min_code + 1
    quarters = np.arange(4 * (fmt.min_code - span), 4 * (fmt.max_code + span))
    near = rng.choice(quarters, min(len(quarters), 4000), replace=False)
    edges = [4 * c + d for c in (fmt.min_code, -1, 0, 1, fmt.max_code) for d in range(-6, 7)]
    far = rng.integers(-(2**23), 2**23, 500)
    return np.concatenate([near, edges, far]).astype(np.float64) / 4.0 * fmt.lsb


@pytest.mark.qkeras
@pytest.mark.parametrize("case", cases(), ids=text)
def test_codes_equal_qkeras(case: Case) -> None:
    import qkeras

    name, arguments = case
    theirs: Callable[[Any], Any] = getattr(qkeras, name)(**arguments)
    fmt = parse_quantiser(text(case))
    assert fmt is not None
    assert parse_quantiser(theirs) == fmt
    assert parse_quantiser({"class_name": f"qkeras>{name}", "config": theirs.get_config()}) == fmt  # type: ignore[attr-defined]
    x = values(fmt, np.random.default_rng(5)).astype(np.float32)
    codes, on_grid = fmt.codes_of(np.asarray(theirs(x)))
    assert on_grid.all()
    np.testing.assert_array_equal(codes, fmt.quantise(x))


@pytest.mark.qkeras
def test_strings_mean_what_qkeras_reads() -> None:
    import qkeras

    for spec in [
        "quantized_bits(8,2)",
        "quantized_bits(8,2,1)",
        "quantized_bits(6, 0, 0, False)",
        "quantized_relu(7,3)",
        "quantized_linear(8,2)",
        "quantized_linear(8,2,0)",
        "quantized_bits(8,-1,alpha=1)",
        "quantized_bits",
        "quantized_relu",
    ]:
        theirs = qkeras.get_quantizer(spec)
        assert parse_quantiser(spec) == parse_quantiser(theirs), spec


@pytest.mark.qkeras
def test_saved_layer_has_the_same_quantisers() -> None:
    import keras
    import qkeras

    layer = qkeras.QDense(3, kernel_quantizer="quantized_bits(7,1,1,alpha=1)", activation="quantized_relu(5,2)")
    saved = keras.saving.serialize_keras_object(layer)["config"]
    assert parse_quantiser(saved["kernel_quantizer"]) == bits_format(7, 1, symmetric=True)
    assert parse_quantiser(saved["activation"]) == bits_format(5, 2, signed=False)


@pytest.mark.qkeras
def test_text_of_every_format_is_read_by_qkeras() -> None:
    import qkeras

    for signed in (True, False):
        for integer in (-3, -1, 0, 4):
            for symmetric in (True, False):
                fmt = bits_format(8, integer, signed=signed, symmetric=symmetric)
                theirs = qkeras.get_quantizer(quantiser_text(fmt))
                assert parse_quantiser(theirs) == fmt
                x = values(fmt, np.random.default_rng(3)).astype(np.float32)
                np.testing.assert_array_equal(fmt.codes_of(np.asarray(theirs(x)))[0], fmt.quantise(x))


@pytest.mark.parametrize("spec", [None, "ap_fixed<8,3,RND,SAT>", Format(False, 2, 3)])
def test_formats_pass_through(spec: object) -> None:
    expected = {None: None, "ap_fixed<8,3,RND,SAT>": Format(True, 2, 5, Rounding.RND, Overflow.SAT)}
    assert parse_quantiser(spec) == (spec if isinstance(spec, Format) else expected[spec])  # type: ignore[index]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("quantized_bits(8,2,alpha=0.5)", "quantized_bits's alpha must be 1 or None in hardware, not 0.5"),
        (
            "quantized_bits(8,2,alpha='auto_po2')",
            "quantized_bits's alpha must be 1 or None in hardware, not 'auto_po2'",
        ),
        ("quantized_bits(8,2,alpha='auto')", "quantized_bits's alpha must be 1 or None in hardware, not 'auto'"),
        ("quantized_bits(8,2,qnoise_factor=0.5)", "quantized_bits's qnoise_factor must be 1 at inference, not 0.5"),
        (
            "quantized_bits(8,2,use_stochastic_rounding=True)",
            "quantized_bits's use_stochastic_rounding must be off in hardware, not True",
        ),
        ("quantized_relu(8,2,use_sigmoid=1)", "quantized_relu's use_sigmoid must be off in hardware, not 1"),
        (
            "quantized_relu(8,2,negative_slope=0.25)",
            "quantized_relu's negative_slope must be off in hardware, not 0.25",
        ),
        (
            "quantized_relu(8,2,relu_upper_bound=1.5,is_quantized_clip=False)",
            "quantized_relu's relu_upper_bound must be None or clipped by the quantiser",
        ),
        ("quantized_bits(1,0)", "quantized_bits must have at least 2 bits, not 1: 1 bit is a sign function"),
        ("quantized_bits(8.5,2)", "quantized_bits's bits must be a whole number, not 8.5"),
        ("quantized_bits(True,2)", "quantized_bits's bits must be a whole number, not True"),
        ("quantized_bits(8,2,nonsense=1)", "quantized_bits must not have the argument 'nonsense'"),
        ("quantized_bits(8,bits=7)", "quantized_bits must have each argument once, not 'bits' twice"),
        ("quantized_bits(8,integer=__import__('os'))", "quantized_bits's argument 'integer' must be a plain value"),
        (
            "quantized_po2(4)",
            "a quantiser must be one of quantized_bits, quantized_linear, quantized_relu, not 'quantized_po2'",
        ),
        (
            "__import__('os').system('true')",
            "a quantiser must be like quantized_bits(8,2), not \"__import__('os').system('true')\"",
        ),
        ("quantized_bits(8,2", "a quantiser must be like quantized_bits(8,2), not 'quantized_bits(8,2'"),
        ({"config": {}}, "a saved quantiser must have class_name and config, not ['config']"),
        (3.5, "a quantiser must be a QKeras quantiser or its string, not 3.5"),
    ],
)
def test_refusals(spec: object, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_quantiser(spec)
    assert caught.value.what == message


@pytest.mark.qkeras
def test_object_whose_saved_form_forgets_an_option_is_refused() -> None:
    import qkeras

    bounded = qkeras.quantized_relu(8, 3, relu_upper_bound=1.5, is_quantized_clip=False)
    assert float(np.asarray(bounded(np.float32([5.0])))[0]) == 1.5
    with pytest.raises(UserError, match="relu_upper_bound must be None or clipped"):
        parse_quantiser(bounded)


def test_text_refuses_what_qkeras_cannot_say() -> None:
    with pytest.raises(UserError, match="must round half to even and saturate, not ap_fixed<8,3,AP_TRN,AP_WRAP,0>"):
        quantiser_text(Format(True, 2, 5))
