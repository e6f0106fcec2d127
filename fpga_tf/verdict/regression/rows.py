"""What became of each guarded value: then, now, by how much, and whether that is allowed."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fpga_tf.verdict.numbers import singular
from fpga_tf.verdict.regression.positions import Loc
from fpga_tf.verdict.strict_json import finite

Kind = Literal["equal", "growth", "loss"]
Outcome = Literal["same", "within", "told", "unknown", "fail"]
Value = int | float | str
MOVED = ("fail", "within", "told")  # in the order that they are shown in
_SHORT = 44  # characters of a value in a table


@dataclass(frozen=True, slots=True)
class Row:
    """One guarded value.

    Attributes:
        group: `made_for`, `configuration`, `formats`, `inputs`, `codes`, `physics`, `cost`, `gates` or `versions`.
        name: in its group.
        old, new: in the baseline and now; None is unknown, or not there.
        outcome: `told` is a move that nothing limits, `unknown` is so then and now.
        say: what happened, in a sentence; empty if nothing did.
        kind: whether it must be equal, may grow, or may lose.
        change: for growth relative, for a loss absolute, above 0 for the worse; None where there is no number.
        limit: largest change; None if there is none.
        unit: of the values.
        loc: of the value in the baseline.
    """

    group: str
    name: str
    old: Value | None
    new: Value | None
    outcome: Outcome
    say: str = ""
    kind: Kind = "equal"
    change: float | None = None
    limit: float | None = None
    unit: str = ""
    loc: Loc = ()

    @property
    def label(self) -> str:
        """Its full name."""
        return f"{self.group}.{self.name}"

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """Old, new, change, limit and outcome, for a table."""
        texts = self.written(self.old), self.written(self.new)
        return *texts, self._changed, self._limited, "FAIL" if self.outcome == "fail" else self.outcome

    def written(self, value: Value | None) -> str:
        """A value as a table has it."""
        if value is None:
            measured = self.group in ("physics", "cost", "gates")
            return "unknown" if measured else "none"
        if isinstance(value, str):
            return value if len(value) <= _SHORT else f"{value[:_SHORT]}..."
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
        others = [one for one in (self.old, self.new) if isinstance(one, int | float) and one != value]
        if isinstance(value, float) and any(f"{one:,.6g}" == text for one in others):
            text = f"{value:,.12g}"  # six digits would read as the same
        return f"{text} {singular(self.unit, value)}".rstrip()

    @property
    def _changed(self) -> str:
        if self.change is None:
            return "" if self.kind == "equal" or None in (self.old, self.new) else "from 0"
        return f"{self.change * 100:+.3g} %" if self.kind == "growth" else f"{-self.change:+.4g}"

    @property
    def _limited(self) -> str:
        if self.kind == "equal":
            return "equal" if self.outcome == "fail" else ""
        if self.limit is None:
            return "any"
        return f"+{self.limit * 100:g} %" if self.kind == "growth" else f"-{self.limit:g}"

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        value = {name: getattr(self, name) for name in self.__slots__ if name != "loc"}
        return {**value, "loc": list(self.loc)}


@dataclass(frozen=True, slots=True)
class Since:
    """The first layer, in the order of the firmware, that is not as it was.

    Attributes:
        layer: its name.
        what: `codes`, `format`, or `layers` where another layer stood.
        number, of: which one it is, from 1, of how many.
        detail: of a format, from what to what.
    """

    layer: str
    what: Literal["codes", "format", "layers"]
    number: int
    of: int
    detail: str = ""

    def __str__(self) -> str:
        verb = "differs" if self.what == "format" else "differ"
        return f"{self.what} {verb} since layer {self.layer} ({self.number} of {self.of}){self.detail}"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the samples in the baseline.

    Attributes:
        differing, samples: how many samples differ, of how many.
        differing_outputs, outputs: the same of their outputs.
        max_lsb: largest difference.
    """

    differing: int
    samples: int
    differing_outputs: int
    outputs: int
    max_lsb: int

    def __str__(self) -> str:
        return (
            f"of the samples in the baseline {self.differing} of {self.samples} differ, in {self.differing_outputs} of "
            f"{self.outputs} outputs, by at most {self.max_lsb} LSB"
        )


@dataclass(frozen=True, slots=True)
class Regression:
    """A run held against a baseline.

    Attributes:
        name: of the project.
        baseline: the file.
        rows: every guarded value.
        since: the first layer that moved; None if none did.
        replayed: the baseline's own samples; None if their inputs fit the model no more.
        lines: of the values in the file.
    """

    name: str
    baseline: str
    rows: tuple[Row, ...]
    since: Since | None
    replayed: Replayed | None
    lines: dict[Loc, int]

    @property
    def failed(self) -> bool:
        """Whether something moved beyond its limit."""
        return any(row.outcome == "fail" for row in self.rows)

    @property
    def command(self) -> str:
        """What records this baseline anew."""
        return f"fpga-tf baseline CONFIG --out {shlex.quote(self.baseline)} --update"

    @property
    def moved(self) -> list[Row]:
        """What is not as it was, the failures first."""
        return [row for outcome in MOVED for row in self.rows if row.outcome == outcome]

    @property
    def unknown(self) -> list[Row]:
        """What was not known and is not."""
        return [row for row in self.rows if row.outcome == "unknown"]

    @property
    def summary(self) -> str:
        """The verdict's sentence."""
        counts = {outcome: sum(row.outcome == outcome for row in self.rows) for outcome in ("same", *MOVED, "unknown")}
        words = {
            "same": "as in the baseline",
            "within": "within limits",
            "told": "told",
            "unknown": "unknown as before",
        }
        parts = [f"{counts[outcome]} {word}" for outcome, word in words.items() if counts[outcome]]
        if self.failed:
            parts.insert(0, f"{counts['fail']} of {len(self.rows)} guarded values moved beyond their limits")
        return "; ".join(parts)

    @property
    def remarks(self) -> list[str]:
        """What there is to say beside the table."""
        found = [] if self.since is None else [str(self.since)]
        if self.replayed is not None and self.replayed.differing:
            found.append(str(self.replayed))
        return found + ([f"unknown then and now: {names(self.unknown)}"] if self.unknown else [])

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        value = {
            "verdict": "fail" if self.failed else "pass",
            "name": self.name,
            "baseline": self.baseline,
            "since": None if self.since is None else asdict(self.since),
            "replayed": None if self.replayed is None else asdict(self.replayed),
            "moved": [row.to_json() for row in self.moved],
            "unknown": [row.label for row in self.unknown],
            "compared": len(self.rows),
        }
        return finite(value)


def names(rows: Iterable[Row]) -> str:
    """Names of values, by group: `cost: LUT, FF; physics: float`."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row.name)
    return "; ".join(f"{group}: {', '.join(found)}" for group, found in groups.items())
