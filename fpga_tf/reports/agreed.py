"""The one value that several places of a file state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from fpga_tf.errors import UserError

_Value = TypeVar("_Value")


def agreed(what: str, found: Iterable[tuple[str, _Value]], kind: str) -> _Value | None:
    """The one value that all places of the file state; None if there is no place.

    Args:
        what: the value's name, for an error.
        found: where, and the value.
        kind: of the report, for an error.

    Raises:
        UserError: two places state different values.
    """
    first: tuple[str, _Value] | None = None
    for where, value in found:
        if first is None:
            first = where, value
        elif value != first[1]:
            raise UserError(
                f"{kind} must state {what} once, not again with another value",
                where=where,
                hint=f"it is first stated at {first[0]}; give a file that holds one report",
            )
    return None if first is None else first[1]
