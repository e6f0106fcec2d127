"""Runs a network of processes row by row, with FIFOs that block when they are full or empty.

A process runs its loops in order, for one sample after another. Iteration `i` of a loop with interval `I`

- starts when each FIFO that it reads has a row, `I` after iteration `i - 1`, and once iteration `i - places` has ended;
- ends, and writes, `cycles` after its start, at least `I` after the end of iteration `i - 1`, when each FIFO that it
  writes has room, and not before iteration `i + held` of the loop has started (the loop's last one, if there are less).

A loop begins when all iterations of the one before have ended. So every time is the largest of sums of earlier times:
it does not depend on the order in which processes are looked at, and neither does a deadlock (Kahn, "The semantics of a
simple language for parallel programming", 1974: blocking reads and writes are determinate).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fpga_tf.errors import InternalError
from fpga_tf.process import Channel, Loop, Network, Process


@dataclass(frozen=True, slots=True)
class Pace:
    """How a loop's pipeline moves.

    Attributes:
        cycles: from an iteration's reads to its writes.
        places: iterations that can be in the pipeline at once; at least `held + 1`.
        held: iterations that must start after one before that one's rows come out.
    """

    cycles: int
    places: int = 1
    held: int = 0


class Deadlock(InternalError):
    """No process can go on.

    Attributes:
        blocked: process -> what it waits for.
        full: FIFOs that a process waits to write.
        empty: FIFOs that a process waits to read.
    """

    def __init__(self, blocked: Mapping[str, str], full: Sequence[str], empty: Sequence[str]) -> None:
        waits = "; ".join(f"{name} {what}" for name, what in blocked.items())
        super().__init__(
            f"FIFOs must be deep enough that every process can go on, but none can: {waits}",
            hint="a FIFO in front of a process that joins several must hold all rows of a sample",
        )
        self.blocked, self.full, self.empty = dict(blocked), tuple(full), tuple(empty)


@dataclass(slots=True)
class Fifo:
    """A FIFO and the cycles in which each of its rows was written and read."""

    channel: Channel
    written: list[int] = field(default_factory=list)
    read: list[int] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether a process that writes would block."""
        return len(self.written) - len(self.read) >= self.channel.depth

    @property
    def empty(self) -> bool:
        """Whether a process that reads would block."""
        return len(self.written) == len(self.read)

    def room_from(self) -> int:
        """First cycle in which the next row can be written: the one after its place was read."""
        last = len(self.written) - self.channel.depth
        return self.read[last] + 1 if last >= 0 else 0


class Worker:
    """A process at work.

    Attributes:
        process: that it runs.
        left: samples that it has not finished.
    """

    def __init__(self, process: Process, fifos: Mapping[str, Fifo], paces: Sequence[Pace], samples: int, turn: int):
        self.process, self.left, self._turn, self._free = process, samples if process.loops else 0, turn, 0
        self._loops = [
            (loop, pace, [fifos[name] for name in loop.reads], [fifos[name] for name in loop.writes])
            for loop, pace in zip(process.loops, paces, strict=True)
        ]
        self._at = 0
        self._starts: list[int] = []
        self._ends: list[int] = []

    def go(self, hop: int) -> bool:
        """Go on as far as possible; whether that was any way."""
        moved = False
        while self.left and (self._end() or self._start(hop)):
            moved = True
            if len(self._ends) == self._loops[self._at][0].iterations:
                self._next_loop()
        return moved

    def waits(self) -> tuple[str, list[str], list[str]]:
        """In words what it waits for; the full FIFOs and the empty ones among that."""
        loop, _, reads, writes = self._loops[self._at]
        full = [fifo.channel.name for fifo in writes if fifo.full] if len(self._ends) < len(self._starts) else []
        empty = [fifo.channel.name for fifo in reads if fifo.empty] if len(self._starts) < loop.iterations else []
        words = [f"waits to write {', '.join(full)} (full)"] * bool(full)
        words += [f"waits to read {', '.join(empty)} (empty)"] * bool(empty)
        return " and ".join(words), full, empty

    def _start(self, hop: int) -> bool:
        loop, pace, reads, _ = self._loops[self._at]
        index = len(self._starts)
        if index == loop.iterations or index - len(self._ends) >= pace.places or any(fifo.empty for fifo in reads):
            return False
        time = self._starts[-1] + loop.interval if index else self._free
        if index >= pace.places:
            time = max(time, self._ends[index - pace.places])
        for fifo in reads:
            time = max(time, fifo.written[len(fifo.read)] + hop)
        for fifo in reads:
            fifo.read.append(time)
        self._starts.append(time)
        return True

    def _end(self) -> bool:
        loop, pace, _, writes = self._loops[self._at]
        index = len(self._ends)
        after = min(index + pace.held, loop.iterations - 1)
        if index == len(self._starts) or after >= len(self._starts) or any(fifo.full for fifo in writes):
            return False
        behind = (after - index) * loop.interval
        time = pace.cycles + max(self._starts[index], self._starts[after] - behind)
        if index:
            time = max(time, self._ends[-1] + loop.interval)
        for fifo in writes:
            time = max(time, fifo.room_from())
        for fifo in writes:
            fifo.written.append(time)
        self._ends.append(time)
        return True

    def _next_loop(self) -> None:
        self._free = self._ends[-1] + self._turn
        self._starts, self._ends = [], []
        self._at = (self._at + 1) % len(self._loops)
        self.left -= self._at == 0


def run(
    network: Network, pace_of: Callable[[Process, Loop], Pace], samples: int, turn: int = 0, hop: int = 0
) -> dict[str, Fifo]:
    """Run some samples through a network; inputs are offered a row a cycle, outputs are taken at once.

    Args:
        network: whose loops have at least one iteration each.
        pace_of: how each loop moves.
        samples: how many.
        turn: cycles from a loop's last end to the first start of the next loop, or of the next sample.
        hop: cycles from the write of a row to the first in which it can be read.

    Returns:
        The FIFOs, by name.

    Raises:
        Deadlock: no process can go on before all samples have passed.
        InternalError: a FIFO is not written, or not read, as often as it has rows.
    """
    _count_rows(network)
    fifos = {channel.name: Fifo(channel) for channel in network.channels}
    workers = [
        Worker(process, fifos, [pace_of(process, loop) for loop in process.loops], samples, turn)
        for process in network.processes
    ]
    workers += [Worker(port, fifos, [Pace(0)], samples, 0) for port in _ports(network)]
    _until_all_wait(workers, hop)
    stuck = [worker for worker in workers if worker.left]
    if stuck:
        raise _deadlock(stuck)
    return fifos


def _count_rows(network: Network) -> None:
    written: Counter[str] = Counter()
    read: Counter[str] = Counter()
    for process in network.processes:
        for loop in process.loops:
            written.update(dict.fromkeys(loop.writes, loop.iterations))
            read.update(dict.fromkeys(loop.reads, loop.iterations))
    for channel in network.channels:
        counts = {"written": (channel.source, written), "read": (channel.target, read)}
        for what, (name, times) in counts.items():
            if name is not None and times[channel.name] != channel.rows:
                raise InternalError(
                    f"{name} must have {what} {channel.name} {channel.rows} times for a sample, not "
                    f"{times[channel.name]} times"
                )


def _ports(network: Network) -> list[Process]:
    """What is outside, as processes: one for each port."""
    found = []
    for channel in network.channels:
        if channel.source is None:
            found.append(_port(channel, Loop(channel.rows, (), (channel.name,), 1)))
        if channel.target is None:
            found.append(_port(channel, Loop(channel.rows, (channel.name,), (), 1)))
    return found


def _port(channel: Channel, loop: Loop) -> Process:
    return Process(f"port {channel.name}", "", "port", (loop,))


def _until_all_wait(workers: Sequence[Worker], hop: int) -> None:
    """Let each process go on until it waits, and again those beside one that moved."""
    touches = [{name for loop in w.process.loops for name in (*loop.reads, *loop.writes)} for w in workers]
    beside: dict[str, set[int]] = {}
    for index, names in enumerate(touches):
        for name in names:
            beside.setdefault(name, set()).add(index)
    waiting = deque(range(len(workers)))
    while waiting:
        index = waiting.popleft()
        if workers[index].go(hop):
            waiting.extend({other for name in touches[index] for other in beside[name]} - {index, *waiting})


def _deadlock(stuck: Sequence[Worker]) -> Deadlock:
    blocked: dict[str, str] = {}
    full: list[str] = []
    empty: list[str] = []
    for worker in stuck:
        words, no_room, no_row = worker.waits()
        blocked[worker.process.name] = words
        full += [name for name in no_room if name not in full]
        empty += [name for name in no_row if name not in empty]
    return Deadlock(blocked, full, empty)
