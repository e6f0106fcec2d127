"""`fpga-tf regress`: a run held against its baseline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpga_tf.cli.output import Output, common
from fpga_tf.cli.targets import check_targets
from fpga_tf.errors import UserError

if TYPE_CHECKING:
    from fpga_tf.verdict.regression.rows import Regression


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--baseline", "path", type=click.Path(path_type=Path), metavar="FILE", help="Default: CONFIG with .baseline.json."
)
@click.option("--json", "json_", type=click.Path(path_type=Path), metavar="FILE", help="Write the result to FILE.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit XML: a test a value.")
@click.option("--markdown", type=click.Path(path_type=Path), metavar="FILE", help="Write a summary in Markdown.")
@click.option("--gitlab", type=click.Path(path_type=Path), metavar="FILE", help="Write GitLab's code quality report.")
@click.option("--github", is_flag=True, help="Annotate lines, and add to GITHUB_STEP_SUMMARY if it is set.")
@click.option("--fresh", is_flag=True, help="Use nothing from the store; replace the project, edits included.")
@click.option("--project", type=click.Path(path_type=Path), help="Project folder, in place of the one in CONFIG.")
@common
def regress(
    out: Output,
    config: Path,
    path: Path | None,
    json_: Path | None,
    junit: Path | None,
    markdown: Path | None,
    gitlab: Path | None,
    github: bool,
    fresh: bool,
    project: Path | None,
) -> int:
    """Hold CONFIG's firmware against its baseline.

    CONFIG is run as by `run`, from the store where nothing changed. Formats and codes must be equal to those that
    `baseline` recorded; physics, latency, clock and resources may move within the limits in that file. What was known
    must be known. A limit of `budget` or `gates` in CONFIG may get stricter, not looser. Versions are told. Shown is
    what moved, by how much, and from which layer on.

    Exits with 1 if something moved beyond its limit.
    """
    from fpga_tf.flow.config import load_config
    from fpga_tf.flow.quiet import set_environment

    check_targets(config, baseline=path, json=json_, junit=junit, markdown=markdown, gitlab=gitlab)
    loaded = load_config(config, project=project)
    set_environment()
    with out.guarded():
        from fpga_tf.flow import regression as flow

        target = flow.default_baseline(config) if path is None else path
        found = flow.regress(loaded, target, fresh=fresh, progress=out.progress())
    _write(found, json_, junit, markdown, gitlab)
    if github:
        _github(found, error=out.json)
    if out.json:
        out.emit(found.to_json())
    else:
        _show(out, found, github)
    return int(found.failed)


def _show(out: Output, found: Regression, github: bool) -> None:
    """Print the table; GitHub is told to read no commands in it, as names in it are anybody's."""
    import secrets

    from fpga_tf.verdict.regression.show import render

    token = secrets.token_hex(16)
    if github:
        click.echo(f"::stop-commands::{token}")
    render(found, out.console(), quiet=out.quiet)
    if github:
        click.echo(f"::{token}::")


def _write(
    found: Regression, json_: Path | None, junit: Path | None, markdown: Path | None, gitlab: Path | None
) -> None:
    import json

    from fpga_tf.files import atomic_write
    from fpga_tf.verdict.regression import annotations
    from fpga_tf.verdict.regression import junit as as_junit
    from fpga_tf.verdict.regression import markdown as as_markdown

    if json_ is not None:
        atomic_write(json_, json.dumps(found.to_json(), indent=1, allow_nan=False) + "\n")
    if junit is not None:
        atomic_write(junit, as_junit.render(found))
    if markdown is not None:
        atomic_write(markdown, as_markdown.render(found))
    if gitlab is not None:
        atomic_write(gitlab, annotations.gitlab(found))


def _github(found: Regression, *, error: bool) -> None:
    """Annotations on the log, and the summary behind what other steps wrote: the file is GitHub's and is added to."""
    from fpga_tf.verdict.regression.annotations import github
    from fpga_tf.verdict.regression.markdown import render

    for line in github(found):
        click.echo(line, err=error)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(render(found))
        except OSError as error:
            raise UserError(
                f"GITHUB_STEP_SUMMARY must be a file that can be added to, not refused ({error.strerror})",
                where=summary,
            ) from error
