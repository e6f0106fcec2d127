"""The sigmoid's table against exact arithmetic."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, bits_format, design_sigmoid, sigmoid_codes, sigmoid_input
from fpga_tf.fixedpoint.tables import sigmoid_table
from tests.fixedpoint.exact import nearest

PROBABILITY = bits_format(10, 0, signed=False)
INPUTS = [
    bits_format(7, 3),
    bits_format(9, 6),
    bits_format(6, 2, signed=False),
    Format(True, 8, -2),
    Format(True, 0, 5),
]
OUTPUTS = [PROBABILITY, bits_format(5, 1, signed=False), bits_format(8, 2, symmetric=True), bits_format(22, 0)]


@pytest.mark.parametrize("output", OUTPUTS, ids=str)
@pytest.mark.parametrize("input", INPUTS, ids=str)
def test_every_entry_is_correctly_rounded(input: Format, output: Format) -> None:
    design = design_sigmoid(input, output)
    codes = np.arange(input.min_code, input.max_code + 1)
    found = sigmoid_codes(design, codes)
    assert len(design.table) == 2**input.width
    with localcontext() as context:
        context.prec = 90
        for code, entry in zip(codes.tolist(), found.tolist(), strict=True):
            exact = Fraction(1 / (1 + (-Decimal(code) * Decimal(2) ** -input.fraction).exp())) * 2**output.fraction
            assert entry == min(nearest(exact), output.max_code)
            assert code == 0 or abs(exact % 1 - Fraction(1, 2)) > Fraction(1, 10**40)  # 60 digits decide every entry


def test_the_table_is_the_same_on_every_machine() -> None:
    assert sigmoid_table(5, Decimal("0.5"), Decimal(-1), 12) == (1102, 1546, 2048, 2550, 2994)
    assert design_sigmoid(bits_format(3, 1), bits_format(4, 0, signed=False)).table == (8, 10, 12, 13, 2, 3, 4, 6)


def test_what_no_table_can_hold_is_refused() -> None:
    with pytest.raises(UserError, match="a sigmoid's input must have at most 14 bits, not 15"):
        design_sigmoid(bits_format(15, 3), PROBABILITY)
    for output in (Format(False, 0, 8), Format.parse("ap_ufixed<8,0,RND_CONV,WRAP>")):
        with pytest.raises(UserError, match="a sigmoid's output must round half to even and saturate"):
            design_sigmoid(bits_format(8, 3), output)


@pytest.mark.parametrize("fraction", [1, 4, 9, 12])
@pytest.mark.parametrize(
    "fmt", [bits_format(19, 9), bits_format(17, 6), bits_format(12, 9), bits_format(9, 9, signed=False)]
)
def test_dropped_integer_bits_change_nothing(fmt: Format, fraction: int) -> None:
    """What lies beyond the narrow input's range is zero or one, and so is what it saturates to."""
    output = bits_format(fraction + 1, 1, signed=False)
    narrow = sigmoid_input(fmt, output)
    design = design_sigmoid(narrow, output)
    assert narrow.integer < fmt.integer
    ends = sigmoid_codes(design, np.array([narrow.min_code, narrow.max_code]))
    assert ends[1] == 2**fraction
    assert ends[0] == (0 if fmt.signed else ends[0])
    assert narrow.fraction == min(fmt.fraction, 14 - narrow.integer - int(fmt.signed))


def test_a_narrow_input_stays_as_it_is() -> None:
    fmt = bits_format(8, 2)
    assert sigmoid_input(fmt, PROBABILITY) == fmt
    tiny = Format(True, -3, 9)
    assert (sigmoid_input(tiny, PROBABILITY).integer, sigmoid_input(tiny, PROBABILITY).fraction) == (-3, 9)
