"""Commands that run at once, and end with whoever started them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
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
            child = _Child(command, folder, said)
            ends.callback(child.stop)
            child.start()
            children.append(child)
        return [failure for child in children if (failure := child.wait()) is not None]


class _Child:
    def __init__(self, command: Sequence[str], folder: Path, said: IO[bytes]) -> None:
        self.command, self.folder, self.said = list(command), folder, said
        self.process: subprocess.Popen[bytes] | None = None
        self.error = ""

    def start(self) -> None:
        """Start the command.

        In a thread, as signals are handled in the main one only: an exception there, while the process exists but is
        not known yet, would leave it behind.
        """
        begun = threading.Event()  # `Thread.join` does not wait any more once a signal interrupted it
        try:
            threading.Thread(target=self._start, args=[begun]).start()
            begun.wait()
        except BaseException:
            begun.wait(_GRACE)
            raise

    def _start(self, begun: threading.Event) -> None:
        try:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.said,
                process_group=0,
            )  # fmt: skip
        except OSError as error:
            self.error = f"error: {error}"
        finally:
            begun.set()

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
