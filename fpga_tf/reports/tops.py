"""Which report of C synthesis is of the whole design, where several are of its modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from fpga_tf.errors import FpgaTfError, UserError
from fpga_tf.reports.kin import home
from fpga_tf.reports.safe_xml import parse_xml
from fpga_tf.reports.source import open_source
from fpga_tf.reports.types import SynthesisReport

# The project file of Vivado HLS and Vitis HLS, beside the solutions' folders.
_PROJECTS = ("vivado_hls.app", "hls.app")


def top_of(reports: Sequence[SynthesisReport], asked: str | None = None) -> str | None:
    """Name of the top function of reports of one solution.

    It is the one asked for, if there is a report of it; else that of the report that holds all modules; that of the
    tool's project file; the only one; or the only one that is not a module of another.

    Args:
        reports: of C synthesis.
        asked: name of the top, if known.

    Returns:
        The name; None where no report has one.

    Raises:
        UserError: several could be the top.
    """
    names = {report.top: report for report in reports if report.top is not None}
    if asked in names or not names:
        return asked if asked in names else None
    whole = {report.top for report in reports if PurePath(report.path).name in ("csynth.xml", "csynth.rpt")} & {*names}
    project = {_project_top(Path(report.path)) for report in names.values()} & {*names}
    inner = {module.top for report in reports for module in modules_of(report) if module.top != report.top}
    for candidates in (whole, project, {*names}, {*names} - inner):
        if len(candidates) == 1:
            return candidates.pop()
    raise UserError(
        "the top function must be named where a project has reports of several",
        where="\n       ".join(f"{report.path}: top {name}" for name, report in sorted(names.items())[:12]),
        hint="give the report of the top itself, or keep the tool's project file (hls.app) beside the solution",
    )


def modules_of(report: SynthesisReport) -> Iterator[SynthesisReport]:
    """All modules and loops inside of a report, at any depth."""
    pending = list(report.modules)
    while pending:
        module = pending.pop()
        yield module
        pending += module.modules


def _project_top(path: Path) -> str | None:
    """The top that the tool's project file names, if it is there and can be read: it is only one clue of several."""
    for name in _PROJECTS:
        file = home(path).parent / name
        if file.is_file():
            try:
                return parse_xml(open_source(file)).get("top")
            except FpgaTfError:
                return None
    return None
