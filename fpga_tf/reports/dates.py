"""When reports were written, as far as tools tell: they state local time, often without its zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from fpga_tf.reports.types import SynthesisReport

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = "|".join(_MONTHS)
# `Mon Mar  3 10:00:00 UTC 2025`, `Sat 17 Feb 2024 05:34:20 PM PST`
_DAY = re.compile(rf"\b(?:(?P<m1>{_MONTH}) {{1,2}}(?P<d1>[0-9]{{1,2}})|(?P<d2>[0-9]{{1,2}}) (?P<m2>{_MONTH}))\b")
_YEAR = re.compile(r"\b(20[0-9]{2})\b")
# Less may be two time zones.
_SURELY = timedelta(days=2)


def day(text: str | None) -> date | None:
    """The day in a date as tools spell it; None if there is none."""
    found, year = _DAY.search(text or ""), _YEAR.search(text or "")
    if found is None or year is None:
        return None
    month = _MONTHS.index(found["m1"] or found["m2"]) + 1
    try:
        return date(int(year[1]), month, int(found["d1"] or found["d2"]))
    except ValueError:
        return None


def stale(reports: Sequence[SynthesisReport]) -> list[str]:
    """Notes on reports of simulation and implementation that are older than all of C synthesis, by two days or more."""
    synthesised = [found for report in reports if report.stage == "csynth" and (found := day(report.date))]
    if not synthesised:
        return []
    first = min(synthesised)
    return [
        f"{report.path} is of {found}, C synthesis of {first}: it may be of an older design"
        for report in reports
        if report.stage not in ("csynth", "estimate") and (found := day(report.date)) and found <= first - _SURELY
    ]
