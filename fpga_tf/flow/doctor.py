"""The doctor's report: what this machine has of what a run needs."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import fpga_tf
from fpga_tf.errors import FpgaTfError
from fpga_tf.flow import environment as env
from fpga_tf.store import Store, default_root

Status = Literal["ok", "warn", "fail"]

_LOW_DISK = 2 * 1024**3  # bytes; a project and its build take some 100 MB
_PROGRAM = (
    "#include <cmath>\n#include <vector>\nint main() { return std::vector<int>{0}.at(0) + int(std::floor(0.5)); }\n"
)
# (what, programs that do it, what is missing without it)
_VENDOR = (
    ("Vitis HLS", ("vitis-run", "vitis_hls", "v++")),
    ("Vivado HLS", ("vivado_hls",)),
    ("Vivado", ("vivado",)),
    ("Yosys", ("yosys",)),
)
# What a run needs to decide latency and resources, and what it can do without.
_RTL = ("rtl", "yosys")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing looked at.

    Attributes:
        group: python, packages, compiler, vendor or disk.
        name: what it is.
        status: fail stands for something that every run needs.
        found: version, path or size; empty if nothing was found.
        hint: how to mend it; empty if nothing is to be done.
    """

    group: str
    name: str
    status: Status
    found: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """All rows, in the order shown."""

    rows: tuple[Row, ...]

    @property
    def status(self) -> Status:
        """The worst of all rows."""
        found = {row.status for row in self.rows}
        return "fail" if "fail" in found else "warn" if "warn" in found else "ok"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"status": self.status, "fpga_tf": fpga_tf.__version__, "rows": [asdict(row) for row in self.rows]}


def examine() -> DoctorReport:
    """Look at everything. Nothing is changed, and no heavy package is imported."""
    return DoctorReport((*_python(), *_packages(), *_compiler(), *_rtl(), *_vendor(), *_disk()))


def _python() -> list[Row]:
    found = f"{platform.python_version()} ({sys.prefix})"
    tested = ".".join(map(str, env.TESTED_PYTHON))
    if sys.version_info[:2] == env.TESTED_PYTHON:
        return [Row("python", "Python", "ok", f"{found} (tested {tested})")]
    return [Row("python", "Python", "warn", found, f"tested on {tested}")]


def _packages() -> list[Row]:
    try:
        wanted = env.requirements()
    except FpgaTfError as error:
        return [Row("packages", "fpga_tf", "fail", "not installed", error.hint or "")]
    rows = [_package(need) for need in wanted if not need.extra]
    rows += [_package(need) for need in wanted if need.extra in env.PACKAGE_OF and env.version(need.package)]
    return [*rows, _frontends()]


def _package(need: env.Requirement) -> Row:
    found = env.version(need.package)
    if found is None:
        return Row("packages", need.package, "fail", "", f"pip install '{need.package}{need.text}'")
    if not need.admits(found):
        return Row("packages", need.package, "warn", found, f"tested with {need.text}")
    return Row("packages", need.package, "ok", f"{found} (tested {need.text})")


def _frontends() -> Row:
    try:
        env.check_mix()
    except FpgaTfError as error:
        return Row("packages", "frontends", "fail", error.what, error.hint or "")
    found = [name for name, package in env.PACKAGE_OF.items() if env.version(package)]
    if not found:
        hint = "install the extra qkeras or hgq2, each in an environment of its own"
        return Row("packages", "frontends", "warn", "keras only", hint)
    return Row("packages", "frontends", "ok", ", ".join(["keras", *found]))


def _compiler() -> list[Row]:
    try:
        gxx = env.check_compiler()
    except FpgaTfError as error:
        return [Row("compiler", "g++", "fail", error.what, error.hint or "")]
    row = Row("compiler", "g++", "ok", f"{gxx.version or 'version unknown'} ({gxx.path})")
    said = _compile_complaint(gxx.path)
    if said:
        row = Row("compiler", "g++", "fail", said, "install the C++ standard library's headers (libstdc++-dev)")
    return [row]


def _compile_complaint(gxx: Path) -> str:
    """Empty if a small program compiles, or else the first line of what the compiler says."""
    try:
        done = subprocess.run(
            [str(gxx), "-std=c++17", "-fsyntax-only", "-x", "c++", "-"],
            input=_PROGRAM, capture_output=True, text=True, errors="replace", timeout=60, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[0]


def _rtl() -> list[Row]:
    """Packages that make and clock RTL."""
    try:
        wanted = [need for need in env.requirements() if need.extra in _RTL]
    except FpgaTfError:
        return []  # told already
    return [replace(_package(need), group="rtl") if env.version(need.package) else _without(need) for need in wanted]


def _without(need: env.Requirement) -> Row:
    if need.extra != "rtl":
        return Row("rtl", need.package, "ok", "not installed (optional)")
    hint = "latency and resources stay unknown until C synthesis was run: pip install 'fpga_tf[rtl]'"
    return Row("rtl", need.package, "warn", "not installed", hint)


def _vendor() -> list[Row]:
    rows = []
    for name, programs in _VENDOR:
        found = env.tool(programs, ask=False)
        rows.append(Row("vendor", name, "ok", str(found.path) if found else "not found (optional)"))
    return rows


def _disk() -> list[Row]:
    rows = []
    for name, folder in (("store of builds", default_root()), ("temporary files", Path(tempfile.gettempdir()))):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free
        found = f"{free / 1024**3:.1f} GiB free ({folder})"
        status: Status = "ok" if free >= _LOW_DISK else "warn"
        rows.append(Row("disk", name, status, found, "" if status == "ok" else "free some space"))
    try:
        Store()
    except FpgaTfError as error:
        rows.append(Row("disk", "store of builds", "fail", error.what, error.hint or ""))
    return rows
