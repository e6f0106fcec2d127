"""Reads Vivado's list of timing paths (`report_timing`): the slack of the worst path.

Slack (MET) :             1.093ns  (required time - arrival time)      setup; hold is `(arrival time - required time)`
  Source:                 a_reg/C
                            (rising edge-triggered cell FDRE clocked by clk  {rise@0.000ns fall@2.500ns period=5.000ns})
  ...
  Requirement:            5.000ns  (clk rise@5.000ns - clk rise@0.000ns)
  ...
                         slack                                  1.093      ends the path, with the same slack
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Clock, ClockDomain, SynthesisReport, Timing
from fpga_tf.reports.vivado_clocks import difference
from fpga_tf.reports.vivado_header import has_title, read_header
from fpga_tf.reports.vivado_nets import PATH_END, stage_and_note
from fpga_tf.reports.vivado_sections import HINT

FORMAT = "vivado_paths"
TITLE = "Timing Report"
_PATH = re.compile(
    r"Slack \((MET|VIOLATED)\) : +(-?[0-9]{1,9}\.[0-9]{1,12})ns  "
    r"\((required time - arrival time|arrival time - required time)\) *"
)
_ENDLESS = re.compile(r"Slack: +inf *")
_CLOCK = re.compile(r" clocked by (\S{1,999}) +\{rise@\S{1,40} fall@\S{1,40} period=([0-9]{1,9}\.[0-9]{1,12})ns\}\)")
_REQUIREMENT = re.compile(r"  Requirement: +(-?[0-9]{1,9}\.[0-9]{1,12})ns .*")
# Options that change how paths are written, or how many, but not which of them is the worst.
_HARMLESS = frozenset(
    {"-file", "-append", "-name", "-rpx", "-pb", "-quiet", "-verbose", "-no_header", "-return_string"}
    | {"-max_paths", "-nworst", "-unique_pins", "-slack_lesser_than", "-delay_type", "-setup", "-hold"}
    | {"-path_type", "-input_pins", "-routable_nets", "-label_reused", "-significant_digits", "-column_style"}
    | {"-warn_on_violation", "-no_report_unconstrained"}
)
_BRACED = re.compile(r"\{[^{}]*\}|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class Path:
    """A timing path.

    Attributes:
        setup: whether it is of setup, not of hold.
        slack: in ns.
        requirement: time from the clock edge at the source to that at the destination, in ns.
        clocks: name and period of the clock at each end that has one.
    """

    setup: bool
    slack: float
    requirement: float | None
    clocks: tuple[tuple[str, float], ...]

    @property
    def clock(self) -> ClockDomain | None:
        """The clock that the path has at both ends; None if there are two, or none."""
        return ClockDomain(*self.clocks[0]) if len(self.clocks) == 2 and len(set(self.clocks)) == 1 else None


def claims(source: Source) -> bool:
    """Whether Vivado gave the file the title of a list of paths."""
    return has_title(source, TITLE)


def read(source: Source) -> SynthesisReport:
    """Read the worst slacks.

    The clock of the worst path of setup decides, if it begins and ends at one clock: its period is the target. The
    achieved period is the target less the worst slack, if that path has the whole period. If the command chose the
    paths, as by `-from`, no slack is the design's. `Timing.met` speaks of the kind of paths that are listed.

    Raises:
        UserError: paths are not listed in full, or a path is damaged or cut off.
    """
    header = read_header(source)
    paths = _paths(source)
    chosen = "a command that the report does not state" if header.command is None else _choice(header.command)
    stage, note = stage_and_note(header.state, source)
    notes = [note] if note else []
    if chosen:
        notes.append(f"{chosen} may choose the paths: their slacks need not be the design's")
    notes.append("only paths are listed, so what else may fail is unknown")
    timing = _timing(paths, header.command or "", chosen is not None)
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage=stage,
        tool=header.tool,
        version=header.version,
        part=header.part,
        top=header.top,
        status=header.state,
        clock_ns=_clock(paths, timing.setup_slack),
        timing=timing,
        date=header.date,
        notes=tuple(notes),
    )


def _choice(command: str) -> str | None:
    """The first option of the command that chooses paths; None if it lists the worst of all."""
    words = _BRACED.sub("", command).split()
    options = [(word, after) for word, after in pairwise([*words, ""]) if word.startswith("-")]
    for option, value in options:
        number = option[1:2].isdigit() or option[1:2] == "."
        if option not in _HARMLESS and not number and (option, value) != ("-sort_by", "slack"):
            return option[:40]
    return None


def _timing(paths: Sequence[Path], command: str, chosen: bool) -> Timing:
    setup, hold = _worst(paths, True), _worst(paths, False)
    if any(path.slack < 0 for path in paths):
        met: bool | None = False
    else:
        # of both kinds only one may be left in a file that was cut off
        met = True if paths and not chosen and (hold is not None or "min_max" not in command.split()) else None
    clocks = []
    # where an end has no clock, or its line is missing, the path may be any clock's
    vague = chosen or any(len(path.clocks) != 2 for path in paths)
    for name, period in sorted({clock for path in paths for clock in path.clocks}):
        own = [] if vague else [path for path in paths if path.clock == ClockDomain(name, period)]
        clocks.append(ClockDomain(name, period, _worst(own, True), _worst(own, False)))
    if chosen:
        return Timing(met=met, clocks=tuple(clocks))
    return Timing(setup_slack=setup, hold_slack=hold, met=met, clocks=tuple(clocks))


def _worst(paths: Sequence[Path], setup: bool) -> float | None:
    return min((path.slack for path in paths if path.setup is setup), default=None)


def _clock(paths: Sequence[Path], slack: float | None) -> Clock:
    worst = [path for path in paths if path.setup and path.slack == slack]
    if slack is None or worst[0].clock is None or any(path.clock != worst[0].clock for path in worst):
        return Clock(slack=slack)
    period = worst[0].clock.period
    whole = all(path.requirement == period for path in worst)
    return Clock(target=period, achieved=difference(period, slack) if whole else None, slack=slack)


def _paths(source: Source) -> list[Path]:
    lines = source.lines
    starts = [line for line, text in enumerate(lines) if text.startswith("Slack")]
    paths: list[Path] = []
    lost = next((line for line in range(starts[0] if starts else len(lines)) if PATH_END.fullmatch(lines[line])), None)
    if lost is not None:
        raise _damaged(source, lost, "begin with its slack")
    for start, stop in pairwise([*starts, len(lines)]):
        found = _PATH.fullmatch(lines[start])
        if found:
            paths.append(_path(source, found, start, stop))
        elif not _ENDLESS.fullmatch(lines[start]):
            raise _damaged(source, start, "state its slack in ns and what it is")
    if not starts and not any(text.rstrip() == "No timing paths found." for text in lines):
        raise UserError(
            "a list of timing paths must show them in full",
            where=source.path,
            hint="write it by report_timing without -path_type summary or end; or the file was cut off",
        )
    return paths


def _path(source: Source, found: re.Match[str], start: int, stop: int) -> Path:
    text = source.lines[start:stop]
    ends = [end[1] for line in text if (end := PATH_END.fullmatch(line))]
    if ends != [found[2]]:
        raise _damaged(source, start, "end with its slack, the same as it begins with")
    slack = float(found[2])
    if (slack < 0) == (found[1] == "MET") and slack != 0:
        raise _damaged(source, start, f"have a slack that is {found[1]}")
    requirements = [match[1] for line in text if (match := _REQUIREMENT.fullmatch(line))]
    if len(requirements) != 1:
        raise _damaged(source, start, "have one requirement")
    clocks = tuple((match[1], float(match[2])) for line in text if (match := _CLOCK.search(line)))
    return Path(found[3].startswith("required"), slack, float(requirements[0]), clocks)


def _damaged(source: Source, line: int, rule: str) -> UserError:
    return UserError(f"a timing path must {rule}", where=source.at(line), hint=HINT)
