"""`fpga-tf convert`: the project folder, without simulation."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from fpga_tf.cli.output import Output, common


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--fresh", is_flag=True, help="Use nothing from the store; replace the project, edits included.")
@click.option("--project", type=click.Path(path_type=Path), help="Project folder, in place of the one in CONFIG.")
@common
def convert(out: Output, config: Path, fresh: bool, project: Path | None) -> None:
    """Write the HLS project of CONFIG's model."""
    from fpga_tf.flow.config import load_config
    from fpga_tf.flow.quiet import set_environment

    loaded = load_config(config, project=project)
    set_environment()
    progress = out.progress()
    with out.guarded():
        from fpga_tf.flow import run as flow

        folder = flow.convert(loaded, fresh=fresh, progress=progress)
    if out.json:
        out.emit({"project": str(folder), "steps": [asdict(step) for step in progress.steps]})
    else:
        click.echo(str(folder))
