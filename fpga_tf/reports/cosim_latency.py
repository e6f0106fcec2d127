"""Reads `lat.rpt` of co-simulation: lines such as `$MAX_LATENCY = "965"`. (Throughput is the interval in cycles.)"""

from __future__ import annotations

import re

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Interval, Latency, SynthesisReport
from fpga_tf.reports.values import check_order, integer

FORMAT = "cosim_latency"
_HEAD = re.compile(r'\s*\$[A-Z_]{1,40} = "')
_LINE = re.compile(r'\$([A-Z_]{1,40}) = "([^"]{0,40})"')


def claims(source: Source) -> bool:
    """Whether the file starts with an assignment, and has one of a latency."""
    return _HEAD.match(source.head) is not None and "_LATENCY" in source.head


def read(source: Source) -> SynthesisReport:
    """Read latency and interval of a co-simulation.

    Returns:
        The report, stage `cosim`. A zero stays one, as the tool wrote it.

    Raises:
        UserError: a line is none of these, or a value is given twice and differently.
    """
    found: dict[str, int | None] = {}
    for number, line in enumerate(source.lines):
        match = _LINE.fullmatch(line.strip())
        if match is None and line.strip():
            raise UserError(
                f'a line must be $NAME = "value", not {line.strip()[:40]!r}',
                where=source.at(number),
                hint="copy the file again: it was cut off or edited",
            )
        if match is not None:
            value = integer(match[2], match[1], source.at(number))
            if found.setdefault(match[1], value) != value:
                raise UserError(f"{match[1]} must be given once, not with two values", where=source.at(number))
    return _report(source, found)


def _report(source: Source, found: dict[str, int | None]) -> SynthesisReport:
    low, high = found.get("MIN_LATENCY"), found.get("MAX_LATENCY")
    interval = Interval(found.get("MIN_THROUGHPUT"), found.get("MAX_THROUGHPUT"))
    check_order((low, found.get("AVER_LATENCY"), high), "a latency", source.path)
    check_order((interval.min, interval.max), "an interval", source.path)
    alone = interval.max == 0 and high is not None and high > 0
    note = "an interval of 0 with a latency above 0 means that no second transaction was simulated"
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage="cosim",
        latency_cycles=Latency(low, found.get("AVER_LATENCY"), high),
        interval_cycles=interval,
        total_cycles=found.get("TOTAL_EXECUTE_TIME"),
        notes=(note,) if alone else (),
    )
