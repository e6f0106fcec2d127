"""When each process of a dataflow design is at work for a sample."""

from __future__ import annotations

from collections.abc import Callable

from fpga_tf.process import Loop, Network
from fpga_tf.schedule.engine import run
from fpga_tf.schedule.timing import HOP, TURN, pace


def spans(
    network: Network, cycles_of: Callable[[Loop], int], *, drains: bool = True, turn: int = TURN, hop: int = HOP
) -> dict[str, tuple[int, int]]:
    """For a lone sample: the cycle in which each process reads its first row, and that in which it writes its last.

    Cycles count from the first row offered, so the latest end is the latency of `fpga_tf.schedule.simulate`. What they
    mean, and what they may raise, is said there. Processes that read or write nothing are left out.
    """
    fifos = run(network, lambda _, loop: pace(loop, cycles_of(loop), drains=drains), 1, turn, hop).values()
    found = {}
    for process in network.processes:
        starts = [fifo.read[0] for fifo in fifos if fifo.channel.target == process.name]
        ends = [fifo.written[-1] for fifo in fifos if fifo.channel.source == process.name]
        if starts and ends:
            found[process.name] = min(starts), max(ends)
    return found
