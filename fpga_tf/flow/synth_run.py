"""Runs a command of a vendor's tool: its output goes to a file and is read while it comes, and it ends with us."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fpga_tf.child import Child
from fpga_tf.files import disk_errors

_LOOK = 0.05  # seconds between two looks at the output


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched while a command runs.

    Attributes:
        seconds: that it may take; None: any.
        stall: seconds without output after which `stalled` is called, once for each silence.
        heard: called with each line of output.
        stalled: called with the seconds of silence.
    """

    seconds: float | None
    stall: float
    heard: Callable[[str], None]
    stalled: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes:
        code: exit code, negative for a signal; None: it was ended as its time was over.
        errors: the lines of its output that begin with `ERROR:`.
    """

    code: int | None
    errors: tuple[str, ...]


def run_logged(command: Sequence[str], folder: Path, log: Path, watch: Watch) -> Ended:
    """Run a command in a folder until it has ended.

    Its input is empty, so that a tool that would ask something ends instead. Its output is appended to the file itself,
    through no pipe: the file is whole even if we are killed. When the time is over, or when an exception comes (from
    the keyboard, by a signal), the command and all that it started are asked to end, and killed if they do not. So is
    what a command left behind that has ended itself: it would write into the project while we judge it, or later.

    Args:
        command: program and arguments; no shell reads them.
        log: file that the output is appended to.

    Raises:
        OSError: the program can't be started.
        ToolError: the file can't be written.
    """
    with disk_errors(log), log.open("ab") as out, log.open("rb") as read:
        read.seek(0, os.SEEK_END)
        tool = Child(command, folder, stdout=out, stderr=subprocess.STDOUT)
        try:
            tool.start()
            return _follow(tool, _Lines(read, watch.heard), watch)
        finally:
            tool.stop()


def _follow(tool: Child, lines: _Lines, watch: Watch) -> Ended:
    begun = last = time.monotonic()
    told = False
    while True:
        ended = tool.ended()
        if ended:
            tool.stop()  # before the output is read, so that none is missed
        now = time.monotonic()
        if lines.take():
            last, told = now, False
        if ended:
            lines.close()
            return Ended(tool.wait(), tuple(lines.errors))
        if watch.seconds is not None and now - begun >= watch.seconds:
            return Ended(None, tuple(lines.errors))
        if not told and now - last >= watch.stall:
            told = True
            watch.stalled(now - last)
        time.sleep(_LOOK)


class _Lines:
    """The lines that were added to a file since it was last looked at."""

    def __init__(self, file: IO[bytes], heard: Callable[[str], None]) -> None:
        self.errors: list[str] = []
        self._file, self._heard, self._rest = file, heard, b""

    def take(self) -> bool:
        """Hand on what is new; whether there was something."""
        new = self._file.read()
        *whole, self._rest = (self._rest + new).split(b"\n")
        for line in whole:
            self._line(line)
        return bool(new)

    def close(self) -> None:
        """Hand on a last line without an end."""
        if self._rest:
            self._line(self._rest)
            self._rest = b""

    def _line(self, raw: bytes) -> None:
        text = raw.decode("utf-8", "replace").rstrip("\r")
        if text.lstrip().startswith("ERROR:"):
            self.errors.append(text.strip())
        self._heard(text)
