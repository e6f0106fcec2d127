"""What a report says to a limit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Finding:
    """A value for a gate, or what is missing for it."""

    value: float | int | None = None
    missing: str | None = None
    over: bool = False


def above(value: float | int | None, limit: float | int) -> bool:
    """Whether a value is above a limit, both in decimals as written: 0.1 is a tenth."""
    return value is not None and Decimal(str(value)) > Decimal(str(limit))
