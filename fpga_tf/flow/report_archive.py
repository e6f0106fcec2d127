"""Archives that come back with reports in them, from somebody whom nobody vouches for.

Nothing is written but files and folders below a folder of our own: no absolute names, no `..`, no links or devices, no
name twice, and no more than the limits say, whatever the archive declares.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeVar

from fpga_tf.damage import ZIP_DAMAGE
from fpga_tf.errors import FpgaTfError, UserError
from fpga_tf.files import disk_errors

MAX_FILES = 200_000
MAX_BYTES = 4 * 1024**3  # of all files, unpacked; a project of ours has some ten MB, one with checkpoints some hundred
MAX_NAME, MAX_PART = 1000, 255  # bytes of a file's name with its folders, and of each of these
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_CHUNK = 1024**2
_END = 16 * _CHUNK  # bytes of zeros behind the last member, at most; tar fills up to some ten kB
T = TypeVar("T")


def is_archive(path: Path) -> bool:
    """Whether a file is one, by its content: gzip, zip, or plain tar. What can't be read is none."""
    head = _head(path)
    return head.startswith((b"\x1f\x8b", *_ZIP)) or head[257:] == b"ustar"


def _head(path: Path) -> bytes:
    try:
        if not path.is_file():  # a pipe would keep us waiting
            return b""
        with path.open("rb") as file:
            return file.read(262)
    except OSError:
        return b""


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A temporary folder with what an archive holds.

    Raises:
        UserError: the archive is damaged, too large, or holds what is no plain file or folder, or a name that leads
            out.
        ToolError: the disk is full, or the like.
    """
    with tempfile.TemporaryDirectory(prefix="fpga-tf-") as name:
        folder = Path(name)
        try:
            with disk_errors(folder):
                _unpack(path, folder)
        except (tarfile.TarError, *ZIP_DAMAGE) as error:
            raise _refused(path, f"a whole one, not one that fails with: {error}") from error
        except OSError as error:  # a name that the file system does not take, or damage that gzip finds
            raise _refused(
                path, f"one that can be unpacked, not one that fails with: {error.strerror or error}"
            ) from error
        yield folder


def _unpack(path: Path, folder: Path) -> None:
    room = _Room(path, folder)
    if _head(path).startswith(_ZIP):  # `zipfile.is_zipfile` also takes a tar that ends in a zip, such as a model
        with zipfile.ZipFile(path) as packed:
            for one in packed.infolist():
                _zipped(packed, one, room)
        return
    with tarfile.open(path) as tape:
        for member in tape:
            if member.isdir():
                room.folder(member.name)
            elif member.isreg() and not member.issparse():
                content = tape.extractfile(member)
                if content is not None:
                    room.file(member.name, content, member.mtime)
            else:
                raise room.refuse(member.name, "is a link, a device or the like")
        _check_end(tape, path)


def _check_end(tape: tarfile.TarFile, path: Path) -> None:
    """Refuse a tape that stops before its end: `tarfile` takes a broken header for it. gzip has its checksum behind."""
    rest, read = tape.fileobj, 0
    assert rest is not None
    rest.seek(tape.offset)
    while chunk := rest.read(_CHUNK):
        read += len(chunk)
        if read > _END or chunk.strip(b"\0"):
            break
    if chunk or read < tarfile.BLOCKSIZE:
        raise _refused(path, f"a whole one, not one that is damaged or cut {tape.offset} bytes behind its beginning")


def _zipped(packed: zipfile.ZipFile, one: zipfile.ZipInfo, room: _Room) -> None:
    kind = stat.S_IFMT(one.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise room.refuse(one.filename, "is a link, a device or the like")
    if one.is_dir():
        room.folder(one.filename)
        return
    with packed.open(one) as content:
        room.file(one.filename, content, _time(one))


def _time(one: zipfile.ZipInfo) -> float | None:
    """When a member was last written, by the clock of whoever packed it; None if it does not tell."""
    try:
        return datetime(*one.date_time).timestamp()
    except (ValueError, OverflowError):
        return None


class _Room:
    """The folder that an archive is unpacked into, with what is left of the limits."""

    def __init__(self, archive: Path, folder: Path) -> None:
        self._archive, self._folder = archive, folder
        self._files = self._bytes = 0

    def folder(self, name: str) -> None:
        """Make a folder."""
        self._count()
        self._inside(name).mkdir(parents=True, exist_ok=True)

    def file(self, name: str, content: IO[bytes], time: float | None) -> None:
        """Write a file.

        Args:
            time: when it was last written, seconds since 1970; None: now.
        """
        self._count()
        target = self._inside(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            out = target.open("xb")
        except FileExistsError as error:
            raise self.refuse(name, "is there twice") from error
        with out:
            while chunk := content.read(_CHUNK):
                self._bytes += len(chunk)
                if self._bytes > MAX_BYTES:
                    raise _refused(self._archive, f"at most {MAX_BYTES} bytes unpacked, not more")
                out.write(chunk)
        if time is not None and 0 <= time < 2**32:  # whether a report is older than the firmware is told by it
            os.utime(target, (time, time))

    def refuse(self, name: str, why: str) -> UserError:
        """The error of a member."""
        return _refused(self._archive, f"one of plain files and folders below it, but {name[:200]!r} {why}")

    def _count(self) -> None:
        self._files += 1
        if self._files > MAX_FILES:
            raise _refused(self._archive, f"at most {MAX_FILES} files and folders, not more")

    def _inside(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or "\\" in name or "\0" in name or ":" in name:
            raise self.refuse(name, "leads out of it")
        if len(os.fsencode(name)) > MAX_NAME or any(len(os.fsencode(part)) > MAX_PART for part in parts):
            raise self.refuse(name, "has too long a name")
        return self._folder.joinpath(*parts)


def _refused(path: Path, rule: str) -> UserError:
    return UserError(f"an archive of reports must be {rule}", where=str(path))


def told_of(value: T, folder: Path, archive: Path) -> T:
    """The same with the archive's name where the temporary folder's is: in texts, and in all that holds texts."""
    renamed: T = _renamed(
        value, lambda text: text.replace(str(folder), str(archive)).replace(folder.name, archive.name)
    )
    return renamed


def _renamed(value: Any, text: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, FpgaTfError):
        where, hint = (None if one is None else text(one) for one in (value.where, value.hint))
        return type(value)(text(value.what), where=where, hint=hint)
    if isinstance(value, list | tuple):
        return type(value)(_renamed(one, text) for one in value)
    if isinstance(value, Mapping):
        return {key: _renamed(one, text) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{one.name: _renamed(getattr(value, one.name), text) for one in fields(value) if one.init}
        )
    return value
