"""One run at a time in one project folder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from fpga_tf.errors import ToolError
from fpga_tf.files import disk_errors, make_folder


@contextlib.contextmanager
def project_lock(project_dir: Path) -> Iterator[None]:
    """Hold the lock of a project folder (`<parent>/.<name>.lock`), or fail at once.

    The kernel drops the lock when its process ends, so a file left by a killed run blocks nobody.

    Raises:
        ToolError: another run holds it, or the file system refuses.
    """
    project = project_dir.resolve()  # two names of one folder are one lock
    path = project.parent / f".{project.name}.lock"
    with disk_errors(path):
        make_folder(path.parent)
    fd = _acquire(path, project)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # a file that stays blocks nobody
            path.unlink()  # others that have just opened it see that it is gone, and make a new one
        fcntl.flock(fd, fcntl.LOCK_UN)  # also for copies of fd in forked children
        os.close(fd)


def _acquire(path: Path, project: Path) -> int:
    while True:
        with disk_errors(path):
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        try:
            _flock(fd, path, project)
            if _is_current(fd, path):
                with disk_errors(path):
                    os.ftruncate(fd, 0)
                    os.write(fd, f"{os.getpid()}\n".encode("ascii"))
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)  # the holder removed the file between our open and our flock


def _flock(fd: int, path: Path, project: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        text = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
        holder = f"process {text}" if text.isdecimal() else "another process"
        raise ToolError(
            f"a project must be used by one run at a time, not two: {holder} is at work in it",
            where=str(project),
            hint="wait until it has ended, or name another folder with --project",
        ) from error
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL):
            raise
        raise ToolError(
            f"the project's file system must support locks, not refuse them ({error.strerror})",
            where=str(path),
            hint="name a project folder on a local disk with --project",
        ) from error


def _is_current(fd: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(fd)
    return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)
