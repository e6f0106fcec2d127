"""Numbers as tools print them. A cell that means "not known" is None; anything else that is no number is an error."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fpga_tf.errors import UserError

# A loop without a fixed bound, a cell that does not apply, a run that was not made.
UNKNOWN = frozenset({"", "?", "-", "undef", "N/A", "NA", "n/a", "x"})
_INTEGER = re.compile(r"[0-9]{1,18}")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3}){1,5}")
_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")


def known(text: str) -> str | None:
    """The text without blanks around it, or None if it means that the tool does not know."""
    text = text.strip()
    return None if text in UNKNOWN else text


def integer(text: str, what: str, where: str) -> int | None:
    """A count; digits may be grouped by commas.

    Args:
        text: the cell.
        what: name of the value, for an error.
        where: file and line, for an error.

    Raises:
        UserError: the cell is neither a whole number nor unknown.
    """
    value = known(text)
    if value is None:
        return None
    if _GROUPED.fullmatch(value):
        value = value.replace(",", "")
    if not _INTEGER.fullmatch(value):
        raise UserError(f"{what} must be a whole number or unknown, not {value[:40]!r}", where=where)
    return int(value)


def decimal(text: str, what: str, where: str) -> float | None:
    """A decimal number, such as a time in ns.

    Args:
        text: the cell.
        what: name of the value, for an error.
        where: file and line, for an error.

    Raises:
        UserError: the cell is neither a number nor unknown.
    """
    value = known(text)
    if value is None:
        return None
    if not _DECIMAL.fullmatch(value):
        raise UserError(f"{what} must be a number or unknown, not {value[:40]!r}", where=where)
    return float(value)


def unsigned(text: str, what: str, where: str) -> float | None:
    """As `decimal`, of what is never negative, such as a clock's period or a power.

    Raises:
        UserError: the cell is neither a number from 0 nor unknown.
    """
    value = decimal(text, what, where)
    if value is not None and (value < 0 or text.strip().startswith("-")):
        raise UserError(f"{what} must be at least 0 or unknown, not {text.strip()[:40]}", where=where)
    return value


def check_order(numbers: Sequence[float | None], what: str, where: str) -> None:
    """Smallest, average and largest of one thing: damage that turns a digit can show here.

    Args:
        numbers: from the smallest to the largest, those that are known.
        what: name of the value, for an error.
        where: file and line, for an error.

    Raises:
        UserError: they do not ascend.
    """
    stated = [number for number in numbers if number is not None]
    if stated != sorted(stated):
        raise UserError(
            f"{what} must be from the smallest to the largest, not {', '.join(map(str, stated))}",
            where=where,
            hint="copy the file again: it was edited",
        )
