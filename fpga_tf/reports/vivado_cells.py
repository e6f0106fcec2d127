"""Cells of Vivado's reports of resources: counts of tiles, shares."""

from __future__ import annotations

import re

from fpga_tf.errors import UserError
from fpga_tf.reports.values import known

_TILES = re.compile(r"([0-9]{1,17})(?:\.([05])0{0,8})?")
_SHARE = re.compile(r"<? ?[0-9]{1,9}(?:\.[0-9]{1,9})?")
_NO_SHARE = frozenset({"-NA-", "inf", "nan"})


def blocks(tiles: str, what: str, where: str) -> int | None:
    """18 Kb blocks of a count of 36 Kb tiles, which is given in steps of a half.

    Args:
        tiles: the cell.
        what: name of the value, for an error.
        where: file and line, for an error.

    Raises:
        UserError: neither such a count nor unknown.
    """
    value = known(tiles)
    if value is None:
        return None
    found = _TILES.fullmatch(value)
    if found is None:
        raise UserError(f"{what} must be a count in steps of a half or unknown, not {value[:40]!r}", where=where)
    return 2 * int(found[1]) + (found[2] == "5")


def share(text: str, where: str) -> str | None:
    """A percentage as the tool prints it, such as `3.40` or `<0.01`; None where there is nothing to take it of.

    Raises:
        UserError: neither a percentage nor unknown.
    """
    value = known(text)
    if value is None or value in _NO_SHARE:
        return None
    if not _SHARE.fullmatch(value):
        raise UserError(f"a share must be a percentage or unknown, not {value[:40]!r}", where=where)
    return value
