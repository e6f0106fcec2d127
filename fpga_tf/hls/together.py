"""Commands that run at once, and end with whoever started them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_GRACE = 5.0  # seconds from the request to end until the command is killed


@dataclass(frozen=True)
class Failure:
    """A command that did not end well.

    Attributes:
        command: with its arguments.
        said: its messages, or else how it ended.
    """

    command: list[str]
    said: str


def run_together(commands: Sequence[Sequence[str]], folder: Path) -> list[Failure]:
    """Run commands at once in a folder, until all have ended.

    An exception that a signal raises meanwhile ends them and all that they started: g++ leaves the work to others.

    Returns:
        Those that failed, in the order given.
    """
    with contextlib.ExitStack() as ends:
        children: list[_Child] = []
        for command in commands:
            said = ends.enter_context(tempfile.TemporaryFile())  # no pipe: two commands may talk at once
            children.append(_Child(command, folder, said))
            ends.callback(children[-1].stop)
        return [failure for child in children if (failure := child.wait()) is not None]


class _Child:
    def __init__(self, command: Sequence[str], folder: Path, said: IO[bytes]) -> None:
        self.command, self.said = list(command), said
        self.process: subprocess.Popen[bytes] | None = None
        self.error = ""
        try:
            self.process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
                process_group=0,
            )  # fmt: skip
        except OSError as error:
            self.error = f"error: {error}"

    def wait(self) -> Failure | None:
        if self.process is None:
            return Failure(self.command, self.error)
        code = self.process.wait()
        if code == 0:
            return None
        self.said.seek(0)
        said = self.said.read().decode("utf-8", "replace")
        return Failure(self.command, said or f"error: exit code {code}")

    def stop(self) -> None:
        """End the process group if its leader still runs: asked first, as g++ then removes its temporary files."""
        if self.process is None or self.process.poll() is not None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_GRACE)
                return
