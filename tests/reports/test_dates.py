"""Dates as tools spell them, and reports that are older than what they should be of."""

from __future__ import annotations

from datetime import date

import pytest

from fpga_tf.reports.combine import combine
from fpga_tf.reports.dates import day, stale
from fpga_tf.reports.types import Stage, SynthesisReport


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon Mar  3 10:00:00 2025", date(2025, 3, 3)),
        ("Mon Mar  3 10:00:00 UTC 2025", date(2025, 3, 3)),
        ("Tue 26 Nov 2024 11:46:50 AM CST", date(2024, 11, 26)),
        ("Wed Dec 31 23:59:59 CDT 2036", date(2036, 12, 31)),
        ("Sat Feb 29 10:00:00 2025", None),
        ("Mon Mar 3 10:00:00", None),
        ("2025", None),
        ("", None),
        (None, None),
        ("Mon März 3 2025", None),
    ],
)
def test_days(text: str | None, expected: date | None) -> None:
    assert day(text) == expected


def made(stage: Stage, written: str | None) -> SynthesisReport:
    return SynthesisReport(f"p/{stage}.rpt", "some", stage, top="net", date=written)


def test_a_simulation_of_two_days_before_c_synthesis_is_of_an_older_design() -> None:
    new, again = made("csynth", "Mon Mar 10 10:00:00 2025"), made("csynth", "Mon Mar 24 10:00:00 2025")
    for written, old in (
        ("Sat Mar  8 23:59:59 PST 2025", True),
        ("Sun Mar  9 01:00:00 UTC 2025", False),
        ("Tue Mar 11 01:00:00 UTC 2025", False),
        (None, False),
    ):
        for stage in ("cosim", "synth", "place", "route"):
            assert bool(stale([made(stage, written), again, new])) is old, (stage, written)
    old_run = made("cosim", "Tue Mar  4 10:00:00 2025")
    note = "p/cosim.rpt is of 2025-03-04, C synthesis of 2025-03-10: it may be of an older design"
    assert stale([new, old_run]) == [note]
    assert combine("net", [new, old_run]).notes == (note,)
    assert stale([old_run]) == stale([]) == stale([made("csynth", None), old_run]) == []
    assert stale([new, made("csynth", "Tue Mar  4 10:00:00 2025")]) == []
