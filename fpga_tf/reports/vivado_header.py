"""What all text reports of Vivado begin with: facts between two rules, then the report's title.

| Tool Version : Vivado v.2019.2 (lin64) Build 2708876 Wed Nov  6 21:39:14 MST 2019
| Design       : top
| Device       : xcvu9pflga2104-2
| Design State : Synthesized
------------------------------

Utilization Design Information
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from fpga_tf.errors import UserError
from fpga_tf.reports.agreed import agreed as agreed_in
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Stage

_FACT = re.compile(r"\| (Tool Version|Date|Command|Design|Device|Speed File|Design State) *: +(\S.*)")
_VERSION = re.compile(r"(Vivado) v\.?([0-9]{4}\.[0-9][^\s(]{0,40})(\s.*)?")
# An optimised design is beyond synthesis, though nothing in it has its place yet; one routed in part is only placed.
_STAGES: dict[str, Stage] = {
    "synthesized": "synth",
    "optimized": "place",
    "partially placed": "place",
    "placed": "place",
    "fully placed": "place",
    "physopt postplace": "place",
    "partially routed": "place",
    "routed": "route",
    "fully routed": "route",
    "physopt postroute": "route",
}
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Header:
    """The facts that a report begins with, each None where it states none.

    Attributes:
        tool, version, date, top: as in a SynthesisReport.
        part: device as the report spells it. Timing reports leave the speed grade to `speed`.
        speed: speed file, such as `-2  PRODUCTION 1.27 08-13-2019`.
        state: how far the design is, such as `Fully Placed`. Timing reports before 2022 don't tell.
        command: the Tcl command that wrote the report.
    """

    tool: str | None = None
    version: str | None = None
    part: str | None = None
    top: str | None = None
    date: str | None = None
    state: str | None = None
    speed: str | None = None
    command: str | None = None


def has_title(source: Source, title: str) -> bool:
    """Whether a line of the report is this title and nothing else, below the facts that Vivado begins with.

    The whole text is searched: a command of many arguments makes the facts above the title as long as it likes.
    Other tools have sections of the same title, such as Catapult its `Timing Report`.
    """
    text = source.text
    facts = text.find("| Tool Version")
    start = text.find(title, facts) if facts >= 0 else -1
    while start >= 0:
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        if text[start - 1] == "\n" and text[start:stop].rstrip() == title:
            return True
        start = text.find(title, stop)
    return False


def title_line(source: Source, title: str) -> int:
    """Index of the first line that is this title; the number of lines if none is."""
    lines = source.lines
    return next((line for line, text in enumerate(lines) if text.rstrip() == title), len(lines))


def read_header(source: Source) -> Header:
    """Read the facts, of every header of the file if it holds several reports.

    Raises:
        UserError: two headers contradict each other: they are of two designs, or of two states of one. Or the state is
            cut off, as in a copy from a narrow window.
    """
    facts: dict[str, list[tuple[str, str]]] = {}
    for line, text in enumerate(source.lines):
        # a table's row ends with a bar, a fact does not
        if text.startswith("| ") and not text.endswith("|") and (found := _FACT.match(text)):
            facts.setdefault(found[1], []).append((source.at(line), found[2].rstrip()))

    def fact(name: str) -> str | None:
        return agreed(name, facts.get(name, ()))

    _whole_state(source, fact("Design State"))
    version = _VERSION.fullmatch(fact("Tool Version") or "")
    return Header(
        tool=version[1] if version else None,
        version=version[2] if version else None,
        part=fact("Device"),
        top=fact("Design"),
        date=fact("Date"),
        state=fact("Design State"),
        speed=fact("Speed File"),
        command=fact("Command"),
    )


def _whole_state(source: Source, state: str | None) -> None:
    words = (state or "").lower()
    if words not in _STAGES and any(known.startswith(words) for known in _STAGES if words):
        raise UserError(
            f"the Design State must be whole, not cut off after {state!r}",
            where=source.path,
            hint="copy the file again: its lines were cut off",
        )


def agreed(what: str, found: Iterable[tuple[str, _Value]]) -> _Value | None:
    """As `fpga_tf.reports.agreed`, in a report of Vivado."""
    return agreed_in(what, found, "a report of Vivado")


def stage_of(state: str | None) -> Stage | None:
    """The step of a design in this state; None if the report does not tell or the state is none that we know."""
    return None if state is None else _STAGES.get(" ".join(state.lower().split()))


def stage_notes(source: Source, header: Header) -> tuple[Stage, tuple[str, ...]]:
    """Stage of a report of resources, and what a reader should know of it.

    Raises:
        UserError: the header, which in such a report always tells, does not tell how far the design is.
    """
    if header.state is None:
        raise UserError(
            "a report of utilization must state its Design State, as Vivado writes it",
            where=source.path,
            hint="copy the file again: it was edited",
        )
    stage = stage_of(header.state)
    if stage is None:
        return "estimate", (f"the stage is unknown: {header.state!r} is no state of a design that is known here",)
    if header.state.lower() == "optimized":
        return stage, ("the design is optimised, but not placed yet",)
    return stage, ()
