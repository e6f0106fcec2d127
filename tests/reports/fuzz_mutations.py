"""Ways to damage a report.

A mutation takes the file, a random generator and another file, and gives the damaged file. What it may do to the
numbers decides how its result is judged:

- OWN: it keeps or loses what the file says, and invents nothing: a number is still the file's, or gone.
- EITHER: the file and another one; the numbers must all be those of one of them.
- NONE: it may write another number, which nobody can see: only sanity is asked for.

In XML and JSON a line's meaning is in its place, so a line that moves there may tell something else, and lines that
are lost together may leave the head of one element with the tail of another: NONE.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

from . import fuzz_bytes, fuzz_lines

Judge = Literal["own", "either", "none"]
Mutate = Callable[[bytes, Random, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Mutation:
    """A way to damage a file.

    Attributes:
        name: what it is called in a finding.
        mutate: the function.
        judge: how its result is judged.
        in_place: whether the judgement holds for XML and JSON, too; if not, it is "none" there.
        weight: how often it is drawn.
    """

    name: str
    mutate: Mutate
    judge: Judge
    in_place: bool = True
    weight: int = 4


MUTATIONS = (
    Mutation("truncate", fuzz_lines.truncate, "own", weight=12),
    Mutation("behead", fuzz_lines.behead, "own"),
    Mutation("delete lines", fuzz_lines.delete_lines, "own", weight=8),
    Mutation("delete a block", fuzz_lines.delete_block, "own", in_place=False, weight=8),
    Mutation("double a block", fuzz_lines.double_block, "own", weight=8),
    Mutation("copy a block", fuzz_lines.copy_block, "own", in_place=False),
    Mutation("move a block", fuzz_lines.move_block, "own", in_place=False, weight=6),
    Mutation("swap lines", fuzz_lines.swap_lines, "own", in_place=False, weight=6),
    Mutation("shuffle a block", fuzz_lines.shuffle_block, "own", in_place=False),
    Mutation("double the file", fuzz_lines.double_file, "own", weight=2),
    Mutation("glue two files", fuzz_lines.glue, "either", weight=8),
    Mutation("put a file inside", fuzz_lines.put_inside, "either"),
    Mutation("interleave", fuzz_lines.interleave, "either", in_place=False),
    Mutation("splice two files", fuzz_bytes.splice, "none", weight=2),
    Mutation("crop", fuzz_lines.crop, "own"),
    Mutation("wrap", fuzz_lines.wrap, "own"),
    Mutation("encode", fuzz_lines.encode, "own", weight=3),
    Mutation("blanks", fuzz_lines.blanks, "own", weight=3),
    Mutation("interrupt", fuzz_lines.interrupt, "own"),
    Mutation("empty cells", fuzz_lines.empty_cells, "own", weight=6),
    Mutation("lose bars", fuzz_lines.lose_bars, "own"),
    Mutation("flip bytes", fuzz_bytes.flip_bytes, "none", weight=8),
    Mutation("insert bytes", fuzz_bytes.insert_bytes, "none"),
    Mutation("change digits", fuzz_bytes.change_digits, "none", weight=6),
    Mutation("odd numbers", fuzz_bytes.odd_numbers, "none", weight=6),
    Mutation("swell", fuzz_bytes.swell, "none", weight=1),
    Mutation("nest", fuzz_bytes.nest, "none", weight=1),
    Mutation("entities", fuzz_bytes.entities, "none", weight=1),
)
