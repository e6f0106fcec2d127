"""The hardware layer normalisation: its design from formats and error, and its arithmetic in integer codes.

Per row of ``n`` values ``x``, each stage rounded once, into its own format::

    m   = round(sum(x) / n)                  mean
    d_j = round(x_j - m)                     deviation
    v   = round(sum(d_j * d_j) / n)          variance
    r   = round(R[top bits of u] / 2**k)     reciprocal square root; v + epsilon = u * 4**k, u in [1, 4)
    y_j = round(d_j * r * gamma_j + beta_j)  scale and shift

``epsilon`` is added exactly, as ``epsilon_code`` of ``guard`` bits more than the variance has. It is at least one
there, so the argument of the root is never zero, whatever the variance.

Error bound of the root, relative, before its rounding, with ``e`` the relative error of the rounded epsilon::

    (1 + e/2) * (1 + 2**-(address_bits + 2) + 2**-table_fraction) - 1

Sources: half the relative error of an argument is that of its root; half a part of the table times the largest slope,
1/2 at u = 1; half an LSB of an entry, which is above 1/2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint.format import MAX_WIDTH, Codes, Format, Rounding
from fpga_tf.fixedpoint.tables import inverse_sqrt_table

MAX_ADDRESS_BITS = 12  # 12 Ki entries
_CODE_BITS = 62  # int64 with room for one rounding increment


@dataclass(frozen=True)
class NormFormats:
    """Formats of a layer normalisation's stages, in the order of the arithmetic; no gamma or beta: None."""

    input: Format
    mean: Format
    deviation: Format
    variance: Format
    inverse: Format
    output: Format
    gamma: Format | None = None
    beta: Format | None = None


@dataclass(frozen=True)
class LayerNormDesign:
    """Everything a face of the layer normalisation needs.

    Attributes:
        formats: of the stages.
        length: values per row.
        guard: bits of the root's argument below the variance's last one; the argument's fraction is even.
        epsilon_code: epsilon with ``guard`` bits more than the variance.
        half: highest possible position of the argument's leading pair of bits.
        table: entries over [1, 4), addressed by the ``address_bits + 2`` highest bits of u less one whole; with
            ``table_fraction`` bits below the point.
        error: bound of the root's absolute error before its rounding, up to the format's largest value.
    """

    formats: NormFormats
    length: int
    guard: int
    epsilon_code: int
    half: int
    table: tuple[int, ...]
    address_bits: int
    table_fraction: int
    error: float

    @property
    def argument_bits(self) -> int:
        """Width of the root's argument, unsigned; even."""
        return 2 * self.half + 2

    @property
    def table_bits(self) -> int:
        """Width of an entry, unsigned."""
        return max(self.table).bit_length()

    @property
    def root_bits(self) -> int:
        """Width of the exact root, unsigned."""
        return self.table_bits + self.half

    @property
    def root_fraction(self) -> int:
        """Bits below the point of the exact root."""
        return self.table_fraction + self.half - (self.formats.variance.fraction + self.guard) // 2

    @property
    def product_fraction(self) -> int:
        """Bits below the point of the exact product with gamma."""
        f = self.formats
        return f.deviation.fraction + f.inverse.fraction + (0 if f.gamma is None else f.gamma.fraction)

    @property
    def result_fraction(self) -> int:
        """Bits below the point of the exact result."""
        beta = self.formats.beta
        return self.product_fraction if beta is None else max(self.product_fraction, beta.fraction)


@lru_cache(maxsize=128)
def design_layer_norm(formats: NormFormats, length: int, epsilon: float, error: float | None = None) -> LayerNormDesign:
    """Choose the table and the guard bits.

    Args:
        formats: of the stages. Mean and variance round half to even or truncate; the variance is unsigned.
        length: values per row.
        epsilon: added to the variance; above zero.
        error: largest absolute error of the reciprocal square root before its rounding, as far as its format holds
            it; one LSB of that format by default.

    Raises:
        UserError: a format that a stage cannot have, or an error or width beyond what a table or 62 bits hold.
    """
    _check(formats, length, epsilon)
    goal = formats.inverse.lsb if error is None else error
    if not (math.isfinite(goal) and goal > 0):
        raise UserError(f"a layer normalisation's error must be above 0, not {goal}")
    relative = min(goal / min(formats.inverse.max, epsilon**-0.5), 0.5)
    # halves, quarters and eighths of the error, for the table's grid, its rounding, and epsilon
    address_bits = max(1, math.ceil(-math.log2(relative)) - 1)
    if address_bits > MAX_ADDRESS_BITS:
        least = goal / relative * 2.0 ** -(MAX_ADDRESS_BITS + 1)
        raise UserError(
            f"a layer normalisation's error must be at least {least:.2g}, not {goal:.2g}",
            hint="give `error`, or fewer bits to the inverse",
        )
    table_fraction = math.ceil(-math.log2(relative)) + 2
    guard, code = _epsilon(formats.variance.fraction, Fraction(epsilon), Fraction(relative) / 4)
    largest = (formats.variance.max_code << guard) + code
    design = LayerNormDesign(
        formats=formats,
        length=length,
        guard=guard,
        epsilon_code=code,
        half=(largest.bit_length() - 1) // 2,
        table=inverse_sqrt_table(address_bits, table_fraction),
        address_bits=address_bits,
        table_fraction=table_fraction,
        error=goal,
    )
    _check_widths(design)
    return design


def _check(formats: NormFormats, length: int, epsilon: float) -> None:
    if length < 1:
        raise UserError(f"a layer normalisation must have at least one value per row, not {length}")
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise UserError(f"a layer normalisation's epsilon must be above 0 in hardware, not {epsilon}")
    for name, fmt in (("mean", formats.mean), ("variance", formats.variance)):
        if fmt.rounding not in (Rounding.RND_CONV, Rounding.TRN):
            raise UserError(f"a {name} must round half to even or truncate, not {fmt}")
    for name, fmt in (("variance", formats.variance), ("inverse", formats.inverse)):
        if fmt.signed:
            raise UserError(
                f"a layer normalisation's {name} must be unsigned, not {fmt}",
                hint="for example quantized_bits(12,4,keep_negative=0,alpha=1)",
            )


def _epsilon(fraction: int, epsilon: Fraction, allowed: Fraction) -> tuple[int, int]:
    """Guard bits below a variance's last one, and epsilon's code with them, whose relative error is allowed."""
    guard = fraction % 2
    while True:
        exact = epsilon * Fraction(2) ** (fraction + guard)
        code = round(exact)
        if code and abs(code - exact) <= allowed * min(exact, Fraction(code)):
            return guard, code
        guard += 2


def _check_widths(design: LayerNormDesign) -> None:
    f = design.formats
    gamma_bits = 0 if f.gamma is None else f.gamma.width
    beta_bits = 0 if f.beta is None else f.beta.width + design.result_fraction - f.beta.fraction
    product = f.deviation.width + f.inverse.width + gamma_bits + design.result_fraction - design.product_fraction
    finer = _finer(f.input, f.mean)
    apart = max(f.input.integer, f.mean.integer) + 2 + max(finer, f.deviation.fraction)
    found = {
        "sum": (_mean_bits(f.input.width, f.input.fraction, design.length, f.mean), MAX_WIDTH),
        "difference": (apart, _CODE_BITS),
        "sum of squares": (
            _mean_bits(2 * f.deviation.width, 2 * f.deviation.fraction, design.length, f.variance),
            MAX_WIDTH,
        ),
        "root's argument": (design.argument_bits, MAX_WIDTH),
        "root": (design.root_bits + max(0, f.inverse.fraction - design.root_fraction), _CODE_BITS),
        "result": (max(product, beta_bits) + 1 + max(0, f.output.fraction - design.result_fraction), _CODE_BITS),
    }
    for what, (bits, most) in found.items():
        if bits > most:
            raise UserError(
                f"a layer normalisation's {what} must have at most {most} bits, not {bits}",
                hint="give its stages fewer bits, or allow more error",
            )


def _mean_bits(width: int, fraction: int, count: int, fmt: Format) -> int:
    """Bits of the wider of a mean's numerator and denominator."""
    up, den = division(fraction, count, fmt)
    return max(width + count.bit_length() + up, den.bit_length())


def _finer(a: Format, b: Format) -> int:
    return max(a.fraction, b.fraction)


def layer_norm_codes(design: LayerNormDesign, x: Codes, gamma: Codes | None = None, beta: Codes | None = None) -> Codes:
    """Codes of normalised rows of codes; the reference arithmetic.

    Args:
        design: from `design_layer_norm`.
        x: codes, shape (..., length).
        gamma, beta: codes in the formats of the design, shape (length,); None where the design has none.
    """
    f = design.formats
    x = np.asarray(x, dtype=np.int64)
    mean = mean_codes(x.sum(axis=-1, keepdims=True), f.input.fraction, design.length, f.mean)
    finer = _finer(f.input, f.mean)
    difference = (x << finer - f.input.fraction) - (mean << finer - f.mean.fraction)
    d = f.deviation.requantise(difference, finer)
    squares = (d * d).sum(axis=-1, keepdims=True)
    r = inverse_codes(design, mean_codes(squares, 2 * f.deviation.fraction, design.length, f.variance))
    y = d * r if gamma is None else d * r * np.asarray(gamma, dtype=np.int64)
    y = y << design.result_fraction - design.product_fraction
    if beta is not None and f.beta is not None:
        y = y + (np.asarray(beta, dtype=np.int64) << design.result_fraction - f.beta.fraction)
    return f.output.requantise(y, design.result_fraction)


def mean_codes(total: Codes, fraction: int, count: int, fmt: Format) -> Codes:
    """Codes of the rational means ``total * 2**-fraction / count``, rounded once, half to even or down."""
    up, den = division(fraction, count, fmt)
    num = np.asarray(total, dtype=np.int64) << up
    floor = num // den
    twice = 2 * (num - floor * den)
    nearest = fmt.rounding is Rounding.RND_CONV
    raised = nearest & ((twice > den) | ((twice == den) & (floor % 2 == 1)))
    return fmt.requantise(floor + raised, fmt.fraction)


def division(fraction: int, count: int, fmt: Format) -> tuple[int, int]:
    """By how many bits a sum is shifted up, and what it is divided by then, for the code of its mean."""
    return max(0, fmt.fraction - fraction), count << max(0, fraction - fmt.fraction)


def inverse_codes(design: LayerNormDesign, variance: Codes) -> Codes:
    """Codes of the reciprocal square roots of variances' codes."""
    argument = (np.asarray(variance, dtype=np.int64) << design.guard) + design.epsilon_code
    gap = design.half - (np.frexp(argument.astype(np.float64))[1].astype(np.int64) - 1) // 2
    normal = argument << 2 * gap
    drop = 2 * design.half - design.address_bits
    place = (normal >> drop if drop >= 0 else normal << -drop) - (1 << design.address_bits)
    root = np.asarray(design.table, dtype=np.int64)[place] << gap
    return design.formats.inverse.requantise(root, design.root_fraction)
