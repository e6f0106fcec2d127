"""Where values stand in JSON text: errors and annotations name a line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

Loc = tuple[str | int, ...]
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')


def lines_of(text: str) -> dict[Loc, int]:
    """Line, from 1, of every value.

    Args:
        text: well-formed JSON.
    """
    found: dict[Loc, int] = {}
    path: list[str | int] = []
    line, read, in_key = 1, 0, False
    for token in _TOKEN.finditer(text):
        line, read = line + text.count("\n", read, token.start()), token.start()
        word = token[0]
        if word == ":":
            in_key = False
        elif word == ",":
            last = path[-1]
            path[-1], in_key = (last + 1, False) if isinstance(last, int) else (last, True)
        elif word in "}]":
            path.pop()
            in_key = False
        elif in_key:
            path[-1] = json.loads(word)
        else:
            found[tuple(path)] = line
            if word in "{[":
                path.append("" if word == "{" else 0)
                in_key = word == "{"
    return found


def line_at(lines: Mapping[Loc, int], loc: Loc) -> int:
    """Line of a value, or of the innermost one around it that is there."""
    while loc and loc not in lines:
        loc = loc[:-1]
    return lines.get(loc, 1)
