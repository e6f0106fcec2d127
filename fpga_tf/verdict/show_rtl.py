"""Prints what is known of RTL."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.rtl import RtlResult, cost_rows, depth_rows, opinions, rows
from fpga_tf.verdict.tables import row, section, table_of


def print_rtl(rtl: RtlResult, console: Console, opinion: SynthesisReport | None = None) -> None:
    """Cycles, clock and resources, each with its source; what Yosys counts below."""
    table = table_of("", "value")
    table.add_column("source", overflow="fold")
    for name, value, source in (*rows(rtl), *([] if opinion is None else opinions(opinion))):
        row(table, name, (value, source))
    section(console, "RTL", table, [*rtl.problems, f"folder: {_from_here(rtl.folder)}"])


def _from_here(folder: str) -> str:
    """Relative to the current folder, if it is below."""
    path, here = Path(folder), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def print_costs(rtl: RtlResult, console: Console) -> None:
    """LUTs of each layer, where they are known."""
    if rtl.costs:
        table = table_of("layer", "LUT by da4ml", "share")
        table.add_column("mostly", overflow="fold")
        for name, *cells in cost_rows(rtl):
            row(table, name, cells)
        section(console, "Where the LUTs go", table, [])


def print_depths(rtl: RtlResult, console: Console) -> None:
    """What other depths of logic would give, each at the fastest clock that is believed."""
    table = table_of("levels a stage", "clock, at least", "cycles", "latency", "FF")
    for levels, *cells in depth_rows(rtl):
        row(table, levels, cells)
    section(console, "Depths of the pipeline", table, ["a clock is the believed period with its error"])
