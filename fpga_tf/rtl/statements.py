"""What a stage computes, one statement a number, apart from any language: codes in, codes out, all of it exact.

A number's code is its value over its step. Its width and sign are those of the smallest field that holds its range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fpga_tf.rtl.words import Field


@dataclass(frozen=True, slots=True)
class Signal:
    """A named code within a stage."""

    name: str
    signed: bool
    width: int


@dataclass(frozen=True, slots=True)
class Operand:
    """A signal, or a constant that is not negative, times 2**shift; None for zero."""

    of: Signal | int | None
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Port:
    """Bits of the stage's input, from `low` on."""

    low: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A code."""

    code: int


@dataclass(frozen=True, slots=True)
class Sum:
    """left + right, or left - right."""

    left: Operand
    right: Operand
    minus: bool


@dataclass(frozen=True, slots=True)
class Product:
    """left * right."""

    left: Signal
    right: Signal


@dataclass(frozen=True, slots=True)
class Select:
    """`high` if the key's highest bit is set, else `low`, or -`low`."""

    key: Signal
    high: Operand
    low: Operand
    minus: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """The source without its `drop` lowest bits, and without the highest that the target lacks.

    Attributes:
        rectify: zero where the source is negative.
    """

    source: Signal
    drop: int
    rectify: bool


@dataclass(frozen=True, slots=True)
class Lookup:
    """A word of a table, by the bits of the address.

    Attributes:
        table: its number in `Tables`.
    """

    address: Signal
    table: int


Expression = Port | Constant | Sum | Product | Select | Cut | Lookup


@dataclass(frozen=True, slots=True)
class Statement:
    """target = what; its lowest bits if it is wider."""

    target: Signal
    what: Expression


@dataclass(frozen=True, slots=True)
class Table:
    """Words by address; None where no number leads."""

    address_width: int
    width: int
    words: tuple[int | None, ...]


@dataclass
class Tables:
    """Different tables, numbered."""

    numbers: dict[Table, int] = field(default_factory=dict)

    def number(self, table: Table) -> int:
        """Of a table; a new one if none is equal."""
        return self.numbers.setdefault(table, len(self.numbers))


@dataclass(frozen=True)
class Stage:
    """Logic between two registers.

    Attributes:
        inputs, outputs: fields of its ports.
        statements: in an order in which each needs earlier ones only.
        results: per output a signal, bits of the input that are only handed on, or None for zero.
    """

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    statements: tuple[Statement, ...]
    results: tuple[Signal | Port | None, ...]


def used(what: Expression) -> tuple[Signal, ...]:
    """Signals that an expression needs."""
    match what:
        case Sum(left, right):
            parts = [left.of, right.of]
        case Product(left, right):
            return left, right
        case Select(key, high, low):
            parts = [key, high.of, low.of]
        case Cut(source):
            return (source,)
        case Lookup(address):
            return (address,)
        case _:
            return ()
    return tuple(part for part in parts if isinstance(part, Signal))


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring bits of a stage's output that one thing gives.

    Attributes:
        low: the first of them.
        source: as a stage's result; None for zeros.
    """

    low: int
    width: int
    source: Signal | Port | None


def runs(stage: Stage) -> list[Run]:
    """What gives a stage's output; neighbours that are neighbours in the input, too, are one."""
    found: list[Run] = []
    low = 0
    for out, source in zip(stage.outputs, stage.results, strict=True):
        last = found[-1] if found else None
        if last and isinstance(source, Port) and last.source == Port(source.low - last.width):
            found[-1] = Run(last.low, last.width + out.width, last.source)
        elif out.width:
            found.append(Run(low, out.width, source))
        low += out.width
    return found or [Run(0, 1, None)]


def widths(fields: Sequence[Field]) -> int:
    """Bits of a port; one at least, as a port must have some."""
    return max(sum(f.width for f in fields), 1)
