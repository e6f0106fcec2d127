"""A command in a process group of its own, which ends with whoever started it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

GRACE = 5.0  # seconds from the request to end until the command is killed
_LOOK = 0.02  # seconds between two looks at whether it has ended


class Child:
    """A command; its input is empty.

    Args:
        command: program and arguments; no shell reads them.
        folder: that it works in.
        stdout, stderr: as of `subprocess.Popen`.
        environment: None: ours.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        stdout: int | IO[bytes],
        stderr: int | IO[bytes],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command, self._folder, self._environment = list(command), folder, environment
        self._stdout, self._stderr = stdout, stderr
        self._process: subprocess.Popen[bytes] | None = None
        self._error: OSError | None = None

    def start(self) -> None:
        """Start it.

        In a thread, as signals are handled in the main one only: an exception there, while the process exists but is
        not known yet, would leave it behind.

        Raises:
            OSError: it can't be started.
        """
        begun = threading.Event()  # `Thread.join` does not wait any more once a signal interrupted it
        try:
            threading.Thread(target=self._start, args=[begun]).start()
            begun.wait()
        except BaseException:
            begun.wait(GRACE)
            raise
        if self._error is not None:
            raise self._error

    def _start(self, begun: threading.Event) -> None:
        try:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=self._stdout, stderr=self._stderr,
                env=self._environment, process_group=0,
            )  # fmt: skip
        except OSError as error:
            self._error = error
        finally:
            begun.set()

    def ended(self) -> bool:
        """Whether it runs no more; it stays a zombie, so that its group's number is nobody else's."""
        process = self._process
        if process is None or process.returncode is not None:
            return True
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self) -> int | None:
        """Its exit code, once it has ended; negative for a signal, None if it was never started."""
        return None if self._process is None else self._process.wait()

    def stop(self) -> None:
        """End the whole group, unless the command has been waited for: asked first, as tools then tidy up.

        What a command that has ended itself left behind is ended, too.
        """
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._signal(process.pid, signal.SIGTERM)
        until = time.monotonic() + GRACE
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
