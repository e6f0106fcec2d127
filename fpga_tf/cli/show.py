"""A run's result, as text or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpga_tf.cli.output import Output

if TYPE_CHECKING:
    from fpga_tf.flow.run import RunResult


def show(out: Output, result: RunResult) -> None:
    """Print the result to stdout."""
    if out.json:
        out.emit(result.to_json())
        return
    from fpga_tf.verdict.show import render

    render(result, out.console(), quiet=out.quiet)
