"""Files that are whole or absent: atomic writes, digests, and one folder put in the place of another."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from fpga_tf.errors import ToolError, UserError

# What a project and generated RTL say of themselves; named here as they are also looked for where nothing is read.
MANIFEST = "fpga_tf.json"
RTL_MANIFEST = "fpga_tf_rtl.json"
_HINTS = {
    errno.ENOSPC: "the disk is full: free some space and run again",
    errno.EDQUOT: "the disk quota is used up: free some space and run again",
    errno.EACCES: "give yourself the right to write there, or name another folder",
    errno.EPERM: "give yourself the right to write there, or name another folder",
    errno.EROFS: "the file system is read-only: name another folder",
    errno.EIO: "the disk reports an error: look at the system's log",
    errno.ENAMETOOLONG: "use a shorter path",
    errno.ENOTDIR: "a parent of this path is a file, not a folder",
    errno.EEXIST: "a file stands where a folder should be: remove it, or name another folder",
    errno.ELOOP: "a link stands where a file or folder should be: remove it, or name another folder",
    errno.EMFILE: "too many open files: raise the limit (ulimit -n)",
    errno.ESTALE: "the network file system lost the file: run again",
}


@contextlib.contextmanager
def disk_errors(path: Path, action: str = "written") -> Iterator[None]:
    """Turn the file system's refusals (full, read-only, no right …) into a ToolError that names `path`.

    Other errors, a missing file among them, pass through: they are someone else's mistake.

    Raises:
        ToolError: the disk is full, the quota used up, the right missing, the device failed …
    """
    try:
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0)
        if hint is None:
            raise
        raise ToolError(
            f"files must be {action}, not refused by the file system ({error.strerror})",
            where=str(error.filename or path),
            hint=hint,
        ) from error


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def check_output(path: Path) -> None:
    """Refuse what is there and no file: a new file would take its place, even that of /dev/null.

    Raises:
        UserError: `path` is a folder, a device, a pipe or the like.
    """
    if path.exists() and not path.is_file():
        found = "a folder" if path.is_dir() else "a device or a pipe"
        raise UserError(f"the output must be a file, not {found}", where=str(path))


def atomic_write(path: Path, data: bytes | str) -> None:
    """Write `data` (text as UTF-8) to `path`: at every moment the file is the old one or the new one, never half.

    The folder is made if it is missing. Without success nothing is left behind.

    Raises:
        UserError: `path` is something other than a file, such as a folder or a device.
        ToolError: disk full, no right to write, or the like.
    """
    check_output(path)
    raw = data.encode("utf-8") if isinstance(data, str) else data
    with disk_errors(path):
        make_folder(path.parent)
        fd, name = tempfile.mkstemp(prefix=f".{path.name[:64]}.", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(raw)
                file.flush()
                os.fchmod(file.fileno(), 0o666 & ~_umask())
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and what is missing above it.

    Args:
        mode: of the folder itself, less the process's mask.

    Raises:
        ToolError: the file system has no such folders.
        OSError: it refuses for another reason, which `disk_errors` tells.
    """
    try:
        folder.mkdir(mode, parents=True, exist_ok=True)
    except FileNotFoundError as error:  # as /proc says it, which has no folders but its own
        raise ToolError(
            "a folder must be made, not refused by the file system", where=str(folder), hint="name another folder"
        ) from error


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Raises:
        OSError: the file can't be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def changed_files(folder: Path, digests: Mapping[str, str]) -> list[str]:
    """Files that are no longer as their SHA-256 says (or gone), in order.

    Args:
        digests: by name relative to the folder.
    """
    found = ((name, folder / name, digest) for name, digest in sorted(digests.items()))
    return [name for name, path, digest in found if not path.is_file() or sha256_file(path) != digest]


def replace_tree(src: Path, dst: Path, *, marker: str | None = None, without: str | None = None) -> None:
    """Put a copy of the folder `src` in the place of `dst`, which may exist.

    `dst` is the old folder or the new one, or for the moment between two renames absent; never a mixture. A failure
    puts the old one back. Callers that may meet in `dst` hold its lock (fpga_tf.flow.lock).

    Args:
        src: a finished folder.
        dst: where it shall be; its parent is made if it is missing.
        marker: a file that an existing, non-empty `dst` must hold, or else it is not ours to replace.
        without: name of a file in `src` itself that is left out.

    Raises:
        UserError: `dst` is a file, or a non-empty folder without the marker.
        ToolError: disk full, no right to write, or the like.
    """
    check_replaceable(dst, marker)
    with disk_errors(dst):
        make_folder(dst.parent)
        for left in _left_by_killed_runs(dst):
            shutil.rmtree(left)
        room = Path(tempfile.mkdtemp(prefix=f".{dst.name}.", suffix=".part", dir=dst.parent))
        try:
            copy_tree(src, room / "new", without=without)
            _swap(dst, room)
        finally:
            shutil.rmtree(room, ignore_errors=True)
        sync_folder(dst.parent)


def copy_tree(src: Path, dst: Path, *, without: str | None = None) -> None:
    """Copy a folder with the times of its files. (`shutil.copytree` would hide which error the disk gave.)

    Args:
        without: name of a file in `src` itself that is left out.

    Raises:
        OSError: the disk is full, or the like.
    """
    dst.mkdir()
    for path in sorted(src.iterdir()):
        if path.is_symlink():
            (dst / path.name).symlink_to(path.readlink())
        elif path.is_dir():
            copy_tree(path, dst / path.name)
        elif path.name != without:
            shutil.copy2(path, dst / path.name)


def _left_by_killed_runs(dst: Path) -> list[Path]:
    # eight characters and no dot: another folder's name may begin with this one's
    pattern = re.compile(rf"\.{re.escape(dst.name)}\.[a-z0-9_]{{8}}\.part")
    return [path for path in dst.parent.iterdir() if pattern.fullmatch(path.name)]


def check_replaceable(dst: Path, marker: str | None) -> None:
    """Refuse what must not be replaced.

    Raises:
        UserError: `dst` is a file or a link, or a non-empty folder without the file `marker`.
    """
    if dst.is_symlink() or (dst.exists() and not dst.is_dir()):
        raise UserError("a folder to be replaced must be a folder, not a file or a link", where=str(dst))
    if marker is None or not dst.exists() or (dst / marker).is_file() or not any(dst.iterdir()):
        return
    raise UserError(
        f"a folder to be replaced must be empty or hold {marker}, not other files",
        where=str(dst),
        hint="name another project folder, or empty this one yourself",
    )


def _swap(dst: Path, room: Path) -> None:
    new, old = room / "new", room / "old"
    if dst.exists():
        dst.rename(old)
    try:
        new.rename(dst)
    except BaseException:
        if old.exists():
            old.rename(dst)
        raise


def _umask() -> int:
    mask = os.umask(0o077)  # can be read only by setting it
    os.umask(mask)
    return mask
