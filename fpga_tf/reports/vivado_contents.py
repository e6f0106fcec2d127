"""Sections of Vivado's reports of resources, held against the table of contents that each report has.

Table of Contents
-----------------
1. CLB Logic                     numbers are the sections': those of other kinds of parts have others
1.1 Summary of Registers by Type
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source
from fpga_tf.reports.tables import Table
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.reports.vivado_header import title_line

_HEADING = re.compile(r"([0-9][0-9.]{0,15}) +(\S.*)")
_RULE = re.compile(r"-+")
_NAMED = 4  # sections that a note names


@dataclass(frozen=True, slots=True)
class Section:
    """A section's heading: index of its line, its number without a dot at the end, and its title."""

    line: int
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class Contents:
    """Sections of a report.

    Attributes:
        source: the report.
        title: index of the line of the report's title.
        listed: number and title of each section in the table of contents; in order; empty if there is no such table.
        sections: those that are there.
    """

    source: Source
    title: int
    listed: dict[tuple[str, str], None]
    sections: tuple[Section, ...]

    def of(self, table: Table) -> str:
        """Title of the section that a table of the report is in, empty if it is in none.

        Raises:
            UserError: it is in no section of this report, so it is of another one that was joined to it.
        """
        before = bisect_right(self.sections, table.line, key=lambda section: section.line)
        section = self.sections[before - 1] if before else None
        listed = not self.listed or (section is not None and (section.number, section.title) in self.listed)
        if table.line < self.title or not listed:
            raise UserError(
                "a table must be in a section of the report's table of contents, not in one of another report",
                where=self.source.at(table.line),
                hint="give a file that holds one whole report",
            )
        return section.title if section else ""

    def repeated(self, found: Sequence[tuple[Table, SynthesisReport]]) -> SynthesisReport:
        """What all tables of a kind say, each in a section of the report.

        Raises:
            UserError: a table is in no section of this report, or two differ.
        """
        for table, _ in found:
            self.of(table)
        for table, said in found:
            if said != found[0][1]:
                raise table.damaged("say the same as the first one of its kind, not something else")
        return found[0][1]

    def missing(self) -> tuple[str, ...]:
        """A note if sections are listed that are not there: the file was cut off."""
        there = {(section.number, section.title) for section in self.sections}
        missing = [title for number, title in self.listed if (number, title) not in there]
        named = ", ".join(missing[:_NAMED]) + (" and others" if len(missing) > _NAMED else "")
        return (f"the file was cut off or edited: it has no section {named}",) if missing else ()


def read_contents(source: Source, title: str) -> Contents:
    """Find the sections of a report with this title."""
    return Contents(source, title_line(source, title), dict.fromkeys(_listed(source)), tuple(_sections(source)))


def _sections(source: Source) -> Sequence[Section]:
    """Headings have a rule below."""
    lines = source.lines
    return [
        Section(line, found[1].rstrip("."), found[2].rstrip())
        for line, text in enumerate(lines[:-1])
        if text[:1].isdigit() and (found := _HEADING.fullmatch(text)) and _RULE.fullmatch(lines[line + 1].rstrip())
    ]


def _listed(source: Source) -> Sequence[tuple[str, str]]:
    listed, inside = [], False
    for text in source.lines:
        if text.rstrip() == "Table of Contents":
            inside = True
        elif inside and (found := _HEADING.fullmatch(text)):
            listed.append((found[1].rstrip("."), found[2].rstrip()))
        elif not _RULE.fullmatch(text.rstrip()):
            inside = False
    return listed
