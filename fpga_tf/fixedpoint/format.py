"""Fixed-point formats and their integer codes.

A value is ``code * 2**-fraction`` with an int64 code. Semantics of the rounding and overflow modes are those of
Xilinx ``ap_fixed`` (Vitis HLS User Guide UG1399, "Arbitrary Precision Fixed-Point Data Types").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fpga_tf.errors import UserError

Codes = NDArray[np.int64]
Values = NDArray[np.float64]

# float64 holds integers exactly up to here; a wider format could not be checked through Keras.
MAX_WIDTH = 53


class Rounding(StrEnum):
    """ap_q_mode: what happens to bits below the last one kept."""

    TRN = "TRN"  # towards minus infinity
    TRN_ZERO = "TRN_ZERO"  # towards zero
    RND = "RND"  # to nearest, ties towards plus infinity
    RND_ZERO = "RND_ZERO"  # to nearest, ties towards zero
    RND_INF = "RND_INF"  # to nearest, ties away from zero
    RND_MIN_INF = "RND_MIN_INF"  # to nearest, ties towards minus infinity
    RND_CONV = "RND_CONV"  # to nearest, ties to even


class Overflow(StrEnum):
    """ap_o_mode: what happens to values outside the range."""

    WRAP = "WRAP"
    SAT = "SAT"
    SAT_SYM = "SAT_SYM"  # as SAT, and the most negative code is never used
    SAT_ZERO = "SAT_ZERO"  # zero where the value is out of range


_AP = re.compile(
    r"(?:ap_)?(u?)(fixed|int)<\s*(\d+)\s*(?:,\s*(-?\d+)\s*)?(?:,\s*(?:AP_)?([A-Z_]+)\s*)?(?:,\s*(?:AP_)?([A-Z_]+)\s*)?(?:,\s*0\s*)?>"
)


@dataclass(frozen=True, slots=True)
class Format:
    """A fixed-point number format.

    Attributes:
        signed: two's complement if true.
        integer: bits above the binary point, the sign not counted; may be negative.
        fraction: bits below the binary point; may be negative.
        rounding, overflow: what happens when a value is brought into this format.
    """

    signed: bool
    integer: int
    fraction: int
    rounding: Rounding = Rounding.TRN
    overflow: Overflow = Overflow.WRAP

    def __post_init__(self) -> None:
        if not 1 <= self.width <= 1024:
            raise UserError(f"a fixed-point format must have 1 to 1024 bits, not {self.width}", where=repr(self))

    @property
    def width(self) -> int:
        """All bits, the sign included."""
        return self.integer + self.fraction + int(self.signed)

    @property
    def min_code(self) -> int:
        """Smallest code that the overflow mode can give."""
        if not self.signed:
            return 0
        low = -(1 << (self.width - 1))
        return low + 1 if self.overflow is Overflow.SAT_SYM and self.width > 1 else low  # one bit: as SAT

    @property
    def max_code(self) -> int:
        """Largest code."""
        return (1 << (self.width - int(self.signed))) - 1

    @property
    def lsb(self) -> float:
        """Value of one code step."""
        return float(2.0**-self.fraction)

    @property
    def min(self) -> float:
        """Smallest value."""
        return self.min_code * self.lsb

    @property
    def max(self) -> float:
        """Largest value."""
        return self.max_code * self.lsb

    @property
    def ap_type(self) -> str:
        """The C++ type, e.g. ``ap_fixed<8,3,AP_RND_CONV,AP_SAT,0>``."""
        name = "ap_fixed" if self.signed else "ap_ufixed"
        return f"{name}<{self.width},{self.integer + int(self.signed)},AP_{self.rounding},AP_{self.overflow},0>"

    def __str__(self) -> str:
        return self.ap_type

    def with_modes(self, rounding: Rounding, overflow: Overflow) -> Format:
        """The same bits with other modes."""
        return replace(self, rounding=rounding, overflow=overflow)

    @classmethod
    def parse(cls, text: str) -> Format:
        """Read ``ap_fixed<W,I[,Q[,O]]>``, ``ap_ufixed``, ``ap_int<W>``, ``ap_uint`` or the same without ``ap_``.

        Raises:
            UserError: the text is no such type.
        """
        m = _AP.fullmatch(text.strip())
        if m is None or (m[2] == "fixed") != (m[4] is not None):
            raise UserError(f"a format must be like ap_fixed<16,6,RND,SAT>, not {text!r}")
        signed, width = m[1] == "", int(m[3])
        whole = width if m[2] == "int" else int(m[4])
        try:
            rounding, overflow = Rounding(m[5] or "TRN"), Overflow(m[6] or "WRAP")
        except ValueError as error:
            raise UserError(f"a format must use ap_fixed's rounding and overflow modes, not {text!r}") from error
        return cls(signed, whole - int(signed), width - whole, rounding, overflow)

    def quantise(self, values: ArrayLike) -> Codes:
        """Codes of real values, rounded and overflowed as ap_fixed does.

        Args:
            values: finite reals, any shape; exact as float64.

        Raises:
            UserError: a value is NaN or infinite, or the format is wider than float64 can hold.
        """
        self._check_width()
        x = np.asarray(values, dtype=np.float64)
        if not np.isfinite(x).all():
            bad = np.argwhere(~np.isfinite(x))[0]
            raise UserError(
                f"values must be finite, not {x[tuple(bad)]}",
                where=f"index {tuple(int(i) for i in bad)}",
                hint="clean the data: a trigger has no NaN",
            )
        return self._overflow(_round(_scaled(x, self.fraction), self.rounding))

    def rounded(self, values: ArrayLike) -> Values:
        """Whole numbers of steps that finite reals are rounded to, before anything overflows."""
        return _round(_scaled(np.asarray(values, dtype=np.float64), self.fraction), self.rounding)

    def dequantise(self, codes: ArrayLike) -> Values:
        """Real values of codes, exact."""
        return np.ldexp(np.asarray(codes, dtype=np.int64).astype(np.float64), -self.fraction)

    def codes_of(self, values: ArrayLike) -> tuple[Codes, NDArray[np.bool_]]:
        """Nearest codes of values that should lie on this grid, and which of them really do.

        Nothing is rounded or wrapped silently: the second array is false where a value is off the grid, out of
        range or not finite.
        """
        x = np.ldexp(np.asarray(values, dtype=np.float64), self.fraction)
        safe = np.where(np.isfinite(x) & (np.abs(x) < 2.0**62), x, 0.0)
        codes = np.rint(safe).astype(np.int64)
        on = (codes == x) & (codes >= self.min_code) & (codes <= self.max_code)
        return codes, np.asarray(on, dtype=np.bool_)

    def requantise(self, codes: ArrayLike, fraction: int) -> Codes:
        """Codes in this format of exact values ``codes * 2**-fraction``, in integer arithmetic throughout."""
        c = np.asarray(codes, dtype=np.int64)
        drop = fraction - self.fraction
        if drop <= 0:
            return self._overflow_codes(c << -drop)
        floor = c >> drop
        rest = c & ((1 << drop) - 1)
        half = 1 << (drop - 1)
        return self._overflow_codes(floor + _rounds_up(floor, rest, half, c < 0, self.rounding))

    def _overflow_codes(self, codes: Codes) -> Codes:
        low, high = self.min_code, self.max_code
        if self.overflow in (Overflow.SAT, Overflow.SAT_SYM):
            return np.clip(codes, low, high)
        if self.overflow is Overflow.SAT_ZERO:
            return np.where((codes < low) | (codes > high), 0, codes)
        wrapped = codes & ((1 << self.width) - 1)
        return np.where(wrapped > high, wrapped - (1 << self.width), wrapped)

    def _check_width(self) -> None:
        if self.width > MAX_WIDTH:
            raise UserError(f"a format must have at most {MAX_WIDTH} bits to be computed exactly, not {self.width}")

    def _overflow(self, scaled: Values) -> Codes:
        low, high = float(self.min_code), float(self.max_code)
        if self.overflow in (Overflow.SAT, Overflow.SAT_SYM):
            return np.clip(scaled, low, high).astype(np.int64)
        if self.overflow is Overflow.SAT_ZERO:
            return np.where((scaled < low) | (scaled > high), 0.0, scaled).astype(np.int64)
        span = float(1 << self.width)
        wrapped = np.mod(scaled, span)  # exact: the span is a power of two
        return np.where(wrapped > high, wrapped - span, wrapped).astype(np.int64)


def _scaled(x: Values, fraction: int) -> Values:
    """``x * 2**fraction``, where beyond float64's range its sign and being far out or tiny are all that counts."""
    with np.errstate(over="ignore", under="ignore"):
        y = np.ldexp(x, fraction)
    y = np.where(np.isinf(y), np.copysign(2.0**1000, x), y)
    return np.where((y == 0.0) & (x != 0.0), np.copysign(2.0**-1000, x), y)


def _round(x: Values, mode: Rounding) -> Values:
    """Integers of scaled values. ``floor(x + 0.5)`` would be inexact near 2**52, so the remainder decides."""
    floor = np.floor(x)
    return np.asarray(floor + _rounds_up(floor, x - floor, 0.5, x < 0, mode), dtype=np.float64)


def _rounds_up(floor: Any, rest: Any, half: float, negative: Any, mode: Rounding) -> Any:
    """True where ``floor + rest`` (0 <= rest < 1 in units of ``2 * half``) goes to ``floor + 1``."""
    match mode:
        case Rounding.TRN:
            return np.zeros(np.shape(rest), dtype=np.bool_)
        case Rounding.TRN_ZERO:
            return negative & (rest > 0)
        case Rounding.RND:
            return rest >= half
        case Rounding.RND_MIN_INF:
            return rest > half
        case Rounding.RND_ZERO:
            return (rest > half) | ((rest == half) & negative)
        case Rounding.RND_INF:
            return (rest > half) | ((rest == half) & ~negative)
        case Rounding.RND_CONV:
            return (rest > half) | ((rest == half) & (floor % 2 == 1))


def smallest_format(values: ArrayLike, *, limit: int = MAX_WIDTH) -> Format:
    """The narrowest format (TRN, WRAP) that holds every value exactly.

    Raises:
        UserError: a value is not finite, or more than `limit` bits would be needed.
    """
    x = np.asarray(values, dtype=np.float64).ravel()
    if not np.isfinite(x).all():
        raise UserError("values must be finite to have a fixed-point format, not NaN or infinite")
    x = x[x != 0.0]
    if x.size == 0:
        return Format(False, 1, 0)
    mantissa, exponent = np.frexp(x)
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    trailing = np.log2((whole & -whole).astype(np.float64)).astype(np.int64)
    fraction = int((53 - exponent - trailing).max())
    signed = bool((x < 0).any())
    # -2**k needs k bits beside the sign, +2**k needs k + 1
    bits = np.where((x < 0) & (mantissa == -0.5), exponent - 1, exponent)
    integer = int(bits.max())
    if integer + fraction < int(not signed):
        integer = int(not signed) - fraction
    if integer + fraction + int(signed) > limit:
        raise UserError(
            f"values must fit {limit} bits to be exact in hardware, not {integer + fraction + int(signed)}",
            hint="use a quantiser with a power-of-two scale (alpha=1 or 'auto_po2')",
        )
    return Format(signed, integer, fraction)
