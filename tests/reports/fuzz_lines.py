"""Ways to damage a report that keep or lose what it says, and invent nothing: as copying, mailing and stopped runs do.

A mutation takes the file, a random generator and another file, and gives the damaged file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

NUMBER = re.compile(rb"(?<![\w.:=-])-?[0-9]+(?:\.[0-9]+)?(?![\w.:-])")
_BAR = re.compile(rb"[|+]")
_GAP = re.compile(rb"(?<=\S) {2,}(?=\S)")
_JUNK = (
    b"INFO: [XYZ 12-34] Another tool's line 17 in between",
    b"--More--",
    b"\x0c",
    b"+---+",
    b"|  |",
    b"#",
    b"=" * 80,
)


def lines_of(data: bytes) -> list[bytes]:
    """Lines with their ends."""
    return data.splitlines(keepends=True) or [b""]


def block_in(rng: Random, count: int) -> tuple[int, int]:
    """Begin and end of some lines, mostly few."""
    begin = rng.randrange(count)
    return begin, min(count, begin + rng.choice((1, 1, 2, 3, 5, 10, 30, 100)))


def replaced(data: bytes, rng: Random, pattern: re.Pattern[bytes], new: Callable[[bytes], bytes]) -> bytes:
    """With one to three of what the pattern finds replaced."""
    found = [match.span() for match in pattern.finditer(data)]
    for begin, end in sorted(rng.sample(found, min(len(found), rng.choice((1, 1, 2, 3)))), reverse=True):
        data = data[:begin] + new(data[begin:end]) + data[end:]
    return data


def truncate(data: bytes, rng: Random, other: bytes) -> bytes:
    """A run that was stopped, a copy that broke off."""
    return data[: rng.randrange(len(data))]


def behead(data: bytes, rng: Random, other: bytes) -> bytes:
    """The first lines are lost."""
    return b"".join(lines_of(data)[block_in(rng, len(lines_of(data)))[0] :])


def delete_lines(data: bytes, rng: Random, other: bytes) -> bytes:
    """Some lines, anywhere, are lost."""
    lines = lines_of(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        lines[rng.randrange(len(lines))] = b""
    return b"".join(lines)


def delete_block(data: bytes, rng: Random, other: bytes) -> bytes:
    """Some lines that follow each other are lost."""
    lines = lines_of(data)
    begin, end = block_in(rng, len(lines))
    return b"".join(lines[:begin] + lines[end:])


def double_block(data: bytes, rng: Random, other: bytes) -> bytes:
    """Some lines stand there twice."""
    lines = lines_of(data)
    begin, end = block_in(rng, len(lines))
    return b"".join(lines[:end] + lines[begin:end] * rng.choice((1, 1, 2)) + lines[end:])


def copy_block(data: bytes, rng: Random, other: bytes) -> bytes:
    """Some lines stand somewhere else as well."""
    lines = lines_of(data)
    begin, end = block_in(rng, len(lines))
    place = rng.randrange(len(lines))
    return b"".join(lines[:place] + lines[begin:end] + lines[place:])


def move_block(data: bytes, rng: Random, other: bytes) -> bytes:
    """Some lines stand somewhere else."""
    lines = lines_of(data)
    begin, end = block_in(rng, len(lines))
    rest = lines[:begin] + lines[end:]
    place = rng.randrange(len(rest) + 1)
    return b"".join(rest[:place] + lines[begin:end] + rest[place:])


def swap_lines(data: bytes, rng: Random, other: bytes) -> bytes:
    """Two lines change places."""
    lines = lines_of(data)
    one = rng.randrange(len(lines))
    two = rng.choice((rng.randrange(len(lines)), (one + 1) % len(lines)))
    lines[one], lines[two] = lines[two], lines[one]
    return b"".join(lines)


def shuffle_block(data: bytes, rng: Random, other: bytes) -> bytes:
    """Some lines that follow each other are in another order."""
    lines = lines_of(data)
    begin, end = block_in(rng, len(lines))
    block = lines[begin:end]
    rng.shuffle(block)
    return b"".join(lines[:begin] + block + lines[end:])


def double_file(data: bytes, rng: Random, other: bytes) -> bytes:
    """The file twice."""
    return data + rng.choice((b"", b"\n", b"\n\n")) + data


def glue(data: bytes, rng: Random, other: bytes) -> bytes:
    """The file behind another one, either of which may have lost its end."""
    files = [data, other]
    rng.shuffle(files)
    if rng.random() < 0.5:
        cut = rng.randrange(2)
        files[cut] = files[cut][: rng.randrange(len(files[cut]))]
    return files[0] + rng.choice((b"", b"\n")) + files[1]


def put_inside(data: bytes, rng: Random, other: bytes) -> bytes:
    """Another file, pasted between two lines."""
    lines = lines_of(data)
    place = rng.randrange(len(lines) + 1)
    return b"".join(lines[:place]) + other + b"\n" + b"".join(lines[place:])


def interleave(data: bytes, rng: Random, other: bytes) -> bytes:
    """Two runs that write into one file at once: their lines in turns, each in order."""
    files = [lines_of(data), lines_of(other)]
    result = []
    while any(files):
        lines = rng.choice([lines for lines in files if lines])
        end = rng.choice((1, 3, 10, 30))
        result += lines[:end]
        del lines[:end]
    return b"".join(result)


def crop(data: bytes, rng: Random, other: bytes) -> bytes:
    """Copied from a window that was too narrow, or with the mark too far to the right."""
    width = rng.randrange(1, 1 + max(len(line) for line in lines_of(data)))
    if rng.random() < 0.3:
        return b"\n".join(line[width % 30 :] for line in data.split(b"\n"))
    return b"\n".join(line[:width] for line in data.split(b"\n"))


def wrap(data: bytes, rng: Random, other: bytes) -> bytes:
    """Copied from a mail or window that breaks long lines."""
    width = rng.randrange(8, 9 + max(len(line) for line in lines_of(data)))
    lines = data.split(b"\n")
    return b"\n".join(line[start : start + width] for line in lines for start in range(0, max(len(line), 1), width))


def encode(data: bytes, rng: Random, other: bytes) -> bytes:
    """Written by another editor or shell."""
    text = data.decode("utf-8", errors="replace")
    choice = rng.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037", "\r\n", "\r"))
    if choice.strip():
        mark = rng.choice(("", "\ufeff")) if choice in ("utf-16-le", "utf-16-be") else ""
        return (mark + text).encode(choice, errors="replace")
    return data.replace(b"\r", b"").replace(b"\n", choice.encode())


def blanks(data: bytes, rng: Random, other: bytes) -> bytes:
    """Blanks at the ends or between words are lost, become tabs, or come to be."""
    lines = data.split(b"\n")
    choice = rng.randrange(5)
    if choice == 0:
        return b"\n".join(line.rstrip() for line in lines)
    if choice == 1:
        return b"\n".join(line.lstrip() for line in lines)
    if choice == 2:
        return _GAP.sub(rng.choice((b" ", b"\t", b"\xc2\xa0")), data)
    return b"\n".join((b" " if choice == 3 else b"> ") + line for line in lines)


def interrupt(data: bytes, rng: Random, other: bytes) -> bytes:
    """A line of something else, or an empty one, in between."""
    lines = lines_of(data)
    for _ in range(rng.choice((1, 1, 3))):
        lines.insert(rng.randrange(len(lines) + 1), rng.choice((b"", rng.choice(_JUNK))) + b"\n")
    return b"".join(lines)


def empty_cells(data: bytes, rng: Random, other: bytes) -> bytes:
    """Numbers are missing."""
    return replaced(data, rng, NUMBER, lambda old: rng.choice((b"", b" " * len(old))))


def lose_bars(data: bytes, rng: Random, other: bytes) -> bytes:
    """Bars and corners of tables are lost."""
    return replaced(data, rng, _BAR, lambda old: rng.choice((b"", b" ")))
