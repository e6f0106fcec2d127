"""What a row kernel is told: its function, its numbers and types, its constants, and what hardware that makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import InternalError
from fpga_tf.fixedpoint import Format, smallest_format
from fpga_tf.fixedpoint.format import MAX_WIDTH
from fpga_tf.process import Operation

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """How a tensor travels: `count` rows of `channels` values.

    Attributes:
        shape: of the tensor, without the batch.
        order: the tensor's axes in the order in which its values come.
    """

    count: int
    channels: int
    shape: tuple[int, ...]
    order: tuple[int, ...]

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> Rows:
        """One row for each index of the first axis; a vector is one row."""
        axes = tuple(range(len(shape)))
        return cls(1, shape[0], shape, axes) if len(shape) == 1 else cls(shape[0], prod(shape[1:]), shape, axes)

    @property
    def plain(self) -> bool:
        """Whether the values come in the order of the array."""
        return self.order == tuple(range(len(self.shape)))

    def reshaped(self, shape: tuple[int, ...]) -> Rows:
        """The same rows, of a tensor of another shape."""
        return Rows(self.count, self.channels, shape, tuple(range(len(shape))))


@dataclass(frozen=True)
class Bank:
    """Multipliers that `reuse` products share; see bank.h, which computes the same.

    Attributes:
        inputs, outputs: of the matrix.
        reuse: 1 or more.
    """

    inputs: int
    outputs: int
    reuse: int

    @property
    def parallel(self) -> int:
        """Inputs that one step takes."""
        return -(-self.inputs // self.reuse) if self.reuse <= self.inputs else 1

    @property
    def groups(self) -> int:
        """Groups of outputs that take turns, none of them empty."""
        return -(-self.outputs // self.width)

    @property
    def width(self) -> int:
        """Outputs that one step works on."""
        turns = 1 if self.reuse <= self.inputs else min(self.reuse // self.inputs, self.outputs)
        return -(-self.outputs // turns)

    @property
    def input_steps(self) -> int:
        """Steps of one group."""
        return -(-self.inputs // self.parallel)

    @property
    def steps(self) -> int:
        """Cycles for a row."""
        return self.groups * self.input_steps

    @property
    def padded(self) -> tuple[int, int]:
        """Outputs and inputs of the matrix with the zeros that fill its last steps."""
        return self.groups * self.width, self.input_steps * self.parallel

    @property
    def multipliers(self) -> int:
        """Multipliers that there are."""
        return self.parallel * self.width

    def arranged(self, matrix: Codes) -> Codes:
        """The constants in the order in which the steps use them, zeros where the bank is larger.

        Args:
            matrix: shape (outputs, inputs).
        """
        padded = np.zeros(self.padded, dtype=np.int64)
        padded[: self.outputs, : self.inputs] = matrix
        cut = padded.reshape(self.groups, self.width, self.input_steps, self.parallel)
        return cut.transpose(0, 2, 1, 3).ravel()


@dataclass(frozen=True)
class Constant:
    """An array of numbers.

    Attributes:
        name: of the parameter.
        codes: one-dimensional.
        fraction: bits below the point of its type; None: the kernel takes the integer codes.
    """

    name: str
    codes: Codes
    fraction: int | None = None

    @classmethod
    def fixed(cls, name: str, values: NDArray[np.float64]) -> Constant:
        """Exact values, in the narrowest fixed-point type."""
        fmt = smallest_format(values)
        return cls(name, fmt.codes_of(np.ravel(values))[0], fmt.fraction)

    @classmethod
    def integers(cls, name: str, values: NDArray[np.float64], fraction: int) -> Constant:
        """Exact values as integer codes with a fraction that the kernel knows.

        Raises:
            InternalError: a value has more fraction bits.
        """
        codes, on = Format(True, MAX_WIDTH - 1 - fraction, fraction).codes_of(values)
        if not on.all():
            raise InternalError(f"{name} must have at most {fraction} fraction bits")
        return cls(name, codes.ravel())

    @property
    def signed(self) -> bool:
        """Whether there is a negative one."""
        return bool(self.codes.min() < 0)

    @property
    def width(self) -> int:
        """Bits that hold every code."""
        low, high = int(self.codes.min()), int(self.codes.max())
        return max(high.bit_length(), (~low).bit_length() if low < 0 else 0, 0 if low < 0 else 1) + int(low < 0)

    @property
    def ap_type(self) -> str:
        """Its C++ type."""
        sign = "" if self.signed else "u"
        if self.fraction is None:
            return f"ap_{sign}int<{self.width}>"
        return f"ap_{sign}fixed<{self.width},{self.width - self.fraction}>"


@dataclass(frozen=True)
class Step:
    """One loop of a kernel, before its FIFOs have names.

    Attributes:
        iterations: for each sample.
        reads: positions of the inputs that an iteration reads.
        writes: whether it writes.
        interval: cycles from one iteration to the next.
        path: operations in series.
    """

    iterations: int
    reads: tuple[int, ...]
    writes: bool
    interval: int
    path: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class Kernel:
    """A call of a row kernel.

    Attributes:
        function, header: of fpga_tf's C++.
        inputs: tensors, in the order of the function's arguments.
        rows: how the output travels.
        fields: numbers of the configuration.
        types: types of the configuration.
        constants: arrays, in the order of the function's arguments.
        steps: the loops.
        stored_bits, weight_bits, weight_words: as in `fpga_tf.process.Process`.
        held: elements of the matrices that it keeps in registers.
        whole: positions of inputs of which rows may wait for another input: a FIFO there holds all rows of a sample.
        ahead: positions of inputs whose rows come while the sample before is still at work: it holds those, too.
    """

    function: str
    header: str
    inputs: tuple[str, ...]
    rows: Rows
    fields: Mapping[str, int | bool]
    types: Mapping[str, str]
    constants: tuple[Constant, ...] = ()
    steps: tuple[Step, ...] = ()
    stored_bits: int = 0
    weight_bits: int = 0
    weight_words: int = 0
    held: int = 0
    whole: frozenset[int] = field(default_factory=frozenset)
    ahead: frozenset[int] = field(default_factory=frozenset)


def multiply(bank: Bank, a: int, b: int, *, copies: int = 1, constant: bool = False) -> Operation:
    """The multipliers of a bank, for operands of `a` and `b` bits."""
    return Operation("multiply", copies * bank.multipliers, (a, b), bank.steps, constant)


def summed(bank: Bank, fmt: Format, *, copies: int = 1) -> Operation:
    """The adders behind a bank's multipliers: a tree over the products of a step, and the sum of the steps."""
    size = bank.parallel + (1 if bank.input_steps > 1 else 0)
    return Operation("sum", copies * bank.width, (fmt.width,), size)


def rounded(count: int, fmt: Format) -> Operation:
    """Conversions into a format."""
    return Operation("round", count, (fmt.width,))
