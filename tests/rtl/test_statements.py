"""Every kind of statement, every sign and many widths and shifts, for every input: numbers equal in all languages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.rtl.hdl import Language, texts
from fpga_tf.rtl.simulate import Ports, Values, stream
from fpga_tf.rtl.stages import stage as stage_of
from fpga_tf.rtl.statements import (
    Constant,
    Cut,
    Expression,
    Lookup,
    Operand,
    Port,
    Product,
    Run,
    Select,
    Signal,
    Stage,
    Statement,
    Sum,
    Table,
    Tables,
    runs,
)
from fpga_tf.rtl.verilate import build
from fpga_tf.rtl.words import Field
from tests.rtl.simulators import ghdl, icarus

NAME = "every_kind"
SOURCES = (Signal("a", True, 3), Signal("b", False, 3), Signal("c", False, 1), Signal("d", True, 1))
A, B, C, D = SOURCES
HANDED = (A, B, B, D)  # inputs that are handed on; zero in place of the third
TABLES = [Table(3, 5, (3, None, 31, 0, 7, 16, 1, 2)), Table(1, 1, (1, 0))]


def value(operand: Operand, known: dict[Signal, int]) -> int:
    """An operand's number, by arithmetic."""
    of = operand.of
    return (0 if of is None else of if isinstance(of, int) else known[of]) * 2**operand.shift


def computed(what: Expression, known: dict[Signal, int]) -> int | None:
    """What a statement computes before its target cuts it; None if anything will do."""
    match what:
        case Constant(code):
            return code
        case Sum(left, right, minus):
            return value(left, known) + (-1 if minus else 1) * value(right, known)
        case Product(left, right):
            return known[left] * known[right]
        case Select(key, high, low, minus):
            top = known[key] < 0 if key.signed else known[key] >= 2 ** (key.width - 1)
            return value(high, known) if top else (-1 if minus else 1) * value(low, known)
        case Cut(source, drop, rectify):
            return max(known[source], 0) // 2**drop if rectify else known[source] // 2**drop
        case Lookup(address, table):
            return TABLES[table].words[known[address] % 2**address.width]
    raise AssertionError(what)


def expressions() -> Iterator[Expression]:
    operands = [Operand(of, shift) for of, shift in product((A, B, C), (0, 2))]
    operands += [Operand(None), Operand(5), Operand(1, 3), Operand(D, 4)]
    for left, right, minus in product(operands, operands, (False, True)):
        yield Sum(left, right, minus)
    for left, right in product(SOURCES, SOURCES):
        yield Product(left, right)
    for key, high, low, minus in product((A, B, C), operands[::2], operands[1::2], (False, True)):
        yield Select(key, high, low, minus)
    for source, drop, rectify in product(SOURCES, (0, 1, 2, 4), (False, True)):
        yield Cut(source, drop, rectify)
    for code in (0, 5, -3):
        yield Constant(code)
    yield from (Lookup(A, 0), Lookup(B, 0), Lookup(C, 1), Lookup(D, 1))


def design() -> tuple[Stage, list[Statement]]:
    """A stage with a statement for every expression and three widths of the target, signed and not."""
    statements = [Statement(source, Port(at)) for source, at in zip(SOURCES, (0, 3, 6, 7), strict=True)]
    tested: list[Statement] = []
    for what in expressions():
        widths = [TABLES[what.table].width] if isinstance(what, Lookup) else [1, 3, 9]
        for width, signed in product(widths, (False, True)):
            tested.append(Statement(Signal(f"r{len(tested)}", signed, width), what))
    targets = tuple(statement.target for statement in tested)
    fields = tuple(Field(s.signed, s.width - int(s.signed), 0) for s in (*SOURCES, *targets, *HANDED))
    results = (*targets, Port(0), Port(3), None, Port(7))
    return Stage(fields[:4], fields[4:], (*statements, *tested), results), tested


def wrapped(number: int, signal: Signal) -> int:
    code = number % 2**signal.width
    return code - 2**signal.width if signal.signed and code >> signal.width - 1 else code


def expected(tested: list[Statement]) -> tuple[Values, Values]:
    """All inputs; outputs, NaN where anything will do."""
    rows, outputs = [], []
    for numbers in product(range(-4, 4), range(8), range(2), range(-1, 1)):
        known = dict(zip(SOURCES, numbers, strict=True))
        found = [computed(statement.what, known) for statement in tested]
        pairs = zip(found, tested, strict=True)
        outputs.append([np.nan if number is None else wrapped(number, s.target) for number, s in pairs])
        outputs[-1] += [numbers[0], numbers[1], 0, numbers[3]]
        rows.append(numbers)
    return np.array(rows, dtype=float), np.array(outputs)


def verilator(folder: Path, sources: tuple[str, ...], name: str, ports: Ports, values: Values) -> Values:
    return stream(build(folder, name, folder / "made"), ports, values)


def test_neighbours_that_are_handed_on_are_one() -> None:
    stage, tested = design()
    last = runs(stage)[-3:]
    low = sum(statement.target.width for statement in tested)
    assert last == [Run(low, 6, Port(0)), Run(low + 6, 3, None), Run(low + 9, 1, Port(7))]


@pytest.mark.parametrize(
    ("language", "tool", "simulate"),
    [("verilog", None, verilator), ("verilog", "iverilog", icarus), ("vhdl", "ghdl", ghdl)],
)
def test_every_statement_for_every_input(
    language: Language, tool: str | None, simulate: Callable[..., Values], tmp_path: Path
) -> None:
    if tool and not shutil.which(tool):
        pytest.skip(f"no {tool}")
    stage, tested = design()
    tables = Tables({table: number for number, table in enumerate(TABLES)})
    (tmp_path / "src").mkdir()
    files = []
    for file, text in texts([stage], tables, NAME, language).items():
        (tmp_path / "src" / file).write_text(text)
        files.append(f"src/{file}")
    rows, wanted = expected(tested)
    found = simulate(tmp_path, tuple(files), NAME, Ports(stage.inputs, stage.outputs, 1), rows)
    assert found.shape == wanted.shape == (256, len(tested) + len(HANDED))
    known = ~np.isnan(wanted)
    wrong = np.flatnonzero(((found != wanted) & known).any(axis=0))
    assert not len(wrong), [stage.results[i] for i in wrong[:3]]


def test_an_operation_that_is_not_known_is_refused() -> None:
    from da4ml.types import CombLogic, Op, QInterval

    ops = [Op(0, -1, -1, 0, QInterval(-4.0, 3.0, 1.0), 0.0, 0.0), Op(0, -1, 9, 0, QInterval(0.0, 1.0, 1.0), 0.0, 0.0)]
    solution = CombLogic((1, 1), [0], [1], [0], [False], ops, -1, -1)
    with pytest.raises(UserError, match="an operation must be one that becomes RTL here, not number 9 of da4ml"):
        stage_of(solution, Tables())
