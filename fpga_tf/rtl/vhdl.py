"""VHDL of a stage and of a table, with `numeric_std` alone: the same expressions as in Verilog."""

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

HEADER = "library ieee;\nuse ieee.std_logic_1164.all;\nuse ieee.numeric_std.all;\n\n"


def stage_text(stage: Stage, name: str, core: str) -> str:
    """Entity of a stage.

    Args:
        name: of the entity.
        core: what its tables' names begin with.
    """
    declared = "".join(_declared(statement) for statement in stage.statements)
    lines = [line for statement in stage.statements for line in _lines(statement, core)]
    lines += [f"out_data{_bits(run.low, run.width)} <= {_given(run)};" for run in runs(stage)]
    ports = (
        f"        in_data : in std_logic_vector({widths(stage.inputs) - 1} downto 0);\n"
        f"        out_data : out std_logic_vector({widths(stage.outputs) - 1} downto 0)\n"
    )
    body = "".join(f"    {line}\n" for line in lines)
    return f"{_entity(name, ports)}{declared}begin\n{body}end architecture;\n"


def table_text(table: Table, name: str) -> str:
    """Entity of a table."""
    size, bits = table.address_width, table.width
    words = ",\n".join(
        f'        {address} => "{"-" * bits if word is None else format(word, f"0{bits}b")}"'
        for address, word in enumerate(table.words)
    )
    ports = (
        f"        address : in std_logic_vector({size - 1} downto 0);\n"
        f"        data : out std_logic_vector({bits - 1} downto 0)\n"
    )
    return (
        f"{_entity(name, ports)}"
        f"    type words is array (0 to {(1 << size) - 1}) of std_logic_vector({bits - 1} downto 0);\n"
        f"    constant rom : words := (\n{words}\n    );\n"
        f"    signal word : std_logic_vector({bits - 1} downto 0);\n"
        "    attribute rom_style : string;\n"
        '    attribute rom_style of word : signal is "distributed";\n'
        "begin\n    word <= rom(to_integer(unsigned(address)));\n    data <= word;\nend architecture;\n"
    )


def _entity(name: str, ports: str) -> str:
    return f"{HEADER}entity {name} is\n    port (\n{ports}    );\nend entity;\n\narchitecture rtl of {name} is\n"


def _declared(statement: Statement) -> str:
    signal = statement.target
    bits = f"({signal.width - 1} downto 0)"
    text = f"    signal {signal.name} : {'signed' if signal.signed else 'unsigned'}{bits};\n"
    word = f"    signal {signal.name}_word : std_logic_vector{bits};\n"
    return text + word if isinstance(statement.what, Lookup) else text


def _given(run: Run) -> str:
    match run.source:
        case None:
            return f'"{"0" * run.width}"'
        case Port(low):
            return f"in_data{_bits(low, run.width)}"
        case signal:
            return f"std_logic_vector({signal.name})"


def _bits(low: int, width: int) -> str:
    return f"({low + width - 1} downto {low})"


def _lines(statement: Statement, core: str) -> list[str]:
    target, what = statement.target, statement.what
    kind = "signed" if target.signed else "unsigned"
    if isinstance(what, Lookup):
        ports = f"address => std_logic_vector({what.address.name}), data => {target.name}_word"
        instance = f"{target.name}_table : entity work.{core}_table{what.table} port map ({ports});"
        return [instance, f"{target.name} <= {kind}({target.name}_word);"]
    return [f"{target.name} <= {_expression(what, target, kind)};"]


def _expression(what: Expression, target: Signal, kind: str) -> str:
    width = target.width
    match what:
        case Port(low):
            return f"{kind}(in_data{_bits(low, width)})"
        case Constant(code):
            return f'"{code % (1 << width):0{width}b}"'
        case Sum(left, right, minus):
            return f"{kind}({_operand(left, width)} {'-' if minus else '+'} {_operand(right, width)})"
        case Product(left, right):
            return _product(left, right, target, kind)
        case Select(key, high, low, minus):
            other = f"{'-' if minus else ''}{_operand(low, width)}"
            return f"{kind}({_operand(high, width)}) when {_sign(key)} = '1' else {kind}({other})"
        case Cut():
            return _cut(what, target, kind)
    raise AssertionError(what)


def _operand(operand: Operand, width: int) -> str:
    """An operand as signed of some width, which may be less than its own."""
    of = operand.of
    if of is None or operand.shift >= width:
        return f'signed\'("{"0" * width}")'
    if isinstance(of, int):
        return f'signed\'("{(of << operand.shift) % (1 << width):0{width}b}")'
    kept = width - operand.shift
    value = _resized(of, kept)
    zeros = f'"{"0" * operand.shift}"'
    return f"signed(std_logic_vector({value}) & {zeros})" if operand.shift else value


def _resized(signal: Signal, width: int) -> str:
    """`resize` keeps the sign when it cuts, so bits are cut by hand."""
    value = f"{signal.name}({width - 1} downto 0)" if width < signal.width else f"resize({signal.name}, {width})"
    return value if signal.signed else f"signed({value})"


def _product(left: Signal, right: Signal, target: Signal, kind: str) -> str:
    one, other = (_resized(s, s.width + int(not s.signed)) for s in (left, right))
    natural = left.width + right.width + int(not left.signed) + int(not right.signed)
    product = f"{one} * {other}"
    # `resize` keeps the sign of what is signed when it cuts
    cut = f"unsigned({product})" if target.width < natural else product
    return f"{kind}(resize({cut}, {target.width}))"


def _cut(cut: Cut, target: Signal, kind: str) -> str:
    source, drop, width = cut.source, cut.drop, target.width
    high = min(drop + width, source.width) - 1
    if high < drop:
        bits = f"{source.name}({source.width - 1} downto {source.width - 1})" if source.signed else '"0"'
    else:
        bits = f"{source.name}({high} downto {drop})"
    own = "signed" if source.signed else "unsigned"
    value = f"{kind}(resize({own}'({bits}), {width}))"
    if not (source.signed and cut.rectify):
        return value
    return f"{value} when {_sign(source)} = '0' else \"{'0' * width}\""


def _sign(signal: Signal) -> str:
    return f"{signal.name}({signal.width - 1})"
