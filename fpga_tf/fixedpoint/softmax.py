"""The hardware softmax: its design from range and error, and its arithmetic in integer codes.

Per row of ``n`` scores (codes ``x``, masked ones left out)::

    d_j = max(x) - x_j                      exact, >= 0
    e_j = E[min(d_j >> shift, last)]        exp table, `exp_fraction` bits below the point
    S   = sum(e_j)                          exact
    L   = floor(log2(S)),  u = S / 2**L     leading one, u in [1, 2)
    r   = R[top bits of u] / 2**L           reciprocal table and one shift
    y_j = round(e_j * r)                    the one rounding, into the output format

A row with nothing to attend to gives zeros (as keras.layers.Softmax does).

Error bound, absolute, before the final rounding, for the max-subtracted form, with ``b`` half a bin of the exp table
in units of the exponent::

    2*(exp(b)-1) + 2**-(address_bits+1) + 2**-reciprocal_fraction + (n+1) * 2**-(exp_fraction+1)

Sources: the first two terms are the relative errors of a piecewise constant table, the others those of rounding
an entry; the sum of n entries carries n times half an LSB.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint.format import Codes, Format
from fpga_tf.fixedpoint.tables import exp_table, reciprocal_table

MAX_ADDRESS_BITS = 14  # 16 Ki entries: beyond that a table is no longer cheap in any FPGA
_PRODUCT_BITS = 62  # int64 with room for one rounding increment


@dataclass(frozen=True)
class SoftmaxDesign:
    """Everything a face of the softmax needs. Tables are integers.

    Attributes:
        input, output: formats of scores and weights.
        length: number of scores per row.
        stable: the row's maximum is subtracted.
        exp: entries of the exp table; ``exp_fraction`` bits below the point.
        exp_shift: low bits of the difference that the address drops.
        reciprocal: entries over [1, 2), addressed by ``address_bits`` bits, with ``reciprocal_fraction`` bits below
            the point.
        lead: highest possible position of the sum's leading one.
    """

    input: Format
    output: Format
    length: int
    stable: bool
    exp: tuple[int, ...]
    exp_fraction: int
    exp_shift: int
    reciprocal: tuple[int, ...]
    address_bits: int
    reciprocal_fraction: int
    lead: int
    error: float

    @property
    def product_fraction(self) -> int:
        """Bits below the point of the exact product."""
        return self.lead + self.reciprocal_fraction

    @property
    def exp_bits(self) -> int:
        """Width of an exp entry, unsigned."""
        return max(self.exp).bit_length()

    @property
    def sum_bits(self) -> int:
        """Width of the sum, unsigned."""
        return self.lead + 1

    @property
    def product_bits(self) -> int:
        """Width of the exact product, unsigned: an entry never exceeds its row's sum, so the shift adds nothing."""
        return self.lead + 1 + self.reciprocal_bits

    @property
    def reciprocal_bits(self) -> int:
        """Width of a reciprocal entry, unsigned."""
        return max(self.reciprocal).bit_length()


@lru_cache(maxsize=128)
def design_softmax(
    input: Format,
    output: Format,
    length: int,
    scale: Decimal = Decimal(1),
    error: float | None = None,
    stable: bool = True,
) -> SoftmaxDesign:
    """Choose table sizes and formats.

    Args:
        input: format of the scores.
        output: format of the weights.
        length: scores per row.
        scale: factor on the scores, folded into the exp table (1/sqrt(key_dim) in attention).
        error: largest absolute error allowed before the final rounding; one LSB of the output by default.
        stable: subtract the row's maximum.

    Raises:
        UserError: the error cannot be met with tables of at most 2**14 entries, or a width exceeds 62 bits.
    """
    goal = output.lsb if error is None else error
    if not 0 < goal < 1:
        raise UserError(f"a softmax's error must lie between 0 and 1, not {goal}")
    if length < 1:
        raise UserError(f"a softmax must have at least one score per row, not {length}")
    quarter = goal / 4
    exp_fraction = max(1, math.ceil(math.log2((length + 1) / quarter)) - 1)
    address_bits = max(1, math.ceil(-math.log2(quarter)) - 1)
    reciprocal_fraction = max(2, math.ceil(-math.log2(quarter)))
    if address_bits > MAX_ADDRESS_BITS:
        raise UserError(
            f"a softmax's error must be at least {2.0 ** -(MAX_ADDRESS_BITS - 1):.2g}, not {goal:.2g}",
            hint="give `error`, or fewer fraction bits to the output",
        )
    if stable:
        entries, shift = _stable_table(input, scale, exp_fraction, quarter)
    else:
        entries, shift = _direct_table(input, scale, exp_fraction), 0
    lead = (length * max(max(entries), 1)).bit_length() - 1
    design = SoftmaxDesign(
        input=input,
        output=output,
        length=length,
        stable=stable,
        exp=entries,
        exp_fraction=exp_fraction,
        exp_shift=shift,
        reciprocal=reciprocal_table(address_bits, reciprocal_fraction),
        address_bits=address_bits,
        reciprocal_fraction=reciprocal_fraction,
        lead=lead,
        error=goal,
    )
    bits = design.product_bits
    if bits > _PRODUCT_BITS:
        raise UserError(
            f"a softmax's product must have at most {_PRODUCT_BITS} bits, not {bits}", hint="allow more error"
        )
    return design


def _stable_table(input: Format, scale: Decimal, fraction: int, quarter: float) -> tuple[tuple[int, ...], int]:
    """Entries for differences 0, 1, ... of the scores' codes, cut where exp is below half an LSB for good."""
    step = scale * Decimal(2) ** -input.fraction
    largest = input.max_code - input.min_code
    vanish = math.ceil(Decimal((fraction + 1) * math.log(2)) / step) + 1
    reach = min(largest, vanish)
    shift = 0
    while (reach >> shift) >= 1 << MAX_ADDRESS_BITS:
        shift += 1
    while shift < 40 and _bin_error(float(step) * ((2 << shift) - 1) / 2) <= quarter and (reach >> shift) > 0:
        shift += 1  # coarser bins are free as long as the error allows them
    half = Decimal((1 << shift) - 1) / 2
    if _bin_error(float(step * half)) > quarter:
        raise UserError(
            f"a softmax over {input} must have at most 2**{MAX_ADDRESS_BITS} exp entries to meet its error",
            hint="give the scores fewer fraction bits or allow more error",
        )
    entries = (reach >> shift) + 1
    return exp_table(entries, -step * (1 << shift), -step * half, fraction), shift


def _bin_error(half: float) -> float:
    """Largest error of a weight if one entry serves a bin of that half width, in units of the scaled scores."""
    return 2 * math.expm1(half) if half < 1 else math.inf  # more than any error allowed, and exp may overflow


def _direct_table(input: Format, scale: Decimal, fraction: int) -> tuple[int, ...]:
    """Entries for every code of the scores, negative ones after the others (two's complement address)."""
    if input.width > MAX_ADDRESS_BITS:
        raise UserError(
            f"a softmax without max-subtraction must have scores of at most {MAX_ADDRESS_BITS} bits, not {input.width}",
            hint="leave stable=True",
        )
    step = scale * Decimal(2) ** -input.fraction
    half = 1 << (input.width - int(input.signed))
    upper = exp_table(half, step, Decimal(0), fraction)
    return upper + (exp_table(half, step, -step * half, fraction) if input.signed else ())


def softmax_codes(design: SoftmaxDesign, scores: Codes, mask: NDArray[np.bool_] | None = None) -> Codes:
    """Weights' codes of scores' codes; the reference arithmetic.

    Args:
        design: from `design_softmax`.
        scores: codes, shape (..., length).
        mask: true where a score counts, broadcastable to `scores`.
    """
    x = np.asarray(scores, dtype=np.int64)
    valid = np.ones(x.shape, dtype=np.bool_) if mask is None else np.broadcast_to(mask, x.shape)
    if design.stable:
        largest = np.where(valid, x, design.input.min_code).max(axis=-1, keepdims=True)
        address = np.clip((largest - x) >> design.exp_shift, 0, len(design.exp) - 1)
    else:
        address = x & (len(design.exp) - 1)
    e = np.where(valid, np.asarray(design.exp, dtype=np.int64)[address], 0)
    total = e.sum(axis=-1, keepdims=True)
    position = np.frexp(np.maximum(total, 1).astype(np.float64))[1].astype(np.int64) - 1
    gap = design.lead - position
    normal = total << gap
    drop = design.lead - design.address_bits
    part = (normal >> drop if drop >= 0 else normal << -drop) & ((1 << design.address_bits) - 1)
    inverse = np.asarray(design.reciprocal, dtype=np.int64)[part] << gap
    return design.output.requantise(np.where(total > 0, e * inverse, 0), design.product_fraction)
