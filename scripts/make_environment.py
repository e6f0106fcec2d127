"""Make or mend a virtual environment in the checkout: `make_environment.py .venv qkeras tests`.

Runs before anything is installed, so with the standard library only. A stamp in the environment, written last, says
what was installed; while it fits, nothing is done, and an interrupted install has none and is done again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = "fpga_tf_stamp.json"
_VERSIONS = ((3, 11), (3, 13))  # as pyproject.toml's requires-python


class SetupError(Exception):
    """What went wrong, and one hint."""


def main(arguments: list[str]) -> int:
    """Make the environment `arguments[0]` with the extras that follow; 3 if that can't be done."""
    try:
        ensure(ROOT / arguments[0], set(arguments[1:]))
    except SetupError as error:
        what, hint = error.args
        print(f"{what}\n  hint {hint}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    return 0


def ensure(venv: Path, extras: set[str]) -> None:
    """Nothing if the environment is as wanted, else (re)install; one process at a time.

    Raises:
        SetupError: no venv module, no network, no space, or pip failed.
    """
    if not _VERSIONS[0] <= sys.version_info[:2] <= _VERSIONS[1]:
        raise SetupError("Python must be 3.11 to 3.13, not " + sys.version.split()[0], "install python3.11")
    if is_current(venv, extras):
        return
    lock = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_current(venv, extras):
            _install(venv, extras | _extras(read_stamp(venv)))
    finally:
        os.close(lock)


def is_current(venv: Path, extras: set[str]) -> bool:
    """Whether the stamp fits the dependencies in pyproject.toml, the folder and the extras."""
    stamp = read_stamp(venv)
    fits = stamp.get("digest") == dependency_digest() and stamp.get("root") == str(ROOT)
    return fits and extras <= _extras(stamp) and _works(venv)


def read_stamp(venv: Path) -> dict[str, object]:
    """What the last finished install wrote; empty if there was none."""
    try:
        stamp = json.loads((venv / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _extras(stamp: dict[str, object]) -> set[str]:
    extras = stamp.get("extras")
    return {str(extra) for extra in extras} if isinstance(extras, list) else set()


def dependency_digest() -> str:
    """SHA-256 of what pyproject.toml says about dependencies; other changes in it need no install."""
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    names = ("dependencies", "optional-dependencies", "requires-python", "scripts")
    part = {"build-system": whole["build-system"], **{name: whole["project"].get(name) for name in names}}
    return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()


def _works(venv: Path) -> bool:
    return os.access(venv / "bin" / "fpga-tf", os.X_OK) and os.access(venv / "bin" / "python", os.X_OK)


def _install(venv: Path, extras: set[str]) -> None:
    wanted = f".[{','.join(sorted(extras))}]"
    print(f"installing fpga_tf{wanted[1:]} into {venv.name} (some minutes, about 2 GB)", file=sys.stderr, flush=True)
    (venv / STAMP).unlink(missing_ok=True)
    python = venv / "bin" / "python"
    if not _runs(python):
        # Debian's python3 has the module venv but not what it needs, and says so on stdout
        _run(
            [sys.executable, "-m", "venv", "--clear", str(venv)],
            "a virtual environment must be made, but was not",
            "apt-get install python3-venv (or your system's package), and look at the free space",
        )
    _run(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
         "--progress-bar", "off", "--editable", wanted],
        "packages must be installed, but pip failed",
        "look at the network, the package index and the free space, and run again",
    )  # fmt: skip
    stamp = {"digest": dependency_digest(), "extras": sorted(extras), "root": str(ROOT)}
    temporary = venv / f"{STAMP}.tmp"
    temporary.write_text(json.dumps(stamp) + "\n", "utf-8")
    temporary.replace(venv / STAMP)


def _runs(python: Path) -> bool:
    """False for a venv whose base Python has gone, or one without pip."""
    try:
        done = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _run(command: list[str], what: str, hint: str) -> None:
    """Run quietly; a failure tells the last lines, and where all of them are."""
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode == 0:
        return
    with tempfile.NamedTemporaryFile("wb", prefix="fpga-tf-", suffix=".log", delete=False) as log:
        log.write(done.stdout)
    lines = [line.strip() for line in done.stdout.decode("utf-8", "replace").strip().splitlines()]
    telling = [line for line in lines if "ERROR" in line] or lines
    raise SetupError("\n  ".join([f"{what} (log: {log.name})", *telling[-3:]]), hint)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
