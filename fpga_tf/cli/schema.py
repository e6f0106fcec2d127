"""`fpga-tf schema`: the JSON Schema of a configuration."""

from __future__ import annotations

import click

from fpga_tf.cli.output import Output, common


@click.command()
@common
def schema(out: Output) -> None:
    """Print the JSON Schema of a CONFIG.

    Draft 2020-12; it is JSON in both formats.
    """
    from fpga_tf.flow.config import config_schema

    out.emit(config_schema())
