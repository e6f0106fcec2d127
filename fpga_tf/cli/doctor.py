"""`fpga-tf doctor`: what this machine has of what a run needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fpga_tf.cli.output import Output, common
from fpga_tf.errors import ToolError

if TYPE_CHECKING:
    from fpga_tf.flow.doctor import DoctorReport

_STYLE = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@click.command()
@common
def doctor(out: Output) -> int:
    """Examine this machine and its packages.

    Exits with 3 if something that every run needs is missing or broken.
    """
    from fpga_tf.flow.doctor import examine

    report = examine()
    if out.json:
        out.emit(report.to_json())
    else:
        _show(out, report)
    return ToolError.exit_code if report.status == "fail" else 0


def _show(out: Output, report: DoctorReport) -> None:
    from rich.text import Text

    console = out.console()
    for row in report.rows:
        if out.quiet and row.status == "ok":
            continue
        line = Text(f"{row.status:<4}  {row.group:<8}  {row.name:<15}  {row.found}", style="")
        line.stylize(_STYLE[row.status], 0, 4)
        if row.hint:
            line.append(f"\n      hint {row.hint}", style="dim")
        console.print(line, soft_wrap=True)
    console.print(f"{report.status}")
