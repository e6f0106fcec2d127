"""The bytes of one report, read once, with guards: anybody may have written the file."""

from __future__ import annotations

import codecs
import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fpga_tf.errors import ToolError, UserError

# Reports seen are below 1 MB, timing reports with many paths some ten; the cap only keeps a wrong file out of memory.
MAX_BYTES = 64 * 1024 * 1024
HEAD_CHARACTERS = 8192
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Source:
    """A report's content.

    Attributes:
        path: as the user gave it.
        data: the bytes.
    """

    path: str
    data: bytes

    @cached_property
    def text(self) -> str:
        """The content as text, line ends as `\\n`.

        UTF-8, or UTF-16 with its mark, as Windows shells write it. Other bytes are replaced: figures are ASCII, only
        names and paths can suffer.

        Raises:
            UserError: the content is no text.
        """
        encoding = next((name for mark, name in _BOMS if self.data.startswith(mark)), "utf-8")
        text = self.data.decode(encoding, errors="replace")
        if "\0" in text:
            raise UserError("a report must be text, not binary data", where=self.path)
        return text.replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def lines(self) -> list[str]:
        """Lines of the text without their ends. (Only `\\n` ends a line: `str.splitlines` knows eight more.)"""
        return self.text.split("\n")

    @cached_property
    def head(self) -> str:
        """The first characters: what a reader recognises its format by."""
        return self.text[:HEAD_CHARACTERS]

    def at(self, line: int) -> str:
        """Where an error is.

        Args:
            line: index into `lines`, from 0.
        """
        return f"{self.path}:{line + 1}"


def open_source(path: Path) -> Source:
    """Read a file.

    Raises:
        UserError: it is missing, no regular file (a pipe would hang), empty or too large.
        ToolError: it can't be read.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to must not wait
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UserError("the report must be a regular file", where=str(path))
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise UserError("the report must be an existing file", where=str(path)) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ToolError(f"the report can't be read: {reason}", where=str(path)) from error
    if len(data) > MAX_BYTES:
        raise UserError(f"a report must have at most {MAX_BYTES} bytes, not more", where=str(path))
    if not data.strip():
        raise UserError("a report must have content, not be empty", where=str(path))
    return Source(str(path), data)
