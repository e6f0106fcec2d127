"""What the text reports of C synthesis have in common: their heading, their cells, their trees."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from fpga_tf.errors import UserError
from fpga_tf.reports.agreed import agreed as agreed_in
from fpga_tf.reports.source import Source
from fpga_tf.reports.tables import Row, Table
from fpga_tf.reports.types import RESOURCES, SynthesisReport
from fpga_tf.reports.values import integer, known

# Headings of the resources' columns. Vivado HLS counts DSPs in DSP48E, Vitis HLS in DSP.
COLUMNS = {
    "LUT": ("LUT",),
    "FF": ("FF",),
    "DSP": ("DSP", "DSP48E", "DSP48", "DSP58"),
    "BRAM_18K": ("BRAM_18K",),
    "URAM": ("URAM",),
}
# Reports seen are nested at most ten deep; the cap keeps a made-up one from exhausting Python's stack.
MAX_DEPTH = 64

_SECTION = re.compile(r"== \S")
_FACT = re.compile(r"\s*\* (Date|Version|Target device):[ \t]+(\S.*)")
_VERSION = re.compile(r"([0-9]{4}\.[0-9][^\s(]*)(\s.*)?")
_UNITS = {"ps": "0.001", "ns": "1", "us": "1000", "ms": "1000000", "sec": "1000000000", "s": "1000000000"}
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?(?:e[+-][0-9]{1,2})?)(?: ?([a-z]{1,3}))?")
_PERCENT = re.compile(r"~?[0-9]{1,9}(\.[0-9]{1,9})?")

_Value = TypeVar("_Value")
_Key = TypeVar("_Key", bound=Hashable)
Span = tuple[_Value | None, _Value | None]


@dataclass(frozen=True, slots=True)
class Heading:
    """The first lines of a report.

    Attributes:
        line: index of the heading's line.
        tool, top, date, version, part: as in a SynthesisReport; `tool` only where the heading names it.
    """

    line: int
    tool: str | None
    top: str
    date: str | None
    version: str | None
    part: str | None


def read_heading(source: Source, pattern: re.Pattern[str]) -> Heading:
    """Find the heading, and the facts below it.

    Args:
        source: the report.
        pattern: for the heading's line, with the groups `top` and, if the line names it, `tool`.

    Raises:
        UserError: no heading, or two that contradict each other.
    """
    titles = [(line, found) for line, text in enumerate(source.lines) if (found := pattern.match(text))]
    if not titles:
        raise UserError("a C-synthesis report must name its design in a heading", where=source.path)
    line = titles[0][0]
    facts = [_facts(source, start + 1) for start, _ in titles]
    names = [(start, found.groupdict()) for start, found in titles]

    def fact(name: str) -> str | None:
        return agreed(name, [(source.at(at), text) for pairs in facts for key, at, text in pairs if key == name])

    def named(name: str) -> str | None:
        return agreed(name, [(source.at(at), groups[name]) for at, groups in names if name in groups])

    return Heading(line, named("tool"), named("top") or "", fact("Date"), fact("Version"), fact("Target device"))


def _facts(source: Source, start: int) -> list[tuple[str, int, str]]:
    """Name, line and value of the facts between a heading and the next section."""
    facts = []
    for line in range(start, len(source.lines)):
        text = source.lines[line]
        if _SECTION.match(text):
            break
        found = _FACT.match(text)
        if found:
            value = _version(found[2]) if found[1] == "Version" else found[2].rstrip()
            if value is not None:
                facts.append((found[1], line, value))
    return facts


def _version(text: str) -> str | None:
    """`2018.2` of `2018.2 (Build 2258646 on Thu Jun 14 20:25:20 MDT 2018)`."""
    found = _VERSION.fullmatch(text.rstrip())
    return found[1] if found else None


def agreed(what: str, found: Iterable[tuple[str, _Value]]) -> _Value | None:
    """As `fpga_tf.reports.agreed`, in a report of C synthesis."""
    return agreed_in(what, found, "a C-synthesis report")


def by_name(what: str, found: Iterable[tuple[_Key, str, _Value]]) -> dict[_Key, _Value]:
    """Values by name, in order; as `agreed`, for each name.

    Raises:
        UserError: a name has two different values.
    """
    values: dict[_Key, tuple[str, _Value]] = {}
    for name, where, value in found:
        first = values.setdefault(name, (where, value))
        agreed(what, (first, (where, value)))
    return {name: value for name, (_, value) in values.items()}


def whole_rows(table: Table) -> tuple[Row, ...]:
    """Rows of a table, of which no character is missing: the tools put every bar below a `+` of the border.

    Raises:
        UserError: the table is cut off, or a row's bars are elsewhere.
    """
    edges = [index for index, character in enumerate(table.source.lines[table.line]) if character == "+"]
    for row in table.closed().rows:
        if [index for index, character in enumerate(table.source.lines[row.line]) if character == "|"] != edges:
            raise UserError(
                "a row's cells must stand below those of the table's heading, not elsewhere",
                where=table.source.at(row.line),
                hint="copy the file again: it was cut off or edited",
            )
    return table.rows


def duration(text: str, what: str, where: str) -> float | None:
    """A time in ns, such as of `5.00 ns`, `0.270 us`, `1.527e+07`; without a unit it is in ns.

    Raises:
        UserError: neither a time nor unknown.
    """
    value = known(text)
    if value is None:
        return None
    found = _DURATION.fullmatch(value)
    if found is None or (found[2] or "ns") not in _UNITS:
        raise UserError(f"{what} must be a time or unknown, not {value[:40]!r}", where=where)
    return float(Decimal(found[1]) * Decimal(_UNITS[found[2] or "ns"]))


def percentage(text: str, where: str) -> str | None:
    """A share as the tool prints it, such as `~0` for below 1 %.

    Raises:
        UserError: neither a share nor unknown.
    """
    value = known(text)
    if value is not None and not _PERCENT.fullmatch(value):
        raise UserError(f"a share must be a percentage or unknown, not {value[:40]!r}", where=where)
    return value


def span(text: str, what: str, where: str) -> Span[int]:
    """Smallest and largest of a count: of `8 ~ 20`, or twice the same of `8`.

    Raises:
        UserError: neither a count nor a range nor unknown.
    """
    low, tilde, high = text.partition("~")
    smallest = integer(low, what, where)
    return ordered((smallest, integer(high, what, where) if tilde else smallest), what, where)


def largest(text: str, what: str, where: str, read: Callable[[str, str, str], _Value | None]) -> Span[_Value]:
    """As `span`, of a cell that holds the largest where it is not a range.

    Raises:
        UserError: as `read`.
    """
    low, tilde, high = text.partition("~")
    return (read(low, what, where), read(high, what, where)) if tilde else (None, read(text, what, where))


def ordered(values: Span[_Value], what: str, where: str) -> Span[_Value]:
    """The two values; a swapped or damaged file must not give a small latency.

    Raises:
        UserError: the smallest is above the largest.
    """
    low, high = values
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        raise UserError(f"{what} must have smallest <= largest, not {low} > {high}", where=where)
    return values


def resource_columns(table: Table) -> dict[str, int | None]:
    """Column of each resource."""
    return {name: table.column(*COLUMNS[name]) for name in RESOURCES}


def nest(items: Sequence[tuple[int, SynthesisReport, str]]) -> tuple[SynthesisReport, ...]:
    """Put modules and loops into those above them.

    Args:
        items: depth from 0, what it is, and where it is in the file.

    Raises:
        UserError: one is more than one level below the one before it, so its parent is missing.
    """
    above = -1
    for depth, _, where in items:
        if depth > min(above + 1, MAX_DEPTH):
            raise UserError(
                "a module or loop must be at most one level below the line above it, not deeper",
                where=where,
                hint="copy the file again: it was cut off or edited",
            )
        above = depth
    waiting: dict[int, list[SynthesisReport]] = {}
    for depth, report, _ in reversed(items):
        inside = tuple(reversed(waiting.pop(depth + 1, [])))
        waiting.setdefault(depth, []).append(replace(report, modules=inside))
    return tuple(reversed(waiting.get(0, [])))
