"""`fpga-tf bundle`: one archive for the hardware engineer."""

from __future__ import annotations

from pathlib import Path

import click

from fpga_tf.cli.output import Output, common


@click.command()
@click.argument("project", type=click.Path(path_type=Path))
@click.option(
    "--out",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A .tar.gz or .zip. Default: PROJECT_bundle.tar.gz beside the project.",
)
@common
def bundle(out: Output, project: Path, target: Path | None) -> int:
    """Pack PROJECT for the hardware engineer.

    One archive with the generated files of the project and of the RTL beside it, test vectors, Tcl scripts,
    constraints, a page with the commands, and digests. Other files of the folders, such as reports, are left out and
    named; edited files are packed as they are, and named. The same folders make the same bytes.
    """
    from fpga_tf.flow.bundle import bundle_json, bundle_lines, write_bundle

    made = write_bundle(project, target)
    if out.json:
        out.emit(bundle_json(made))
        return 0
    console = out.console()
    for line in bundle_lines(made)[: 1 if out.quiet else None]:
        console.print(line, markup=False, soft_wrap=True)
    return 0
