"""The largest error of tables, against the function at every argument."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest

from fpga_tf.fixedpoint import Format, Overflow, Rounding, bits_format
from fpga_tf.fixedpoint.sigmoid import design_sigmoid
from fpga_tf.fixedpoint.softmax import design_softmax
from fpga_tf.flow.explain_formats import rounding
from fpga_tf.flow.explain_tables import sigmoid_tables, softmax_tables

SHARE = bits_format(8, 0, signed=False)


@pytest.mark.parametrize(("bits", "integer", "scale"), [(6, 2, 1.0), (10, 4, 0.5), (12, 5, 1.0)])
def test_exp_at_every_difference_of_scores(bits: int, integer: int, scale: float) -> None:
    scores = bits_format(bits, integer, signed=True)
    design = design_softmax(scores, SHARE, 9, Decimal(scale))
    exp, reciprocal = softmax_tables(design, scale)
    differences = np.arange(scores.max_code - scores.min_code + 1)
    entry = np.asarray(design.exp)[np.minimum(differences >> design.exp_shift, len(design.exp) - 1)]
    wrong = np.abs(entry * 2.0**-design.exp_fraction - np.exp(-scale * scores.lsb * differences))
    assert exp.error == pytest.approx(float(wrong.max()), abs=1e-15)
    assert (exp.entries, exp.bits) == (len(design.exp), design.exp_bits)
    assert 2 ** (exp.address_bits - 1) < exp.entries <= 2**exp.address_bits
    u = np.linspace(1, 2, 4096 * 4, endpoint=False)
    found = np.asarray(design.reciprocal)[((u - 1) * 2**design.address_bits).astype(int)]
    sampled = float(np.abs(found * 2.0**-design.reciprocal_fraction - 1 / u).max())
    assert sampled <= reciprocal.error <= sampled + 1e-4
    assert reciprocal.address_bits == design.address_bits


def test_without_the_largest_subtracted_negative_scores_come_last() -> None:
    scores = bits_format(5, 1, signed=True)
    design = design_softmax(scores, SHARE, 4, stable=False)
    exp, _ = softmax_tables(design, 1.0)
    assert exp.error <= 2.0 ** -(design.exp_fraction + 1)
    assert exp.entries == 32


def test_a_sigmoid_is_wrong_by_its_rounding_only() -> None:
    argument = bits_format(6, 2, signed=True)
    (table,) = sigmoid_tables(design_sigmoid(argument, SHARE))
    codes = range(argument.min_code, argument.max_code + 1)
    exact = [1 / (1 + math.exp(-code * argument.lsb)) for code in codes]
    wrong = [abs(min(round(y * 256), 255) / 256 - y) for y in exact]
    assert (table.entries, table.address_bits) == (64, 6)
    assert table.error == pytest.approx(max(wrong), abs=1e-15)


@pytest.mark.parametrize(
    ("exact", "out", "told"),
    [
        (
            Format(True, 4, 3), Format(True, 4, 3),
            "Nothing is rounded: the result is the exact value, in ap_fixed<8,5>.",
        ),
        (
            Format(True, 4, 5), Format(False, 2, 3, Rounding.RND_CONV, Overflow.SAT),
            "Then, once, it is rounded to nearest, ties to even to 3 fraction bits and saturates at [0, 3.875]: "
            "ap_ufixed<5,2>.",
        ),
        (
            Format(True, 5, 3), Format(True, 2, 3, Rounding.RND_CONV, Overflow.SAT),
            "Then, once, it saturates at [-4, 3.875]: ap_fixed<6,3>.",
        ),
        (
            Format(True, 1, 5), Format(True, 3, 3, Rounding.TRN, Overflow.WRAP),
            "Then, once, it is cut off towards minus infinity to 3 fraction bits and fits without overflow: "
            "ap_fixed<7,4>.",
        ),
        (
            Format(True, 4, 2), Format(True, 2, 4, Rounding.RND, Overflow.SAT_SYM),
            "Then, once, it saturates, symmetrically, at [-3.9375, 3.9375]: ap_fixed<7,3>.",
        ),
    ],
)  # fmt: skip
def test_the_one_declared_place_in_words(exact: Format, out: Format, told: str) -> None:
    assert rounding(exact, out) == told
