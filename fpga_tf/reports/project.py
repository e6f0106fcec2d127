"""Finds C-synthesis reports in a project folder, and the one that speaks for the whole design.

Layouts: `<name>_prj/solution*/syn/report/` (Vivado HLS, Vitis HLS), `<component>/hls/syn/report/` (v++ and vitis-run),
and a report that somebody put into the project folder itself.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from fpga_tf.errors import ToolError, UserError
from fpga_tf.reports.csynth_xml import read_csynth_xml
from fpga_tf.reports.types import SynthesisReport

# A project has some thousand files; a folder far beyond that is not one, and walking it would seem to hang.
MAX_ENTRIES = 200_000
MAX_DEPTH = 12


def find_csynth(project_dir: Path, top: str | None = None) -> list[Path]:
    """List the C-synthesis reports of a project.

    Links to folders are not followed, so a loop of links ends.

    Args:
        project_dir: the project folder.
        top: name of the top function, if known.

    Returns:
        Files named `csynth.xml` or `*_csynth.xml`: first `csynth.xml`, then `<top>_csynth.xml`, then the modules',
        each group by path. Their content is not looked at.

    Raises:
        UserError: the folder does not exist or is no project by its size.
        ToolError: a folder in it can't be read.
    """
    if not project_dir.is_dir():
        raise UserError("the project must be an existing folder", where=str(project_dir))
    found = [path for folder, names in _folders(project_dir) for path in _reports(project_dir, folder, names)]
    return sorted(found, key=lambda path: (_rank(path, top), path.as_posix()))


def project_report(project_dir: Path, top: str | None = None) -> SynthesisReport | None:
    """Read the report of a project's whole design.

    Args:
        project_dir: the project folder.
        top: name of the top function. Without it, only a single report or a `csynth.xml` can be told to be the top's.

    Returns:
        The report; of several that agree, `csynth.xml` first, as it holds the modules too. None if there is none.

    Raises:
        UserError: several reports disagree, or none is of the top, or one can't be understood.
        ToolError: a file or folder can't be read.
    """
    paths = find_csynth(project_dir, top)
    reports = [read_csynth_xml(path) for path in paths if len(paths) == 1 or _rank(path, top) < _MODULE]
    reports = reports or [read_csynth_xml(path) for path in paths]
    of_top = reports if top is None else [report for report in reports if report.top == top]
    if reports and not of_top:
        raise _refuse(
            f"a C-synthesis report of the project must be of the top function {top!r}",
            reports,
            f"synthesise {top!r}, or remove the reports of another design",
        )
    if len({report.top for report in of_top}) > 1:
        raise _refuse("the top function must be named where a project has reports of several", of_top, "name the top")
    if len({_figures(report) for report in of_top}) > 1:
        raise _refuse(
            "the C-synthesis reports of a project must agree, not differ",
            of_top,
            "keep the report of the present firmware and remove the others",
        )
    return of_top[0] if of_top else None


_MODULE = 2


def _rank(path: Path, top: str | None) -> int:
    if path.name == "csynth.xml":
        return 0
    return 1 if top is not None and path.name == f"{top}_csynth.xml" else _MODULE


def _folders(root: Path) -> list[tuple[Path, list[str]]]:
    """Every folder below root with its file names; hidden folders hold the tools' scratch data."""
    entries = 0
    result = []
    for name, folders, files in os.walk(root, onerror=_unreadable, followlinks=False):
        folder = Path(name)
        entries += len(folders) + len(files)
        if entries > MAX_ENTRIES:
            raise UserError(f"a project folder must have at most {MAX_ENTRIES} entries, not more", where=str(root))
        if len(folder.relative_to(root).parts) >= MAX_DEPTH:
            folders.clear()
        folders[:] = sorted(child for child in folders if not child.startswith("."))
        result.append((folder, files))
    return result


def _unreadable(error: OSError) -> None:
    raise ToolError(f"the project folder can't be read: {error.strerror}", where=str(error.filename)) from error


def _reports(root: Path, folder: Path, names: Sequence[str]) -> list[Path]:
    if folder != root and folder.parts[-2:] != ("syn", "report"):
        return []
    paths = [folder / name for name in names if name == "csynth.xml" or name.endswith("_csynth.xml")]
    return [path for path in paths if path.is_file()]


def _figures(report: SynthesisReport) -> tuple[object, ...]:
    """What two reports of one design must share. (Not the modules: only `csynth.xml` holds them.)"""
    resources = tuple(sorted(report.resources.items()))
    clock, latency, interval = report.clock_ns, report.latency_cycles, report.interval_cycles
    return report.part, clock, latency, interval, resources


def _refuse(what: str, reports: Sequence[SynthesisReport], hint: str) -> UserError:
    return UserError(what, where="\n       ".join(_summary(report) for report in reports), hint=hint)


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
