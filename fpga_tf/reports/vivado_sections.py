"""Sections and tables of Vivado's timing summaries.

------------------------
| Intra Clock Table            a section's title, between rules
| -----------------
------------------------

Clock             WNS(ns)      TNS(ns)  TNS Failing Endpoints     headings above dashes
-----             -------      -------  ---------------------
clk                 0.254        0.000                      0     numbers end where the dashes end, names begin where
  clk_x2                                                          they begin; a cell may be blank

Such a table is not drawn with bars: a column is where its dashes are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source

_RULE = re.compile(r"-{20,}\s*")
_DASHES = re.compile(r"-+")
# Blanks between two columns. A number that is too long for its column moves the rest of its row to the right.
_GAP = 2
# Of a line of dashes; those seen have some hundred characters. The cap keeps a made-up one from exhausting memory.
_MAX_WIDTH = 32768
HINT = "copy the file again: it was cut off or edited"


@dataclass(frozen=True, slots=True)
class Section:
    """The lines of a section, below its title.

    Attributes:
        source: where it is.
        title: such as `Clock Summary`.
        start, stop: indices of its first line and of the line after its last.
    """

    source: Source
    title: str
    start: int
    stop: int

    def damaged(self, rule: str, line: int | None = None) -> UserError:
        """An error in this section, at its beginning or at a line."""
        where = self.source.at(self.start if line is None else line)
        return UserError(f"the section {self.title!r} must {rule}", where=where, hint=HINT)


@dataclass(frozen=True, slots=True)
class Row:
    """A row: index of its line, and its cells by heading, without blanks around them."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a table, and the index of the line after it."""

    rows: tuple[Row, ...]
    end: int


def find_sections(source: Source, titles: Sequence[str], count: int) -> dict[str, list[Section]]:
    """Sections with these titles; each ends where the next section begins, of whatever title.

    Args:
        source: the report.
        titles: of the sections that the report must have.
        count: how many reports the file holds: so often each section must be there.

    Raises:
        UserError: a section is missing, or the file ends inside of it.
    """
    found: dict[str, list[Section]] = {title: [] for title in titles}
    for section, after in pairwise(_sections(source)):
        if section.title in found:
            # a title begins with its rule, two lines above it, and a title block has three lines below that
            found[section.title].append(Section(source, section.title, section.start, after.start - 4))
    for title, sections in found.items():
        if len(sections) != count:
            raise UserError(
                f"each timing summary must have a section {title!r} to its end: {count}, not {len(sections)}",
                where=source.path,
                hint=HINT,
            )
    return found


def _sections(source: Source) -> Iterator[Section]:
    lines = source.lines
    for line in range(1, len(lines) - 2):
        title = lines[line].rstrip()
        if (
            title.startswith("| ")
            and lines[line + 1].rstrip() == "| " + "-" * (len(title) - 2)
            and _RULE.fullmatch(lines[line - 1])
            and _RULE.fullmatch(lines[line + 2])
        ):
            yield Section(source, title[2:], line + 3, len(lines))


def read_table(section: Section, names: int | None) -> Table | None:
    """The table at the beginning of a section; None if nothing is in it.

    Args:
        section: the section.
        names: how many columns of names the table begins with, before those of numbers; None if it has names only.

    Raises:
        UserError: no headings, or a row whose cells are not where the headings are.
    """
    lines = section.source.lines
    start = next((line for line in range(section.start, section.stop) if lines[line].strip()), section.stop)
    if start == section.stop:
        return None
    dashes = lines[start + 1].rstrip() if start + 1 < section.stop else ""
    spans = [found.span() for found in _DASHES.finditer(dashes[:_MAX_WIDTH])]
    if not spans or dashes.strip("- ") or len(dashes) > _MAX_WIDTH:
        raise section.damaged("have headings above dashes", start)
    headings = [lines[start][begin:end] for begin, end in spans]
    if " ".join(headings).split() != lines[start].split() or len(set(headings)) < len(headings):
        raise section.damaged("have one heading above each column's dashes", start)
    rows = []
    line = start + 2
    while line < section.stop and lines[line].strip():
        text = lines[line].rstrip()
        cells = _names(text, spans) if names is None else _names_and_numbers(text, spans, names)
        if cells is None:
            raise section.damaged("have rows whose cells are below their headings", line)
        rows.append(Row(line, dict(zip(headings, cells, strict=True))))
        line += 1
    return Table(tuple(rows), line)


def _names(text: str, spans: Sequence[tuple[int, int]]) -> list[str] | None:
    """Cells that begin where their headings do, the first of them maybe further to the right: a tree is indented."""
    starts = [begin for begin, _ in spans]
    cells = [text[begin:end] for begin, end in pairwise([*starts, len(text)])]
    if any(not cell.strip() for cell in cells) or any(cell.startswith(" ") for cell in cells[1:]):
        return None
    return [cell.strip() for cell in cells] if all(cell.endswith(" " * _GAP) for cell in cells[:-1]) else None


def _names_and_numbers(text: str, spans: Sequence[tuple[int, int]], names: int) -> list[str] | None:
    """Names, then numbers; None if the cells are elsewhere than below the headings."""
    ends = [end for _, end in spans[names:]]
    if len(ends) < 2:
        return None
    # dashes don't tell where the first number's column begins, but it is as wide as the next: both are times
    at = ends[0] - (ends[1] - ends[0]) if names else -_GAP
    cells = _names(text[: max(at, 0)], spans[:names]) if names else []
    for before, end in pairwise([at, *ends]):
        begin, width = at + _GAP, end - before - _GAP
        field = text[begin : begin + width]
        if field[:1].strip():
            stop = text.find(" ", begin + width)
            field = text[begin : stop if stop >= 0 else len(text)]
        if cells is None or text[max(at, 0) : begin].strip() or (field.strip() and len(field.rstrip()) < width):
            return None
        cells.append(field.strip())
        at = begin + max(width, len(field))
    return cells if cells is not None and not text[at:].strip() else None
