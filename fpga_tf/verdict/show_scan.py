"""Prints a scan of bit widths as a table."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fpga_tf.verdict.physics import Physics
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
    limits, its = scan.limits, "that of the model as trained" if scan.trained else "the float model's"
    whence = ", from the float model" if scan.float_ else ""
    return (
        f"{scan.reference.n:,} samples. ratio: the least of any class's AUC by {its}. same: share of samples with the "
        "same highest class as that model. truth: the least AUC with its highest class as the true one. apart: the "
        f"largest difference of a probability. within: AUC loss at most {limits.max_auc_loss}, accuracy loss at most "
        f"{limits.max_accuracy_loss}{whence}."
    )


def _table(scan: Scan) -> Table:
    title = f"{scan.name} by bit width"
    table = Table(box=box.SIMPLE, title=title, title_justify="left", collapse_padding=True, pad_edge=False)
    shown = scan.classes if len(scan.classes) <= _CLASSES else ()
    aucs = (f"AUC {name}" for name in shown)
    for heading in ("integer", "fraction", "accuracy", *aucs, "ratio", "same", "truth", "apart"):
        table.add_column(Text(heading), justify="right")
    table.add_column("within")
    if scan.float_ is not None:
        table.add_row(*_reference("float", scan.float_, None, shown))
    table.add_row(*_reference(scan.label, scan.reference, scan.decisions, shown))
    table.add_section()
    for point in scan.points:
        table.add_row(*_cells(scan, point, shown))
    return table


def _reference(label: str, found: Physics, decisions: Physics | None, shown: tuple[str, ...]) -> list[str]:
    numbers = map(_number, (found.accuracy, *(found.auc[name] for name in shown)))
    return [label.split()[-1], "", *numbers, "", "", "" if decisions is None else _worst(decisions), "", ""]


def _cells(scan: Scan, point: Point, shown: tuple[str, ...]) -> list[Text | str]:
    truth, decisions = point.truth, point.decisions
    text, style = _KEPT[scan.keeps(point)] if point.refused is None else ("refused", "yellow")
    return [
        str(point.width.integer),
        str(point.width.fraction),
        _number(None if truth is None else truth.accuracy),
        *(_number(None if truth is None else truth.auc[name]) for name in shown),
        _number(_least(scan.ratio(point, name) for name in scan.classes)),
        _number(None if decisions is None else decisions.accuracy),
        _NONE if decisions is None else _worst(decisions),
        _number(point.difference),
        Text(text, style),
    ]


def _worst(found: Physics) -> str:
    """The least AUC of any class."""
    return _number(_least(found.auc.values()))


def _least(values: Iterable[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.4f}"
