"""What a configuration asks, then and now: a limit may get stricter, as what passes it passes the recorded one, too."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from fpga_tf.verdict.regression.baseline import Configuration
from fpga_tf.verdict.regression.positions import Loc
from fpga_tf.verdict.regression.rows import Outcome, Row

GROUP = "configuration"
_UNITS = {"latency_us": "us", "interval_cycles": "cycles"}


def configuration_rows(old: Configuration, new: Configuration) -> Iterator[Row]:
    """The signal, which must be the same, and the limit of every gate that has one then or now."""
    same = old.signal == new.signal
    say = "" if same else f"the configuration's signal from {old.signal or 'none'} to {new.signal or 'none'}"
    yield Row(GROUP, "signal", old.signal, new.signal, "same" if same else "fail", say, loc=(GROUP, "signal"))
    for name in dict.fromkeys([*old.at_most, *new.at_most]):
        yield _limit(name, old.at_most.get(name), new.at_most.get(name))


def _limit(name: str, old: float | None, new: float | None) -> Row:
    """A larger limit is looser, and none is the loosest."""
    loc: Loc = (GROUP, "at_most", name)
    unit = _UNITS.get(name, "")
    if old == new:
        return Row(GROUP, name, old, new, "same", kind="growth", change=0.0, limit=0.0, unit=unit, loc=loc)
    looser = new is None or (old is not None and new > old)
    outcome: Outcome = "fail" if looser else "within"
    change = float((Decimal(str(new)) - Decimal(str(old))) / Decimal(str(old))) if old and new is not None else None
    row = Row(GROUP, name, old, new, outcome, "", "growth", change, 0.0, unit, loc)
    texts, word = row.cells, "looser" if looser else "stricter"
    say = f"the configuration's limit of {name} from {texts[0]} to {texts[1]}, which is {word}"
    return Row(GROUP, name, old, new, outcome, say, "growth", change, 0.0, unit, loc)
