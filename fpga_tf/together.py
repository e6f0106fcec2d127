"""Commands that run at once, and end with whoever started them."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fpga_tf.child import Child

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
        running: list[_Running] = []
        for command in commands:
            said = ends.enter_context(tempfile.TemporaryFile())  # no pipe: two commands may talk at once
            child = Child(command, folder, stdout=subprocess.DEVNULL, stderr=said, environment=environment)
            running.append(_Running(child, command, said, seconds))
            ends.callback(child.stop)
        for index in _run(running, at_once or len(running)):
            failure = running[index].failure()
            if failure is not None:
                failures[index] = failure
            if ended is not None:
                ended(index, failure)
    return [failures[index] for index in sorted(failures)]


def _run(children: Sequence[_Running], at_once: int) -> Iterator[int]:
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


class _Running:
    """A command, its messages, and its time."""

    def __init__(self, child: Child, command: Sequence[str], said: IO[bytes], seconds: float | None) -> None:
        self.child, self.command, self.said, self.seconds = child, list(command), said, seconds
        self.begun, self.error = 0.0, ""

    def start(self) -> None:
        self.begun = time.monotonic()
        try:
            self.child.start()
        except OSError as error:
            self.error = f"error: {error}"

    def ended(self) -> bool:
        """Whether it has, or is made to as its time is over."""
        if self.child.ended():
            return True
        if self.seconds is None or time.monotonic() - self.begun < self.seconds:
            return False
        self.child.stop()
        self.error = f"error: still at work after {self.seconds:g} s"
        return True

    def failure(self) -> Failure | None:
        """What went wrong in an ended command."""
        code = self.child.wait()
        if self.error:
            return Failure(self.command, self.error)
        if code == 0:
            return None
        self.said.seek(0)
        said = self.said.read().decode("utf-8", "replace")
        return Failure(self.command, said or f"error: exit code {code}")
