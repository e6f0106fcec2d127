"""Tables of Catapult's reports: a heading, a ruler whose dashes are the columns, rows until a line without any.

Process       Latency Comments
------------- ------- --------
/lamp/run           2
Design Total:       2
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source

_RULER = re.compile(r"  -+(?: -+)+")
_HINT = "copy the file again: it was cut off or edited"


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        source: where it is.
        columns: heading to its first character and the one after its last.
        rows: indices of the rows' lines.
    """

    source: Source
    columns: dict[str, tuple[int, int]]
    rows: Sequence[int]

    def cell(self, row: int, name: str) -> str:
        """Text of a cell.

        Raises:
            UserError: there is no such column, or the row does not fit the columns.
        """
        return self._raw(row, name).strip()

    def number(self, row: int, name: str) -> str:
        """As `cell`, for a number: it stands at the column's right edge, so one that is cut off is seen.

        Raises:
            UserError: as `cell`, or the number stands elsewhere.
        """
        text = self._raw(row, name)
        start, end = self.columns[name]
        if text.strip() and text != text.strip().rjust(end - start):
            raise UserError("a number must stand at its column's right edge", where=self.source.at(row), hint=_HINT)
        return text.strip()

    def _raw(self, row: int, name: str) -> str:
        if name not in self.columns:
            raise UserError(f"a table must have a column {name!r}", where=self.source.at(row), hint=_HINT)
        line = self.source.lines[row].rstrip()
        for start, end in self.columns.values():
            if line[start - 1 : start].strip() or line[end : end + 1].strip():
                raise UserError("a row's cells must stand below its columns", where=self.source.at(row), hint=_HINT)
        return line[slice(*self.columns[name])]


def read_table(source: Source, start: int) -> Table:
    """Read the table whose heading is in this line.

    Raises:
        UserError: there is no ruler below the heading, or the file ends in the table.
    """
    lines = source.lines
    ruler = lines[start + 1].rstrip() if start + 1 < len(lines) else ""
    if not _RULER.fullmatch(ruler):
        raise UserError("a table must have a ruler below its heading", where=source.at(start), hint=_HINT)
    spans = [match.span() for match in re.finditer(r"-+", ruler)]
    columns = {lines[start][begin:end].strip(): (begin, end) for begin, end in spans}
    if len(columns) != len(spans):
        raise UserError("a table must have one column of a name", where=source.at(start), hint=_HINT)
    last = start + 2
    while last < len(lines) and lines[last].startswith("  ") and lines[last].strip():
        last += 1
    if last >= len(lines) - 1 and lines[-1].strip():
        raise UserError("a table must be complete, not cut off", where=source.at(start), hint=_HINT)
    return Table(source, columns, range(start + 2, last))
