"""Reads all reports of a folder, as designs.

Layouts: `<name>_prj/solution*/{syn,sim,impl}/` (Vivado HLS, Vitis HLS), `<component>/hls/{syn,sim,impl}/` (v++ and
vitis-run), a Vivado project's `*.runs/`, and reports that somebody put anywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fpga_tf.errors import FpgaTfError, UserError
from fpga_tf.reports.combine import combine
from fpga_tf.reports.design import Design
from fpga_tf.reports.find import find_files
from fpga_tf.reports.group import Group, group
from fpga_tf.reports.kin import absolute, in_tool_folder
from fpga_tf.reports.layers import Origin
from fpga_tf.reports.read import claim, read_claimed
from fpga_tf.reports.refused import link_text
from fpga_tf.reports.source import open_source
from fpga_tf.reports.types import SynthesisReport

# What tools call their reports: one of these that is none was damaged, and its values would be missed.
_REPORT = re.compile(r"(.+_)?(csynth|cosim|export|export_syn|export_impl)\.(rpt|xml)", re.DOTALL)
# Of the design in a folder, whose main report is given.
OriginOf = Callable[[Path, SynthesisReport], Origin]


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder holds.

    Attributes:
        designs: by folder.
        errors: at most one for a report that can't be understood, or for a solution whose top can't be told.
    """

    designs: tuple[Design, ...]
    errors: tuple[FpgaTfError, ...]


def unknown_origin(folder: Path, report: SynthesisReport) -> Origin:
    """Nothing is known besides the reports."""
    del folder, report
    return Origin()


def project_designs(root: Path, top: str | None = None, origin_of: OriginOf = unknown_origin) -> Found:
    """Read all reports of a folder.

    Files of no known format are passed over, as a project is full of them; but not what a tool wrote as a report.

    Args:
        root: the folder.
        top: name of the top function, if known.
        origin_of: tells what else is known of a design.

    Raises:
        UserError: no such folder, or too large.
        ToolError: a folder can't be read.
    """
    reports, errors, notes = _read(find_files(root))
    groups, unclear = group(reports, top)
    names = _names(groups, root)
    designs = []
    for name, one in zip(names, groups, strict=True):
        origin = origin_of(one.folder, one.base)
        told = [*one.notes, *origin.notes, *notes]
        designs.append(combine(name, one.reports, told, origin.layers, base=one.base))
    return Found(tuple(designs), (*errors, *unclear))


def project_design(root: Path, top: str, origin_of: OriginOf = unknown_origin) -> Design | None:
    """The design of a project whose top function is known.

    Returns:
        The design; None if the folder holds no report of C synthesis, simulation or implementation.

    Raises:
        UserError: a report can't be understood, a solution's top can't be told, none is the top, or several are.
        ToolError: a file or folder can't be read.
    """
    found = project_designs(root, top, origin_of)
    if found.errors:
        raise found.errors[0]
    mine = [design for design in found.designs if design.report.top == top]
    if len(mine) == 1:
        return mine[0]
    if mine:
        raise _refuse("the reports of a project must be of one solution, not of several", mine, "keep the present one")
    named = [design for design in found.designs if design.report.top is not None]
    if named:
        hint = f"synthesise {top!r}, or remove the reports of another design"
        raise _refuse(f"a report of the project must be of the top function {top!r}", named, hint)
    return None


def _read(paths: Sequence[Path]) -> tuple[list[SynthesisReport], list[FpgaTfError], list[str]]:
    reports: list[SynthesisReport] = []
    errors: list[FpgaTfError] = []
    notes = []
    for path in paths:
        found = read_one(path)
        if isinstance(found, SynthesisReport):
            reports.append(found)
        elif isinstance(found, str):
            notes.append(f"{path}: not read{found}")
        elif found is not None:
            errors.append(found)
    return reports, errors, notes


def read_one(path: Path) -> SynthesisReport | FpgaTfError | str | None:
    """A report, why it can't be understood, why somebody should know that it is none, or None for any other file."""
    needed = in_tool_folder(path) and _REPORT.fullmatch(path.name) is not None
    try:
        source = open_source(path)
        readers = claim(source)
    except UserError as error:
        # what is empty or no text may be anything; where a tool keeps its reports somebody should know
        return error if needed else f": {error.what}" if in_tool_folder(path) else None
    except FpgaTfError as error:
        return error
    if not readers and link_text(source) is not None:
        return ", as it holds the name of another file, which a link would lead to"
    if not readers and not needed:
        return None
    try:
        return read_claimed(source, readers)
    except FpgaTfError as error:
        return error


def _names(groups: Sequence[Group], root: Path) -> list[str]:
    """The folder's name, or those of the folders below it; the file's where a folder holds several designs."""
    root = absolute(root)
    whole = root.name or str(root)
    if len(groups) == 1:
        return [whole]
    folders = [one.folder for one in groups]
    names = []
    for one in groups:
        below = one.folder.relative_to(root) if one.folder.is_relative_to(root) else one.folder
        if folders.count(one.folder) > 1:
            below = absolute(one.base.path).relative_to(root)
        names.append(below.as_posix() if below.parts else whole)
    return names


def _refuse(what: str, designs: Sequence[Design], hint: str) -> UserError:
    return UserError(what, where="\n       ".join(_summary(design.report) for design in designs), hint=hint)


def _summary(report: SynthesisReport) -> str:
    clock, used = report.clock_ns, report.resources
    figures = (
        f"clock {_or_unknown(clock.estimated)} of {_or_unknown(clock.target)} ns",
        f"latency {_or_unknown(report.latency_cycles.max)}",
        f"interval {_or_unknown(report.interval_cycles.max)}",
        f"LUT {_or_unknown(used['LUT'].used)}",
        f"DSP {_or_unknown(used['DSP'].used)}",
    )
    return f"{report.path}: top {report.top or 'unknown'}, part {report.part or 'unknown'}, {', '.join(figures)}"


def _or_unknown(value: float | int | None) -> str:
    return "unknown" if value is None else str(value)
