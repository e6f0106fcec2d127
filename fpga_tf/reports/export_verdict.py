"""The verdict on timing that exports of Vivado HLS and Vitis HLS state.

It is on the clock of the design alone, and means no more than that the achieved period is at most the target.
"""

from __future__ import annotations

from fpga_tf.errors import UserError
from fpga_tf.reports.types import Clock

ESTIMATED = "clock_ns.estimated is the period after synthesis, before place and route"
NO_PATH = "no path between registers: no clock period is achieved"
NO_PERIOD = "the period after implementation is unknown: the verdict on timing is not on it"


def verdict(met: bool | None, clock: Clock, where: str) -> bool | None:
    """Whether timing is met; None where the periods that the verdict is on are not known.

    Args:
        met: the tool's word; None if it gives none.
        clock: target and achieved period.
        where: file and line, for an error.

    Raises:
        UserError: the word does not fit the periods: one of them was edited, or is of another report.
    """
    if met is None or clock.achieved is None or clock.target is None:
        return None
    if met is not (clock.achieved <= clock.target):
        raise UserError(
            f"timing must be met at a period of at most {clock.target} ns, not "
            f"{'met' if met else 'failed'} at {clock.achieved} ns",
            where=where,
            hint="copy the file again: it was edited",
        )
    return met


def verdict_notes(met: bool | None, clock: Clock, *, implemented: bool) -> tuple[str, ...]:
    """What a reader of the verdict should know."""
    if clock.achieved is not None:
        return (ESTIMATED,) if clock.estimated is not None else ()
    if met is None:
        return (NO_PATH,)
    return (NO_PERIOD,) if implemented else ()
