"""Quartus' text reports: their first lines, and their panels.

Fitter report for lamp
Tue Jun  3 10:00:00 2025
Quartus Prime Version 18.1.0 Build 625 09/12/2018 SJ Lite Edition

+------------------------------+      a rule,
; Fitter Summary               ;      the title,
+-----------------+------------+      a rule,
; Total registers ; 3,821      ;      rows of cells,
+-----------------+------------+      a rule.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Resource
from fpga_tf.reports.values import integer

_TITLE = (
    r"^{kind} report for (?P<name>\S[^\n]*)\n"
    r"(?P<date>[^\n]*[0-9]{{4}})[ \t]*\n"
    r"(?P<tool>Quartus [^\n]*Version) (?P<version>[0-9][^\n]*)"
)
_SHARE = re.compile(r"([0-9,]{1,20})(?: / ([0-9,]{1,20}))?(?: \( (?:< )?[0-9]{1,6} % \))?")
_HINT = "copy the file again: it was cut off or edited"


@dataclass(frozen=True, slots=True)
class Row:
    """A row: index of its line, and its cells without blanks around them."""

    line: int
    cells: tuple[str, ...]


Rows = Mapping[str, Sequence[Row]]


def title(kind: str) -> re.Pattern[str]:
    """Pattern of a report's first three lines, with the groups `name` and `date`."""
    return re.compile(_TITLE.format(kind=kind), re.MULTILINE)


def begins(source: Source, pattern: re.Pattern[str]) -> bool:
    """Whether the file begins with these lines."""
    found = pattern.search(source.head)
    return found is not None and not source.head[: found.start()].strip()


def date_of(source: Source, pattern: re.Pattern[str], summary: Rows) -> str | None:
    """When the report was written, by its second line; None where its first lines are not those of this summary.

    Raises:
        UserError: the file holds two reports, of two names or dates.
    """
    first: re.Match[str] | None = None
    for found in pattern.finditer(source.text):
        first = first or found
        if (found["name"], found["date"]) != (first["name"], first["date"]):
            raise UserError(
                "the file must hold one report, not two",
                where=source.at(source.text.count("\n", 0, found.start())),
                hint="give a file that holds one report",
            )
    if first is None:
        return None
    version = (cell(source, summary, first["tool"]) or "").removeprefix("Version ")
    same = cell(source, summary, "Revision Name") == first["name"].rstrip() and version == first["version"].rstrip()
    return first["date"].strip() if same else None


def panel_rows(source: Source, name: str) -> list[list[Row]]:
    """Rows of each panel with this title, headings included, in the file's order.

    Raises:
        UserError: such a panel has a broken row, or no closing rule.
    """
    lines, panels, index = source.lines, [], 1
    while index < len(lines) - 1:
        if (
            lines[index].startswith("; ")
            and lines[index - 1].startswith(("+-", "--"))
            and lines[index].rstrip().strip(";").strip() == name
        ):
            rows, index = _rows(source, index + 1)
            panels.append(rows)
        index += 1
    return panels


def _rows(source: Source, start: int) -> tuple[list[Row], int]:
    """Rows below the rule in this line, and the index of the closing rule."""
    rule, closed = source.lines[start].rstrip(), -1
    rows: list[Row] = []
    for number in range(start + 1, len(source.lines)):
        line = source.lines[number].rstrip()
        if line == rule and rule.startswith("+-"):
            closed = number
            continue
        if closed == number - 1 and not line.startswith(";"):
            return rows, closed
        if not line.startswith(";") or not line.endswith(";") or line.count(";") != rule.count("+"):
            break
        rows.append(Row(number, tuple(cell.strip() for cell in line[1:-1].split(";"))))
    if closed == len(source.lines) - 1:
        return rows, closed
    raise UserError("a panel must have whole rows and a closing rule", where=source.at(start), hint=_HINT)


def named_rows(source: Source, name: str) -> Rows:
    """Rows of panels of names and values, by their first cell.

    Raises:
        UserError: a panel is broken.
    """
    found: dict[str, list[Row]] = defaultdict(list)
    for rows in panel_rows(source, name):
        for row in rows:
            if len(row.cells) >= 2 and row.cells[0]:
                found[row.cells[0]].append(row)
    return found


def cell(source: Source, found: Rows, name: str) -> str | None:
    """Value of the rows with this name; None where there is none.

    Raises:
        UserError: they have two values.
    """
    rows = found.get(name, ())
    for row in rows:
        if row.cells[1] != rows[0].cells[1]:
            raise UserError(
                f"{name} must be given once, not with two values",
                where=source.at(row.line),
                hint=f"it is first given at {source.at(rows[0].line)}; give a file that holds one report",
            )
    return (rows[0].cells[1] or None) if rows else None


def share(source: Source, found: Rows, name: str) -> Resource | None:
    """A count such as `2 / 66 ( 3 % )` or `2`; None where there is none, or the value is no count.

    Raises:
        UserError: the rows with this name have two values.
    """
    text = cell(source, found, name)
    match = _SHARE.fullmatch(text or "")
    if match is None:
        return None
    where = source.at(found[name][0].line)
    return Resource(integer(match[1], name, where), integer(match[2] or "", name, where))


def version_of(source: Source, found: Rows) -> str | None:
    """Such as `18.1.0`, of the row `Quartus Prime Version` (`Quartus II 64-Bit Version` in old ones)."""
    for name in found:
        if name.startswith("Quartus") and name.endswith("Version"):
            words = (cell(source, found, name) or "").removeprefix("Version ").split()
            return words[0] if words else None
    return None
