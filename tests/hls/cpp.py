"""Compiling small C++ programs against hls4ml's ap_types, with warnings as errors."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

from fpga_tf.hls.build import find_compiler

INCLUDE = Path(__file__).parents[2] / "fpga_tf" / "hls" / "include"
# pragmas are for the HLS compiler, g++ knows none of them
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas")


def ap_types() -> Path:
    """The folder of ap_fixed.h, found without importing hls4ml."""
    spec = importlib.util.find_spec("hls4ml")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "templates" / "vivado" / "ap_types"


def compile_cpp(source: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run g++ over one file."""
    threads = ("-pthread", "-DFPGA_TF_THREADS")
    command = [find_compiler(), "-std=c++14", "-O0", *threads, *WARNINGS, "-isystem", str(ap_types()), f"-I{INCLUDE}"]
    return subprocess.run([*command, *options, str(source)], capture_output=True, text=True, timeout=600)
