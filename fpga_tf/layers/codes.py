"""Integer codes in int64 tensors: the arithmetic of `fpga_tf.fixedpoint` on them, to the bit."""

from __future__ import annotations

from typing import Any

from keras import ops

from fpga_tf.fixedpoint import Format, Overflow, Rounding
from fpga_tf.fixedpoint.layer_norm import division


def codes_of(x: Any, fmt: Format) -> Any:
    """Codes of a float tensor whose values lie on the format's grid."""
    return ops.cast(ops.round(ops.multiply(x, 2.0**fmt.fraction)), "int64")


def shifted(codes: Any, bits: int) -> Any:
    """``codes * 2**bits``, `bits` at least zero."""
    return ops.left_shift(codes, bits) if bits else codes


def requantise(codes: Any, fraction: int, fmt: Format) -> Any:
    """As ``fmt.requantise``: codes in the format of exact values ``codes * 2**-fraction``."""
    drop = fraction - fmt.fraction
    if drop <= 0:
        return _overflow(shifted(codes, -drop), fmt)
    floor = ops.right_shift(codes, drop)
    rest = ops.bitwise_and(codes, (1 << drop) - 1)
    up = _rounds_up(floor, rest, 1 << (drop - 1), ops.less(codes, 0), fmt.rounding)
    return _overflow(floor if up is None else ops.add(floor, ops.cast(up, "int64")), fmt)


def mean_codes(total: Any, fraction: int, count: int, fmt: Format) -> Any:
    """As `fpga_tf.fixedpoint.layer_norm.mean_codes`: rational means, rounded once."""
    bits, den = division(fraction, count, fmt)
    num = shifted(total, bits)
    floor = ops.floor_divide(num, den)
    twice = ops.multiply(ops.subtract(num, ops.multiply(floor, den)), 2)
    up = _rounds_up(floor, twice, den, ops.less(num, 0), fmt.rounding)
    return _overflow(floor if up is None else ops.add(floor, ops.cast(up, "int64")), fmt)


def _rounds_up(floor: Any, rest: Any, half: int, negative: Any, mode: Rounding) -> Any:
    """True where ``floor`` and a rest, in units of which `half` is a half, go to ``floor + 1``; None: nowhere."""
    above, tie = ops.greater(rest, half), ops.equal(rest, half)
    match mode:
        case Rounding.TRN:
            return None
        case Rounding.TRN_ZERO:
            return ops.logical_and(negative, ops.greater(rest, 0))
        case Rounding.RND:
            return ops.logical_or(above, tie)
        case Rounding.RND_MIN_INF:
            return above
        case Rounding.RND_ZERO:
            return ops.logical_or(above, ops.logical_and(tie, negative))
        case Rounding.RND_INF:
            return ops.logical_or(above, ops.logical_and(tie, ops.logical_not(negative)))
        case Rounding.RND_CONV:
            return ops.logical_or(above, ops.logical_and(tie, ops.equal(ops.bitwise_and(floor, 1), 1)))


def _overflow(codes: Any, fmt: Format) -> Any:
    low, high = fmt.min_code, fmt.max_code
    if fmt.overflow in (Overflow.SAT, Overflow.SAT_SYM):
        return ops.clip(codes, low, high)
    if fmt.overflow is Overflow.SAT_ZERO:
        outside = ops.logical_or(ops.less(codes, low), ops.greater(codes, high))
        return ops.where(outside, ops.zeros_like(codes), codes)
    wrapped = ops.bitwise_and(codes, (1 << fmt.width) - 1)
    return ops.where(ops.greater(wrapped, high), ops.subtract(wrapped, 1 << fmt.width), wrapped)
