"""`fpga-tf simulate`: an existing project, compared again with its model."""

from __future__ import annotations

from pathlib import Path

import click

from fpga_tf.cli.output import Output, common
from fpga_tf.cli.show import show


@click.command()
@click.argument("target", metavar="PROJECT_OR_CONFIG", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit with 1 if the verdict is incomplete.")
@click.option("--html", type=click.Path(path_type=Path), help="Write a page with pictures to this file.")
@common
def simulate(out: Output, target: Path, strict: bool, html: Path | None) -> int:
    """Bring an existing project to a verdict.

    PROJECT_OR_CONFIG is a project folder, or the config that it was made from. The project is taken as it stands on
    the disk.
    """
    from fpga_tf.cli.page import check_page, write_page
    from fpga_tf.flow.quiet import set_environment

    check_page(html)
    project = project_of(target)
    set_environment()
    with out.guarded():
        from fpga_tf.flow import run as flow

        result = flow.simulate(project, progress=out.progress())
        write_page(project, html)
    return show(out, result, strict=strict)


def project_of(target: Path) -> Path:
    """A project folder, or that of a configuration.

    Raises:
        UserError: it is not there.
    """
    from fpga_tf.errors import UserError
    from fpga_tf.flow.config import load_config

    project = target if target.is_dir() else load_config(target).project
    if not project.is_dir():
        raise UserError(
            "a project must be an existing folder, not missing",
            where=str(project),
            hint=f"make it first: fpga-tf convert {target}",
        )
    return project.absolute()
