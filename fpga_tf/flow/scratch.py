"""A folder to work in beside a file that is being made; nothing of it is left, whatever happens."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from fpga_tf.errors import ToolError
from fpga_tf.files import check_output, disk_errors, make_folder, sync_folder


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields the path of a new file that takes the place of `path` if the body succeeds.

    Its folder, `<parent>/.<name>.part`, is empty and may hold other files meanwhile. It is emptied and used again if a
    killed run left it.

    Raises:
        UserError: `path` is something other than a file, such as a folder or a device.
        ToolError: another run is making the file, or the file system refuses.
    """
    check_output(path)
    room = path.parent / f".{path.name}.part"
    with disk_errors(path):
        make_folder(room.parent)
    fd = _locked(room, path)
    try:
        new = room / "new"
        yield new
        with disk_errors(path):
            new.replace(path)
            sync_folder(path.parent)
    finally:
        shutil.rmtree(room, ignore_errors=True)
        os.close(fd)


def _locked(room: Path, path: Path) -> int:
    """A descriptor of the empty folder, locked until it is closed; the kernel drops the lock of a killed run."""
    while True:
        with disk_errors(path):
            room.mkdir(exist_ok=True)
            fd = os.open(room, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if room.is_dir() and os.path.samestat(os.fstat(fd), room.stat()):
                with disk_errors(path):
                    for left in room.iterdir():
                        shutil.rmtree(left) if left.is_dir() else left.unlink()
                return fd
        except BlockingIOError as error:
            os.close(fd)
            raise ToolError("a file must be made by one run at a time, not two", where=str(path)) from error
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)  # its holder removed the folder between our open and our lock
