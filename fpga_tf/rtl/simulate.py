"""Cycle simulation of generated RTL: samples in, one a cycle or with gaps and resets, and what comes out, and when."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import InternalError, ToolError
from fpga_tf.rtl.words import Field, Words, pack, unpack, word_count

Values = NDArray[np.float64]
_RESET, _VALID = 1, 2  # bits of the word of control, see cycle.cpp
_GAP = 0.25  # share of cycles without a sample


@dataclass(frozen=True)
class Ports:
    """What a simulation must know of a design.

    Attributes:
        inputs, outputs: fields of `in_data` and `out_data`.
        latency: cycles that are expected from one to the other.
    """

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    latency: int


@dataclass(frozen=True)
class CycleResult:
    """What a design did.

    Attributes:
        outputs: of every sample, given one a cycle, in order; shape (samples, fields). Rows of NaN for what is lacking.
        latency: cycles from the edge that takes a sample to the one after which it is out; None if unknown.
        interval: cycles between two samples that come out, given one a cycle; None if unknown.
        samples, bubbles, resets, killed, cycles: how many went in, with gaps; were under way at a reset.
        problems: what should not be, in sentences; empty if all is well.
    """

    outputs: Values
    latency: int | None
    interval: int | None
    samples: int
    bubbles: int
    resets: int
    killed: int
    cycles: int
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Schedule:
    """What goes in, cycle by cycle.

    Attributes:
        sample: which one is in in_data.
        valid: whether it counts; what does not is there as garbage.
        reset: whether rst is high.
    """

    sample: NDArray[np.int64]
    valid: NDArray[np.bool_]
    reset: NDArray[np.bool_]


@dataclass(frozen=True)
class _Seen:
    """out_valid and out_data after each clock edge."""

    valid: NDArray[np.bool_]
    words: Words


def run_cycles(program: Path, ports: Ports, values: Values, *, seed: int = 0) -> CycleResult:
    """Clock a design: one sample a cycle; one for long and another for a cycle; at last with gaps and resets.

    Args:
        program: as `build` made it.
        values: exact, shape (samples, fields); two samples at least.
        seed: of gaps and resets.

    Raises:
        ToolError: the program fails.
    """
    words, count = pack(values, ports.inputs), len(values)
    dense = back_to_back(count, ports.latency)
    seen = _clock(program, ports, words, dense)
    out, latency, interval, problems = _dense(seen, dense, count, ports.latency)
    if not problems:
        problems += _changes(program, ports, words, out)
    gaps = with_gaps(count, ports.latency, seed)
    expected, killed = _survivors(gaps, ports.latency)
    cycles = len(dense.sample) + len(gaps.sample)
    if not problems:
        problems += _compared(_clock(program, ports, words, gaps), expected, out)
    outputs = np.full((count, len(ports.outputs)), np.nan)
    outputs[: len(out)] = unpack(out, ports.outputs)
    return CycleResult(
        outputs, latency, interval, samples=2 * count, bubbles=int((~gaps.valid & ~gaps.reset).sum()),
        resets=int(gaps.reset.sum()) + 1, killed=killed, cycles=cycles, problems=tuple(problems),
    )  # fmt: skip


def stream(program: Path, ports: Ports, values: Values) -> Values:
    """Outputs of samples given one a cycle, shape (samples, fields).

    Raises:
        ToolError: the program fails, or not one output comes out for each sample.
    """
    seen = _clock(program, ports, pack(values, ports.inputs), back_to_back(len(values), ports.latency))
    out = seen.words[seen.valid]
    if len(out) != len(values):
        raise ToolError(f"the RTL must give {len(values)} outputs, not {len(out)}", where=str(program))
    return unpack(out, ports.outputs)


def back_to_back(samples: int, latency: int) -> Schedule:
    """A cycle of reset, every sample, and cycles enough for the last."""
    order = np.arange(-1, samples + 2 * latency + 4)
    valid = (order >= 0) & (order < samples)
    return Schedule(np.clip(order, 0, samples - 1), valid, order < 0)


def with_gaps(samples: int, latency: int, seed: int) -> Schedule:
    """Every sample once, out of order, with gaps that hold other samples' data, and resets while some are under way.

    The order differs from that of `back_to_back`, so that a sample that depends on the one before is seen. A reset
    lasts one cycle or several, and in_valid may be high meanwhile.
    """
    rng = np.random.default_rng(seed)
    cycles = int(samples / (1 - _GAP)) + samples // 8 + 1
    order = rng.integers(0, samples, cycles)
    at = np.sort(rng.choice(cycles, samples, replace=False))
    order[at] = rng.permutation(samples)
    valid = np.zeros(cycles, dtype=bool)
    valid[at] = True
    reset = np.zeros(cycles, dtype=bool)
    for start in rng.integers(0, cycles, max(3, cycles // (16 * (latency + 2)))):
        reset[start : start + int(rng.integers(1, latency + 3))] = True
    reset[0] = True
    idle = 2 * latency + 4
    return Schedule(
        np.concatenate([order, rng.integers(0, samples, idle)]),
        np.concatenate([valid, np.zeros(idle, dtype=bool)]),
        np.concatenate([reset, np.zeros(idle, dtype=bool)]),
    )


def _survivors(schedule: Schedule, latency: int) -> tuple[NDArray[np.int64], int]:
    """Sample that must come out after each clock edge, -1 for none; and how many a reset ends or keeps out."""
    cycles = len(schedule.sample)
    resets = np.concatenate([[0], np.cumsum(schedule.reset)])
    expected = np.full(cycles, -1)
    for taken in np.flatnonzero(schedule.valid):
        if taken + latency < cycles and resets[taken + latency + 1] == resets[taken]:
            expected[taken + latency] = schedule.sample[taken]
    return expected, int(schedule.valid.sum() - (expected >= 0).sum())


def _dense(seen: _Seen, given: Schedule, count: int, wanted: int) -> tuple[Words, int | None, int | None, list[str]]:
    """Outputs, latency, interval and problems of samples given one a cycle."""
    at = np.flatnonzero(seen.valid)
    out = seen.words[at][:count]
    if not len(at):
        return out, None, None, ["no sample comes out"]
    latency = int(at[0] - np.flatnonzero(given.valid)[0])
    steps = set(np.diff(at).tolist())
    problems = []
    if latency != wanted:
        problems.append(f"the latency must be {wanted} cycles, not {latency}")
    if len(at) != count:
        problems.append(f"{count} samples given one a cycle must all come out, not {len(at)}")
    if steps != {1}:
        problems.append("samples given one a cycle must come out in cycles that follow each other")
    interval = steps.pop() if len(steps) == 1 and len(at) == count else None
    return out, latency, interval, problems


def _changes(program: Path, ports: Ports, words: Words, out: Words) -> list[str]:
    """Whether one other sample among many equal ones changes the outputs of its own cycle only, valid or not."""
    other = int(np.argmax((out != out[0]).any(axis=1)))
    if not other:
        return []  # all outputs are equal: nothing can be seen
    wait = 2 * ports.latency + 4
    order = np.zeros(2 * wait + 1, dtype=np.int64)
    order[wait] = other
    none = np.zeros(len(order), dtype=bool)
    seen = _clock(program, ports, words, Schedule(order, none, none))
    changed = np.flatnonzero((seen.words != out[0]).any(axis=1))
    changed = changed[changed >= wait] - wait  # before, what the registers held at the start may come out
    if seen.valid.any():
        return ["nothing must come out as valid when nothing valid goes in"]
    if changed.tolist() != [ports.latency]:
        cycles = ", ".join(map(str, changed[:5])) or "none"
        return [f"a sample must change the data of cycle {ports.latency} after it and of no other, not of {cycles}"]
    return []


def _compared(seen: _Seen, expected: NDArray[np.int64], out: Words) -> list[str]:
    wanted, problems = expected >= 0, []
    lost, more = int((wanted & ~seen.valid).sum()), int((seen.valid & ~wanted).sum())
    if lost or more:
        problems.append(f"with gaps and resets, {lost} samples are lost and {more} come out that should not")
    both = wanted & seen.valid
    differ = int((seen.words[both] != out[expected[both]]).any(axis=1).sum())
    if differ:
        problems.append(f"with gaps and resets, {differ} samples come out other than without")
    return problems


def _clock(program: Path, ports: Ports, words: Words, schedule: Schedule) -> _Seen:
    control = schedule.reset * _RESET + schedule.valid * _VALID
    records = np.concatenate([control[:, None].astype("<u4"), words[schedule.sample].astype("<u4")], axis=1)
    counts = [str(word_count(ports.inputs)), str(word_count(ports.outputs))]
    try:
        command = [str(program.resolve()), *counts]
        done = subprocess.run(command, input=records.tobytes(), capture_output=True, check=False)
    except OSError as error:
        raise ToolError(f"the cycle simulation must start, but: {error}", where=str(program)) from error
    if done.returncode:
        raise ToolError(f"the cycle simulation must end with 0, not {done.returncode}", where=str(program))
    found = np.frombuffer(done.stdout, dtype="<u4").reshape(-1, 1 + word_count(ports.outputs))
    if len(found) != len(records):
        raise InternalError(f"the cycle simulation must give {len(records)} cycles, not {len(found)}")
    return _Seen(found[:, 0] != 0, found[:, 1:].astype(np.uint32))
