"""Clocks of Vivado's timing summaries: periods of the `Clock Summary`, slacks of the `Intra Clock Table`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from fpga_tf.reports.types import Clock, ClockDomain, Timing
from fpga_tf.reports.values import decimal
from fpga_tf.reports.vivado_sections import Row, Section, read_table

SLACKS = {"setup_slack": "WNS(ns)", "hold_slack": "WHS(ns)", "pulse_slack": "WPWS(ns)"}


def time(row: Row, heading: str, section: Section) -> float | None:
    """A time in ns; None where the row has none. An endless slack (`inf`) is of paths that nothing constrains.

    Raises:
        UserError: the cell is something else.
    """
    text = row.cells.get(heading, "")
    return None if text == "inf" else decimal(text, heading, section.source.at(row.line))


def read_clocks(summary: Section, intra: Section) -> tuple[ClockDomain, ...]:
    """All clocks, in the order of the summary; slacks are those of paths that begin and end at the clock.

    Raises:
        UserError: a table is damaged, has a clock twice and differently, or has one that the other lacks.
    """
    clocks: dict[str, ClockDomain] = {}
    for row in _rows(summary, None):
        period = time(row, "Period(ns)", summary)
        if not period or period < 0:
            raise summary.damaged("state a period for each clock", row.line)
        _put(clocks, ClockDomain(row.cells["Clock"], period), summary, row)
    slacks: dict[str, ClockDomain] = {}
    for row in _rows(intra, 1):
        name = row.cells["Clock"]
        if name not in clocks:
            raise intra.damaged(f"have the clocks of the clock summary only, not {name[:80]!r}", row.line)
        setup, hold, pulse = (time(row, heading, intra) for heading in SLACKS.values())
        _put(slacks, ClockDomain(name, clocks[name].period, setup, hold, pulse), intra, row)
    # Without this a clock whose row is lost would leave another as the only one that has paths
    if slacks and len(slacks) < len(clocks):
        raise intra.damaged(f"have all {len(clocks)} clocks of the clock summary, not {len(slacks)}")
    return tuple(slacks.get(name, clock) for name, clock in clocks.items())


def _rows(section: Section, names: int | None) -> tuple[Row, ...]:
    table = read_table(section, names)
    if table is None:
        return ()
    if any(line.strip() for line in section.source.lines[table.end : section.stop]):
        raise section.damaged("be one table", table.end)
    needed = ("Clock", "Period(ns)") if names is None else ("Clock",)
    if table.rows and any(heading not in table.rows[0].cells for heading in needed):
        raise section.damaged(f"have the columns {' and '.join(needed)}")
    return table.rows


def _put(clocks: dict[str, ClockDomain], clock: ClockDomain, section: Section, row: Row) -> None:
    if clocks.setdefault(clock.name, clock) != clock:
        raise section.damaged(f"have the clock {clock.name[:80]!r} once, not again with other values", row.line)


def design_clock(timing: Timing) -> Clock:
    """Periods of the design, if one clock decides: it alone has paths of its own, and the worst slack is theirs.

    Its period is the target, the achieved one is the target less the worst slack. Where the report has one clock, and
    the worst slack is of other paths such as to or from ports, its period is the target all the same. Else each clock
    has its own periods (see `Timing.clocks`), and the design has but a slack.
    """
    carrying = [clock for clock in timing.clocks if clock.setup_slack is not None]
    slack = timing.setup_slack
    if len(carrying) == 1 and carrying[0].setup_slack == slack:
        return Clock(target=carrying[0].period, achieved=difference(carrying[0].period, slack), slack=slack)
    return Clock(target=timing.clocks[0].period if len(timing.clocks) == 1 else None, slack=slack)


def difference(period: float | None, slack: float | None) -> float | None:
    """Period less slack, with no digits but those that the tool printed; None if either is unknown."""
    return None if period is None or slack is None else float(Decimal(str(period)) - Decimal(str(slack)))


def worst(clocks: tuple[ClockDomain, ...]) -> Mapping[str, float]:
    """Worst slack over the clocks, by field of `Timing`; without those that no clock has."""
    found = {field: [getattr(clock, field) for clock in clocks] for field in SLACKS}
    known = {field: [slack for slack in slacks if slack is not None] for field, slacks in found.items()}
    return {field: min(slacks) for field, slacks in known.items() if slacks}
