"""Prints what is known of a dataflow design."""

from __future__ import annotations

from rich.console import Console

from fpga_tf.verdict.dataflow import DataflowResult, rows
from fpga_tf.verdict.tables import row, section, table_of


def print_dataflow(result: DataflowResult, console: Console) -> None:
    """Cycles and resources, each with its error, and what was seen of the FIFOs."""
    table = table_of("", "value")
    table.add_column("source", overflow="fold")
    for name, value, source in rows(result):
        row(table, name, (value, source))
    fifos = result.fifos
    ended = fifos.deadlock or f"{fifos.samples} samples with all processes at once: {fifos.differing} outputs differ"
    lines = [f"{result.processes} processes; {ended}"]
    if result.unrolled:
        lines.append("unrolled between them: " + ", ".join(result.unrolled))
    section(console, "Dataflow", table, lines)
