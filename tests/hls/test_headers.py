"""Our C++ headers: each alone, without a warning, and with a testbench."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.hls.cpp import INCLUDE, compile_cpp

HEADERS = sorted(path.name for path in (INCLUDE / "fpga_tf").glob("*.h"))
TESTBENCHES = Path(__file__).parent / "testbench"
# ap_types refuses to be part of a synthesis: what comes behind it is compiled as for one
SYNTHESIS = """\
#include "ap_fixed.h"
#include "ap_int.h"
#define __SYNTHESIS__
"""
# there is nothing in them for an HLS compiler
SIMULATED_ONLY = ("trace.h",)


def test_every_header_has_a_testbench() -> None:
    assert {Path(name).stem for name in HEADERS} == {path.stem for path in TESTBENCHES.glob("*.cpp")}


@pytest.mark.parametrize("name", [name for name in HEADERS if name.endswith("_rows.h")])
def test_a_row_kernel_needs_no_divider(name: str) -> None:
    """The loop over rows is not unrolled: a remainder of its counter would be one."""
    lines = (INCLUDE / "fpga_tf" / name).read_text("utf-8").splitlines()
    assert [line for line in lines if "%" in line.partition("//")[0]] == []


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_compiles_alone_without_a_warning(name: str, tmp_path: Path) -> None:
    source = tmp_path / "alone.cpp"
    source.write_text(f'#include "ap_fixed.h"\n#include "fpga_tf/{name}"\n#include "fpga_tf/{name}"\n')
    done = compile_cpp(source, "-fsyntax-only")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("tool", ["", "#define __VITIS_HLS__\n"], ids=["vivado", "vitis"])
@pytest.mark.parametrize("name", HEADERS)
def test_a_header_compiles_as_the_hls_compiler_reads_it(name: str, tool: str, tmp_path: Path) -> None:
    source = tmp_path / "synthesis.cpp"
    source.write_text(f'{SYNTHESIS}{tool}#include "fpga_tf/{name}"\n')
    done = compile_cpp(source, "-fsyntax-only")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("flags", [(), ("-DFPGA_TF_AP_SUMS",)], ids=["machine integers", "ap_int"])
@pytest.mark.parametrize("name", HEADERS)
def test_a_testbench_passes_without_a_warning(name: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    passes(TESTBENCHES / f"{Path(name).stem}.cpp", tmp_path, *flags)


@pytest.mark.parametrize("name", [name for name in HEADERS if name not in SIMULATED_ONLY])
def test_a_testbench_passes_on_what_the_hls_compiler_gets(name: str, tmp_path: Path) -> None:
    """Processes in sequence, on hls::stream, with sums that are ap_int."""
    source = tmp_path / "synthesis.cpp"
    source.write_text(f'{SYNTHESIS}#include "{Path(name).stem}.cpp"\n')
    passes(source, tmp_path)


def passes(source: Path, folder: Path, *flags: str) -> None:
    program = folder / "testbench"
    done = compile_cpp(source, *flags, f"-I{TESTBENCHES}", "-o", str(program))
    assert (done.returncode, done.stderr) == (0, "")
    ran = subprocess.run([program], capture_output=True, text=True, timeout=300)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_wrong_stride_is_told_in_a_sentence(tmp_path: Path) -> None:
    source = tmp_path / "wrong.cpp"
    text = (TESTBENCHES / "mask.cpp").read_text("utf-8")
    assert "row_stride = 1;" in text
    source.write_text(text.replace("row_stride = 1;", "row_stride = 2;"))
    done = compile_cpp(source, "-fsyntax-only", f"-I{TESTBENCHES}")
    assert done.returncode != 0 and "the strides must stay inside the mask" in done.stderr
