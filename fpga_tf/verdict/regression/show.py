"""Prints what moved since a baseline, for people; reads the same without colour."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fpga_tf.verdict.regression.rows import Regression
from fpga_tf.verdict.tables import shown

HEADINGS = ("what", "baseline", "now", "change", "limit", "result")
_STYLES = {"fail": "bold red", "within": "green", "told": "yellow"}


def render(found: Regression, console: Console, quiet: bool = False) -> None:
    """Print a regression.

    Args:
        quiet: print only the line with the verdict.
    """
    if not quiet:
        render_moved(found, console)
    word, style = ("FAIL", "bold red") if found.failed else ("PASS", "green")
    console.print(Text.assemble((word, style), ": ", shown(found.summary)), soft_wrap=True)
    if found.failed and not quiet:
        console.print(Text("  hint if this is meant: ").append(shown(found.command)), soft_wrap=True)


def render_moved(found: Regression, console: Console) -> None:
    """Print the table of what moved, and since which layer."""
    if found.moved:
        console.print(shown(f"Moved since {found.baseline}"), style="bold")
        console.print(Padding(_table(found), (0, 0, 0, 1)))
    for line in found.remarks:
        console.print(shown(line), soft_wrap=True)


def _table(found: Regression) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for row in found.moved:
        *cells, outcome = row.cells
        table.add_row(shown(row.label), *map(shown, cells), Text(outcome, _STYLES[row.outcome]))
    return table
