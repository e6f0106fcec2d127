"""What clocking finds: designs with one fault each, as programs that stand for compiled ones."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.errors import InternalError, ToolError
from fpga_tf.rtl.simulate import Ports, run_cycles, stream, with_gaps
from fpga_tf.rtl.words import Field

LATENCY = 3
PORTS = Ports((Field(True, 7, 0),), (Field(False, 9, 0),), LATENCY)
VALUES = np.random.default_rng(0).integers(-128, 128, (500, 1)).astype(float)
# A pipeline of LATENCY + 1 registers: words of control and data in; out_valid and out_data after the edge.
_PROGRAM = """#!{python}
import sys
from array import array
words = array("I", sys.stdin.buffer.read())
fault, latency = {fault!r}, {latency}
pipe = [(0, 0)] * (latency + 1 + (fault == "late") - (fault == "early"))
found, last, cycle, kept = array("I"), 0, 0, 0
for control, data in zip(words[::2], words[1::2]):
    reset, valid = control & 1, control >> 1 & 1
    out = data * 2 % 512
    if fault == "last sample" and valid:
        out, last = out ^ last % 2, data
    if fault == "bubble" and not valid:
        last = data
    if fault == "bubble":
        out ^= last % 2
    if fault == "data late":
        out, last = last, out
    if fault == "every other":
        valid &= cycle % 2
    if fault == "always valid":
        valid = 1
    pipe = [(valid, out), *pipe[:-1]]
    if reset and fault != "no reset":
        pipe = [(0, d) for _, d in pipe]
    if reset and fault == "reset lasts":
        kept = latency
    if kept:
        kept -= 1
        pipe[0] = (0, out)
    if fault == "data cleared" and reset:
        pipe = [(v, 0) for v, _ in pipe]
    if fault == "swapped" and cycle % 50 == 20:
        pipe[1], pipe[2] = pipe[2], pipe[1]
    if fault == "stopped" and cycle == 100:
        break
    found.extend(pipe[-1])
    cycle += 1
if fault == "died":
    sys.exit(3)
sys.stdout.buffer.write(found.tobytes())
"""


def program(folder: Path, fault: str = "") -> Path:
    path = folder / "program"
    path.write_text(_PROGRAM.format(python=sys.executable, fault=fault, latency=LATENCY))
    path.chmod(0o755)
    return path


def test_a_good_design(tmp_path: Path) -> None:
    result = run_cycles(program(tmp_path), PORTS, VALUES)
    assert (result.problems, result.latency, result.interval) == ((), LATENCY, 1)
    assert np.array_equal(result.outputs, VALUES * 2 % 512)
    assert (result.samples, result.killed > 20, result.bubbles > 100, result.resets > 10) == (1000, True, True, True)
    assert run_cycles(program(tmp_path), PORTS, VALUES).killed == result.killed
    assert run_cycles(program(tmp_path), PORTS, VALUES, seed=1).killed != result.killed
    assert np.array_equal(stream(program(tmp_path), PORTS, VALUES[:1]), VALUES[:1] * 2 % 512)


@pytest.mark.parametrize(
    ("fault", "said", "latency"),
    [
        ("late", "the latency must be 3 cycles, not 4", 4),
        ("early", "the latency must be 3 cycles, not 2", 2),
        ("every other", "500 samples given one a cycle must all come out, not 250", 3),
        ("always valid", "500 samples given one a cycle must all come out, not 507", 3),
        ("last sample", "with gaps and resets, .* samples come out other than without", 3),
        ("data late", "a sample must change the data of cycle 3 after it and of no other, not of 4", 3),
        ("bubble", "with gaps and resets, .* samples come out other than without", 3),
        ("no reset", "with gaps and resets, 0 samples are lost and .* come out that should not", 3),
        ("reset lasts", "the latency must be 3 cycles, not 5", 5),
        ("swapped", "with gaps and resets, .* samples come out other than without", 3),
    ],
)
def test_a_fault_is_said(fault: str, said: str, latency: int, tmp_path: Path) -> None:
    result = run_cycles(program(tmp_path, fault), PORTS, VALUES)
    assert len(result.problems) >= 1
    assert any(re.fullmatch(said, problem) for problem in result.problems), result.problems
    assert result.latency == latency


def test_what_a_reset_does_to_data_is_of_no_matter(tmp_path: Path) -> None:
    assert run_cycles(program(tmp_path, "data cleared"), PORTS, VALUES).problems == ()


def test_a_program_that_fails(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="must end with 0, not 3"):
        run_cycles(program(tmp_path, "died"), PORTS, VALUES)
    with pytest.raises(InternalError, match="must give 511 cycles, not 100"):
        run_cycles(program(tmp_path, "stopped"), PORTS, VALUES)
    with pytest.raises(ToolError, match="the RTL must give 500 outputs, not 250"):
        stream(program(tmp_path, "every other"), PORTS, VALUES)
    with pytest.raises(ToolError, match="the cycle simulation must start, but"):
        stream(tmp_path / "nothing", PORTS, VALUES)


def test_gaps_hold_other_samples_and_resets_fall_on_valid_ones() -> None:
    given = with_gaps(500, LATENCY, 0)
    assert sorted(given.sample[given.valid]) == list(range(500))
    assert (np.diff(given.sample[given.valid]) < 0).sum() > 100
    assert len(set(given.sample[~given.valid])) > 50
    assert (given.reset & given.valid).sum() > 5
    assert (given.reset & ~given.valid).sum() > 5
    lengths = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], given.reset.astype(int), [0]]))))[::2]
    assert len(set(lengths.tolist())) > 2
    assert not given.reset[-LATENCY:].any()
