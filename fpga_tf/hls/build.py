"""Compiling the C-simulation: g++, two translation units at once, a content-addressed store in front."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fpga_tf.errors import ToolError
from fpga_tf.files import sha256_file
from fpga_tf.hls.harness import HARNESS
from fpga_tf.hls.manifest import Manifest
from fpga_tf.store import Store

FLAGS = ("-std=c++14", "-O1", "-w", "-Ifirmware", "-Ifirmware/ap_types")
PROGRAM = "simulate"
# the linker names what it lacks before collect2 says that it failed
_FIRST_ERROR = re.compile(r"^(?!collect2:).*?(?:error: |undefined reference to ).*$", re.MULTILINE)


def find_compiler() -> str:
    """Path of g++ ($CXX if set).

    Raises:
        ToolError: there is none.
    """
    name = os.environ.get("CXX") or "g++"
    found = shutil.which(name)
    if found is None:
        raise ToolError(f"a C++ compiler must be on the PATH, {name} is not", hint="apt-get install g++")
    return found


def sources(folder: Path, manifest: Manifest) -> list[Path]:
    """Every file that the program is compiled from, as it is on disk now."""
    found = [folder / HARNESS, *(p for p in (folder / "firmware").rglob("*") if p.is_file())]
    missing = [n for n in manifest.files if n.startswith("firmware/") and not (folder / n).is_file()]
    if missing or not (folder / HARNESS).is_file():
        raise ToolError(
            f"a project must hold all its sources, {missing[0] if missing else HARNESS} is missing",
            where=str(folder),
            hint="make the project again with --fresh",
        )
    return sorted(found)


def compiler_version(compiler: str) -> str:
    """First line of ``g++ --version``.

    Raises:
        ToolError: it does not run.
    """
    try:
        text = subprocess.run([compiler, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolError(f"the C++ compiler must run, {compiler} does not: {error}") from error
    return text.splitlines()[0] if text else ""


def build(folder: Path, manifest: Manifest, store: Store, log: Path) -> tuple[Path, str, bool]:
    """The program of a project.

    Args:
        folder: the project.
        log: where the compiler's messages go if it fails.

    Returns:
        The program's path, its key, and whether it came from the store.

    Raises:
        ToolError: no compiler, or it fails; the message holds the compiler's first error.
    """
    compiler = find_compiler()
    parts: dict[str, str | bytes] = {"compiler": compiler_version(compiler), "flags": " ".join(FLAGS)}
    for path in sources(folder, manifest):
        parts[f"file {path.relative_to(folder)}"] = sha256_file(path)
    key = store.key(parts)
    cached = store.get(key)
    if cached is not None:
        return cached / PROGRAM, key, True
    entry = store.put(key, lambda made: _compile(compiler, folder, manifest, made, log))
    return entry / PROGRAM, key, False


def _compile(compiler: str, folder: Path, manifest: Manifest, made: Path, log: Path) -> None:
    units = {f"firmware/{manifest.name}.cpp": made / "firmware.o", HARNESS: made / "harness.o"}
    command = [compiler, *FLAGS]
    jobs: list[Callable[[], tuple[list[str], str] | None]] = [
        _job([*command, "-c", source, "-o", str(target)], folder) for source, target in units.items()
    ]
    with ThreadPoolExecutor(len(jobs)) as pool:
        failed = [f for f in pool.map(lambda job: job(), jobs) if f is not None]
    if not failed:
        link = _job([compiler, *map(str, units.values()), "-o", str(made / PROGRAM)], folder)()
        failed = [] if link is None else [link]
    if failed:
        _report(failed, log)
    for target in units.values():
        target.unlink()


def _job(command: Sequence[str], folder: Path) -> Callable[[], tuple[list[str], str] | None]:
    def run() -> tuple[list[str], str] | None:
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
        except OSError as error:
            return list(command), f"error: {error}"
        return None if done.returncode == 0 else (list(command), done.stderr or f"error: exit code {done.returncode}")

    return run


def _report(failed: Sequence[tuple[list[str], str]], log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("".join(f"$ {' '.join(c)}\n{text}\n" for c, text in failed), encoding="utf-8")
    text = failed[0][1]
    first = _FIRST_ERROR.search(text)
    message = (first[0] if first else text.strip().splitlines()[0] if text.strip() else "no message").strip()
    raise ToolError(
        f"the C-simulation must compile, but g++ says: {message}",
        where=f"whole log: {log}",
        hint="a full disk or an edited file of the project are the usual causes",
    )
