"""An attention of row kernels as a dataflow region."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.hls.cpp import compile_cpp

SOURCE = Path(__file__).parent / "testbench_attention.cpp"
TESTBENCHES = Path(__file__).parent / "testbench"
# what the HLS compiler sees, run in turn
SYNTHESIS = '#include "ap_fixed.h"\n#include "ap_int.h"\n#include "hls_stream.h"\n#define __SYNTHESIS__\n'


def run(folder: Path, source: Path, *options: str, argument: str = "") -> subprocess.CompletedProcess[str]:
    """Compile and run, with an argument or none."""
    program = folder / "attention"
    done = compile_cpp(source, f"-I{TESTBENCHES}", *options, "-o", str(program))
    assert (done.returncode, done.stderr) == (0, "")
    return subprocess.run([program, *argument.split()], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("sums", ["-DFPGA_TF_AP_SUMS", "-UFPGA_TF_AP_SUMS"])
def test_an_attention_is_that_of_plain_integers(sums: str, tmp_path: Path) -> None:
    ran = run(tmp_path, SOURCE, sums)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_queries_that_do_not_fit_are_a_deadlock(tmp_path: Path) -> None:
    ran = run(tmp_path, SOURCE, argument="shallow")
    assert ran.returncode == 3
    assert ran.stderr.startswith("deadlock:")
    assert "query is full;" in ran.stderr and " key is empty;" in ran.stderr


def test_what_the_hls_compiler_sees_is_the_same(tmp_path: Path) -> None:
    source = tmp_path / "synthesis.cpp"
    source.write_text(f'{SYNTHESIS}#include "{SOURCE}"\n')
    ran = run(tmp_path, source, "-std=c++11")
    assert (ran.returncode, ran.stderr) == (0, "")
