"""Options that commands of RTL share, and how their result is shown."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fpga_tf.cli.output import Output
from fpga_tf.cli.report import positive

if TYPE_CHECKING:
    from fpga_tf.flow.config import Config
    from fpga_tf.flow.rtl import RtlJudged

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.argument("config", type=click.Path(path_type=Path)),
    click.option("--clock", metavar="PERIOD", help="Clock that the pipeline is cut for: 5, '5 ns' or '200 MHz'."),
    click.option(
        "--levels",
        type=float,
        callback=positive(1000, least=1),
        help="Levels of logic a stage, in place of the clock's.",
    ),
    click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Default: PROJECT_rtl."),
    click.option("--fresh", is_flag=True, help="Use nothing from the store; replace the project, edits included."),
    click.option("--project", type=click.Path(path_type=Path), help="Project folder, in place of the one in CONFIG."),
)


def rtl_options(command: _Command) -> _Command:
    """Give a command the options of RTL; it gets `config` and `folder` for those that decide what is made."""

    @functools.wraps(command)
    def wrapper(
        out: Output,
        /,
        config: Path,
        clock: str | None,
        levels: float | None,
        output: Path | None,
        project: Path | None,
        **others: Any,
    ) -> Any:
        from fpga_tf.flow.config import load_config
        from fpga_tf.flow.rtl_folder import rtl_folder

        loaded = load_config(config, project=project)
        folder = rtl_folder(loaded.project) if output is None else output.absolute()
        return command(out, config=_asked(loaded, clock, levels), folder=folder, **others)

    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]


def _asked(config: Config, clock: str | None, levels: float | None) -> Config:
    """The configuration with what the command line asks for."""
    from fpga_tf.flow.config_types import clock_ns

    asked: dict[str, Any] = {} if levels is None else {"levels": levels}
    if clock is not None:
        asked["clock_ns"] = clock_ns(clock, "--clock")
    return config.model_copy(update={"rtl": config.rtl.model_copy(update=asked)})


def show_rtl(out: Output, judged: RtlJudged) -> int:
    """Print what is known of RTL; 1 if a gate fails."""
    from fpga_tf.verdict.show import render_rtl

    if out.json:
        out.emit(judged.to_json())
    else:
        render_rtl(judged.result, judged.gates, judged.notes, judged.opinion, out.console(), quiet=out.quiet)
    return int(any(gate.result == "fail" for gate in judged.gates))
