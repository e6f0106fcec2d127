"""Lookup tables, designed once; the same integers go to Keras, C++ and RTL.

Entries are rounded from 60-digit decimal arithmetic, so every machine makes the same table.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import lru_cache

_DIGITS = 60


@lru_cache(maxsize=256)
def exp_table(entries: int, step: Decimal, offset: Decimal, fraction: int) -> tuple[int, ...]:
    """``round(2**fraction * exp(offset + i * step))`` for ``i`` in ``range(entries)``."""
    with localcontext() as context:
        context.prec = _DIGITS
        scale = Decimal(2) ** fraction
        return tuple(_nearest(scale * (offset + step * i).exp()) for i in range(entries))


def sigmoid_table(entries: int, step: Decimal, offset: Decimal, fraction: int) -> tuple[int, ...]:
    """``round(2**fraction / (1 + exp(-x)))`` at ``x = offset + i * step`` for ``i`` in ``range(entries)``."""
    with localcontext() as context:
        context.prec = _DIGITS
        scale = Decimal(2) ** fraction
        return tuple(_nearest(scale / (1 + (-offset - step * i).exp())) for i in range(entries))


@lru_cache(maxsize=64)
def reciprocal_table(address_bits: int, fraction: int) -> tuple[int, ...]:
    """``round(2**fraction / u)`` at the middle ``u`` of each of ``2**address_bits`` equal parts of [1, 2)."""
    with localcontext() as context:
        context.prec = _DIGITS
        scale = Decimal(2) ** fraction
        parts = 1 << address_bits
        return tuple(_nearest(scale / (1 + (i + Decimal("0.5")) / parts)) for i in range(parts))


@lru_cache(maxsize=64)
def inverse_sqrt_table(address_bits: int, fraction: int) -> tuple[int, ...]:
    """``round(2**fraction / sqrt(u))`` at the middle ``u`` of each of ``3 * 2**address_bits`` equal parts of [1, 4)."""
    with localcontext() as context:
        context.prec = _DIGITS
        scale = Decimal(2) ** fraction
        parts = 1 << address_bits
        return tuple(_nearest(scale / (1 + (i + Decimal("0.5")) / parts).sqrt()) for i in range(3 * parts))


def inverse_sqrt(value: int) -> Decimal:
    """``1 / sqrt(value)`` to 60 digits: the attention's score scale."""
    with localcontext() as context:
        context.prec = _DIGITS
        return 1 / Decimal(value).sqrt()


def _nearest(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_HALF_EVEN))
