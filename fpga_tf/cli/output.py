"""What all commands share: the options of output, where text and JSON go, and exit codes."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from fpga_tf.errors import InternalError

if TYPE_CHECKING:
    from rich.console import Console

    from fpga_tf.flow.progress import Progress

P = ParamSpec("P")
R = TypeVar("R")

_PLAIN_WIDTH = 100  # columns where there is no terminal to ask


@dataclass(frozen=True, slots=True)
class Output:
    """How a command speaks.

    Attributes:
        json: one JSON object on stdout; everything else on stderr.
        quiet: results and errors only.
        color: colours allowed; a terminal that has none gets none.
    """

    json: bool = False
    quiet: bool = False
    color: bool = True

    def console(self, *, error: bool = False) -> Console:
        """Where results go, or (error) everything that is no result."""
        from rich.console import Console

        class PipeSafe(Console):
            def on_broken_pipe(self) -> None:
                raise BrokenPipeError  # rich would exit with 1, which here means a failed gate

        stream = sys.stderr if error else sys.stdout
        width = None if stream.isatty() else _PLAIN_WIDTH
        return PipeSafe(
            stderr=error, color_system="auto" if self.color else None, width=width, highlight=False, emoji=False
        )

    def progress(self) -> Progress:
        """Steps are shown on stdout, in JSON mode on stderr, and in quiet mode nowhere."""
        from fpga_tf.flow.progress import Progress

        return Progress(None if self.quiet else self.console(error=self.json))

    def emit(self, value: Mapping[str, Any]) -> None:
        """Print one JSON object to stdout."""
        print_json(value)

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """In JSON mode whatever the body or a library in it prints to stdout lands on stderr."""
        if not self.json:
            yield
            return
        sys.stdout.flush()
        with contextlib.redirect_stdout(sys.stderr), _descriptor_to_stderr():
            yield


@contextlib.contextmanager
def _descriptor_to_stderr() -> Iterator[None]:
    """For native libraries, which know descriptors only."""
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on stdout; a NaN would be no JSON.

    Raises:
        InternalError: the value is no plain data.
    """
    try:
        text = json.dumps(value, indent=2, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InternalError(
            f"a result must be plain data with finite numbers, not unprintable as JSON ({error})"
        ) from error
    click.echo(text)


def common(command: Callable[Concatenate[Output, P], R]) -> Callable[P, R]:
    """Give a command the options of output; it gets them as its first argument."""

    @click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="What to print.")
    @click.option("-q", "--quiet", is_flag=True, help="No progress: results and errors only.")
    @click.option("--no-color", is_flag=True, help="No colours (so does the variable NO_COLOR).")
    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        format_, quiet, no_color = (kwargs.pop(name) for name in ("format_", "quiet", "no_color"))
        color = not no_color and not os.environ.get("NO_COLOR")
        return command(Output(format_ == "json", bool(quiet), color), *args, **kwargs)

    return wrapper
