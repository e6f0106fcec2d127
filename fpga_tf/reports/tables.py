"""Tables drawn with `+`, `-` and `|`, as the tools print them.

    +---------+---------+----------+      columns lie between the `+` of the border;
    |  Latency (cycles) | Pipeline |      a heading may span several of them,
    |   min   |   max   |   Type   |      and goes on in the next line;
    +---------+---------+----------+
    |       40|       41|       yes|      a row has one cell for each.
    +---------+---------+----------+

Cells are found by heading, never by position: tools add columns from version to version.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source

# The widest table at hand has 31. Each column is an object, so a bound keeps a file of one line cheap.
_MAX_COLUMNS = 1000
_BORDER = re.compile(r"\s*\+(-+\+)+\s*")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Attributes:
        line: index into the source's lines, from 0.
        cells: texts between the bars, with the blanks around them (blanks may tell the depth in a tree).
        group: how many borders lie between it and the heading's: rows below a ruled line are in the next group.
    """

    line: int
    cells: tuple[str, ...]
    group: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        source: where it is.
        line: index of its first border in the source's lines.
        end: index of the line after its last.
        columns: headings, those of several lines joined by a blank, such as `Latency (cycles) min`.
        rows: what is below the heading.
        complete: whether a border closes it; if not, the file was cut off in it.
    """

    source: Source
    line: int
    end: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    complete: bool

    def column(self, *names: str) -> int | None:
        """Index of the one column with any of these headings; None if there is none.

        Raises:
            UserError: several columns have one.
        """
        found = [index for index, heading in enumerate(self.columns) if heading in names]
        if len(found) > 1:
            raise self.damaged(f"have one column {' or '.join(names)!r}, not {len(found)}")
        return found[0] if found else None

    def cell(self, row: Row, column: int | None) -> str:
        """Text of a cell without blanks around it; empty where there is no such column.

        Raises:
            UserError: the row has not one cell for each column, so its cells can't be told apart.
        """
        return "" if column is None else self.indented(row, column).strip()

    def indented(self, row: Row, column: int) -> str:
        """As `cell`, with its blanks, which may tell the depth in a tree."""
        if len(row.cells) != len(self.columns):
            raise UserError(
                f"a row must have {len(self.columns)} cells like its heading, not {len(row.cells)}",
                where=self.source.at(row.line),
                hint="copy the file again: it was cut off or edited",
            )
        return row.cells[column]

    def closed(self) -> Table:
        """This table, if it is whole.

        Raises:
            UserError: the file ends inside of it.
        """
        if not self.complete:
            raise self.damaged("be complete, not cut off")
        return self

    def damaged(self, rule: str) -> UserError:
        """An error at this table."""
        return UserError(
            f"a table of the report must {rule}",
            where=self.source.at(self.line),
            hint="copy the file again; a run of the tool that was stopped leaves half a file",
        )


def find_tables(source: Source, start: int = 0, stop: int | None = None) -> list[Table]:
    """All tables between two lines, in order.

    Args:
        source: the report.
        start: index of the first line to look at.
        stop: index of the line after the last; a table that begins before it is read to its end.
    """
    lines = source.lines
    stop = len(lines) if stop is None else min(stop, len(lines))
    tables = []
    line = start
    while line < stop:
        if _BORDER.fullmatch(lines[line]):
            table = _table(source, line)
            tables.append(table)
            line = table.end
        else:
            line += 1
    return tables


def _table(source: Source, start: int) -> Table:
    lines = source.lines
    headings, rows = [], []
    group = -1
    line, last_is_border = start + 1, False
    while line < len(lines):
        text = lines[line]
        if _BORDER.fullmatch(text):
            group, last_is_border = group + 1, True
        elif text.lstrip().startswith("|") or (group < 0 and text.lstrip().startswith("+")):
            if group < 0:
                headings.append(text)
            else:
                rows.append(Row(line, _cells(text.strip()), group))
            last_is_border = False
        else:
            break
        line += 1
    return Table(source, start, line, _columns(source, start, headings), tuple(rows), last_is_border and group >= 0)


def _cells(text: str) -> tuple[str, ...]:
    """Without the closing bar the last cell may be cut off, and then no cell can be trusted."""
    return tuple(text[1:-1].split("|")) if len(text) > 1 and text.endswith("|") else ()


def _columns(source: Source, start: int, headings: Sequence[str]) -> tuple[str, ...]:
    """Headings of all columns; those of a co-simulation's table are split below its border, in the last line."""
    split = _bars(headings[-1]) if headings else []
    edges = sorted({index for index, character in enumerate(source.lines[start]) if character == "+"} | set(split))
    if len(edges) - 1 > _MAX_COLUMNS:
        raise UserError(
            f"a table of a report must have at most {_MAX_COLUMNS} columns, not {len(edges) - 1}",
            where=source.at(start),
            hint="give the file that the tool wrote",
        )
    names: list[list[str]] = [[] for _ in edges[1:]]
    for text in headings:
        for left, right in pairwise(_bars(text)):
            words = " ".join(text[left + 1 : right].split())
            if words.strip("-"):  # a ruled piece says nothing
                for column in range(bisect_left(edges, left), bisect_right(edges, right) - 1):
                    names[column].append(words)
    return tuple(" ".join(parts) for parts in names)


def _bars(text: str) -> list[int]:
    marks = "|+" if text.lstrip().startswith("+") else "|"
    return [index for index, character in enumerate(text) if character in marks]
