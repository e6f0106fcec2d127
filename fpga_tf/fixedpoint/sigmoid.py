"""The hardware sigmoid: one table over every code of its input, each entry rounded exactly.

``y = round(1 / (1 + exp(-x)))``, into the output format. A format of ``w`` bits makes ``2**w`` entries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint.format import Codes, Format, Overflow, Rounding
from fpga_tf.fixedpoint.softmax import MAX_ADDRESS_BITS
from fpga_tf.fixedpoint.tables import sigmoid_table


@dataclass(frozen=True)
class SigmoidDesign:
    """Everything a face of the sigmoid needs.

    Attributes:
        input, output: formats.
        table: codes of the output, by the input's bits as an unsigned number: negative inputs come last.
    """

    input: Format
    output: Format
    table: tuple[int, ...]


@lru_cache(maxsize=32)
def design_sigmoid(input: Format, output: Format) -> SigmoidDesign:
    """Make the table.

    Args:
        input: format of the argument.
        output: format of the result; rounds half to even and saturates.

    Raises:
        UserError: the input has more than 14 bits, or the output rounds or overflows otherwise.
    """
    if input.width > MAX_ADDRESS_BITS:
        raise UserError(
            f"a sigmoid's input must have at most {MAX_ADDRESS_BITS} bits, not {input.width}",
            hint="quantise it to fewer: beyond a few integer bits the result is zero or one",
        )
    if output.rounding is not Rounding.RND_CONV or output.overflow not in (Overflow.SAT, Overflow.SAT_SYM):
        raise UserError(
            f"a sigmoid's output must round half to even and saturate, not {output}",
            hint="for example quantized_bits(8,0,keep_negative=0,alpha=1)",
        )
    half = 1 << (input.width - int(input.signed))
    step = Decimal(2) ** -input.fraction
    entries = sigmoid_table(half, step, Decimal(0), output.fraction)
    if input.signed:
        entries += sigmoid_table(half, step, -step * half, output.fraction)
    return SigmoidDesign(input, output, tuple(min(entry, output.max_code) for entry in entries))


def sigmoid_input(fmt: Format, output: Format) -> Format:
    """A format that a table holds, for arguments in `fmt`.

    Integer bits are dropped where the result is zero or one by rounding: ``sigmoid(-x) < exp(-x)``, which is below half
    an LSB from ``(fraction + 1) * log(2)`` on. Then fraction bits, down to 14 bits in all.
    """
    enough = (output.fraction + 1) * math.log(2)
    integer = min(fmt.integer, 0)
    while integer < fmt.integer and 2.0**integer - fmt.lsb < enough:
        integer += 1
    fraction = min(fmt.fraction, MAX_ADDRESS_BITS - int(fmt.signed) - integer)
    return Format(fmt.signed, integer, fraction, Rounding.RND_CONV, Overflow.SAT)


def sigmoid_codes(design: SigmoidDesign, codes: Codes) -> Codes:
    """Codes of the results of codes; the reference arithmetic."""
    table = np.asarray(design.table, dtype=np.int64)
    found: Codes = table[np.asarray(codes, dtype=np.int64) & (len(design.table) - 1)]
    return found
