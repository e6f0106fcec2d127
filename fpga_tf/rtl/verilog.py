"""Verilog of a stage and of a table: plain expressions that every tool reads, without parameters or files of data.

Every operand of an expression is signed, so that its bits are extended by its own sign and no other.
"""

from __future__ import annotations

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
    runs,
    widths,
)


def stage_text(stage: Stage, name: str, core: str) -> str:
    """Module of a stage.

    Args:
        name: of the module.
        core: what its tables' names begin with.
    """
    lines = [line for statement in stage.statements for line in _lines(statement, core)]
    lines += [f"assign out_data{_bits(run.low, run.width)} = {_given(run)};" for run in runs(stage)]
    ports = (
        f"    input wire [{widths(stage.inputs) - 1}:0] in_data,\n"
        f"    output wire [{widths(stage.outputs) - 1}:0] out_data\n"
    )
    body = "".join(f"    {line}\n" for line in lines)
    return f"`timescale 1ns / 1ps\n\nmodule {name} (\n{ports});\n{body}endmodule\n"


def table_text(table: Table, name: str) -> str:
    """Module of a table."""
    size, bits = table.address_width, table.width
    cases = "".join(
        f"            {size}'d{address}: word = {bits}'d{word};\n"
        for address, word in enumerate(table.words)
        if word is not None
    )
    return (
        f"`timescale 1ns / 1ps\n\nmodule {name} (\n"
        f"    input wire [{size - 1}:0] address,\n    output wire [{bits - 1}:0] data\n);\n"
        f'    (* rom_style = "distributed" *) reg [{bits - 1}:0] word;\n'
        f"    assign data = word;\n    always @* begin\n        case (address)\n"
        f"{cases}            default: word = {bits}'bx;\n        endcase\n    end\nendmodule\n"
    )


def _given(run: Run) -> str:
    match run.source:
        case None:
            return f"{run.width}'d0"
        case Port(low):
            return f"in_data{_bits(low, run.width)}"
        case signal:
            return signal.name


def _bits(low: int, width: int) -> str:
    return f"[{low + width - 1}:{low}]"


def _lines(statement: Statement, core: str) -> list[str]:
    target, what = statement.target, statement.what
    declared = f"wire {'signed ' if target.signed else ''}[{target.width - 1}:0] {target.name}"
    if isinstance(what, Lookup):
        instance = (
            f"{core}_table{what.table} {target.name}_table (.address({what.address.name}), .data({target.name}));"
        )
        return [f"{declared};", instance]
    return [f"{declared} = {_expression(what, target)};"]


def _expression(what: Expression, target: Signal) -> str:
    match what:
        case Port(low):
            return f"in_data{_bits(low, target.width)}"
        case Constant(code):
            return f"{target.width}'d{code % (1 << target.width)}"
        case Sum(Operand(None), right, minus):
            return f"{'-' if minus else ''}{_operand(right)}"
        case Sum(left, right, minus):
            return f"{_operand(left)} {'-' if minus else '+'} {_operand(right)}"
        case Product(left, right):
            return f"{_operand(Operand(left))} * {_operand(Operand(right))}"
        case Select(key, high, low, minus):
            return f"{_sign(key)} ? {_operand(high)} : {'-' if minus else ''}{_operand(low)}"
        case Cut():
            return _cut(what, target.width)
    raise AssertionError(what)


def _operand(operand: Operand) -> str:
    of, zeros = operand.of, f", {operand.shift}'d0" if operand.shift else ""
    if of is None:
        return "$signed(1'b0)"
    if isinstance(of, int):
        return f"$signed({{{of.bit_length() + 1}'d{of}{zeros}}})"
    if of.signed:
        return f"$signed({{{of.name}{zeros}}})" if zeros else of.name
    return f"$signed({{1'b0, {of.name}{zeros}}})"


def _cut(cut: Cut, width: int) -> str:
    source, drop = cut.source, cut.drop
    high = min(drop + width, source.width) - 1
    if source.signed and not cut.rectify and drop + width > source.width:
        return f"{source.name} >>> {drop}" if drop else source.name
    if high < drop:
        return f"{width}'d0"
    bits = f"{source.name}[{high}:{drop}]"
    return f"{_sign(source)} ? {width}'d0 : {bits}" if source.signed and cut.rectify else bits


def _sign(signal: Signal) -> str:
    return f"{signal.name}[{signal.width - 1}]"
