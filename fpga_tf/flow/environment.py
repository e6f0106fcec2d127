"""What is installed: package versions, compilers and vendor tools, and whether they fit together.

Versions are read from the packages' metadata; none of the packages is imported.
"""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fpga_tf.errors import ToolError, UserError
from fpga_tf.flow.detect import Detected, detect_frontend

__all__ = ["Detected", "Requirement", "check_environment", "detect_frontend", "requirements", "tool", "version"]

# The tests run in these two environments. A frontend needs the packages of its own one.
EXTRA_OF = {"keras": "qkeras", "qkeras": "qkeras", "hgq2": "hgq2"}
PACKAGE_OF = {"qkeras": "qkeras-v3", "hgq2": "hgq2"}
TESTED_PYTHON = (3, 11)
MIN_GXX = 9  # the first with all of C++17 that the simulation's headers use

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*\(?([^;()]*)\)?\s*(?:;.*extra\s*==\s*['\"]([^'\"]+)['\"])?")
_BOUND = re.compile(r"(>=|<=|==|<|>|!=|~=)\s*([0-9][0-9A-Za-z.+-]*)")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One dependency as pyproject.toml states it; `extra` is empty for those that everyone needs."""

    package: str
    bounds: tuple[tuple[str, str], ...]
    extra: str

    @property
    def text(self) -> str:
        """For example ">=1.3.0,<1.4"."""
        return ",".join(operator + bound for operator, bound in self.bounds)

    def admits(self, found: str) -> bool:
        """Whether a version is in the range that was tested."""
        return all(_holds(_release(found), operator, _release(bound)) for operator, bound in self.bounds)


def requirements() -> list[Requirement]:
    """What fpga_tf's own metadata asks for.

    Raises:
        UserError: fpga_tf was not installed, only put on the path.
    """
    try:
        texts = importlib.metadata.requires("fpga_tf") or []
    except importlib.metadata.PackageNotFoundError as error:
        raise UserError("fpga_tf must be installed, not only on the path", hint="pip install -e '.[qkeras]'") from error
    found = []
    for text in texts:
        match = _REQUIREMENT.match(text)
        if match:
            bounds = sorted(_BOUND.findall(match[2]), key=lambda bound: bound[0], reverse=True)
            found.append(Requirement(match[1].lower(), tuple(bounds), match[3] or ""))
    return found


def version(package: str) -> str | None:
    """Version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of those of the packages that are installed."""
    return {name: found for name in packages if (found := version(name)) is not None}


def check_environment(frontend: str) -> None:
    """Refuse an environment in which a model of this frontend would be read wrongly or not at all.

    Args:
        frontend: keras, qkeras or hgq2.

    Raises:
        UserError: QKeras and HGQ2 are mixed, or the frontend's package is missing.
    """
    check_mix()
    package = PACKAGE_OF.get(frontend)
    missing = [name for name in ("hls4ml", "tensorflow", "keras", *([package] if package else [])) if not version(name)]
    if missing:
        extra = EXTRA_OF.get(frontend, "qkeras")
        raise UserError(
            f"the environment of {frontend} models must have {', '.join(missing)}, not be without",
            where=sys.prefix,
            hint=f"scripts/run makes the right one; or pip install 'fpga_tf[{extra}]' in an environment of its own",
        )


def check_mix() -> None:
    """HGQ2's wheel overwrites parts of QKeras's package, and pip does not notice.

    Raises:
        UserError: both are installed.
    """
    other = next((name for name in ("qkeras-v3", "qkeras") if version(name)), None)
    if other and version("hgq2"):
        raise UserError(
            f"an environment must have QKeras or HGQ2, not both ({other} and hgq2 overwrite each other's files)",
            where=sys.prefix,
            hint="remove this environment and run scripts/run, which makes one for each",
        )


@dataclass(frozen=True, slots=True)
class Tool:
    """A program found on the PATH; `version` is what it says of itself, or empty."""

    name: str
    path: Path
    version: str


def tool(names: Iterable[str], *, ask: bool = True) -> Tool | None:
    """The first of these programs on the PATH, or None.

    Args:
        names: programs that do the same, the preferred first.
        ask: run it with --version (not for vendor tools, which take long and want a licence).
    """
    for name in names:
        path = shutil.which(name)
        if path:
            return Tool(name, Path(path), _ask_version(path) if ask else "")
    return None


def check_compiler() -> Tool:
    """g++, which the C-simulation is compiled with.

    Raises:
        ToolError: it is missing or older than tested.
    """
    found = tool(["g++"])
    if found is None:
        raise ToolError("g++ must be on the PATH, not missing", hint="apt-get install g++ (or your system's package)")
    match = re.search(r"(\d+)\.\d+", found.version)
    if match and int(match[1]) < MIN_GXX:
        raise ToolError(f"g++ must be version {MIN_GXX} or newer, not {match[0]}", where=str(found.path))
    return found


def _ask_version(path: str) -> str:
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, stdin=subprocess.DEVNULL, timeout=20, check=False, text=True,
            errors="replace",
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0].strip()[:120] if lines and done.returncode == 0 else ""


def _release(text: str) -> tuple[int, ...]:
    """The leading numbers: 1.3.0rc1 counts as 1.3.0."""
    match = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def _holds(found: tuple[int, ...], operator: str, bound: tuple[int, ...]) -> bool:
    size = max(len(found), len(bound))
    a, b = (numbers + (0,) * (size - len(numbers)) for numbers in (found, bound))
    match operator:
        case ">=":
            return a >= b
        case "<=":
            return a <= b
        case "<":
            return a < b
        case ">":
            return a > b
        case "!=":
            return a != b
        case "==":
            return a == b
    return a >= b and a[: len(bound) - 1] == b[: len(bound) - 1]  # ~=
