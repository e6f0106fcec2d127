"""A run's result, as text or JSON, and its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpga_tf.cli.output import Output

if TYPE_CHECKING:
    from fpga_tf.verdict.verdict import RunResult


def show(out: Output, result: RunResult, *, strict: bool) -> int:
    """Print the result to stdout; returns its exit code."""
    from fpga_tf.verdict.show import render
    from fpga_tf.verdict.verdict import exit_code

    if out.json:
        out.emit(result.to_json())
    else:
        render(result, out.console(), quiet=out.quiet)
    return exit_code(result.verdict, strict=strict)
