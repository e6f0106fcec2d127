"""Formats against the C++ types that the firmware is made of, compiled by g++."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.fixedpoint import Format, Overflow, Rounding

# Every mode of both signs on one shape, then shapes at the edges: one bit, no integer or fraction bits, negative ones.
SHAPES = [(True, 0, 0), (False, 0, 1), (True, 5, 0), (False, -2, 6), (True, -3, 8), (True, 6, -2), (False, 8, -3)]
FORMATS = [Format(s, 2, 3, q, o) for s in (True, False) for q in Rounding for o in Overflow] + [
    Format(s, i, f, q, o)
    for s, i, f in SHAPES
    for q, o in [
        (Rounding.RND_CONV, Overflow.SAT),
        (Rounding.TRN, Overflow.WRAP),
        (Rounding.RND, Overflow.SAT_SYM),
        (Rounding.RND_ZERO, Overflow.SAT_ZERO),
    ]
]
SOURCE = Format(True, 20, 12)  # holds all the values below

PROGRAM = """
#include <ap_fixed.h>
#include <cstdio>
#include <vector>
template <class F> void run(const std::vector<double>& in) {
    for (double x : in) {
        ap_fixed<33, 21> exact = x;
        F a = exact;
        F b = x;
        long long code[2] = {0, 0};
        for (int i = 0; i < F::width; i++) {
            code[0] |= (long long)a[i] << i;
            code[1] |= (long long)b[i] << i;
        }
        std::fwrite(code, sizeof code, 1, stdout);
    }
}
int main() {
    std::vector<double> in;
    for (double x; std::fread(&x, sizeof x, 1, stdin) == 1;) in.push_back(x);
    CALLS
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = find_spec("hls4ml")
    assert spec is not None
    assert spec.origin is not None
    headers = Path(spec.origin).parent / "templates/vivado/ap_types"
    folder = tmp_path_factory.mktemp("ap_types")
    source = folder / "formats.cpp"
    source.write_text(PROGRAM.replace("CALLS", "\n    ".join(f"run<{fmt.ap_type}>(in);" for fmt in FORMATS)))
    subprocess.run(
        ["g++", "-std=c++14", "-O0", "-w", f"-I{headers}", str(source), "-o", str(folder / "formats")], check=True
    )
    return folder / "formats"


def test_formats_equal_the_compiled_types(program: Path) -> None:
    rng = np.random.default_rng(7)
    near = np.arange(-1200, 1201) / 64.0  # every sixteenth of a code of the first shape and beyond
    far = rng.integers(-(2**31), 2**31, 2000) / 2.0**12
    values = np.concatenate([near, far])
    assert SOURCE.codes_of(values)[1].all()
    done = subprocess.run([str(program)], input=values.tobytes(), capture_output=True, check=True)
    found = np.frombuffer(done.stdout, dtype=np.int64).reshape(len(FORMATS), len(values), 2)
    for fmt, codes in zip(FORMATS, found, strict=True):
        expected = fmt.quantise(values) & ((1 << fmt.width) - 1)
        np.testing.assert_array_equal(codes[:, 0], expected, err_msg=f"from ap_fixed into {fmt}")
        np.testing.assert_array_equal(codes[:, 1], expected, err_msg=f"from double into {fmt}")
        again = fmt.requantise(SOURCE.quantise(values), SOURCE.fraction) & ((1 << fmt.width) - 1)
        np.testing.assert_array_equal(codes[:, 0], again, err_msg=f"requantised into {fmt}")
