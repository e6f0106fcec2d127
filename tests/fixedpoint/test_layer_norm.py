"""The hardware layer normalisation against exact arithmetic."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import (
    Format,
    LayerNormDesign,
    NormFormats,
    Rounding,
    bits_format,
    design_layer_norm,
    layer_norm_codes,
)
from fpga_tf.fixedpoint.layer_norm import inverse_codes
from fpga_tf.fixedpoint.tables import inverse_sqrt_table
from tests.fixedpoint.exact import nearest, quantised


def unsigned(bits: int, integer: int) -> Format:
    return bits_format(bits, integer, signed=False)


PLAIN = NormFormats(
    bits_format(8, 3), bits_format(9, 3), bits_format(9, 3), unsigned(10, 5), unsigned(9, 4), bits_format(9, 3)
)


def test_table_is_correctly_rounded() -> None:
    for bits, fraction in [(1, 3), (5, 9), (9, 13)]:
        with localcontext() as context:
            context.prec = 90
            for i, entry in enumerate(inverse_sqrt_table(bits, fraction)):
                x = Fraction(2**fraction / (1 + (i + Decimal("0.5")) / 2**bits).sqrt())
                assert entry == nearest(x)
                assert abs(x % 1 - Fraction(1, 2)) > Fraction(1, 10**40)  # 60 digits decide every entry
    assert inverse_sqrt_table(1, 10) == (916, 774, 683, 617, 568, 529)


@pytest.mark.parametrize("epsilon", [1e-3, 2.0**-6, 1e-6, 0.3, 7.0])
@pytest.mark.parametrize("bits", range(1, 13))
def test_error_bound_holds_for_every_variance(bits: int, epsilon: float) -> None:
    for integer in (-3, 0, 3, bits):
        for inverse in (unsigned(8, 5), unsigned(10, 2), unsigned(5, 10), unsigned(9, -1)):
            for error in (None, 0.5, 2.0**-5):
                if error is not None and error / inverse.max <= 1 / 500:
                    continue
                variance = unsigned(bits, integer)
                formats = replace(PLAIN, variance=variance, inverse=inverse)
                design = design_layer_norm(formats, 5, epsilon, error)
                codes = np.arange(2**bits)
                exact = np.minimum(1 / np.sqrt(variance.dequantise(codes) + epsilon), inverse.max)
                off = np.abs(inverse.dequantise(inverse_codes(design, codes)) - exact).max()
                assert off <= design.error + inverse.lsb / 2 + 1e-12
                assert len(design.table) == 3 * 2**design.address_bits <= 3 * 2**12


def test_a_root_is_as_good_as_asked_for_at_every_argument() -> None:
    """Before any rounding into the format, which here is as fine as the exact root."""
    variance, inverse = unsigned(12, 4), Format(False, 5, 30)
    formats = replace(PLAIN, variance=variance, inverse=inverse)
    for error in (2.0**-3, 2.0**-6):
        design = design_layer_norm(formats, 4, 1e-3, error)
        codes = np.arange(2**12)
        exact = 1 / np.sqrt(variance.dequantise(codes) + 1e-3)
        relative = np.abs(inverse.dequantise(inverse_codes(design, codes)) / exact - 1).max()
        assert error / 31.7 / 4 < relative <= error / 31.62


@st.composite
def designs(draw: st.DrawFn) -> LayerNormDesign:
    """Designs of small formats of all modes."""

    def fmt(signed: bool, rounding: bool = True) -> Format:
        width = draw(st.integers(2, 9))
        fraction = draw(st.integers(-1, 9))
        modes = list(Rounding) if rounding else [Rounding.RND_CONV, Rounding.TRN]
        overflow = draw(st.sampled_from(["SAT", "WRAP", "SAT_SYM", "SAT_ZERO"]))
        made = Format(signed, width - fraction - int(signed), fraction)
        return made.with_modes(draw(st.sampled_from(modes)), type(made.overflow)(overflow))

    formats = NormFormats(
        fmt(draw(st.booleans())),
        fmt(True, False),
        fmt(True),
        fmt(False, False),
        fmt(False),
        fmt(draw(st.booleans())),
        draw(st.sampled_from([None, fmt(True)])),
        draw(st.sampled_from([None, fmt(True)])),
    )
    return design_layer_norm(formats, draw(st.integers(1, 9)), draw(st.sampled_from([1e-3, 0.5, 1e-5])))


@given(designs(), st.integers(0, 10**6))
def test_codes_follow_the_stated_arithmetic(design: LayerNormDesign, seed: int) -> None:
    rng, f = np.random.default_rng(seed), design.formats
    x = rng.integers(f.input.min_code, f.input.max_code + 1, (10, design.length))
    x[0], x[1], x[2] = f.input.min_code, f.input.max_code, rng.choice([f.input.min_code, f.input.max_code], x.shape[1])
    gamma, beta = (
        None if g is None else rng.integers(g.min_code, g.max_code + 1, design.length) for g in (f.gamma, f.beta)
    )
    expected = [stated(design, row, gamma, beta) for row in x]
    np.testing.assert_array_equal(layer_norm_codes(design, x, gamma, beta), expected)


def stated(design: LayerNormDesign, codes: Any, gamma: Any, beta: Any) -> list[int]:
    """One row as the module's first lines say it, in rational numbers."""
    f, n = design.formats, design.length
    x = [value(c, f.input) for c in codes]
    mean = value(quantised(sum(x, Fraction(0)) / n, f.mean), f.mean)
    d = [value(quantised(v - mean, f.deviation), f.deviation) for v in x]
    variance = value(quantised(sum((v * v for v in d), Fraction(0)) / n, f.variance), f.variance)
    argument = variance + Fraction(design.epsilon_code) / Fraction(2) ** (f.variance.fraction + design.guard)
    k = 0
    while argument >= 4:
        argument, k = argument / 4, k + 1
    while argument < 1:
        argument, k = argument * 4, k - 1
    entry = design.table[math.floor((argument - 1) * 2**design.address_bits)]
    root = Fraction(entry, 2**design.table_fraction) / Fraction(2) ** k
    r = value(quantised(root, f.inverse), f.inverse)
    g = [Fraction(1)] * n if gamma is None else [value(c, f.gamma) for c in gamma]
    b = [Fraction(0)] * n if beta is None else [value(c, f.beta) for c in beta]
    return [quantised(d[j] * r * g[j] + b[j], f.output) for j in range(n)]


def value(code: Any, fmt: Format | None) -> Fraction:
    assert fmt is not None
    return Fraction(int(code)) / Fraction(2) ** fmt.fraction


def test_equal_values_give_beta() -> None:
    """Variance zero: the root saturates or is that of epsilon, the deviations are zero."""
    formats = NormFormats(
        PLAIN.input, PLAIN.input, PLAIN.deviation, PLAIN.variance, PLAIN.inverse, PLAIN.output,
        bits_format(6, 1), bits_format(6, 1),
    )  # fmt: skip
    for epsilon in (1e-3, 1e-7, 2.0**-12):
        design = design_layer_norm(formats, 4, epsilon)
        x = np.array([[17] * 4, [-128] * 4])
        beta = np.array([3, -4, 0, 31])
        found = layer_norm_codes(design, x, np.array([5, -7, 31, -32]), beta)
        assert formats.output.dequantise(found).tolist() == [(beta / 16).tolist()] * 2
        wanted = min(1 / math.sqrt(epsilon), formats.inverse.max)
        assert abs(formats.inverse.dequantise(inverse_codes(design, np.array([0])))[0] - wanted) <= 1.5 * 2.0**-5


def test_saturated_deviations_count_as_they_are() -> None:
    formats = NormFormats(
        PLAIN.input, PLAIN.mean, bits_format(4, 1), PLAIN.variance, PLAIN.inverse, PLAIN.output
    )  # fmt: skip
    design = design_layer_norm(formats, 2, 2.0**-10)
    x = np.array([[-64, 64]])  # -4 and 4 around a mean of 0; deviations from -2 to 1.75 alone
    variance = (2.0**2 + 1.75**2) / 2
    r = formats.inverse.dequantise(inverse_codes(design, formats.variance.quantise([variance])))[0]
    found = formats.output.dequantise(layer_norm_codes(design, x))[0]
    assert np.abs(found - np.array([-2, 1.75]) * r).max() <= formats.output.lsb / 2
    assert abs(r - 1 / math.sqrt(variance)) < 0.05


def test_designs_do_not_change() -> None:
    design = design_layer_norm(PLAIN, 6, 1e-3)
    found = (len(design.table), design.address_bits, design.table_fraction, design.guard, design.epsilon_code)
    assert found == (768, 8, 11, 15, 1049)
    assert (sum(design.table), design.half, design.root_bits, design.root_fraction) == (1048579, 12, 23, 13)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"length": 0}, "a layer normalisation must have at least one value per row, not 0"),
        ({"epsilon": 0.0}, "a layer normalisation's epsilon must be above 0 in hardware, not 0.0"),
        ({"epsilon": math.nan}, "a layer normalisation's epsilon must be above 0 in hardware, not nan"),
        ({"epsilon": 1e-30}, "a layer normalisation's root's argument must have at most 53 bits, not 116"),
        ({"error": -1.0}, "a layer normalisation's error must be above 0, not -1.0"),
        ({"error": 1e-6}, "a layer normalisation's error must be at least 0.0019, not 1e-06"),
        (
            {"variance": bits_format(8, 3)},
            "a layer normalisation's variance must be unsigned, not ap_fixed<8,4,AP_RND_CONV,AP_SAT,0>",
        ),
        (
            {"mean": Format(True, 3, 4, Rounding.RND)},
            "a mean must round half to even or truncate, not ap_fixed<8,4,AP_RND,AP_WRAP,0>",
        ),
        ({"input": bits_format(51, 3)}, "a layer normalisation's sum must have at most 53 bits, not 54"),
        ({"output": bits_format(60, 3)}, "a layer normalisation's result must have at most 62 bits, not 65"),
    ],
)
def test_refusals(change: dict[str, Any], message: str) -> None:
    values = {name: getattr(PLAIN, name) for name in PLAIN.__dataclass_fields__}
    formats = NormFormats(**{**values, **{k: v for k, v in change.items() if k in values}})
    rest = {"length": 6, "epsilon": 1e-3, **{k: v for k, v in change.items() if k not in values}}
    with pytest.raises(UserError) as caught:
        design_layer_norm(formats, **rest)
    assert caught.value.what == message
