"""`fpga-tf synth`: the vendor's tools, run on a project, and what their reports decide."""

from __future__ import annotations

import signal
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpga_tf.cli.output import Output, common, print_json
from fpga_tf.cli.report import positive, print_errors, print_shown

if TYPE_CHECKING:
    from fpga_tf.flow.synth import Done, Project

_MINUTES = 60 * 24 * 30.0  # at most


@click.command()
@click.argument("project", type=click.Path(path_type=Path))
@click.option(
    "--steps", metavar="STEPS", default="", help="Of csynth,cosim,export,impl, by comma. Default: the first there is."
)
@click.option(
    "--flow",
    type=click.Choice(["tcl", "config"]),
    default="tcl",
    show_default=True,
    help="By Tcl scripts, or by hls_config.cfg with v++ (Vitis 2023.2 and later).",
)
@click.option(
    "--timeout",
    type=float,
    callback=positive(_MINUTES),
    metavar="MINUTES",
    help="End a tool that takes longer. Default: never.",
)
@click.option(
    "--stall",
    type=float,
    callback=positive(_MINUTES),
    default=15,
    show_default=True,
    metavar="MINUTES",
    help="Tell if a tool is silent so long.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 if a gate is unknown.")
@common
def synth(out: Output, project: Path, steps: str, flow: str, timeout: float | None, stall: float, strict: bool) -> int:
    """Synthesise PROJECT with the vendor's tools.

    PROJECT is a project folder, or one of generated RTL, which has the one step impl. What runs it is looked for on the
    PATH: vitis-run from 2023.2 on, else vitis_hls; vivado_hls if the project is for Vivado HLS; Vivado for RTL. All
    output goes to PROJECT/fpga_tf_synth.log.

    \b
      csynth  C synthesis, begun anew: earlier results of the flow are removed
      cosim   co-simulation of the 32 test vectors
      export  IP for Vivado's catalogue
      impl    place and route, out of context

    A step passes if the tool ends with 0, prints no line that begins with ERROR:, and writes a new report. Reports of a
    call that fails are renamed to NAME.failed, earlier ones of its steps to NAME.old: neither counts. Else the reports
    are shown, as by `fpga-tf report`, and held to the project's budget. Exits with 1 if a gate fails, and with
    3 if a tool is missing or fails; what to run on another machine is told.
    """
    from fpga_tf.flow.synth import Asked, open_project, synthesise

    names = tuple(name.strip() for name in steps.split(",") if name.strip())
    asked = Asked(names, flow == "config", None if timeout is None else 60 * timeout, 60 * stall)
    opened = open_project(project)
    _end_with_the_terminal()
    progress = out.progress()

    def say(line: str) -> None:
        if progress.console is not None:
            progress.console.print(line, markup=False, soft_wrap=True)

    done = synthesise(opened, asked, progress, say)
    return _judged(out, opened, done, strict=strict)


def _end_with_the_terminal() -> None:
    """A terminal that goes away ends the tool, as a request to end does, unless somebody asked otherwise (nohup)."""
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))


def _judged(out: Output, project: Project, done: list[Done], *, strict: bool) -> int:
    from fpga_tf.flow.report import read_designs
    from fpga_tf.flow.report_judge import exit_code, judge
    from fpga_tf.verdict.report.document import document
    from fpga_tf.verdict.report.judged import Shown

    designs, errors = read_designs([project.folder])
    shown = Shown(judge(designs, project.demand), errors)
    if out.json:
        calls: list[dict[str, Any]] = [asdict(one) for one in done]
        print_json({"project": str(project.folder), "calls": calls, **document(shown)})
    else:
        print_shown(shown, "text", out, strict=strict, layers=True)
    print_errors(errors)
    return exit_code(shown.designs, errors, strict=strict)
