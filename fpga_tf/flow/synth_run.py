"""Runs a command of a vendor's tool: its output goes to a file and is read while it comes, and it ends with us."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fpga_tf.files import disk_errors

_GRACE = 5.0  # seconds from the request to end until the command is killed
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
    the keyboard, by a signal), the command and all that it started are asked to end, and killed if they do not.

    Args:
        command: program and arguments; no shell reads them.
        log: file that the output is appended to.

    Raises:
        OSError: the program can't be started.
        ToolError: the file can't be written.
    """
    with disk_errors(log), log.open("ab") as out, log.open("rb") as read:
        read.seek(0, os.SEEK_END)
        tool = _Tool(command, folder, out)
        try:
            tool.start()
            return _follow(tool, _Lines(read, watch.heard), watch)
        finally:
            tool.stop()


def _follow(tool: _Tool, lines: _Lines, watch: Watch) -> Ended:
    begun = last = time.monotonic()
    told = False
    while True:
        ended = tool.ended()  # before the output is read, so that none is missed
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


class _Tool:
    """A command in a process group of its own."""

    def __init__(self, command: Sequence[str], folder: Path, out: IO[bytes]) -> None:
        self._command, self._folder, self._out = list(command), folder, out
        self._process: subprocess.Popen[bytes] | None = None
        self._error: OSError | None = None

    def start(self) -> None:
        """Start it, in a thread: an exception of a signal handler, which the main thread alone can get, would leave a
        process behind that exists but is not known yet.

        Raises:
            OSError: it can't be started.
        """
        begun = threading.Event()
        try:
            threading.Thread(target=self._start, args=[begun]).start()
            begun.wait()
        except BaseException:
            begun.wait(_GRACE)
            raise
        if self._error is not None:
            raise self._error

    def _start(self, begun: threading.Event) -> None:
        try:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=self._out, stderr=subprocess.STDOUT,
                process_group=0,
            )  # fmt: skip
        except OSError as error:
            self._error = error
        finally:
            begun.set()

    def ended(self) -> bool:
        """Whether it has; it stays a zombie, so that its group's number is nobody else's."""
        process = self._process
        if process is None or process.returncode is not None:
            return True
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self) -> int | None:
        """Its exit code, once it has ended."""
        return None if self._process is None else self._process.wait()

    def stop(self) -> None:
        """End the whole group of a command that has not been waited for."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._signal(process.pid, signal.SIGTERM)
        until = time.monotonic() + _GRACE
        try:
            while not self.ended() and time.monotonic() < until:
                time.sleep(_LOOK)
        finally:  # also if somebody is impatient; and what its leader left behind
            self._signal(process.pid, signal.SIGKILL)
            process.wait()

    @staticmethod
    def _signal(group: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)
