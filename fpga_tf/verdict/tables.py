"""Tables for people: a title, a table with numbers to the right, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fpga_tf.verdict.numbers import plain

NONE = "-"


def table_of(first: str, *others: str) -> Table:
    """A table with a left first column and numbers to the right."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column(first, overflow="fold")
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def section(console: Console, title: str, table: Table, lines: Iterable[str]) -> None:
    """A title, its table, and what there is to say about it."""
    console.print(shown(title), style="bold")
    console.print(Padding(table, (0, 0, 0, 1)))
    for line in lines:
        console.print(Padding(shown(line), (0, 0, 0, 2)))
    console.print()


def row(table: Table, label: str, cells: Iterable[str]) -> None:
    """Add a line: plain text, with nothing read in it."""
    table.add_row(shown(label), *(shown(cell) for cell in cells))


def ratio(value: float | None) -> str:
    """Four digits behind the point; unknown as `-`."""
    return NONE if value is None else f"{value:.4f}"


def percent(share: float, digits: int) -> str:
    """A share in percent."""
    return f"{share * 100:.{digits}f} %"


def or_none(value: int | None) -> str:
    """A count; unknown as `-`."""
    return NONE if value is None else f"{value:,}"


def shown(text: str) -> Text:
    """Plain text: no markup is read in it, and no control character of a layer's name reaches the terminal."""
    return Text(plain(text))
