"""How long a dataflow design takes for a sample, and how many cycles lie between two."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from fpga_tf.process import Loop, Network, Process
from fpga_tf.schedule.engine import Fifo, Pace, run

# Cycles between the last write of a loop and the first read of the next, in which the state machine goes on.
TURN = 1
# Cycles from the write of a row into a FIFO to the first in which it can be read.
HOP = 1


@dataclass(frozen=True, slots=True)
class Schedule:
    """When rows move.

    Attributes:
        latency: cycles from the first row of a sample offered to its last output row written, with nothing before it.
        loaded_latency: the same with samples back to back, from its first row taken: rows wait for those before.
        interval: cycles between samples in steady state, the smallest and the largest.
        busy: process -> share of the interval for which it works, or fills and drains its pipeline.
        fill: channel -> most rows that it ever held.
        limit: the process that needs most cycles for a sample.
        limit_cycles: how many it needs. Below the interval, FIFOs are what limits.
    """

    latency: int
    loaded_latency: int
    interval: tuple[int, int]
    busy: Mapping[str, float]
    fill: Mapping[str, int]
    limit: str
    limit_cycles: int


def simulate(
    network: Network,
    cycles_of: Callable[[Loop], int],
    samples: int = 12,
    *,
    drains: bool = True,
    turn: int = TURN,
    hop: int = HOP,
) -> Schedule:
    """Run samples back to back through a network: rows are offered as fast as they are taken, outputs always taken.

    Args:
        network: with at least one input and one output port.
        cycles_of: cycles from an iteration's reads to its writes, at least 1.
        samples: how many, at least 2; the interval is that of the second half.
        drains: whether rows go on when none comes after them (pipelines that flush). If not, a pipeline stands still as
            long as its next row is missing; it drains behind the last iteration of a loop.
        turn: cycles between two loops of a process.
        hop: cycles through an empty FIFO.

    Raises:
        Deadlock: no process can go on.
    """
    fifos = run(network, lambda _, loop: pace(loop, cycles_of(loop), drains=drains), samples, turn, hop)
    inputs = [fifo for fifo in fifos.values() if fifo.channel.source is None]
    outputs = [fifo for fifo in fifos.values() if fifo.channel.target is None]
    first = [min(fifo.written[sample * fifo.channel.rows] for fifo in inputs) for sample in range(samples)]
    last = [max(fifo.written[(sample + 1) * fifo.channel.rows - 1] for fifo in outputs) for sample in range(samples)]
    gaps = [late - early for early, late in pairwise(last)]
    steady = gaps[len(gaps) // 2 :]
    need = {process.name: needed(process, cycles_of, turn) for process in network.processes}
    mean = sum(steady) / len(steady)
    limit = max(need, key=lambda name: need[name])
    return Schedule(
        latency=last[0] - first[0],
        loaded_latency=last[-1] - first[-1],
        interval=(min(steady), max(steady)),
        busy={name: cycles / mean for name, cycles in need.items()},
        fill={name: _fill(fifo) for name, fifo in fifos.items()},
        limit=limit,
        limit_cycles=need[limit],
    )


def pace(loop: Loop, cycles: int, *, drains: bool) -> Pace:
    """How a pipeline moves that holds an iteration each interval; if it does not drain, it waits for so many behind."""
    behind = (cycles - 1) // loop.interval
    return Pace(cycles, behind + 1, 0 if drains else behind)


def needed(process: Process, cycles_of: Callable[[Loop], int], turn: int = TURN) -> int:
    """Cycles that a process needs for a sample when it never waits: every loop fills its pipeline and drains it."""
    return sum((loop.iterations - 1) * loop.interval + cycles_of(loop) + turn for loop in process.loops)


def _fill(fifo: Fifo) -> int:
    """Rows are in it from the cycle in which they are written to that in which they are read."""
    counts = (index + 1 - bisect_left(fifo.read, time) for index, time in enumerate(fifo.written))
    return max(counts, default=0)
