"""From da4ml's operations to the statements of a stage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from da4ml.types import QInterval, minimal_kif

from fpga_tf.errors import InternalError, UserError
from fpga_tf.rtl.statements import (
    Constant,
    Cut,
    Expression,
    Lookup,
    Operand,
    Port,
    Product,
    Select,
    Signal,
    Stage,
    Statement,
    Sum,
    Table,
    Tables,
    used,
)
from fpga_tf.rtl.words import Field


def field_of(interval: Any) -> Field:
    """The smallest field of an interval of da4ml."""
    signed, integer, fraction = minimal_kif(interval)
    return Field(bool(signed), int(integer), int(fraction))


def stage(solution: Any, tables: Tables) -> Stage:
    """Statements of a stage.

    Args:
        solution: da4ml's `CombLogic`.
        tables: those of the whole design; grows.

    Raises:
        UserError: an operation that is not known.
        InternalError: what da4ml says contradicts itself.
    """
    return _Writer(solution, tables).stage()


class _Writer:
    def __init__(self, solution: Any, tables: Tables) -> None:
        self.solution, self.tables = solution, tables
        self.fields = [field_of(op.qint) for op in solution.ops]
        self.signals = [Signal(f"v{i}", f.signed, f.width) for i, f in enumerate(self.fields)]
        self.inputs = tuple(field_of(interval) for interval in solution.inp_qint)
        self.lows = np.cumsum([0, *(f.width for f in self.inputs)])
        self.negated: dict[int, tuple[Signal, Field]] = {}
        self.statements: list[Statement] = []

    def stage(self) -> Stage:
        for index, (op, uses) in enumerate(zip(self.solution.ops, self.solution.ref_count, strict=True)):
            if uses and self.fields[index].width:
                what = self.expression(op, self.fields[index])
                self.statements.append(Statement(self.signals[index], what))
        outputs = tuple(field_of(interval) for interval in self.solution.out_qint)
        chosen = zip(self.solution.out_idxs, self.solution.out_negs, outputs, strict=True)
        results = tuple(self.result(int(index), bool(negative), out) for index, negative, out in chosen)
        handed = {s.target: s.what for s in self.statements if isinstance(s.what, Port)}
        for statement in self.statements:
            for signal in used(statement.what):
                handed.pop(signal, None)
        kept = tuple(s for s in self.statements if s.target not in handed)
        return Stage(self.inputs, outputs, kept, tuple(handed.get(r, r) if r else None for r in results))

    def result(self, index: int, negative: bool, out: Field) -> Signal | None:
        if index < 0 or not out.width:
            return None
        signal = self.opposite(index)[0] if negative else self.signals[index]
        if (signal.width, signal.signed) != (out.width, out.signed):
            raise InternalError(f"an output's {out.width} bits must be those of its signal, not {signal.width}")
        return signal

    def expression(self, op: Any, out: Field) -> Expression:
        match op.opcode:
            case -1:
                if self.inputs[op.id0].width != out.width:
                    raise InternalError("an input must have the bits of its field")
                return Port(int(self.lows[op.id0]))
            case 0 | 1:
                left, right = self.operand(op.id0, 0, out), self.operand(op.id1, op.data, out)
                return Sum(left, right, op.opcode == 1)
            case 4:
                return Sum(self.operand(op.id0, 0, out), Operand(abs(int(op.data))), op.data < 0)
            case 5:
                return Constant(int(op.data))
            case 6 | -6:
                return self.select(op, out)
            case 7:
                return self.product(op, out)
            case 8:
                return self.lookup(op, out)
            case 2 | -2 | 3 | -3:
                return self.cut(op, out)
        raise UserError(f"an operation must be one that becomes RTL here, not number {op.opcode} of da4ml")

    def operand(self, index: int, shift: int, out: Field) -> Operand:
        """A number as steps of the target."""
        if not self.fields[index].width:
            return Operand(None)
        steps = int(shift) + out.fraction - self.fields[index].fraction
        if steps < 0:
            raise InternalError(f"a sum must keep all bits of its parts, not lose {-steps}")
        return Operand(self.signals[index], steps)

    def opposite(self, index: int) -> tuple[Signal, Field]:
        """The signal of -number."""
        if index not in self.negated:
            low, high, step = self.solution.ops[index].qint
            out = field_of(QInterval(-high, -low, step))
            signal = Signal(f"v{index}_neg", out.signed, out.width)
            self.statements.append(Statement(signal, Sum(Operand(None), Operand(self.signals[index]), True)))
            self.negated[index] = signal, out
        return self.negated[index]

    def select(self, op: Any, out: Field) -> Expression:
        key = self.signals[op.data & 0xFFFFFFFF]
        shift = _signed32(op.data >> 32)
        if not key.width:
            raise InternalError("a selection's key must have a bit")
        high, low = self.operand(op.id0, 0, out), self.operand(op.id1, shift, out)
        return Select(key, high, low, op.opcode < 0)

    def product(self, op: Any, out: Field) -> Expression:
        left, right = op.id0, op.id1
        if self.fields[left].fraction + self.fields[right].fraction != out.fraction:
            raise InternalError("a product must have the steps of both its factors")
        return Product(self.signals[left], self.signals[right])

    def cut(self, op: Any, out: Field) -> Expression:
        source, of = (self.signals[op.id0], self.fields[op.id0]) if op.opcode > 0 else self.opposite(op.id0)
        drop = of.fraction - out.fraction
        if drop < 0:
            raise InternalError(f"a number that is cut must not gain {-drop} bits")
        return Cut(source, drop, abs(op.opcode) == 2) if source.width else Constant(0)

    def lookup(self, op: Any, out: Field) -> Expression:
        table, address = self.solution.lookup_tables[op.data], self.signals[op.id0]
        signed, integer, fraction = table.spec.out_kif
        if (bool(signed) + integer + fraction, fraction) != (out.width, out.fraction):
            raise InternalError("a table's words must have the bits of its result")
        words = _words(table.padded_table(self.solution.ops[op.id0].qint), out.width)
        if len(words) != 1 << address.width:
            raise InternalError(f"a table of {address.width} bits of address must have as many words, not {len(words)}")
        if not address.width:
            return Constant(words[0] or 0)
        return Lookup(address, self.tables.number(Table(address.width, out.width, words)))


def _words(codes: Iterable[float], width: int) -> tuple[int | None, ...]:
    """Bits of each code; no number is what nothing leads to."""
    return tuple(None if np.isnan(code) else int(code) % (1 << width) for code in codes)


def _signed32(bits: int) -> int:
    low = int(bits) & 0xFFFFFFFF
    return low - (1 << 32) if low >> 31 else low
