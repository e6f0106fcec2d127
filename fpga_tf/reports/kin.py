"""Whether reports are of one design."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path, PurePath

from fpga_tf.errors import UserError
from fpga_tf.reports.facts import differ, facts
from fpga_tf.reports.parts import same_part
from fpga_tf.reports.types import SynthesisReport

IMPLEMENTATION = ("synth", "place", "route")
# Closest to hardware first.
STAGES = ("route", "place", "synth", "cosim", "rtlsim", "csynth", "estimate")
SIMULATIONS = ("cosim", "rtlsim")
# What tools keep below a solution or a component: C synthesis, co-simulation, export; and a Vivado project's runs.
_TOOL_FOLDER = re.compile(r"/((syn|sim|impl)/report|impl/(verilog|vhdl)|[^/]+\.runs)(/|$)")
_FILE = re.compile(r"(.+)_(csynth|cosim|export)\.(rpt|xml)", re.DOTALL)
_COPIES = ("report", "reports")
_CELL = re.compile(r"bd_[0-9]+(_i|_wrapper|_hls_inst_0)?|inst")


def absolute(path: PurePath | str) -> Path:
    """A path from the root, so that it holds all of a tool's folders even if it was given from within one."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow links out of the project


def in_tool_folder(path: PurePath | str) -> bool:
    """Whether a tool itself wrote the file there, by its folder."""
    return _TOOL_FOLDER.search(absolute(path).parent.as_posix()) is not None


def home(path: PurePath | str) -> Path:
    """The folder of the solution, component or Vivado project that a file belongs to, from the root."""
    folder = absolute(path).parent
    found = _TOOL_FOLDER.search(folder.as_posix())
    if found:
        folder = Path(folder.as_posix()[: found.start()] or "/")
    elif folder.name in _COPIES:
        folder = folder.parent
    return folder.parent if folder.name == "hls" else folder


def wraps(top: str, core: str) -> bool:
    """Whether an implementation's top is what HLS puts around a core: `bd_0_wrapper`, or the core's own instance.

    A block design of somebody's own (`design_1_wrapper`) holds more than the core, and is none.
    """
    own = re.fullmatch(rf"{re.escape(core)}_([0-9]+|wrapper)", top)
    return own is not None or _CELL.fullmatch(top) is not None


def most_complete(reports: Sequence[SynthesisReport]) -> SynthesisReport:
    """The report that states most: of C synthesis, else an estimate, else of any stage; of equal ones the first."""

    def rank(report: SynthesisReport) -> tuple[bool, bool, int, int]:
        names = (report.part, report.top, report.tool, report.version)
        known = len(facts(report)) + sum(name is not None for name in names) + bool(report.modules)
        return report.stage == "csynth", report.stage == "estimate", known, -STAGES.index(report.stage)

    return max(reports, key=rank)


def stranger(base: SynthesisReport, report: SynthesisReport, *, anywhere: bool = False) -> str | None:
    """Why a report is not of the design of `base`: what differs, or None.

    Args:
        base: the report that names the design.
        report: another one.
        anywhere: whether what HLS puts around a core may lie elsewhere than the core's own report.
    """
    why = conflict(base, report)
    if why or base.top is None or report.top is None or report.top == base.top:
        return why
    wrapped = wraps(report.top, base.top) or (base.stage in IMPLEMENTATION and wraps(base.top, report.top))
    if report.stage in IMPLEMENTATION and wrapped and (anywhere or home(report.path) == home(base.path)):
        return None
    return f"top {report.top}, not {base.top}"


def conflict(one: SynthesisReport, other: SynthesisReport) -> str | None:
    """What of a report can't be of the part or at the clock of another, or None."""
    if one.part is not None and other.part is not None and not same_part(one.part, other.part):
        return f"part {other.part}, not {one.part}"
    ours, its = one.clock_ns.target, other.clock_ns.target
    if ours is not None and its is not None and differ("clock_ns.target", ours, its):
        return f"a clock target of {its} ns, not {ours} ns"
    return None


def named_otherwise(base: SynthesisReport, report: SynthesisReport) -> str | None:
    """Why a report that states no top is not of the design of `base`, by what the tool calls its file, or None.

    A report that somebody renamed is told by the same name before `_cosim` as the other has before `_csynth`.
    """
    found = _FILE.fullmatch(PurePath(report.path).name)
    if report.top is not None or base.top is None or found is None:
        return None
    own = _FILE.fullmatch(PurePath(base.path).name)
    if found[1] in (base.top, None if own is None else own[1]):
        return None
    return f"the name of {found[1]}, not of {base.top}"


def check_kin(base: SynthesisReport, reports: Sequence[SynthesisReport], *, anywhere: bool = False) -> None:
    """Check that all reports are of the design of `base`, and that none conflicts with another where `base` is silent.

    Args:
        base, anywhere: as of `stranger`.
        reports: all of the design.

    Raises:
        UserError: one is of another design.
    """
    for one, other, why in (
        *((base, report, stranger(base, report, anywhere=anywhere)) for report in reports),
        *((one, other, conflict(one, other)) for one, other in combinations(reports, 2)),
    ):
        if why is not None:
            raise UserError(
                f"the reports of a design must agree in part, top and clock target, not have {why}",
                where=f"{other.path}\n       {one.path}",
                hint="give the reports of one design, or a folder for each",
            )
