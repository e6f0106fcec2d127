"""Icarus and GHDL, where they are: the same cycles as Verilator's, as lines of bits."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpga_tf.rtl.simulate import Ports, Values
from fpga_tf.rtl.words import Field, pack, unpack

_VERILOG = """`timescale 1ns / 1ps
module bench;
    reg clk = 0;
    reg [{w}+1:0] row;
    wire out_valid;
    wire [{v}-1:0] out_data;
    integer in, out, got;
    {name} dut (.clk(clk), .rst(row[{w}+1]), .in_valid(row[{w}]), .in_data(row[{w}-1:0]), .out_valid(out_valid),
        .out_data(out_data));
    initial begin
        in = $fopen("in.txt", "r");
        out = $fopen("out.txt", "w");
        got = $fscanf(in, "%b\\n", row);
        while (got == 1) begin
            #1 clk = 1;
            #1 $fwrite(out, "%b%b\\n", out_valid, out_data);
            clk = 0;
            got = $fscanf(in, "%b\\n", row);
        end
        $finish;
    end
endmodule
"""
_VHDL = """library ieee;
use ieee.std_logic_1164.all;
use std.textio.all;
entity bench is
end entity;
architecture test of bench is
    signal clk : std_logic := '0';
    signal row : std_logic_vector({w} + 1 downto 0) := (others => '0');
    signal out_valid : std_logic;
    signal out_data : std_logic_vector({v} - 1 downto 0);
begin
    dut : entity work.{name} port map (clk => clk, rst => row({w} + 1), in_valid => row({w}),
        in_data => row({w} - 1 downto 0), out_valid => out_valid, out_data => out_data);
    process
        file given : text open read_mode is "in.txt";
        file found : text open write_mode is "out.txt";
        variable one : line;
        variable bits : bit_vector({w} + 1 downto 0);
    begin
        while not endfile(given) loop
            readline(given, one);
            read(one, bits);
            row <= to_stdlogicvector(bits);
            wait for 1 ns;
            clk <= '1';
            wait for 1 ns;
            write(one, to_bit(out_valid));
            write(one, to_bitvector(out_data));
            writeline(found, one);
            clk <= '0';
        end loop;
        wait;
    end process;
end architecture;
"""


def icarus(folder: Path, sources: tuple[str, ...], name: str, ports: Ports, values: Values) -> Values:
    """Outputs of samples given one a cycle, by Icarus Verilog."""
    _write(folder, "bench.v", _VERILOG, name, ports, values)
    _run(["iverilog", "-g2005", "-o", "bench", "-s", "bench", "bench.v", *sources], folder)
    _run(["vvp", "-n", "bench"], folder)
    return _read(folder, ports)


def ghdl(folder: Path, sources: tuple[str, ...], name: str, ports: Ports, values: Values) -> Values:
    """Outputs of samples given one a cycle, by GHDL, in the VHDL of 1993."""
    _write(folder, "bench.vhd", _VHDL, name, ports, values)
    _run(["ghdl", "-a", "--std=93", *sources, "bench.vhd"], folder)
    _run(["ghdl", "-e", "--std=93", "bench"], folder)
    _run(["ghdl", "-r", "--std=93", "bench", "--ieee-asserts=disable"], folder)
    return _read(folder, ports)


def _write(folder: Path, file: str, text: str, name: str, ports: Ports, values: Values) -> None:
    widths = {"w": _width(ports.inputs), "v": _width(ports.outputs)}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(text.format(name=name, **widths))
    rows = ["10" + "0" * widths["w"], *("01" + row for row in _bits(pack(values, ports.inputs), widths["w"]))]
    rows += [rows[-1].replace("01", "00", 1)] * (ports.latency + 1)
    (folder / "in.txt").write_text("".join(f"{row}\n" for row in rows))


def _width(fields: Sequence[Field]) -> int:
    return max(sum(field.width for field in fields), 1)


def _bits(words: NDArray[np.uint32], width: int) -> list[str]:
    """Words as bits, the highest first."""
    return [format(sum(int(word) << 32 * i for i, word in enumerate(row)), f"0{width}b") for row in words]


def _read(folder: Path, ports: Ports) -> Values:
    """Outputs that are valid; NaN where a bit is unknown."""
    rows = [row[1:] for row in (folder / "out.txt").read_text().split() if row[0] == "1"]
    low, high = (_values([row.replace("x", bit) for row in rows], ports) for bit in "01")
    return np.where(low == high, low, np.nan)


def _values(rows: list[str], ports: Ports) -> Values:
    count = -(-_width(ports.outputs) // 32)
    codes = [[int(row, 2) >> 32 * i & 0xFFFFFFFF for i in range(count)] for row in rows]
    return unpack(np.array(codes, dtype=np.uint32), ports.outputs)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[:2000]
