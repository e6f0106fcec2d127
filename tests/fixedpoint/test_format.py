"""Formats against exact rational arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, Overflow, Rounding, smallest_format
from tests.fixedpoint.exact import dyadics, formats, quantised

NUMERATORS = st.one_of(st.integers(-8, 8), st.integers(-(2**26), 2**26))
SIXTEENTHS = st.integers(0, 15)
MODES = [(q, o) for q in Rounding for o in Overflow]


@pytest.mark.parametrize(("rounding", "overflow"), MODES)
@pytest.mark.parametrize("signed", [True, False])
def test_quantise_all_modes_around_every_code(signed: bool, rounding: Rounding, overflow: Overflow) -> None:
    fmt = Format(signed, 2, 2, rounding, overflow)
    exact = [dyadics(fmt, n, s) for n in range(-40, 41) for s in (0, 1, 7, 8, 9, 15)]
    expected = [quantised(x, fmt) for x in exact]
    values = [float(x) for x in exact]
    np.testing.assert_array_equal(fmt.quantise(values), expected)
    codes = [int(x * 2**8) for x in exact]  # the same values as codes with 8 fraction bits
    np.testing.assert_array_equal(fmt.requantise(codes, 8), expected)


@given(formats(), NUMERATORS, SIXTEENTHS)
@example(Format(True, 0, 0, Rounding.RND_CONV, Overflow.SAT), 0, 8)
def test_quantise_is_exact(fmt: Format, numerator: int, sixteenths: int) -> None:
    x = dyadics(fmt, numerator, sixteenths)
    assert fmt.quantise([float(x)])[0] == quantised(x, fmt)


@given(formats(), st.integers(-(2**40), 2**40), st.integers(0, 14))
def test_requantise_is_exact(fmt: Format, code: int, more: int) -> None:
    fraction = fmt.fraction + more
    assert fmt.requantise([code], fraction)[0] == quantised(code / Fraction(2) ** fraction, fmt)


@given(formats(), st.integers(-(2**20), 2**20), st.integers(1, 8))
def test_requantise_of_coarser_codes_is_exact(fmt: Format, code: int, fewer: int) -> None:
    fraction = fmt.fraction - fewer
    assert fmt.requantise([code], fraction)[0] == quantised(code / Fraction(2) ** fraction, fmt)


@given(formats(max_width=53), st.floats(allow_nan=False, allow_infinity=False, width=64))
@example(Format(True, 2, 30, Rounding.TRN, Overflow.WRAP), 1e308)
@example(Format(True, 2, 30, Rounding.RND, Overflow.SAT), -1e308)
@example(Format(True, 2, 30, Rounding.RND_CONV, Overflow.SAT_ZERO), 1.7e308)
@example(Format(True, 12, -6, Rounding.TRN, Overflow.WRAP), -5e-324)
@example(Format(True, 0, 52, Rounding.RND_CONV, Overflow.SAT), 0.5 - 2.0**-54)
def test_quantise_of_any_float(fmt: Format, x: float) -> None:
    assert fmt.quantise([x])[0] == quantised(Fraction(x), fmt)


@given(formats(max_width=53), st.data())
def test_codes_of_is_the_inverse_of_dequantise(fmt: Format, data: st.DataObject) -> None:
    code = data.draw(st.integers(fmt.min_code, fmt.max_code))
    value = fmt.dequantise([code])
    assert Fraction(value[0]) == code / Fraction(2) ** fmt.fraction
    found, on = fmt.codes_of(value)
    assert found[0] == code
    assert on[0]


def test_codes_of_tells_what_is_off_the_grid() -> None:
    fmt = Format(True, 2, 2, Rounding.RND, Overflow.SAT_SYM)
    values = [0.25, 0.3, 4.0, -4.0, -3.75, math.nan, math.inf, 1e300]
    _, on = fmt.codes_of(values)
    assert on.tolist() == [True, False, False, False, True, False, False, False]


@given(formats(max_width=53))
def test_text_round_trip(fmt: Format) -> None:
    assert Format.parse(str(fmt)) == fmt
    assert Format.parse(str(fmt).replace("AP_", "")) == fmt


@pytest.mark.parametrize(
    ("text", "fmt"),
    [
        ("ap_fixed<16,6>", Format(True, 5, 10)),
        ("fixed<8, 3, RND_CONV>", Format(True, 2, 5, Rounding.RND_CONV)),
        ("ap_ufixed<8,8,AP_TRN,AP_SAT>", Format(False, 8, 0, Rounding.TRN, Overflow.SAT)),
        ("ap_int<8>", Format(True, 7, 0)),
        ("ap_uint<3>", Format(False, 3, 0)),
        ("ap_fixed<8,-2>", Format(True, -3, 10)),
    ],
)
def test_parse(text: str, fmt: Format) -> None:
    assert Format.parse(text) == fmt


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ap_fixed",
        "ap_fixed<8>",
        "ap_int<8,3>",
        "ap_fixed<8,3,FLOOR>",
        "ap_fixed<8,3,SAT>",
        "ap_fixed<0,0>",
        "ap_fixed<8,3,RND,SAT,2>",
        "float",
        "ap_fixed<9999,3>",
    ],
)
def test_parse_refuses(text: str) -> None:
    with pytest.raises(UserError, match=r"a .*format must"):
        Format.parse(text)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_quantise_refuses_what_is_not_finite(bad: float) -> None:
    with pytest.raises(UserError) as caught:
        Format(True, 3, 3).quantise([[0.0, 1.0], [2.0, bad]])
    assert caught.value.what == f"values must be finite, not {bad}"
    assert caught.value.where == "index (1, 1)"


def test_quantise_refuses_what_float64_cannot_hold() -> None:
    Format(True, 30, 22).quantise([0.0])
    with pytest.raises(UserError, match="at most 53 bits"):
        Format(True, 30, 23).quantise([0.0])


@given(st.lists(st.tuples(st.integers(-(2**15), 2**15), st.integers(-6, 6)), min_size=1, max_size=6))
def test_smallest_format_holds_everything_and_nothing_narrower_does(parts: list[tuple[int, int]]) -> None:
    values = np.array([math.ldexp(n, e) for n, e in parts])
    fmt = smallest_format(values)
    assert fmt.signed == bool((values < 0).any()) or not values.any()
    assert fmt.codes_of(values)[1].all()
    for narrower in ((fmt.integer - 1, fmt.fraction), (fmt.integer, fmt.fraction - 1)):
        if sum(narrower) + int(fmt.signed) >= 1 and values.any():
            assert not Format(fmt.signed, *narrower).codes_of(values)[1].all()


def test_smallest_format_refuses() -> None:
    with pytest.raises(UserError, match="finite"):
        smallest_format([1.0, math.nan])
    with pytest.raises(UserError, match="must fit 53 bits to be exact in hardware, not 61"):
        smallest_format([2.0**40, 2.0**-20])
