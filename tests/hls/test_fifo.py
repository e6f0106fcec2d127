"""A region whose FIFOs are too shallow ends with their names, one whose FIFOs are deep enough with the right rows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.hls.cpp import compile_cpp

ROWS = 6
# a fork, of whose branches one gives nothing before it has read all rows of a sample
PROGRAM = """
#include "fpga_tf/rows.h"
#include <cstdio>

using fpga_tf::fifo;
using fpga_tf::row;

struct config : fpga_tf::rows_config {
    static const unsigned n_rows = ROWS;
    static const unsigned n_channels = 1;
    typedef ap_int<8> out_t;
};

template <class in_S, class out_S> void reverse(in_S &x, out_S &y) {
    row<ap_int<8>, 1> held[ROWS];
    for (int r = 0; r < ROWS; r++) {
        held[r] = x.read();
    }
    for (int r = ROWS - 1; r >= 0; r--) {
        y.write(held[r]);
    }
}

int main() {
    fpga_tf::concurrent() = CONCURRENT;
    fifo<row<ap_int<8>, 1>, 1> given("given"), branch("branch"), reversed("reversed"), made("made");
    fifo<row<ap_int<8>, 1>, HELD> bypass("bypass");
    FPGA_TF_PROCESS(for (int sample = 0; sample < SAMPLES; sample++) {
        for (int r = 0; r < ROWS; r++) {
            row<ap_int<8>, 1> x;
            x[0] = r * r;
            given.write(x);
        }
    });
    FPGA_TF_PROCESS(for (int sample = 0; sample < SAMPLES; sample++) { fpga_tf::fork_rows<config>(given, FORKED); });
    FPGA_TF_PROCESS(for (int sample = 0; sample < SAMPLES; sample++) { reverse(branch, reversed); });
    FPGA_TF_PROCESS(for (int sample = 0; sample < SAMPLES; sample++) {
        fpga_tf::add_rows<config>(reversed, bypass, made);
    });
    for (int n = 0; n < ROWS * SAMPLES; n++) {
        std::printf("%d ", static_cast<int>(made.read()[0]));
    }
    return 0;
}
"""


def run(folder: Path, depth: int, *, samples: int = 1, concurrent: bool = True, forked: str = "bypass, branch") -> str:
    """What the diamond says: its output, or its complaint."""
    source, program = folder / "diamond.cpp", folder / "diamond"
    source.write_text(PROGRAM)
    numbers = {
        "ROWS": ROWS,
        "HELD": depth,
        "SAMPLES": samples,
        "CONCURRENT": str(concurrent).lower(),
        "FORKED": forked,
    }
    done = compile_cpp(source, *(f"-D{name}={value}" for name, value in numbers.items()), "-o", str(program))
    assert (done.returncode, done.stderr) == (0, "")
    ran = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert ran.returncode == (3 if ran.stderr else 0)
    return ran.stderr or ran.stdout


def sums(samples: int = 1) -> str:
    """Each row with the one that mirrors it."""
    return "".join(f"{r * r + (ROWS - 1 - r) ** 2} " for r in range(ROWS)) * samples


def complaint(text: str) -> set[str]:
    """The FIFOs for which processes wait, in whatever order they began to."""
    head, _, rest = text.strip().partition(": ")
    assert head == "deadlock"
    return {part.strip() for part in rest.split(";") if part}


@pytest.mark.parametrize("depth", [1, ROWS - 1])
def test_a_bypass_that_cannot_hold_a_sample_ends_with_the_names(depth: int, tmp_path: Path) -> None:
    waits = complaint(run(tmp_path, depth))
    # the source may have ended or wait: with the last rows it does not
    assert waits - {"given is full"} == {"bypass is full", "branch is empty", "reversed is empty", "made is empty"}
    assert ("given is full" in waits) == (depth == 1)


@pytest.mark.parametrize("samples", [1, 3])
def test_a_bypass_that_holds_a_sample_passes(samples: int, tmp_path: Path) -> None:
    assert run(tmp_path, ROWS, samples=samples) == sums(samples)


def test_the_other_order_of_a_fork_needs_one_row_less(tmp_path: Path) -> None:
    assert run(tmp_path, ROWS - 1, forked="branch, bypass") == sums()


def test_vendors_tools_need_no_threads(tmp_path: Path) -> None:
    """Their linkers may lack them: without the macro processes run one after the other, FIFOs growing."""
    source, program = tmp_path / "diamond.cpp", tmp_path / "diamond"
    source.write_text(PROGRAM.replace("    fpga_tf::concurrent() = CONCURRENT;\n", ""))
    plain = ("-UFPGA_TF_THREADS", f"-DROWS={ROWS}", "-DHELD=1", "-DFORKED=bypass, branch")
    headers = compile_cpp(source, *plain, "-DSAMPLES=1", "-E", "-M").stdout.split()
    assert any(name.endswith("/cstdlib") for name in headers)
    assert not [name for name in headers if name.endswith(("/thread", "/mutex", "/condition_variable"))]
    done = compile_cpp(source, *plain, "-DSAMPLES=2", "-o", str(program))
    assert (done.returncode, done.stderr) == (0, "")
    assert subprocess.run([program], capture_output=True, text=True, timeout=60).stdout == sums(2)


def test_who_waits_for_an_array_is_told_too(tmp_path: Path) -> None:
    source, program = tmp_path / "arrays.cpp", tmp_path / "arrays"
    body = """
    fpga_tf::concurrent() = true;
    fpga_tf::fifo<int, 1> never("never"), made("made");
    int copied[1], squared[1];
    FPGA_TF_ARRAY_PROCESS((), (copied), copied[0] = never.read());
    FPGA_TF_ARRAY_PROCESS((copied), (squared), squared[0] = copied[0] * copied[0]);
    FPGA_TF_ARRAY_PROCESS((copied, squared), (), made.write(copied[0] + squared[0]));
    return made.read();
    """
    source.write_text(f'#include "fpga_tf/fifo.h"\nint main() {{ {body} }}\n')
    done = compile_cpp(source, "-o", str(program))
    assert (done.returncode, done.stderr) == (0, "")
    ran = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 3
    assert complaint(ran.stderr) == {
        "never is empty",
        "made is empty",
        "(copied) is empty",
        "(copied, squared) is empty",
    }


def test_processes_in_sequence_need_no_depth(tmp_path: Path) -> None:
    assert run(tmp_path, 1, samples=2, concurrent=False) == sums(2)


def test_a_sequence_that_reads_too_early_says_of_which_fifo(tmp_path: Path) -> None:
    source, program = tmp_path / "early.cpp", tmp_path / "early"
    body = 'fpga_tf::fifo<int, 1> lonely("lonely"); return lonely.read();'
    source.write_text(f'#include "fpga_tf/fifo.h"\nint main() {{ {body} }}\n')
    done = compile_cpp(source, "-o", str(program))
    assert (done.returncode, done.stderr) == (0, "")
    ran = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (1, "lonely: must hold a row to be read\n")
