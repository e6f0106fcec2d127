"""A dataflow design as a network of processes that pass rows through FIFOs: what a schedule and an estimate read.

Every process is a sequence of loops for each sample. An iteration of a loop reads at most one row from each of some
FIFOs, computes along a path of operations, and writes at most one row into each of others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter

# A manifest may be anybody's: with these bounds a schedule ends.
Count = Annotated[int, Field(ge=0, le=2**40)]
Bits = Annotated[int, Field(ge=0, le=2**24)]
Rows = Annotated[int, Field(ge=1, le=100_000)]
Cycles = Annotated[int, Field(ge=1, le=2**31)]
Kind = Literal["multiply", "sum", "maximum", "table", "shift", "select", "round", "register"]


@dataclass(frozen=True, slots=True)
class Operation:
    """Equal pieces of hardware side by side, at one place of a path.

    Attributes:
        kind: multiply; sum or maximum (a tree over `size` values); table (of `size` entries); shift (by a variable
            amount of up to `size`); select (one of `size`); round (into the declared format); register (storage).
        count: how many there are, each used once an initiation interval (of its cycle).
        bits: widths of the operands: both factors of a product; the widest value otherwise.
        size: what the kind makes of it, 1 where it has none.
        constant: one factor of a product is a constant, or comes from a table of constants that `size` steps share.
    """

    kind: Kind
    count: Count
    bits: tuple[Bits, ...]
    size: Count = 1
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop of a process.

    Attributes:
        iterations: for each sample.
        reads, writes: FIFOs of which an iteration takes, or gives, one row.
        interval: cycles from one iteration to the next.
        path: operations in series, from what is read to what is written. An operation that is used in several steps of
            an iteration (a multiplier bank with a reuse factor) stands once, with the hardware that there is.
    """

    iterations: Rows
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    interval: Cycles
    path: tuple[Operation, ...] = ()


@dataclass(frozen=True, slots=True)
class Process:
    """One function of the dataflow region.

    Attributes:
        name: the node.
        layer: the Keras layer that it is of, with the stage of an attention behind a slash.
        kind: name of the kernel.
        loops: in the order in which they run, for each sample.
        stored_bits: registers that hold rows for longer than an iteration (keys, values, sums).
        weight_bits: bits of constants in a memory, of which a step reads others than the one before.
        weight_words: how many of them a step reads at once; more multipliers than that share them.
    """

    name: str
    layer: str
    kind: str
    loops: tuple[Loop, ...]
    stored_bits: Count = 0
    weight_bits: Count = 0
    weight_words: Count = 0


@dataclass(frozen=True, slots=True)
class Channel:
    """A FIFO of rows.

    Attributes:
        bits: of a row.
        rows: of a sample.
        depth: rows that it holds.
        source, target: names of the processes; None outside the design (its ports).
    """

    name: str
    bits: Bits
    rows: Rows
    depth: Rows
    source: str | None
    target: str | None


@dataclass(frozen=True)
class Network:
    """Processes, each after those that it reads from, and the FIFOs between them."""

    processes: tuple[Process, ...] = ()
    channels: tuple[Channel, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """From what `plain` gave; raises ValueError if it is anything else."""
        network: Self = TypeAdapter(cls).validate_python(data)
        names = {c.name for c in network.channels}
        if any(not {*loop.reads, *loop.writes} <= names for p in network.processes for loop in p.loops):
            raise ValueError("a loop must read and write channels of the network")
        return network
