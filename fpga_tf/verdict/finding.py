"""What a report says to a limit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Finding:
    """A value for a gate, or what is missing for it.

    Attributes:
        value: what was found.
        missing: what is missing for a decision.
        over: whether it is too much, whatever the value.
        least, most: where the true value of an estimate is believed to lie; None where the value is no estimate.
    """

    value: float | int | None = None
    missing: str | None = None
    over: bool = False
    least: float | None = None
    most: float | None = None

    @property
    def error(self) -> float:
        """How far from the value the true one may lie; 0 where it is no estimate."""
        ends = [end for end in (self.least, self.most) if end is not None]
        if self.value is None or not ends:
            return 0.0
        return float(max(abs(Decimal(str(end)) - Decimal(str(self.value))) for end in ends))

    @property
    def lowest(self) -> float | int | None:
        """The least that it can be."""
        return self.value if self.least is None else self.least

    @property
    def highest(self) -> float | int | None:
        """The most that it can be."""
        return self.value if self.most is None else self.most


def above(value: float | int | None, limit: float | int) -> bool:
    """Whether a value is above a limit, both in decimals as written: 0.1 is a tenth."""
    return value is not None and Decimal(str(value)) > Decimal(str(limit))


def around(value: float, error: Decimal) -> Finding:
    """An estimate and what it is believed to be within."""
    middle = Decimal(str(value))
    return Finding(value, least=float(middle - error), most=float(middle + error))
