"""Reading our Markdown pages: fenced blocks, headings, links and tables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^( *)```(.*)$")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: first word behind the fence.
        argument: second word, such as a file's name.
        text: what stands inside, ended by a newline.
        line: number of its first line.
    """

    language: str
    argument: str
    text: str
    line: int


def pages() -> list[Path]:
    """Every page that we own."""
    return sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "hls_projects/README.md", *DOCS.rglob("*.md")])


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    inside: list[str] | None = None
    head, start = "", 0
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence is None:
            if inside is not None:
                inside.append(line)
        elif inside is None:
            inside, head, start = [], fence[2].strip(), number + 1
        else:
            words = [*head.split(), "", ""]
            yield Block(words[0], words[1], "".join(f"{text}\n" for text in inside), start)
            inside = None
    assert inside is None, f"{page}:{start}: a fence must be closed"


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^( *)```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[str]:
    """Targets of a page's links, outside of blocks and of inline code."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "code", prose(page)))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    return {_anchor(heading) for heading in _HEADING.findall(prose(page))}


def _anchor(heading: str) -> str:
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    kept = (c for c in plain if c in "-_ " or unicodedata.category(c)[0] in "LN")
    return "".join(kept).strip().replace(" ", "-")


def rows(page: Path, heading: str) -> list[list[str]]:
    """Cells of the first table below a heading, without its head."""
    text = page.read_text(encoding="utf-8")
    part = re.split(rf"^#+ {re.escape(heading)}$", text, maxsplit=1, flags=re.MULTILINE)
    assert len(part) == 2, f"{page} must have the heading {heading!r}"
    table: list[list[str]] = []
    for line in part[1].splitlines():
        if line.startswith("|"):
            table.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))])
        elif table or line.startswith("#"):
            break
    return table[2:]
