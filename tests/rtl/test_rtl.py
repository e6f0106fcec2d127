"""Generated Verilog, clocked: one sample a cycle, codes equal to Keras's, latency counted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fpga_tf.errors import ToolError, UserError

if TYPE_CHECKING:
    from fpga_tf.rtl.pipeline import Pipelined

pytestmark = pytest.mark.qkeras
GROUPS = ("elementwise", "softmax", "norm", "attention", "masks", "linformer")
SLOW = [pytest.param(group, marks=pytest.mark.slow) for group in GROUPS]


def _design(group: str) -> tuple[Pipelined, np.ndarray, np.ndarray]:
    """A group of operators in stages, samples, and what Keras gives."""
    from fpga_tf.lower.walk import lower
    from fpga_tf.models.evaluate import evaluate, output_keys
    from fpga_tf.rtl.pipeline import pipeline
    from fpga_tf.rtl.ports import input_values
    from fpga_tf.rtl.trace import trace
    from tests.conformance.cases import build_model
    from tests.conformance.proof import samples

    model = build_model(group, 0)
    lowered = lower(model)
    design = pipeline(trace(model, lowered), 8)
    inputs = samples(lowered.inputs, np.random.default_rng(0))
    codes = [port.codes(x) for port, x in zip(lowered.inputs, inputs, strict=True)]
    given = input_values(design.traced.inputs, codes)
    keys = output_keys(model)
    values = evaluate(model, inputs, keys, exact=True)
    return design, given, np.concatenate([values[key].reshape(len(given), -1) for key in keys], axis=1)


@pytest.mark.parametrize("group", ["linear", *SLOW])
def test_verilog_computes_what_keras_computes(group: str, tmp_path: Path) -> None:
    from fpga_tf.rtl.pipeline import write_hdl
    from fpga_tf.rtl.simulate import run_cycles
    from fpga_tf.rtl.verilate import build

    design, given, wanted = _design(group)
    files = write_hdl(design, tmp_path, "jets")
    assert files[-2:] == ("src/jets_core.v", "src/jets.v")
    assert sorted(p.name for p in (tmp_path / "src").iterdir()) == sorted(Path(f).name for f in files)
    steps: list[float] = []
    program = build(tmp_path, "jets", tmp_path / "made", advance=lambda done, total: steps.append(done / total))
    assert steps == sorted(steps)
    assert steps[-1] == 1
    result = run_cycles(program, design.ports, given)
    assert (result.problems, result.latency, result.interval) == ((), design.latency, 1)
    assert min(result.bubbles, result.resets, result.killed) > 0
    assert np.array_equal(result.outputs, wanted)


@pytest.mark.skipif(not shutil.which("ghdl"), reason="no ghdl")
@pytest.mark.parametrize("group", ["linear", *SLOW])
def test_vhdl_computes_what_keras_computes(group: str, tmp_path: Path) -> None:
    from fpga_tf.rtl.pipeline import write_hdl
    from tests.rtl.simulators import ghdl

    design, given, wanted = _design(group)
    files = write_hdl(design, tmp_path, "jets", "vhdl")
    assert np.array_equal(ghdl(tmp_path, files, "jets", design.ports, given), wanted)


def test_names_of_modules() -> None:
    from fpga_tf.rtl.names import check_name

    check_name("jet_flavour")
    check_name("a__b_")
    with pytest.raises(UserError, match="a name in VHDL must have no two _"):
        check_name("a__b", "vhdl")
    for name in ("design", "Module", "x; y", "1st", "a-b", "", "x" * 62, "in_data", "ä", "a\n"):
        with pytest.raises(UserError, match="a module's name must be letters, digits and _"):
            check_name(name)


def test_words_of_ports() -> None:
    from fpga_tf.rtl.words import Field, pack, unpack, word_count

    fields = (Field(True, 3, 2), Field(False, 0, 7), Field(False, 0, 0), Field(True, 20, 11), Field(False, 4, -1))
    rng = np.random.default_rng(0)
    low = [-(2.0**f.integer) if f.signed else 0.0 for f in fields]
    values = np.stack(
        [
            first + rng.integers(0, 2**field.width, 500) * 2.0**-field.fraction
            for first, field in zip(low, fields, strict=True)
        ],
        axis=1,
    )
    words = pack(values, fields)
    assert (word_count(fields), words.shape) == (2, (500, 2))
    assert np.array_equal(unpack(words, fields), values)
    first = sum(
        int(v * 2.0**f.fraction) % 2**f.width << at
        for v, f, at in zip(values[0], fields, (0, 6, 13, 13, 45), strict=True)
    )
    assert int(words[0, 0]) | int(words[0, 1]) << 32 == first


@pytest.fixture
def wires(tmp_path: Path) -> Path:
    """The least design that has the ports of a top module, and the name of a stage."""
    (tmp_path / "src").mkdir()
    ports = "input clk, input rst, input in_valid, input [7:0] in_data, output out_valid, output [7:0] out_data"
    body = "    assign out_valid = in_valid & ~rst;\n    assign out_data = in_data;\n"
    (tmp_path / "src/jets.v").write_text(f"module jets({ports});\n{body}endmodule\n")
    (tmp_path / "src/jets_core_stage0.v").write_text("module none;\n    wire a;\n    wire [1:0] b;\nendmodule\n")
    return tmp_path


def test_verilog_that_does_not_compile_is_said(wires: Path) -> None:
    from fpga_tf.rtl.verilate import build

    (wires / "src/jets.v").write_text("module jets(input clk; endmodule\n")
    with pytest.raises(ToolError, match=r"Verilator must compile the RTL, but says: %Error.*jets\.v:1"):
        build(wires, "jets", wires / "made")


@pytest.mark.parametrize(
    ("compiler", "said", "hint"),
    [
        (
            "no_such_compiler",
            "error: [Errno 2] No such file or directory: 'no_such_compiler'",
            "apt-get install g++",
        ),
        ("broken", "x.h:1: error: full", None),
        ("silent", "error: exit code 4", None),
    ],
)
def test_a_compiler_that_fails_is_said(
    compiler: str, said: str, hint: str | None, wires: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fpga_tf.rtl.verilate import build

    for name, text in (("broken", "echo note >&2; echo 'x.h:1: error: full' >&2; exit 1"), ("silent", "exit 4")):
        (wires / name).write_text(f"#!/bin/sh\n{text}\n")
        (wires / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{wires}:{os.environ['PATH']}")
    monkeypatch.setenv("CXX", compiler)
    with pytest.raises(ToolError) as caught:
        build(wires, "jets", wires / "made")
    assert (caught.value.what, caught.value.hint) == (f"g++ must compile the RTL, but says: {said}", hint)


def test_size_of_a_build(wires: Path) -> None:
    from fpga_tf.rtl.verilate import LARGEST_BYTES, size_of

    assert (size_of(wires, "jets").operations, size_of(wires, "jets", jobs=3).memory_bytes) == (2, 1_050_000_000)
    (wires / "src/jets_core_stage1.v").write_text("module many;\n" + "    wire a;\n" * 800_000)
    assert size_of(wires, "jets").memory_bytes > LARGEST_BYTES


def test_modules_of_the_simulation_import_neither_da4ml_nor_keras() -> None:
    code = "import sys, fpga_tf.rtl.simulate, fpga_tf.rtl.verilate; print(sorted({'da4ml', 'keras'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_interrupt_leaves_no_compiler_behind(wires: Path) -> None:
    from fpga_tf.rtl.verilate import build

    def interrupt(done: float, total: float) -> None:
        assert 0 < done < total
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(wires, "jets", wires / "made", advance=interrupt)
    assert not (wires / "made/simulate").exists()
    for _ in range(600):  # what a compiler started needs a moment to end after it
        left = [process for process in Path("/proc").glob("[0-9]*/cwd") if _at(process) == wires / "made"]
        if not left:
            break
        time.sleep(0.1)
    assert left == []


def _at(link: Path) -> Path | None:
    """Where a process works; None if it has ended or is another's."""
    try:
        return link.readlink()
    except OSError:
        return None
