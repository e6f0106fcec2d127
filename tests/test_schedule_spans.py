"""When each process is at work: the last ends with the latency of the schedule."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from fpga_tf.schedule import simulate
from fpga_tf.schedule.spans import spans

from .test_schedule import always, attention, line, residual, some_network


def test_a_line_by_hand() -> None:
    found = spans(line(4, 2, 1), always(3), turn=1, hop=1)
    assert list(found.values()) == [(1, 1 + 3 * 2 + 3), (5, 5 + 3 * 2 + 3)]


@pytest.mark.parametrize("drains", [True, False])
@pytest.mark.parametrize("seed", range(20))
def test_the_last_process_ends_with_the_latency(seed: int, drains: bool) -> None:
    found = some_network(Random(seed))
    network = replace(found, channels=tuple(replace(one, depth=one.rows) for one in found.channels))
    times = spans(network, always(4), drains=drains)
    assert max(end for _, end in times.values()) == simulate(network, always(4), drains=drains).latency
    assert all(0 < start < end for start, end in times.values())


def test_a_process_starts_after_what_it_reads_began() -> None:
    for network in (residual(6, 6), attention(5, 5, 5)):
        found = spans(network, always(2))
        for one in network.channels:
            if one.source in found and one.target in found:
                assert found[one.source][0] < found[one.target][1]
