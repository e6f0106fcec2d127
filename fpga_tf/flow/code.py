"""Digest of our own code: a change in what makes a thing is a change of every such thing in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def code_digest(parts: Iterable[str]) -> str:
    """SHA-256 over the sources of rooms and modules.

    Args:
        parts: names relative to the package, such as `hls` or `jets/sample.py`; `*` stands for any text in a name.
    """
    digest = hashlib.sha256()
    for path in _files(parts):
        digest.update(str(path.relative_to(_PACKAGE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _files(parts: Iterable[str]) -> Iterator[Path]:
    for part in parts:
        found = [path for start in _PACKAGE.glob(part) for path in (start.rglob("*") if start.is_dir() else [start])]
        yield from (path for path in sorted(found) if path.is_file() and _counts(path))


def _counts(path: Path) -> bool:
    return path.suffix in (".py", ".h", ".cpp") or "templates" in path.parts
