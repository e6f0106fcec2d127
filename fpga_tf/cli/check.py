"""`fpga-tf check`: the configuration and the files it names, without Keras, TensorFlow or hls4ml."""

from __future__ import annotations

from pathlib import Path

import click

from fpga_tf.cli.output import Output, common


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@common
def check(out: Output, config: Path) -> None:
    """Check CONFIG and the files it names.

    Each error comes with file:line:column. Nothing is converted.
    """
    from fpga_tf.flow.check import check as look
    from fpga_tf.flow.config import load_config

    found = look(load_config(config))
    if out.json:
        out.emit(found.to_json())
    elif not out.quiet:
        data = f"none: {found.config.simulation.random_samples:,} random inputs"
        if found.config.data is not None and found.shapes is not None:
            shapes = ", ".join(f"{name} {shape}" for name, shape in found.shapes.items())
            data = f"{found.config.data.path} ({shapes})"
        click.echo(f"{config}: ok")
        click.echo(f"  model    {found.config.model.path} ({found.frontend})")
        click.echo(f"  data     {data}")
        click.echo(f"  project  {found.config.project}")
