"""Prints a scan of bit widths as a table."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fpga_tf.verdict.scan import Point, Scan

_NONE = "-"
_CLASSES = 5  # of more, the table has the worst alone
_KEPT = {True: ("yes", "green"), False: ("no", "bold red"), None: ("unknown", "yellow")}


def render_scan(scan: Scan, console: Console, quiet: bool = False) -> None:
    """Print all points, smaller widths first.

    Args:
        quiet: print nothing but why widths were refused.
    """
    if not quiet:
        console.print(_table(scan))
        console.print(Text(_legend(scan)))
    for point in scan.points:
        if point.refused is not None:
            console.print(Text(f"note: {point.width}: no hardware: {point.refused}"))


def _legend(scan: Scan) -> str:
    limits = scan.limits
    return (
        f"{scan.reference.n:,} samples. ratio: the least of any class's AUC by the float model's. as float: share of "
        f"samples with the float model's highest class. within: AUC loss at most {limits.max_auc_loss}, accuracy loss "
        f"at most {limits.max_accuracy_loss}."
    )


def _table(scan: Scan) -> Table:
    table = Table(box=box.SIMPLE, title=f"{scan.name} by bit width", title_justify="left")
    shown = scan.classes if len(scan.classes) <= _CLASSES else ()
    for heading in ("integer", "fraction", "accuracy", *(f"AUC {name}" for name in shown), "ratio", "as float"):
        table.add_column(Text(heading), justify="right")
    table.add_column("within")
    auc = scan.reference.auc
    table.add_row("float", "", *map(_number, (scan.reference.accuracy, *(auc[n] for n in shown))), "", "", "")
    table.add_section()
    for point in scan.points:
        table.add_row(*_cells(scan, point, shown))
    return table


def _cells(scan: Scan, point: Point, shown: tuple[str, ...]) -> list[Text | str]:
    truth, decisions = point.truth, point.decisions
    ratios = [scan.ratio(point, name) for name in scan.classes]
    known = [ratio for ratio in ratios if ratio is not None]
    text, style = _KEPT[scan.keeps(point)] if point.refused is None else ("refused", "yellow")
    return [
        str(point.width.integer),
        str(point.width.fraction),
        _number(None if truth is None else truth.accuracy),
        *(_number(None if truth is None else truth.auc[name]) for name in shown),
        _number(min(known, default=None)),
        _number(None if decisions is None else decisions.accuracy),
        Text(text, style),
    ]


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.4f}"
