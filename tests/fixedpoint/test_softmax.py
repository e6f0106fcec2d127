"""Lookup tables and the hardware softmax against exact arithmetic."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import SoftmaxDesign, bits_format, design_softmax, softmax_codes
from fpga_tf.fixedpoint.tables import exp_table, inverse_sqrt, reciprocal_table
from tests.fixedpoint.exact import nearest, quantised


def test_reciprocal_table_is_correctly_rounded() -> None:
    for bits, fraction in [(1, 3), (6, 9), (11, 12)]:
        parts = 2**bits
        expected = [nearest(Fraction(2**fraction) / (1 + Fraction(2 * i + 1, 2 * parts))) for i in range(parts)]
        assert list(reciprocal_table(bits, fraction)) == expected


def test_exp_table_is_correctly_rounded() -> None:
    step, offset = Decimal("-0.03125"), Decimal("-0.0078125")
    table = exp_table(200, step, offset, 20)
    with localcontext() as context:
        context.prec = 90
        for i, entry in enumerate(table):
            x = Fraction((offset + i * step).exp()) * 2**20
            assert entry == nearest(x)
            assert abs(x % 1 - Fraction(1, 2)) > Fraction(1, 10**40)  # 60 digits decide every entry


def test_tables_are_the_same_integers_on_every_machine() -> None:
    assert exp_table(6, Decimal("-0.5"), Decimal(0), 10) == (1024, 621, 377, 228, 139, 84)
    assert reciprocal_table(3, 10) == (964, 862, 780, 712, 655, 607, 565, 529)
    assert inverse_sqrt(8) == Decimal("0.353553390593273762200422181052424519642417968844237018294170")


Case = tuple[SoftmaxDesign, float]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Designs, and the scale that they were made with."""
    bits, stable = draw(st.integers(4, 12)), draw(st.booleans())
    integer = draw(st.integers(0, min(bits - 1, 5 if stable else 3)))  # exp(2**3) is as much as 62 bits hold
    scores = bits_format(bits, integer, signed=draw(st.booleans()))
    output = bits_format(draw(st.integers(3, 12)), 0, signed=draw(st.booleans()))
    length = draw(st.integers(1, 40))
    scale = draw(st.sampled_from([Decimal(1), inverse_sqrt(8), inverse_sqrt(3), Decimal("0.125")]))
    error = draw(st.sampled_from([None, 2.0**-6, 2.0**-9]))
    return design_softmax(scores, output, length, scale, error, stable), float(scale)


def rows(design: SoftmaxDesign, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores' codes and masks, random ones and the corners; the first mask hides nothing, the second everything."""
    rng = np.random.default_rng(seed)
    low, high, n = design.input.min_code, design.input.max_code, design.length
    scores = rng.integers(low, high + 1, (12, n))
    scores[0], scores[1] = low, high
    scores[2] = low
    scores[2, rng.integers(n)] = high
    scores[3] = np.clip(rng.normal(0, 2, n).round(), low, high)
    mask = rng.integers(0, 2, (12, n)).astype(np.bool_)
    mask[0], mask[1] = True, False
    return scores, mask


def true_softmax(scores: np.ndarray, mask: np.ndarray, scale: float) -> np.ndarray:
    z = np.where(mask, scores * scale, -np.inf)
    top = np.where(mask.any(-1, keepdims=True), z.max(-1, keepdims=True), 0.0)
    e = np.exp(z - top)
    total = e.sum(-1, keepdims=True)
    return np.divide(e, total, out=np.zeros_like(e), where=total > 0)


@given(cases(), st.integers(0, 10**6))
def test_error_bound_holds(case: Case, seed: int) -> None:
    design, scale = case
    assume(design.stable)
    scores, mask = rows(design, seed)
    codes = softmax_codes(design, scores, mask)
    exact = true_softmax(design.input.dequantise(scores), mask, scale)
    off = np.abs(design.output.dequantise(codes) - np.clip(exact, design.output.min, design.output.max)).max()
    assert off <= design.error + design.output.lsb / 2 + 1e-12


@given(cases(), st.integers(0, 10**6))
def test_codes_follow_the_stated_arithmetic(case: Case, seed: int) -> None:
    design, _ = case
    scores, mask = rows(design, seed)
    expected = [stated(design, [int(v) for v in x], list(m)) for x, m in zip(scores, mask, strict=True)]
    np.testing.assert_array_equal(softmax_codes(design, scores, mask), expected)


def stated(design: SoftmaxDesign, x: list[int], mask: list[bool]) -> list[int]:
    """One row as the module's first lines say it, in rational numbers."""
    valid = [v for v, m in zip(x, mask, strict=True) if m]
    if not valid:
        return [0] * len(x)
    if design.stable:
        e = [
            design.exp[min((max(valid) - v) >> design.exp_shift, len(design.exp) - 1)] if m else 0
            for v, m in zip(x, mask, strict=True)
        ]
    else:
        e = [design.exp[v % len(design.exp)] if m else 0 for v, m in zip(x, mask, strict=True)]
    total = sum(e)
    if total == 0:
        return [0] * len(x)
    lead = total.bit_length() - 1
    u = Fraction(total, 2**lead)
    entry = design.reciprocal[math.floor((u - 1) * 2**design.address_bits)]
    r = Fraction(entry, 2**design.reciprocal_fraction) / 2**lead
    return [quantised(v * r, design.output) for v in e]


@given(cases())
def test_widths_hold_the_largest_values(case: Case) -> None:
    design, _ = case
    assert all(0 <= e < 2**design.exp_bits for e in design.exp)
    assert design.length * max(design.exp) < 2**design.sum_bits
    assert all(0 < r < 2**design.reciprocal_bits for r in design.reciprocal)
    assert design.product_bits <= 62
    assert len(design.exp) <= 2**14
    assert len(design.reciprocal) == 2**design.address_bits <= 2**14


def test_a_row_without_scores_gives_zeros_and_a_single_score_gives_everything() -> None:
    design = design_softmax(bits_format(8, 3), bits_format(8, 0, signed=False), 4)
    scores = np.array([[5, -3, 0, 127]] * 2)
    mask = np.array([[False] * 4, [False, True, False, False]])
    assert softmax_codes(design, scores, mask).tolist() == [[0] * 4, [0, 255, 0, 0]]


def test_scores_in_steps_that_exp_overflows_on() -> None:
    """A step of 16384: the largest score takes all."""
    fmt = bits_format(8, 21)
    design = design_softmax(fmt, bits_format(8, 0, signed=False), 3)
    assert (fmt.lsb, design.exp[1:], design.exp_shift) == (16384.0, (0, 0), 0)
    assert softmax_codes(design, np.array([[5, 4, -128], [7, 7, 6]])).tolist() == [[255, 0, 0], [128, 128, 0]]


def test_designs_do_not_change() -> None:
    design = design_softmax(bits_format(10, 4), bits_format(10, 0, signed=False), 15, inverse_sqrt(8))
    found = (len(design.exp), design.exp_fraction, design.exp_shift, design.address_bits, design.reciprocal_fraction)
    assert found == (1006, 15, 0, 11, 12)
    assert (sum(design.exp), sum(design.reciprocal), design.lead) == (2982199, 5814520, 18)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((bits_format(8, 3), bits_format(8, 0), 0), "a softmax must have at least one score per row, not 0"),
        (
            (bits_format(8, 3), bits_format(8, 0), 4, Decimal(1), 2.0),
            "a softmax's error must lie between 0 and 1, not 2.0",
        ),
        ((bits_format(8, 3), bits_format(20, 0), 4), "a softmax's error must be at least 0.00012, not 1.9e-06"),
        (
            (bits_format(16, 3), bits_format(8, 0), 4, Decimal(1), None, False),
            "a softmax without max-subtraction must have scores of at most 14 bits, not 16",
        ),
    ],
)
def test_refusals(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(UserError) as caught:
        design_softmax(*arguments)
    assert caught.value.what == message
