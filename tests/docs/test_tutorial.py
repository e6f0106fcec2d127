"""The tutorial, run as it stands: its files are written, its commands run, its outputs compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .pages import DOCS, ROOT, Block, blocks

TUTORIAL = DOCS / "tutorial.md"
TIMEOUT = 600  # seconds; a hang is a failure, a busy machine is not


@pytest.mark.qkeras
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    folder = tmp_path / "tutorial"
    folder.mkdir()
    output = ""
    ran = 0
    for block in blocks(TUTORIAL):
        if block.language in ("python", "yaml"):
            (folder / block.argument).write_text(block.text, encoding="utf-8")
        elif block.language == "bash" and block.argument != "skip":
            output = run(block, folder, tmp_path / "store")
            ran += 1
        elif block.language == "text":
            compare(block, output)
    assert ran == 10


def run(block: Block, folder: Path, store: Path) -> str:
    """Run a block's commands; returns what they print."""
    wanted = int(block.argument.removeprefix("exit=") or 0)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", block.text],
        cwd=folder,
        env={**os.environ, "PATH": path, "FPGA_TF_STORE": str(store), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == wanted, f"line {block.line}: exit code {done.returncode}\n{done.stdout}"
    return done.stdout


def compare(block: Block, output: str) -> None:
    """Every line of the block must be found in the output, in this order; `...` stands for anything."""
    lines = iter([squeezed(line) for line in output.splitlines()])
    for line in block.text.splitlines():
        pattern = re.compile(".*".join(re.escape(part) for part in squeezed(line).split("...")))
        assert any(pattern.fullmatch(found) for found in lines), (
            f"line {block.line}: no line {line!r} (after those before it) in\n{output}"
        )


def squeezed(line: str) -> str:
    """Runs of spaces as one: columns widen with their contents."""
    return " ".join(line.split())


@pytest.mark.parametrize(
    ("wanted", "output", "fits"),
    [
        ("a ... c", "a b c", True),
        ("a ... c", "a c", False),
        ("one\ntwo", "zero\none\nthree\ntwo", True),
        ("two\none", "one\ntwo", False),
        ("0 differ", "10 differ", False),
        ("a  b", "  a b  ", True),
    ],
)
def test_outputs_are_compared_line_by_line(wanted: str, output: str, fits: bool) -> None:
    block = Block("text", "", wanted, 1)
    if fits:
        compare(block, output)
    else:
        with pytest.raises(AssertionError, match="no line"):
            compare(block, output)
