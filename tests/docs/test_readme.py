"""The run that the README shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .pages import ROOT, Block, blocks
from .test_tutorial import TIMEOUT, compare

CONFIG = "configs/jet_flavour.yaml"
COMMAND = "$ scripts/run\n"


def shown() -> Block:
    """The transcript, with anything in the place of times, and its last sentence in one line."""
    (block,) = [b for b in blocks(ROOT / "README.md") if b.text.startswith(COMMAND)]
    text = re.sub(r"\d+\.\d s$", "... s", block.text.removeprefix(COMMAND), flags=re.MULTILINE)
    text = re.sub(r"(samples per second:) [\d,]+", r"\1 ...", text)
    text = re.sub(r"^  folder: .*$", "  folder: ...", text, flags=re.MULTILINE)
    head, mark, verdict = text.rpartition("\nPASS: ")
    assert mark
    return Block(block.language, "", head + mark + " ".join(verdict.split()), block.line + 1)


@pytest.mark.slow
@pytest.mark.qkeras
def test_the_shown_run_is_what_one_gets(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "fpga-tf"), "run", CONFIG, "--project", str(tmp_path / "project")]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "FPGA_TF_STORE": str(tmp_path / "store"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert (done.returncode, done.stderr) == (0, "")
    compare(shown(), done.stdout)
    assert len(done.stdout.splitlines()) == len(shown().text.splitlines())
