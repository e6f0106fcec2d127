"""A content-addressed store of results: what was built once from the same parts is never built twice.

Layout below the root::

    v1/<first two digits of the key>/<key>/   a finished entry: entry.json and the files that it names
    v1/tmp/                                   entries being made, and those being removed

An entry appears by one rename, so it is whole or absent. What a later run finds is trusted only after every file's
digest was checked; anything else (a file truncated, changed, missing or added) is removed and counts as absent.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fpga_tf.errors import InternalError, ToolError
from fpga_tf.files import disk_errors, make_folder, sha256_file, sync_folder

ENTRY = "entry.json"
_STALE_SECONDS = 24 * 3600  # no build takes a day: what is older in tmp/ was left by a killed run


def default_root() -> Path:
    """`$FPGA_TF_STORE`, or else `fpga_tf` in the user's cache folder (XDG)."""
    own = os.environ.get("FPGA_TF_STORE")
    if own:
        return Path(own).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME", "")
    # the XDG standard: a relative path in the variable is invalid and ignored
    base = Path(cache) if cache and Path(cache).is_absolute() else Path.home() / ".cache"
    return base / "fpga_tf"


def canonical_json(value: Any) -> bytes:
    """The same bytes for equal plain data (mappings in any order): what digests are made of.

    Raises:
        InternalError: the value is no plain data, or holds a NaN or an infinity.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InternalError(f"what is digested must be finite plain data, not {value!r:.200}") from error
    return text.encode("ascii")


class Store:
    """The store below one folder. Many processes may use it at once.

    Args:
        root: the folder; made at the first `put`.

    Raises:
        ToolError: the folder can be written by everyone, so its binaries can't be trusted.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = (default_root() if root is None else root).absolute()
        self._base = self.root / "v1"
        self._tmp = self._base / "tmp"
        for folder in (self.root, self._base):
            self._refuse_open_folder(folder)

    @staticmethod
    def _refuse_open_folder(folder: Path) -> None:
        with disk_errors(folder, "readable"):
            if folder.exists() and folder.stat().st_mode & stat.S_IWOTH:
                raise ToolError(
                    "the store of builds must be writable by its owner only, not by everyone",
                    where=str(folder),
                    hint=f"chmod o-w {folder}, or set FPGA_TF_STORE to another folder",
                )

    @staticmethod
    def key(parts: Mapping[str, bytes | str]) -> str:
        """SHA-256 (hexadecimal) over named parts; neither their order nor where one ends is ambiguous.

        Text and its UTF-8 bytes give different keys.
        """
        digest = hashlib.sha256(b"fpga_tf store key 1\n")
        for name in sorted(parts):
            part = parts[name]
            kind, raw = (b"t", part.encode("utf-8")) if isinstance(part, str) else (b"b", part)
            label = name.encode("utf-8")
            digest.update(b"%d:%s%s%d:" % (len(label), label, kind, len(raw)))
            digest.update(raw)
        return digest.hexdigest()

    def get(self, key: str) -> Path | None:
        """The folder of a finished entry with every digest checked, or None.

        The caller only reads there. A damaged entry is removed.

        Raises:
            ToolError: the store can't be read or mended.
        """
        entry = self._entry(key)
        with disk_errors(entry, "readable"):
            if not entry.exists():
                return None
            if _is_whole(entry, key):
                return entry
        self._discard(entry)
        return None

    def put(self, key: str, populate: Callable[[Path], None]) -> Path:
        """The entry of `key`, made by `populate` in a fresh empty folder unless another process was faster.

        Args:
            key: as `key` gives it.
            populate: fills the folder with regular files and folders; its exceptions pass through, and leave nothing.

        Raises:
            ToolError: disk full, no right to write, or the like.
            InternalError: the folder holds links or other special files, or a file named entry.json.
        """
        entry = self._entry(key)
        with disk_errors(self.root):
            make_folder(self._tmp, 0o700)
            self._sweep()
            made = Path(tempfile.mkdtemp(prefix=f"{key[:16]}-", dir=self._tmp))
            try:
                populate(made)
                _seal(made, key)
                return self._publish(made, entry, key)
            finally:
                shutil.rmtree(made, ignore_errors=True)

    def _publish(self, made: Path, entry: Path, key: str) -> Path:
        entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(10):
            try:
                made.rename(entry)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise
            else:
                sync_folder(entry.parent)
                return entry
            if _is_whole(entry, key):
                return entry  # another process was faster: its entry is as good
            self._discard(entry)
        raise ToolError("an entry of the store must stay where it is put, not vanish each time", where=str(entry))

    def _entry(self, key: str) -> Path:
        if len(key) != 64 or not set(key) <= set("0123456789abcdef"):
            raise InternalError(f"a key of the store must be a SHA-256 in hexadecimal, not {key!r:.80}")
        return self._base / key[:2] / key

    def _discard(self, entry: Path) -> None:
        """Rename first: what is being removed must not look like an entry."""
        with disk_errors(entry, "removed"):
            self._tmp.mkdir(mode=0o700, parents=True, exist_ok=True)
            trash = Path(tempfile.mkdtemp(prefix="trash-", dir=self._tmp))
            try:
                entry.rename(trash / "entry")
            except FileNotFoundError:
                pass  # another process removed it
            finally:
                shutil.rmtree(trash, ignore_errors=True)

    def _sweep(self) -> None:
        oldest = time.time() - _STALE_SECONDS
        for left in self._tmp.iterdir():
            try:
                if left.stat().st_mtime < oldest:
                    shutil.rmtree(left, ignore_errors=True)
            except FileNotFoundError:
                continue  # its process has just removed it


def _seal(folder: Path, key: str) -> None:
    """Write entry.json and bring everything to the disk."""
    if (folder / ENTRY).exists():
        raise InternalError(f"an entry of the store must not have a file of its own named {ENTRY}")
    files = {name: _facts(folder / name) for name in _names(folder)}
    for name in files:
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())
    with (folder / ENTRY).open("xb") as file:
        file.write(canonical_json({"format": 1, "key": key, "files": files}))
        file.flush()
        os.fsync(file.fileno())
    for inner in (*(p for p in folder.rglob("*") if p.is_dir()), folder):
        sync_folder(inner)


def _is_whole(entry: Path, key: str) -> bool:
    """Whether the entry holds exactly the files that its entry.json names, unchanged."""
    try:
        stated = json.loads((entry / ENTRY).read_bytes())
        names = [name for name in _names(entry) if name != ENTRY]
        if not isinstance(stated, dict) or set(stated) != {"format", "key", "files"}:
            return False
        if stated["format"] != 1 or stated["key"] != key or not isinstance(stated["files"], dict):
            return False
        if set(stated["files"]) != set(names):
            return False
        return all(stated["files"][name] == _facts(entry / name) for name in names)
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError, InternalError):
        return False  # ValueError: not JSON, or not UTF-8


def _names(folder: Path) -> list[str]:
    """Relative names of all files below the folder, sorted; only regular files and folders are allowed."""
    names = []
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise InternalError("an entry of the store must hold regular files only", where=str(path))
        if stat.S_ISREG(mode):
            names.append(path.relative_to(folder).as_posix())
    return sorted(names)


def _facts(path: Path) -> dict[str, Any]:
    return {"sha256": sha256_file(path), "size": path.stat().st_size}
