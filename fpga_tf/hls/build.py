"""Compiling the C-simulation: g++ with a content-addressed store in front."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from fpga_tf.errors import ToolError
from fpga_tf.files import disk_errors, sha256_file
from fpga_tf.hls.harness import HARNESS
from fpga_tf.hls.manifest import Manifest
from fpga_tf.store import Store
from fpga_tf.together import Failure, run_together

# g++ collects its garbage sooner than it would: a tenth more time, a fifth less memory
_SOONER = ("--param", "ggc-min-heapsize=98304", "--param", "ggc-min-expand=60")
# fifo.h runs processes as threads only if asked to; glibc before 2.34 links threads only with -pthread
_THREADS = ("-pthread", "-DFPGA_TF_THREADS")
FLAGS = ("-std=c++14", "-O1", "-w", *_SOONER, *_THREADS, "-Ifirmware", "-Ifirmware/ap_types")
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
        ToolError: no compiler, it fails (the message holds its first error), or a source changed meanwhile.
    """
    compiler = find_compiler()
    digests = _digests(folder, manifest)
    parts: dict[str, str | bytes] = {"compiler": compiler_version(compiler), "flags": " ".join(FLAGS)}
    key = store.key(parts | {f"file {name}": digest for name, digest in digests.items()})
    cached = store.get(key)
    if cached is not None:
        return cached / PROGRAM, key, True

    def populate(made: Path) -> None:
        _compile(compiler, folder, manifest, made, log)
        _refuse_changes(folder, digests, _digests(folder, manifest))

    return store.put(key, populate) / PROGRAM, key, False


def _digests(folder: Path, manifest: Manifest) -> dict[str, str]:
    with disk_errors(folder, "readable"):
        return {str(path.relative_to(folder)): sha256_file(path) for path in sources(folder, manifest)}


def _refuse_changes(folder: Path, before: dict[str, str], after: dict[str, str]) -> None:
    """The key stands for the sources as they were before; what g++ read must be the same."""
    changed = sorted(name for name, _ in before.items() ^ after.items())
    if changed:
        raise ToolError(
            f"a project's sources must stay as they are while they compile, {changed[0]} has changed",
            where=str(folder / changed[0]),
            hint="run again when nothing edits the project",
        )


def _compile(compiler: str, folder: Path, manifest: Manifest, made: Path, log: Path) -> None:
    """Firmware and harness are one unit: what both include is read once, which is a seventh of the work."""
    command = [compiler, *FLAGS, "-include", f"firmware/{manifest.name}.cpp", HARNESS, "-o", str(made / PROGRAM)]
    failed = run_together([command], folder)
    if failed:
        _report(failed[0], log)


def _report(failed: Failure, log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"$ {' '.join(failed.command)}\n{failed.said}\n", encoding="utf-8")
    text = failed.said
    first = _FIRST_ERROR.search(text)
    message = (first[0] if first else text.strip().splitlines()[0] if text.strip() else "no message").strip()
    message = message.removeprefix("./")  # g++'s own addition to a file that is included from the command line
    raise ToolError(
        f"the C-simulation must compile, but g++ says: {message}",
        where=f"whole log: {log}",
        hint="a full disk or an edited file of the project are the usual causes",
    )
