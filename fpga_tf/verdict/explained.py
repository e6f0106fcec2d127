"""How a model's layers are computed in hardware, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Sentence:
    """A statement, and where its numbers come from."""

    text: str
    source: str


@dataclass(frozen=True)
class Operand:
    """What a layer reads: the layer or input that made it, its shape without the batch, its format."""

    name: str
    shape: tuple[int, ...]
    format: str


@dataclass(frozen=True)
class Table:
    """A table of constants.

    Attributes:
        entries, bits: how many, and the width of one.
        address_bits: of its address.
        error: largest difference to the function, over all arguments that an entry stands for.
        of: what that error is of, in words.
    """

    name: str
    entries: int
    bits: int
    address_bits: int
    error: float
    of: str


@dataclass(frozen=True)
class Fifo:
    """A FIFO beside a layer: bits of a row, rows of a sample, rows that it holds, and the processes at its ends."""

    bits: int
    rows: int
    depth: int
    source: str | None
    target: str | None


@dataclass(frozen=True)
class ProcessFacts:
    """A process of a layer, and what it is believed to be: its kernel, cycles for a sample, LUT and DSP."""

    name: str
    kernel: str
    cycles: int
    LUT: int
    DSP: int


@dataclass(frozen=True)
class ShapeFacts:
    """A layer in one hardware shape.

    Attributes:
        name: of the shape, in words.
        chosen: it is that of the configuration or project.
        multipliers: that there are; unrolled, one for each product whose weight is not zero; None: not counted.
        steps: cycles that a row takes; None where all rows are there at once.
        cycles: for a sample, from one to the next.
        stored_bits: of registers that hold rows for longer.
        LUT, DSP: believed; None: not known for a single layer.
        processes: that it consists of.
        fifos: beside it.
        source: of the numbers.
    """

    name: str
    chosen: bool
    multipliers: int | None
    steps: int | None
    cycles: int
    stored_bits: int
    LUT: int | None
    DSP: int | None
    processes: tuple[ProcessFacts, ...]
    fifos: tuple[Fifo, ...]
    source: str


@dataclass(frozen=True)
class LayerFacts:
    """One layer, or one stage of an attention.

    Attributes:
        name: of the layer, with the stage behind a slash.
        kind: in words.
        shape: of the output, without the batch.
        inputs: what it reads.
        weights, bias: formats; None: it has none.
        accumulator: format of its exact sum; None: it has none.
        output: format of the result.
        exact_bits: of its widest exact result.
        weight_bits: of weights and biases together.
        tables: of functions.
        sentences: how it is computed.
        shapes: the hardware shapes side by side, unrolled first.
        lut_da4ml: LUTs as da4ml counts them; None: there is no RTL.
        bit_operations: digits of one factor times those of the other, over the products of projections, of scales and
            of two tensors; sums, tables, means, softmax and normalisation have none.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    inputs: tuple[Operand, ...]
    weights: str | None
    bias: str | None
    accumulator: str | None
    output: str
    exact_bits: int
    weight_bits: int
    tables: tuple[Table, ...]
    sentences: tuple[Sentence, ...]
    shapes: tuple[ShapeFacts, ...]
    lut_da4ml: float | None
    bit_operations: int

    @property
    def chosen(self) -> ShapeFacts | None:
        """The shape that it has."""
        return next((one for one in self.shapes if one.chosen), None)


@dataclass(frozen=True)
class Explained:
    """A model's layers in the order of the firmware.

    Attributes:
        name: of the project.
        origin: the configuration or project folder.
        frontend, part, clock_ns: of the project.
        layers: all, or those that were asked for.
        rtl: folder of the RTL whose costs are told; None: there is none.
        notes: what was done to the model, and what is not known.
    """

    name: str
    origin: str
    frontend: str
    part: str
    clock_ns: float
    layers: tuple[LayerFacts, ...]
    rtl: str | None
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)
