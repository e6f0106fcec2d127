"""Commands that run at once, and end with whoever started them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_GRACE = 5.0  # seconds from the request to end until the command is killed
_LOOK = 0.02  # seconds between two looks at what has ended


@dataclass(frozen=True)
class Failure:
    """A command that did not end well.

    Attributes:
        command: with its arguments.
        said: its messages, or else how it ended.
    """

    command: list[str]
    said: str


def run_together(
    commands: Sequence[Sequence[str]],
    folder: Path,
    *,
    at_once: int | None = None,
    seconds: float | None = None,
    environment: Mapping[str, str] | None = None,
    ended: Callable[[int, Failure | None], None] | None = None,
) -> list[Failure]:
    """Run commands in a folder, until all have ended.

    An exception, that a signal raises meanwhile or `ended`, ends them and all that they started: g++ leaves the work
    to others.

    Args:
        at_once: how many may run at a time; None: all.
        seconds: that each may take; None: any.
        environment: of the commands; None: ours.
        ended: called after each with its index, and its failure if it did not end well.

    Returns:
        Those that failed, in the order given.
    """
    failures: dict[int, Failure] = {}
    with contextlib.ExitStack() as ends:
        children: list[_Child] = []
        for command in commands:
            said = ends.enter_context(tempfile.TemporaryFile())  # no pipe: two commands may talk at once
            children.append(_Child(command, folder, said, seconds, environment))
            ends.callback(children[-1].stop)
        for index in _run(children, at_once or len(children)):
            failure = children[index].failure()
            if failure is not None:
                failures[index] = failure
            if ended is not None:
                ended(index, failure)
    return [failures[index] for index in sorted(failures)]


def _run(children: Sequence[_Child], at_once: int) -> Iterator[int]:
    """Start all, some at a time; indices as they end."""
    waiting, running = deque(range(len(children))), set[int]()
    while waiting or running:
        while waiting and len(running) < at_once:
            index = waiting.popleft()
            running.add(index)
            children[index].start()
        done = [index for index in sorted(running) if children[index].ended()]
        running.difference_update(done)
        yield from done
        if not done:
            time.sleep(_LOOK)


class _Child:
    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        said: IO[bytes],
        seconds: float | None,
        environment: Mapping[str, str] | None,
    ) -> None:
        self.command, self.folder, self.said = list(command), folder, said
        self.seconds, self.environment, self.begun = seconds, environment, 0.0
        self.process: subprocess.Popen[bytes] | None = None
        self.error = ""

    def start(self) -> None:
        """Start the command.

        In a thread, as signals are handled in the main one only: an exception there, while the process exists but is
        not known yet, would leave it behind.
        """
        self.begun = time.monotonic()
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
                env=self.environment, process_group=0,
            )  # fmt: skip
        except OSError as error:
            self.error = f"error: {error}"
        finally:
            begun.set()

    def ended(self) -> bool:
        """Whether it has, or is made to as its time is over."""
        if self.process is None or self.process.poll() is not None:
            return True
        if self.seconds is None or time.monotonic() - self.begun < self.seconds:
            return False
        self.stop()
        self.error = f"error: still at work after {self.seconds:g} s"
        return True

    def failure(self) -> Failure | None:
        """What went wrong in an ended command."""
        if self.error or self.process is None:
            return Failure(self.command, self.error)
        if self.process.returncode == 0:
            return None
        self.said.seek(0)
        said = self.said.read().decode("utf-8", "replace")
        return Failure(self.command, said or f"error: exit code {self.process.returncode}")

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
