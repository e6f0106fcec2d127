"""`fpga-tf run`: everything, from the model to the verdict."""

from __future__ import annotations

from pathlib import Path

import click

from fpga_tf.cli.output import Output, common
from fpga_tf.cli.show import show


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit with 1 if the verdict is incomplete.")
@click.option("--fresh", is_flag=True, help="Use nothing from the store; replace the project, edits included.")
@click.option("--html", type=click.Path(path_type=Path), help="Write a page with pictures to this file.")
@click.option("--project", type=click.Path(path_type=Path), help="Project folder, in place of the one in CONFIG.")
@common
def run(out: Output, config: Path, strict: bool, fresh: bool, html: Path | None, project: Path | None) -> int:
    """Bring the model of CONFIG to a verdict.

    It is converted, simulated, compared bit by bit, and held to the budget.
    """
    from fpga_tf.cli.page import check_page, write_page
    from fpga_tf.flow.config import load_config
    from fpga_tf.flow.quiet import set_environment

    check_page(html)
    loaded = load_config(config, project=project)
    set_environment()
    with out.guarded():
        from fpga_tf.flow import run as flow

        result = flow.run(loaded, fresh=fresh, progress=out.progress())
        write_page(loaded.project, html)
    return show(out, result, strict=strict)
