"""How deep FIFOs must be so that no schedule deadlocks.

**Pipelines hold rows back.** With blocking reads and writes a deadlock does not depend on the order in which processes
run. It does depend on how many rows a pipeline keeps: one that stands still when no input comes gives nothing out, and
one that is full takes nothing in. A tool decides both, and nobody knows before synthesis. So let every process keep any
number of rows of its loop, as long as there are more to read. When there are not, a loop drains: it does not wait for
the next sample. So projects turn off the rewinding of loops, which Vitis HLS does by itself.

**Corners suffice.** Call a process *eager* if it writes the rows of an iteration before it starts the next, and *lazy*
if it starts all iterations of a loop before it writes any row. If any numbers deadlock, so does a choice of eager and
lazy processes. Proof: a deadlock is a cycle of events that wait for each other. Take a shortest one. In a process it
can use "write `i` waits for start `i + held`", which lazy implies, "start `i` waits for end `i - places`", which eager
implies, or neither. If it used both, at `W(a) <- S(a+h)` and `S(b) <- W(b-h-1)`, then for `b <= a+h` the way back from
`W(b-h-1)` to `W(a)` closes with `W(a) <- W(b-h-1)`, and for `b > a+h` the way from `S(a+h)` to `S(b)` closes with
`S(b) <- S(a+h)`, both by the order of iterations alone: shorter cycles.

**Whole samples suffice.** A process takes a FIFO *first and alone* if it reads no other before it has read that one's
last row of a sample. If each other FIFO that a process reads holds all rows of a sample, nothing deadlocks, whatever
rows pipelines keep. Proof: let nothing move, let `n` be the earliest sample that some process has not finished, and `B`
the processes that have not finished it.

1. No process of `B` waits to write into a FIFO that holds a whole sample: it has not written all rows of `n`, so a row
   of an earlier sample is left in there, whose reader has not finished that one.
2. So one that waits to write does so for a FIFO `f` that its reader `q` takes first and alone. The rows in `f` are of
   `n`, so `q` is in `B`, has a row to read, and waits for no other. It does not keep rows back either, as there are
   more to read. So `q` waits to write, too, by 1 into such a FIFO, and so on downstream: without end, but the network
   has no cycle and its outputs are taken. So no process of `B` waits to write.
3. The first of `B`, upstream, has all rows of `n` in its FIFOs, as the processes before it have finished. It waits
   neither to read nor, by 2, to write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from fpga_tf.process import Channel, Loop, Network, Process
from fpga_tf.schedule.engine import Deadlock, Pace, run

# Up to so many processes, every choice of eager and lazy ones is tried.
_ALL = 6
# A deadlock shows in the first sample, or when the next one comes upon it.
_SAMPLES = 2


def holds_whole_samples(network: Network) -> bool:
    """Whether all FIFOs hold a whole sample but those that are taken first and alone: then nothing deadlocks."""
    alone = {name for process in network.processes for name in _first_and_alone(process)}
    return all(c.depth >= (1 if c.name in alone or c.target is None else c.rows) for c in network.channels)


def check_depths(network: Network) -> None:
    """Prove that no schedule deadlocks, or look for one that does.

    If not all FIFOs hold whole samples where they must, choices of eager and lazy processes are run: all of them in
    networks of up to 6 processes, which is a proof, too; else all eager, all lazy, and each single one that differs
    from the others. The latter is no proof: two lazy processes may deadlock where neither does alone.

    Raises:
        Deadlock: a schedule does.
    """
    if not holds_whole_samples(network):
        for lazy in _choices(network):
            _run(network, lazy)


def smallest_depths(network: Network) -> Network:
    """The network with FIFOs as shallow as `check_depths` lets them be, each made smaller in turn.

    So with more than 6 processes they are no proven bound: designs get whole samples.

    Raises:
        Deadlock: not even whole samples everywhere would do.
    """
    channels = {c.name: replace(c, depth=max(c.depth, c.rows)) for c in network.channels}
    _require(network, channels)
    for name, channel in list(channels.items()):
        low, high = 1, channel.depth
        while low < high:
            middle = (low + high) // 2
            channels[name] = replace(channel, depth=middle)
            if _deadlocks(_with(network, channels)):
                low = middle + 1
            else:
                high = middle
        channels[name] = replace(channel, depth=high)
    return _with(network, channels)


def _first_and_alone(process: Process) -> Iterator[str]:
    """The FIFO that a process takes first and alone, if it has one."""
    reading = [loop.reads for loop in process.loops if loop.reads]
    if reading and len(reading[0]) == 1:
        (name,) = reading[0]
        last = max(index for index, reads in enumerate(reading) if name in reads)
        if all(reads == (name,) for reads in reading[: last + 1]):
            yield name


def _choices(network: Network) -> Iterator[frozenset[str]]:
    """Which processes are lazy."""
    names = [process.name for process in network.processes]
    if len(names) <= _ALL:
        for chosen in product((False, True), repeat=len(names)):
            yield frozenset(name for name, lazy in zip(names, chosen, strict=True) if lazy)
        return
    yield from (frozenset(), frozenset(names))
    for name in names:
        yield frozenset({name})
        yield frozenset(names) - {name}


def _run(network: Network, lazy: frozenset[str]) -> None:
    def pace(process: Process, loop: Loop) -> Pace:
        return Pace(1, loop.iterations, loop.iterations - 1) if process.name in lazy else Pace(1)

    run(network, pace, _SAMPLES)


def _require(network: Network, channels: dict[str, Channel]) -> None:
    check_depths(_with(network, channels))


def _deadlocks(network: Network) -> bool:
    try:
        check_depths(network)
    except Deadlock:
        return True
    return False


def _with(network: Network, channels: dict[str, Channel]) -> Network:
    return replace(network, channels=tuple(channels.values()))
