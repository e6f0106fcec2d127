"""`fpga-tf schema`: the JSON Schema of a configuration, or of what `fpga-tf report` prints."""

from __future__ import annotations

import click

from fpga_tf.cli.output import Output, common


@click.command()
@click.argument("what", type=click.Choice(["config", "report"]), default="config")
@common
def schema(out: Output, what: str) -> None:
    """Print the JSON Schema of a CONFIG.

    With `report`, that of the JSON of `fpga-tf report`. Draft 2020-12; it is JSON in both formats.
    """
    if what == "report":
        from fpga_tf.verdict.report.schema import report_schema

        out.emit(report_schema())
        return
    from fpga_tf.flow.config import config_schema

    out.emit(config_schema())
