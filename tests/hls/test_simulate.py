"""Running: codes in, codes out, and programs that end badly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.errors import InternalError, ToolError
from fpga_tf.hls.manifest import Port
from fpga_tf.hls.simulate import simulate
from tests.hls.test_build import MANIFEST as BASE

X, Y = Port("x", (2,), "ap_fixed<4,4>"), Port("y", (2,), "ap_fixed<4,4>")
MANIFEST = replace(BASE, inputs=(X,), outputs=(Y,), layers=(replace(Y, node="y"),))
CODES = np.arange(14).reshape(7, 2) - 8
COPY = 'cp "$1" "$2"; [ -z "$4" ] || cp "$1" "$4"\n'


def script(tmp_path: Path, text: str) -> Path:
    """A program in place of the firmware."""
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("jobs", [1, 2, 3, 16])
def test_results_do_not_depend_on_the_number_of_processes(jobs: int, tmp_path: Path) -> None:
    done = simulate(script(tmp_path, COPY), MANIFEST, [CODES], jobs=jobs, traced=True)
    assert [o.tolist() for o in (*done.outputs, *done.layers)] == [CODES.tolist()] * 2
    assert simulate(script(tmp_path, COPY), MANIFEST, [CODES], jobs=jobs).layers == []


def test_ports_are_laid_out_one_after_the_other(tmp_path: Path) -> None:
    one = Port("z", (1, 1), "ap_ufixed<3,3>")
    manifest = replace(MANIFEST, inputs=(X, one), outputs=(one, Y), layers=())
    codes = [CODES, np.arange(7).reshape(7, 1, 1)]
    done = simulate(script(tmp_path, COPY), manifest, codes)
    flat = np.concatenate([c.reshape(7, -1) for c in codes], axis=1)
    assert done.outputs[0].shape == (7, 1, 1) and done.outputs[1].shape == (7, 2)
    assert np.array_equal(np.concatenate([o.reshape(7, -1) for o in done.outputs], axis=1), flat)


def test_a_model_may_have_no_layer_to_trace(tmp_path: Path) -> None:
    program = script(tmp_path, 'cp "$1" "$2"; : > "$4"\n')
    done = simulate(program, replace(MANIFEST, layers=()), [CODES], jobs=2, traced=True)
    assert done.layers == [] and done.outputs[0].tolist() == CODES.tolist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kill -9 $$", "the C-simulation must end well, not with signal 9"),
        ("kill -11 $$", "the C-simulation must end well, not with signal 11"),
        ("echo 'no room' >&2; exit 3", "the C-simulation must end well, not with exit code 3: no room"),
        (
            "yes nonsense | head -c 900000 >&2; exit 5",
            "the C-simulation must end well, not with exit code 5: nonsense",
        ),
        ("exit 0", "the C-simulation must give"),
        ('head -c 8 "$1" > "$2"', "the C-simulation must give"),
        ('cat "$1" "$1" > "$2"', "the C-simulation must give"),
    ],
)
def test_a_program_that_ends_badly_is_told(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=message):
        simulate(script(tmp_path, f"{text}\n"), MANIFEST, [CODES])


def test_one_process_that_dies_ends_the_others(tmp_path: Path) -> None:
    # the second part sleeps longer than any test may take
    program = script(tmp_path, 'case "$1" in */0.in) exit 4;; *) exec sleep 3600;; esac\n')
    with pytest.raises(ToolError, match="exit code 4"):
        simulate(program, MANIFEST, [CODES], jobs=2)


def test_a_missing_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="the C-simulation must start, but") as caught:
        simulate(tmp_path / "none", MANIFEST, [CODES])
    assert caught.value.where == str(tmp_path / "none")


def test_codes_outside_a_port_are_our_fault(tmp_path: Path) -> None:
    with pytest.raises(InternalError, match="codes of input x must lie in"):
        simulate(script(tmp_path, COPY), MANIFEST, [CODES + 3])
    with pytest.raises(InternalError, match="codes of input x must have shape"):
        simulate(script(tmp_path, COPY), MANIFEST, [CODES[:, :1]])


def test_progress_is_told_and_never_runs_backwards(tmp_path: Path) -> None:
    seen: list[tuple[float, float]] = []
    program = script(tmp_path, f"{COPY}sleep 0.3\n")
    simulate(program, MANIFEST, [CODES], watch=lambda done, total: seen.append((done, total)))
    done = [d for d, _ in seen]
    assert done == sorted(done) and {t for _, t in seen} == {7}


def test_no_samples_give_no_codes(tmp_path: Path) -> None:
    done = simulate(script(tmp_path, COPY), MANIFEST, [CODES[:0]], traced=True)
    assert [o.shape for o in (*done.outputs, *done.layers)] == [(0, 2), (0, 2)]
