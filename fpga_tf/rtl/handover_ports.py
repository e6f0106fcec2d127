"""Ports of generated RTL for people and for testbenches: which bits a number has, and vectors as hexadecimal lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from fpga_tf.errors import InternalError
from fpga_tf.rtl.manifest import RtlPort
from fpga_tf.rtl.words import Field, Words


@dataclass(frozen=True, slots=True)
class Span:
    """Bits of a data port that a tensor has.

    Attributes:
        tensor: the tensor.
        high, low: its highest and lowest bit; both None if it has none.
        fields: its numbers, the last index of the tensor moving first.
    """

    tensor: RtlPort
    high: int | None
    low: int | None
    fields: tuple[Field, ...]

    @property
    def widths(self) -> str:
        """Bits of its numbers, smallest to largest."""
        few, many = min(f.width for f in self.fields), max(f.width for f in self.fields)
        return str(few) if few == many else f"{few} to {many}"


def bits(fields: Sequence[Field]) -> int:
    """Width of a port; at least one bit, as no port can be without."""
    return max(sum(field.width for field in fields), 1)


def spans(tensors: Sequence[RtlPort], fields: Sequence[Field]) -> list[Span]:
    """Bits of each tensor, in order.

    Raises:
        InternalError: the tensors have not as many numbers as the port.
    """
    counts = [prod(tensor.shape) for tensor in tensors]
    if sum(counts) != len(fields):
        raise InternalError(f"a port of {len(fields)} numbers must be of tensors with as many, not {counts}")
    found, at, low = [], 0, 0
    for tensor, count in zip(tensors, counts, strict=True):
        mine = tuple(fields[at : at + count])
        width = sum(field.width for field in mine)
        found.append(Span(tensor, low + width - 1 if width else None, low if width else None, mine))
        at, low = at + count, low + width
    return found


def one_line(text: str) -> str:
    """Any text as one line that Markdown shows as it is."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", " ".join(shown.split()))


def port_row(port: str, span: Span) -> str:
    """A tensor's row of the table of ports."""
    place = f"`{port}[{span.high}:{span.low}]`" if span.low is not None else f"`{port}`: none"
    width = sum(field.width for field in span.fields)
    shape = " x ".join(map(str, span.tensor.shape)) or "1"
    cells = (place, width, one_line(span.tensor.name), shape, one_line(span.tensor.format), span.widths)
    return f"| {' | '.join(map(str, cells))} |"


def port_table(
    input_tensors: Sequence[RtlPort],
    inputs: Sequence[Field],
    output_tensors: Sequence[RtlPort],
    outputs: Sequence[Field],
) -> str:
    """Every number of both ports as CSV: where it is in its tensor, its bits, and what they are worth."""
    lines = ["port,tensor,index,high,low,signed,width,fraction"]
    for port, tensors, fields in (("in_data", input_tensors, inputs), ("out_data", output_tensors, outputs)):
        low = 0
        for number, span in enumerate(spans(tensors, fields)):
            places = product(*(range(size) for size in span.tensor.shape))
            for place, field in zip(places, span.fields, strict=True):
                index = " ".join(map(str, place))
                high = str(low + field.width - 1) if field.width else ""
                start = str(low) if field.width else ""
                values = (port, number, index, high, start, int(field.signed), field.width, field.fraction)
                lines.append(",".join(map(str, values)))
                low += field.width
    return "\n".join(lines) + "\n"


def hex_lines(words: Words, fields: Sequence[Field]) -> str:
    """Samples for `$readmemh`, one a line, and a last line of ones.

    Args:
        words: as `pack` makes them, shape (samples, words).
        fields: of the port.
    """
    width = bits(fields)
    digits = -(-width // 4)
    rows = [int.from_bytes(row.astype("<u4").tobytes(), "little") for row in words]
    if any(row >> width for row in rows):
        raise InternalError(f"a sample must fit into the {width} bits of its port")
    return "".join(f"{row:0{digits}x}\n" for row in (*rows, (1 << width) - 1))


def diagram(latency: int) -> str:
    """Three samples, with a bubble behind the second, through a pipeline; a column is a rising edge."""
    taken = {0: "A", 1: "B", 3: "C"}
    given = {edge + latency: f"f({sample})" for edge, sample in taken.items()}
    edges: list[int | None] = [*range(min(latency, 5)), *([None] if latency > 5 else []), *range(latency, latency + 5)]
    if latency < 5:
        edges = [*range(latency + 5)]
    rows = {
        "edge": [".." if edge is None else str(edge) for edge in edges],
        "in_valid": [_level(edge, taken) for edge in edges],
        "in_data": [_sample(edge, taken) for edge in edges],
        "out_valid": [_level(edge, given) for edge in edges],
        "out_data": [_sample(edge, given) for edge in edges],
    }
    return "\n".join(f"{name:10}" + "".join(f"{cell:>6}" for cell in cells) for name, cells in rows.items())


def _level(edge: int | None, samples: Mapping[int, str]) -> str:
    return ".." if edge is None else str(int(edge in samples))


def _sample(edge: int | None, samples: Mapping[int, str]) -> str:
    return ".." if edge is None else samples.get(edge, "-")
