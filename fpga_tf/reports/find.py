"""Finds the files of a folder that may be reports."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

from fpga_tf.errors import ToolError, UserError
from fpga_tf.reports.kin import absolute

# A project has some thousand files; a folder far beyond that is not one, and walking it would seem to hang.
MAX_ENTRIES = 200_000
MAX_DEPTH = 16
MAX_TOTAL_BYTES = 1024 * 1024 * 1024
SUFFIXES = (".rpt", ".xml", ".json", ".ndjson")
_CSYNTH = ("syn", "report")
_WHOLE = ("csynth.xml", "csynth.rpt")
_TOP = re.compile(rb"<TopModelName>(\w{1,400})<|Report of '(\w{1,400})'", re.ASCII)


def find_files(root: Path, *, modules: bool = False) -> list[Path]:
    """Files with a report's ending, by path; a report with another ending can be given itself.

    Hidden folders hold the tools' scratch data and are left out. Links to folders are not followed, so a loop of links
    ends; a link to a file is.

    Args:
        root: the folder.
        modules: those of modules too, that a report of the whole beside them makes needless.

    Raises:
        UserError: the folder does not exist or is too large to be a project.
        ToolError: a folder in it can't be read.
    """
    if not is_folder(root):
        raise UserError("the project must be an existing folder", where=str(root))
    entries, size = 0, 0
    found = []
    for name, folders, files in os.walk(root, onerror=_unreadable, followlinks=False):
        folder = Path(name)
        entries += len(folders) + len(files)
        if entries > MAX_ENTRIES:
            raise UserError(f"a project folder must have at most {MAX_ENTRIES} entries, not more", where=str(root))
        if len(folder.relative_to(root).parts) >= MAX_DEPTH:
            folders.clear()
        folders[:] = sorted(child for child in folders if not child.startswith("."))
        paths = [folder / file for file in files if file.lower().endswith(SUFFIXES)]
        sizes = {path: _size(path) for path in paths}
        paths = [path for path in paths if sizes[path] is not None]
        paths = paths if modules else _without_modules(folder, paths)
        size += sum(sizes[path] or 0 for path in paths)
        if size > MAX_TOTAL_BYTES:
            raise UserError(f"reports of a folder must have at most {MAX_TOTAL_BYTES} bytes, not more", where=str(root))
        found += paths
    return sorted(found)


def is_folder(path: Path) -> bool:
    """Whether it is a folder. What can't be looked at is none: whoever opens it says why."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _size(path: Path) -> int | None:
    """Bytes of a regular file; None for what is none, such as a pipe or a link that leads nowhere."""
    try:
        status = path.stat()
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ELOOP):
            raise ToolError(f"a file of the project can't be read: {error.strerror}", where=str(path)) from error
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _without_modules(folder: Path, paths: list[Path]) -> list[Path]:
    """In a folder of C synthesis where one report holds all modules, their own reports say nothing more."""
    whole = [path for path in paths if path.name in _WHOLE]
    if absolute(folder).parts[-2:] != _CSYNTH or not whole:
        return paths
    tops = {top for path in whole for top in _tops(path)}
    return [path for path in paths if not path.stem.endswith("_csynth") or path.stem.removesuffix("_csynth") in tops]


def _tops(path: Path) -> list[str]:
    """Names that a whole report may give its top, in its first lines."""
    try:
        with path.open("rb") as file:
            return [name.decode("ascii") for pair in _TOP.findall(file.read(65536)) for name in pair if name]
    except OSError:
        return []  # whoever reads it says why it can't be read


def _unreadable(error: OSError) -> None:
    raise ToolError(f"the project folder can't be read: {error.strerror}", where=str(error.filename)) from error
