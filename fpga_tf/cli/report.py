"""`fpga-tf report`: tools' reports and what they decide."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpga_tf.cli.output import Output, print_json
from fpga_tf.errors import FpgaTfError, UserError

if TYPE_CHECKING:
    from fpga_tf.flow.report_budget import Demand
    from fpga_tf.verdict.report.judged import Shown

_FORMATS = ("text", "json", "csv", "md", "html", "junit")


def positive(largest: float, least: float | None = None) -> Any:
    """Refuses numbers of an option that are not above 0, or not from `least` on, or too large."""
    rule = f"above 0 and at most {largest:g}" if least is None else f"from {least:g} to {largest:g}"

    def check(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
        if value is None or (0 < value <= largest and (least is None or value >= least)):
            return value
        raise UserError(f"{option.opts[0]} must be a number {rule}, not {value:g}")

    return check


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="text", help="What to print.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE, not to stdout.")
@click.option(
    "--budget", type=click.Path(path_type=Path), metavar="FILE", help="Limits: a config, or its section alone."
)
@click.option("--together", is_flag=True, help="The PATHs are reports of one design.")
@click.option(
    "--of", type=click.Path(path_type=Path), metavar="PROJECT", help="Refuse reports of others; hold to its limits."
)
@click.option("--latency-us", type=float, callback=positive(1e6), help="Largest latency in microseconds.")
@click.option("--interval", type=click.IntRange(1, 10**9), help="Largest initiation interval in cycles.")
@click.option("--device-share", multiple=True, metavar="LUT=0.5", help="Largest share of the device (repeatable).")
@click.option("--slr-share", multiple=True, metavar="LUT=0.7", help="Largest share of one SLR (repeatable).")
@click.option("--part", help="Part that the reports must be for.")
@click.option("--clock-ns", type=float, callback=positive(1e6), help="Clock target that the reports must be for.")
@click.option("--fail-on", multiple=True, metavar="GATES", help="Gates that exit with 1 (repeatable, or by comma).")
@click.option("--strict", is_flag=True, help="Exit with 1 if a gate is unknown.")
@click.option("--no-layers", is_flag=True, help="Leave the layers out of text.")
@click.option("-q", "--quiet", is_flag=True, help="Verdicts and errors only.")
@click.option("--no-color", is_flag=True, help="No colours (so does the variable NO_COLOR).")
def report(
    paths: tuple[Path, ...],
    format_: str,
    output: Path | None,
    together: bool,
    of: Path | None,
    fail_on: tuple[str, ...],
    strict: bool,
    no_layers: bool,
    quiet: bool,
    no_color: bool,
    **limits: Any,
) -> int:
    """Show reports of synthesis, and hold them to a budget.

    Each PATH is a report of any format, a project folder, or an archive of one (.tar, .tar.gz, .zip); several are
    compared, or make up one design with --together. Exits with 1 if a gate fails, and with 2 if a PATH can't be read
    (the others are shown).
    """
    from fpga_tf.flow.report import read_designs, read_together
    from fpga_tf.flow.report_judge import check_fail_on, exit_code, judge
    from fpga_tf.verdict.report.judged import Shown

    if together and of is not None:
        raise UserError("--of must be given for folders or archives, not with --together")
    demand = _demand(of, **limits)
    names = [name.strip() for part in fail_on for name in part.split(",") if name.strip()]
    check_fail_on(names, demand.budget)
    target = None if output is None or str(output) == "-" else _target(output, paths)
    designs, errors = read_together(paths) if together else read_designs(paths, of)
    shown = Shown(judge(designs, demand, names), errors)
    out = Output(format_ == "json", quiet, not no_color and not os.environ.get("NO_COLOR"))
    if target is None:
        print_shown(shown, format_, out, strict=strict, layers=not no_layers)
    else:
        from fpga_tf.files import atomic_write

        atomic_write(target, _rendered(shown, format_, strict=strict, layers=not no_layers))
        if not quiet and not out.json:
            _verdicts(shown)
    print_errors(errors)
    return exit_code(shown.designs, errors, names, strict=strict)


def _demand(
    of: Path | None,
    budget: Path | None,
    interval: int | None,
    device_share: tuple[str, ...],
    slr_share: tuple[str, ...],
    **rest: Any,
) -> Demand:
    from fpga_tf.flow.report_budget import Demand, read_budget, share_of, with_limits

    return with_limits(
        (Demand() if budget is None else read_budget(budget)) if of is None else _demand_of(of, budget),
        interval_cycles=interval,
        device_share=dict(share_of(text, "--device-share") for text in device_share),
        slr_share=dict(share_of(text, "--slr-share") for text in slr_share),
        **rest,
    )


def _demand_of(project: Path, budget: Path | None) -> Demand:
    """What a project was made for; the limits of a file are in the place of its own."""
    from fpga_tf.flow.report_budget import Demand, read_budget
    from fpga_tf.flow.report_identity import no_project
    from fpga_tf.flow.synth import is_project, open_project

    if not is_project(project):
        raise no_project(project)
    own = open_project(project).demand
    if budget is None:
        return own
    asked = read_budget(budget)
    return Demand(asked.budget, asked.part or own.part, asked.clock_ns or own.clock_ns)


def _target(output: Path, paths: tuple[Path, ...]) -> Path:
    """Where to write: behind links, so that none is replaced by a file; never over what is read."""
    try:
        target = output.resolve()
        if target.exists() and not target.is_file():
            raise UserError("--output must be a file, not a folder or a device", where=str(output))
        if any(path.exists() and target.exists() and path.samefile(target) for path in paths):
            raise UserError("--output must be another file than those that are read", where=str(output))
    except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL, a loop of links
        raise UserError(f"--output must be a path that can be written, not refused ({error})") from error
    return target


def print_errors(errors: Iterable[FpgaTfError]) -> None:
    """Errors of paths, to stderr."""
    from fpga_tf.cli.main import printable

    for error in errors:
        click.echo(printable(str(error)), err=True)


def print_shown(shown: Shown, format_: str, out: Output, *, strict: bool, layers: bool) -> None:
    """Print designs and their gates to stdout."""
    if format_ == "text" and out.quiet:
        _verdicts(shown)
    elif format_ == "text":
        from fpga_tf.verdict.report.text import render

        render(shown, out.console(), layers=layers)
    elif format_ == "json":
        from fpga_tf.verdict.report.document import document

        print_json(document(shown))
    else:
        click.echo(_rendered(shown, format_, strict=strict, layers=layers), nl=False)


def _verdicts(shown: Shown) -> None:
    from fpga_tf.verdict.numbers import plain
    from fpga_tf.verdict.report.judged import summary

    for judged in shown.designs:
        click.echo(f"{judged.word}: {plain(judged.design.name)}: {summary(judged)}")


def _rendered(shown: Shown, format_: str, *, strict: bool, layers: bool) -> str:
    if format_ == "text":
        return _plain_text(shown, layers=layers)
    if format_ == "json":
        import json

        from fpga_tf.verdict.report.document import document

        return json.dumps(document(shown), indent=2, allow_nan=False) + "\n"
    if format_ == "csv":
        from fpga_tf.verdict.report import csv_

        return csv_.render(shown)
    if format_ == "md":
        from fpga_tf.verdict.report import markdown

        return markdown.render(shown)
    if format_ == "html":
        from fpga_tf.verdict.report import html

        return html.render(shown)
    from fpga_tf.verdict.report import junit

    return junit.render(shown, strict=strict)


def _plain_text(shown: Shown, *, layers: bool) -> str:
    import io

    from rich.console import Console

    from fpga_tf.verdict.report.text import render

    out = io.StringIO()
    render(shown, Console(file=out, width=100, color_system=None, highlight=False, emoji=False), layers=layers)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())
