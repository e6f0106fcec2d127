"""Cells and sections of Vivado's reports of resources."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source
from fpga_tf.reports.values import known

_TILES = re.compile(r"([0-9]{1,17})(?:\.([05])0{0,8})?")
_SHARE = re.compile(r"<? ?[0-9]{1,9}(?:\.[0-9]{1,9})?")
_NO_SHARE = frozenset({"-NA-", "inf", "nan"})
_HEADING = re.compile(r"[0-9][0-9.]{0,15} +(\S.*)")
_NAMED = 4  # sections that a note names
_RULE = re.compile(r"-+")


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


def section_of(titles: Sequence[tuple[int, str]], line: int) -> str:
    """Title of the section that a line is in, empty if it is in none.

    Args:
        titles: as of `section_titles`.
        line: index of the line.
    """
    before = bisect_right(titles, line, key=lambda title: title[0])
    return titles[before - 1][1] if before else ""


def section_titles(source: Source) -> list[tuple[int, str]]:
    """Line and title of each section, without its number: `CLB Logic` of `1. CLB Logic` with a rule below."""
    lines = source.lines
    return [
        (line, found[1].rstrip())
        for line, text in enumerate(lines[:-1])
        if (found := _HEADING.fullmatch(text)) and _RULE.fullmatch(lines[line + 1].rstrip())
    ]


def missing_sections(source: Source) -> tuple[str, ...]:
    """A note if the table of contents lists sections that are not there: the file was cut off."""
    there = {title for _, title in section_titles(source)}
    listed: list[str] = []
    inside = False
    for text in source.lines:
        if text.rstrip() == "Table of Contents":
            inside = True
        elif inside and (found := _HEADING.fullmatch(text)):
            listed.append(found[1].rstrip())
        elif not _RULE.fullmatch(text.rstrip()):
            inside = False
    missing = [title for title in dict.fromkeys(listed) if title not in there]
    named = ", ".join(missing[:_NAMED]) + (" and others" if len(missing) > _NAMED else "")
    return (f"the file was cut off or edited: it has no section {named}",) if missing else ()
