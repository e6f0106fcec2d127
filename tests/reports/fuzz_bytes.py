"""Ways to damage a report that may write other numbers into it, or that are meant to hurt its reader."""

from __future__ import annotations

import re
from random import Random

from .fuzz_lines import NUMBER, block_in, lines_of, replaced

_DIGIT = re.compile(rb"[0-9]")
# What looks like a number to somebody, but is none that a report may state.
_ODD = tuple(
    text.encode()
    for text in (
        *("-1", "-0", "+5", "1e5", "1e999", "NaN", "Infinity", "-inf", "0x10", "1_000", "1,0,0", "12.", ".5", "5.0"),
        *("٣", "１２", "²", "∞", "9" * 30, "9" * 5000, "0" * 40 + "7", "1." + "0" * 400, "null", "true", '"', "[]"),
    )
)


def splice(data: bytes, rng: Random, other: bytes) -> bytes:
    """The first part of one file and the last of another: a new file, whose numbers may not belong together."""
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


def flip_bytes(data: bytes, rng: Random, other: bytes) -> bytes:
    """Bytes become others."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        place = rng.randrange(len(changed))
        changed[place] = rng.choice((changed[place] ^ (1 << rng.randrange(8)), rng.randrange(256), rng.choice(data)))
    return bytes(changed)


def insert_bytes(data: bytes, rng: Random, other: bytes) -> bytes:
    """Binary data, or what is no text, in between."""
    place = rng.randrange(len(data) + 1)
    raw = rng.choice((b"\0", b"\xff\xfe", b"\xb5", b"\x1b[31m", b"\xed\xa0\x80", rng.randbytes(rng.randrange(1, 60))))
    return data[:place] + raw + data[place:]


def change_digits(data: bytes, rng: Random, other: bytes) -> bytes:
    """Digits are lost, doubled or others."""
    return replaced(
        data, rng, _DIGIT, lambda old: rng.choice((b"", old * 2, b"%d" % rng.randrange(10), b"0", old * 19))
    )


def odd_numbers(data: bytes, rng: Random, other: bytes) -> bytes:
    """Numbers become what is none."""
    return replaced(data, rng, NUMBER, lambda old: rng.choice(_ODD))


def swell(data: bytes, rng: Random, other: bytes) -> bytes:
    """A piece of the file, or of a table's lines, very often: slow code shows."""
    piece = rng.choice(
        (b" ", b"|", b"+-", b"-", b"\n", b"|a", b"a", b"1", b",", b"* ", b"<a>", b"{", b'"', b"\t", b"== ")
    )
    if rng.random() < 0.4:
        lines = lines_of(data)
        begin, end = block_in(rng, len(lines))
        piece = b"".join(lines[begin:end]) or piece
    place = rng.choice((0, len(data), rng.randrange(len(data)), data.rfind(b"\n", 0, rng.randrange(len(data))) + 1))
    return data[:place] + piece * max(1, int(10 ** rng.uniform(1, 6)) // len(piece)) + data[place:]


def nest(data: bytes, rng: Random, other: bytes) -> bytes:
    """Elements, lists or objects very deep in each other, at a place where one may be."""
    depth = int(10 ** rng.uniform(1, 5.3))
    begin, end = rng.choice(((b"<a>", b"</a>"), (b"[", b"]"), (b'{"a":', b"}"), (b"(", b")")))
    if data.lstrip().startswith(b"<"):
        begin, end = b"<a>", b"</a>"
    inner = b"" if begin == b"<a>" else b"0"
    places = [match.span() for match in re.finditer(rb">\s*<" if begin == b"<a>" else NUMBER, data)]
    left, right = rng.choice(places) if places else (len(data), len(data))
    keep = (data[left : left + 1], data[right - 1 : right]) if begin == b"<a>" and places else (b"", b"")
    return data[:left] + keep[0] + begin * depth + inner + end * depth + keep[1] + data[right:]


def entities(data: bytes, rng: Random, other: bytes) -> bytes:
    """A document type whose entities grow when they are put in, or name a file."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    kind = rng.randrange(4)
    declared = ('<!ENTITY e0 "9999999999">' + levels, '<!ENTITY e11 SYSTEM "file:///etc/hostname">', "", levels)[kind]
    doctype = f"<!DOCTYPE {rng.choice(('profile', 'a'))} [{declared}]>".encode()
    data = replaced(data, rng, NUMBER, lambda old: b"&e11;" if kind != 2 else old)
    place = data.find(b"?>") + 2 if b"?>" in data else 0
    return data[:place] + doctype + data[place:]
