"""Reads `result.transaction.rpt` of co-simulation: latency and interval of each transaction."""

from __future__ import annotations

import re

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Interval, Latency, SynthesisReport
from fpga_tf.reports.values import integer

FORMAT = "cosim_transactions"
_HEAD = re.compile(r"\s*latency\s+interval[ \t]*\n")
_LINE = re.compile(r"transaction +([0-9]{1,12}): +([0-9]{1,18}|x) +([0-9]{1,18}|x)")


def claims(source: Source) -> bool:
    """Whether the file begins with the heading of transactions."""
    return _HEAD.match(source.head) is not None


def read(source: Source) -> SynthesisReport:
    """Read the transactions of a co-simulation.

    Returns:
        The report, stage `cosim`: smallest and largest latency and interval, the average where it is whole.

    Raises:
        UserError: a line is no transaction, their numbers have a gap, or the last ones are missing.
    """
    latencies: list[int | None] = []
    intervals: list[int | None] = []
    headed = False
    for number, line in enumerate(source.lines):
        if not line.strip():
            continue
        if not headed:
            headed = True
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None or int(found[1]) != len(latencies):
            raise _damaged(source, number, f"list transaction {len(latencies)} here")
        latencies.append(integer(found[2], "latency", source.at(number)))
        intervals.append(integer(found[3], "interval", source.at(number)))
    # The last transaction has no next one to measure to: an x, and 0 where it is the only one
    if not intervals or (intervals[-1] is not None and (len(intervals), intervals[-1]) != (1, 0)):
        raise _damaged(source, len(source.lines) - 1, "go on to the last transaction, whose interval is x")
    return _report(source, latencies, intervals)


def _report(source: Source, latencies: list[int | None], intervals: list[int | None]) -> SynthesisReport:
    known = [number for number in latencies if number is not None]
    gaps = [number for number in intervals if number is not None]
    average = None
    if known and len(known) == len(latencies) and sum(known) % len(known) == 0:
        average = sum(known) // len(known)
    single = len(latencies) == 1 and gaps == [0]
    note = "the interval of a single transaction is 0: no second one was simulated"
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage="cosim",
        latency_cycles=Latency(min(known, default=None), average, max(known, default=None)),
        interval_cycles=Interval(min(gaps, default=None), max(gaps, default=None)),
        transactions=len(latencies),
        notes=(note,) if single else (),
    )


def _damaged(source: Source, line: int, rule: str) -> UserError:
    hint = "copy the file again: it was cut off or edited"
    return UserError(f"a list of transactions must {rule}", where=source.at(line), hint=hint)
