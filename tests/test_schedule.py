"""When rows move through a network of processes, and which FIFOs are too shallow: small networks, by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from fpga_tf.errors import InternalError
from fpga_tf.process import Channel, Loop, Network, Process
from fpga_tf.schedule import Deadlock, check_depths, holds_whole_samples, simulate, smallest_depths
from fpga_tf.schedule.engine import Pace, run


def process(name: str, *loops: Loop) -> Process:
    return Process(name, name, "test", loops)


def channel(name: str, source: str | None, target: str | None, rows: int, depth: int = 2) -> Channel:
    return Channel(name, 8, rows, depth, source, target)


def line(rows: int, *intervals: int) -> Network:
    """in -> p0 -> c1 -> p1 -> ... -> out"""
    names = [f"p{index}" for index in range(len(intervals))]
    channels = ["in", *(f"c{index}" for index in range(1, len(names))), "out"]
    made = [process(name, Loop(rows, (channels[i],), (channels[i + 1],), intervals[i])) for i, name in enumerate(names)]
    ends = zip(channels, [None, *names], [*names, None], strict=True)
    return Network(tuple(made), tuple(channel(name, source, target, rows) for name, source, target in ends))


def residual(rows: int, direct: int, around: int = 2) -> Network:
    """in -> fork -> (direct, or work) -> add -> out"""
    return Network(
        (
            process("fork", Loop(rows, ("in",), ("to_work", "direct"), 1)),
            process("work", Loop(rows, ("to_work",), ("around",), 1)),
            process("add", Loop(rows, ("direct", "around"), ("out",), 1)),
        ),
        (
            channel("in", None, "fork", rows),
            channel("to_work", "fork", "work", rows),
            channel("direct", "fork", "add", rows, direct),
            channel("around", "work", "add", rows, around),
            channel("out", "add", None, rows),
        ),
    )


def attention(rows: int, queries: int, keys: int = 2) -> Network:
    """in -> fork -> queries and keys -> scores -> out: all keys are read before the first query"""
    return Network(
        (
            process("fork", Loop(rows, ("in",), ("keys", "queries"), 1)),
            process("scores", Loop(rows, ("keys",), (), 1), Loop(rows, ("queries",), ("out",), 2)),
        ),
        (
            channel("in", None, "fork", rows),
            channel("keys", "fork", "scores", rows, keys),
            channel("queries", "fork", "scores", rows, queries),
            channel("out", "scores", None, rows),
        ),
    )


def always(cycles: int) -> Callable[[Loop], int]:
    return lambda loop: cycles


def test_one_process_by_hand() -> None:
    # offered in cycles 0 1 2, read in 1 2 3, written in 5 6 7; free in 8: the next sample ends in 14
    found = simulate(line(3, 1), always(4))
    assert (found.latency, found.interval, found.limit, found.limit_cycles) == (7, (7, 7), "p0", 7)
    assert found.busy == {"p0": 1.0}
    # read in 1 3 5, written in 5 7 9
    assert simulate(line(3, 2), always(4)).latency == 9
    # a turn of 3 cycles and no hop: read in 0 1 2, written in 4 5 6, free in 9
    bare = simulate(line(3, 1), always(4), turn=3, hop=0)
    assert (bare.latency, bare.interval) == (6, (9, 9))


def test_a_line_is_as_slow_as_its_slowest() -> None:
    found = simulate(line(10, 1, 4, 1), always(2))
    # 3 hops and 3 paths of 2 cycles for the first row, and 9 rows more at 4 cycles
    assert found.latency == 3 + 3 * 2 + 9 * 4
    assert (found.interval, found.limit) == ((9 * 4 + 2 + 1,) * 2, "p1")
    assert found.busy == pytest.approx({"p0": 12 / 39, "p1": 1.0, "p2": 12 / 39})
    assert found.fill == {"in": 2, "c1": 2, "c2": 1, "out": 1}
    assert found.loaded_latency > found.latency, "rows wait for those of the samples before"


def test_all_keys_come_before_the_first_query() -> None:
    # fork: 1..5 + 3 cycles; keys read in 5..9; the second loop starts in 9 + 3 + 1 = 13: 13 15 17 19 21, and 3 cycles
    found = simulate(attention(5, 5), always(3))
    assert found.latency == 24
    assert found.limit_cycles == (4 + 3 + 1) + (4 * 2 + 3 + 1) == 20
    assert found.interval == (20, 20)
    assert (found.fill["queries"], found.fill["keys"]) == (5, 2)


def test_a_pipeline_of_two_places_waits_for_the_row_that_leaves() -> None:
    # two rows are inside at once: interval 3, 6 cycles; out of p1 one row each 10 cycles
    found = simulate(line(4, 3, 10), lambda loop: 6 if loop.interval == 3 else 1)
    assert found.interval == (3 * 10 + 1 + 1,) * 2
    assert found.limit == "p1"


def test_a_pipeline_that_was_full_goes_on_at_its_interval() -> None:
    network = Network(
        (
            process("work", Loop(4, ("in",), ("rows",), 3)),
            process("join", Loop(4, ("late",), (), 10), Loop(4, ("rows",), ("out",), 1)),
        ),
        (
            channel("in", None, "work", 4),
            channel("late", None, "join", 4),
            channel("rows", "work", "join", 4, 1),
            channel("out", "join", None, 4),
        ),
    )
    found = run(network, lambda one, _: Pace(6, 2) if one.name == "work" else Pace(1), 1, turn=1, hop=1)
    # the second loop of `join` starts in 33; rows 1 and 2 wait in the pipeline till then
    assert (found["late"].read, found["in"].read) == ([1, 11, 21, 31], [1, 4, 7, 34])
    assert (found["rows"].written, found["rows"].read) == ([7, 34, 37, 40], [33, 35, 38, 41])


def test_a_pipeline_that_does_not_drain_keeps_rows() -> None:
    network = line(3, 5, 1, 3)
    drained, kept = (simulate(network, always(4), drains=drains) for drains in (True, False))
    # p0 reads in 1 6 11 and writes in 5 10 15; p1 reads in 6 11 16. Drained: writes in 10 15 20, p2 in 15 20 25.
    assert drained.latency == 25
    # Kept: p1 still holds rows 0 and 1 when row 2 comes, and drains: writes in 18 19 20; p2 reads in 19 22 25.
    assert kept.latency == 29
    assert kept.interval == drained.interval


def test_fifos_too_shallow_make_the_interval_longer_and_say_so() -> None:
    def work(loop: Loop) -> int:
        return 12 if loop.writes == ("around",) else 2

    deep, shallow = (simulate(residual(20, depth), work) for depth in (20, 2))
    assert (deep.interval, deep.limit, deep.limit_cycles) == ((32, 32), "work", 19 + 12 + 1)
    assert shallow.interval[1] > shallow.limit_cycles
    assert shallow.fill["direct"] == 2
    # a row goes around in hop 1 + 12 + hop 1 cycles, and its place is free one later
    assert deep.fill["direct"] == 15


def test_a_deadlock_names_who_waits_for_what() -> None:
    with pytest.raises(Deadlock) as caught:
        simulate(attention(5, 2), always(3))
    found = caught.value
    assert found.blocked == {
        "fork": "waits to write queries (full)",
        "scores": "waits to read keys (empty)",
        "port in": "waits to write in (full)",
        "port out": "waits to read out (empty)",
    }
    assert (found.full, found.empty) == (("queries", "in"), ("keys", "out"))
    assert "fork waits to write queries (full); scores waits to read keys (empty)" in found.what
    assert found.exit_code == 4


def test_one_row_less_than_needed_deadlocks() -> None:
    # the fork gives a key and a query in one iteration: all queries are there before the last key is
    check_depths(attention(5, 5))
    with pytest.raises(Deadlock) as caught:
        check_depths(attention(5, 4))
    assert (caught.value.full, caught.value.empty) == (("queries", "in"), ("keys", "out"))
    # a lazy `work` takes all six rows before it gives one
    check_depths(residual(6, 6, 1))
    with pytest.raises(Deadlock, match=r"fork waits to write direct \(full\)"):
        check_depths(residual(6, 5, 6))


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_the_smallest_depths(rows: int) -> None:
    for network in (attention(rows, rows), residual(rows, rows, rows)):
        small = smallest_depths(network)
        check_depths(small)
        for index, one in enumerate(small.channels):
            if one.depth > 1:
                with pytest.raises(Deadlock):
                    channels = list(small.channels)
                    channels[index] = replace(one, depth=one.depth - 1)
                    check_depths(replace(small, channels=tuple(channels)))


def test_rows_may_also_wait_on_the_way() -> None:
    """Of 7 queries that come with 7 keys one waits before `work` and one in it: 5 places are enough behind."""
    design = attention(7, 7)
    work = process("work", Loop(7, ("queries",), ("behind",), 1))
    scores = process("scores", Loop(7, ("keys",), (), 1), Loop(7, ("behind",), ("out",), 2))
    queries, behind = channel("queries", "fork", "work", 7), channel("behind", "work", "scores", 7, 7)
    channels = (*(queries if c.name == "queries" else c for c in design.channels), behind)
    small = smallest_depths(replace(design, processes=(design.processes[0], work, scores), channels=channels))
    assert {c.name: c.depth for c in small.channels} == {"in": 1, "keys": 1, "queries": 1, "out": 1, "behind": 5}


def test_whole_samples_where_they_must_be() -> None:
    assert holds_whole_samples(attention(5, 5, 1))
    assert not holds_whole_samples(attention(5, 4))
    # both inputs of an addition are read in one iteration: neither is taken first and alone
    assert holds_whole_samples(residual(5, 5, 5))
    assert not holds_whole_samples(residual(5, 5, 4))
    assert not holds_whole_samples(residual(5, 4, 5))
    assert holds_whole_samples(line(5, 1, 2, 3))
    # read first, and again behind another one: no longer alone
    loops = (Loop(2, ("a",), (), 1), Loop(4, ("b",), (), 1), Loop(2, ("a",), ("out",), 1))
    shallow = (channel("a", None, "p", 4), channel("b", None, "p", 4, 4), channel("out", "p", None, 2))
    assert not holds_whole_samples(Network((process("p", *loops),), shallow))


def test_rows_must_add_up() -> None:
    network = attention(5, 5)
    wrong = replace(network, channels=(*network.channels[:-1], channel("out", "scores", None, 4)))
    with pytest.raises(InternalError, match="scores must have written out 4 times for a sample, not 5 times"):
        simulate(wrong, always(1))


def some_network(random: Random, rows: int = 3) -> Network:
    """Up to five processes; each reads one or two FIFOs, one after the other or at once."""
    loose: list[str | None] = [None]  # who gives a row that nobody takes yet
    made: list[tuple[str, list[tuple[str, ...]], list[str]]] = []
    channels: list[Channel] = []
    for index in range(random.randint(2, 5)):
        name = f"p{index}"
        reads = []
        for _ in range(min(random.choice((1, 2, 2)), len(loose))):
            source = loose.pop(random.randrange(len(loose)))
            reads.append(f"c{len(channels)}")
            channels.append(channel(reads[-1], source, name, rows, random.randint(1, rows)))
        order: list[tuple[str, ...]] = [(one,) for one in reads] if random.random() < 0.5 else [tuple(reads)]
        made.append((name, order, []))
        loose += [name] * random.choice((1, 2))
    channels += [channel(f"c{len(channels) + i}", name, None, rows) for i, name in enumerate(loose) if name]
    processes = []
    for name, order, _ in made:
        writes = tuple(one.name for one in channels if one.source == name)
        loops = [Loop(rows, reads, writes if reads == order[-1] else (), 1) for reads in order]
        processes.append(process(name, *loops))
    return Network(tuple(processes), tuple(channels))


def stuck(network: Network, paces: Callable[[Process, Loop], Pace]) -> bool:
    try:
        run(network, paces, 3)
    except Deadlock:
        return True
    return False


def of(choice: Sequence[Pace]) -> Callable[[Process, Loop], Pace]:
    return lambda process, loop: choice[int(process.name[1:])]


def test_eager_and_lazy_are_the_extremes() -> None:
    """If any numbers of kept rows deadlock, so does a choice of eager and lazy processes, and check_depths says so."""
    random, rows, found = Random(1), 3, {True: 0, False: 0}
    kinds = [Pace(1, held + 1 + more, held) for held in range(rows) for more in range(rows - held)]
    for _ in range(200):
        network = some_network(random, rows)
        count = len(network.processes)
        extremes = any(
            stuck(network, of(choice)) for choice in product((Pace(1, 1, 0), Pace(1, rows, rows - 1)), repeat=count)
        )
        some = any(stuck(network, of([random.choice(kinds) for _ in range(count)])) for _ in range(40))
        assert extremes or not some
        assert not (extremes and holds_whole_samples(network))
        try:
            check_depths(network)
        except Deadlock:
            assert extremes
        else:
            assert not extremes
        found[extremes] += 1
    assert min(found.values()) > 30, "the networks must show both"


def crossed(rows: int) -> Network:
    """Two forks and two joins; what one fork gives on a short way the other join reads, and the other way round."""
    ways = {("fork0", "join0"): "slow0", ("fork1", "join1"): "slow1", ("fork0", "join1"): "short0"}
    ways[("fork1", "join0")] = "short1"
    channels = [channel(f"in{i}", None, f"fork{i}", rows) for i in (0, 1)]
    channels += [channel(f"to_{name}", fork, name, rows) for (fork, _), name in ways.items()]
    channels += [channel(f"of_{name}", name, join, rows) for (_, join), name in ways.items()]
    channels += [channel(f"out{i}", f"join{i}", None, rows) for i in (0, 1)]
    names = ("fork0", "fork1", *ways.values(), "join0", "join1")
    return Network(
        tuple(
            process(
                name,
                Loop(
                    rows,
                    tuple(c.name for c in channels if c.target == name),
                    tuple(c.name for c in channels if c.source == name),
                    1,
                ),
            )
            for name in names
        ),
        tuple(channels),
    )


def test_what_is_tried_of_many_processes_is_no_proof() -> None:
    """Only both slow ones together wait for ever, and only if the short ones keep nothing: not one of what is tried."""
    network = crossed(9)
    assert len(network.processes) == 8 and not holds_whole_samples(network)
    check_depths(network)

    def lazy(*names: str) -> Callable[[Process, Loop], Pace]:
        return lambda process, _: Pace(1, 9, 8) if process.name in names else Pace(1)

    assert [stuck(network, lazy(name)) for name in ("slow0", "slow1")] == [False, False]
    assert stuck(network, lazy("slow0", "slow1"))


def test_whole_samples_never_deadlock() -> None:
    random, rows = Random(2), 3
    for _ in range(150):
        network = some_network(random, rows)
        alone = {c.name for c in network.channels if not holds_whole_samples(_only_shallow(network, c.name, rows))}
        deep = tuple(replace(c, depth=rows if c.name in alone else 1) for c in network.channels)
        network = replace(network, channels=deep)
        assert holds_whole_samples(network)
        for choice in product((Pace(1, 1, 0), Pace(1, rows, rows - 1)), repeat=len(network.processes)):
            assert not stuck(network, of(choice))


def _only_shallow(network: Network, name: str, rows: int) -> Network:
    return replace(network, channels=tuple(replace(c, depth=1 if c.name == name else rows) for c in network.channels))
