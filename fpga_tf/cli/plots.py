"""`fpga-tf plots`: pictures of a run, from what it left in its project."""

from __future__ import annotations

from pathlib import Path

import click

from fpga_tf.cli.output import Output, common


@click.command()
@click.argument("target", metavar="PROJECT_OR_CONFIG", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for a PNG and a PDF of each picture.")
@click.option("--html", type=click.Path(path_type=Path), help="Write the page of the run to this file.")
@common
def plots(out: Output, target: Path, output: Path | None, html: Path | None) -> int:
    """Draw what the last run of a project found.

    PROJECT_OR_CONFIG is a project folder, or the config that it was made from. Nothing is run.
    """
    from fpga_tf.cli.page import check_page, write_page
    from fpga_tf.cli.simulate import project_of
    from fpga_tf.errors import UserError

    if output is None and html is None:
        raise UserError("a folder or a page must be given", hint="-o FOLDER, --html FILE, or both")
    check_page(html)
    project = project_of(target)
    with out.guarded():
        from fpga_tf.flow.pictures_files import write_pictures

        written = [] if output is None else write_pictures(project, output)
        write_page(project, html)
    names = [str(path) for path in (*written, *([] if html is None else [html]))]
    if out.json:
        out.emit({"files": names})
    elif not out.quiet:
        for name in names:
            click.echo(name)
    return 0
