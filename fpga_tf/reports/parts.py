"""Part numbers as tools spell them."""

from __future__ import annotations

import re

_PACKAGE = re.compile(r"[a-z]{2,4}[0-9]{3,4}")


def same_part(one: str, other: str) -> bool:
    """Whether two spellings can mean one part.

    Tools differ in case, in dashes (`xcvu9pflgb2104-2`), in the vendor's `xc` (`7z020clg400-1`), and leave out what
    comes last: the temperature grade, the speed grade, or the package too (`xcvc1902`).
    """
    short, long = sorted((_plain(one), _plain(other)), key=lambda part: len(part.replace("-", "")))
    letters = iter(short.replace("-", ""))
    wanted = next(letters, None)
    for index, character in enumerate(long):
        if wanted is None:
            return character == "-" or (long[index - 1] != "-" and _PACKAGE.match(long, index) is not None)
        if character == "-":
            continue
        if character != wanted:
            return False
        wanted = next(letters, None)
    return wanted is None


def _plain(part: str) -> str:
    return part.strip().lower().removeprefix("xc")
