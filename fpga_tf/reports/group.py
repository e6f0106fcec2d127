"""Tells which reports are of one design.

A solution of HLS, a component, or a Vivado project is one: whatever the tool wrote below its folder. A report that
somebody put elsewhere belongs to the one solution near it, if there is one and if it is of the same design. Otherwise
the reports of a folder belong together as long as they do not contradict each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fpga_tf.reports.facts import contradictions
from fpga_tf.reports.kin import absolute, home, in_tool_folder, most_complete, stranger
from fpga_tf.reports.tops import top_of
from fpga_tf.reports.types import SynthesisReport

# Of reports of one stage the one whose format says more comes first.
_FORMATS = ("csynth_xml", "csynth_summary", "csynth_rpt", "cosim_rpt", "cosim_latency", "cosim_transactions")
_FOLDERS = {"csynth": "/syn/report", "cosim": "/sim/report"}
_Reports = Sequence[SynthesisReport]


@dataclass
class Group:
    """Reports of one design.

    Attributes:
        folder: of the solution, or of the reports.
        base: the report that names the design.
        reports: all of them, the more trusted of a stage first.
        notes: what was left out, and why.
    """

    folder: Path
    base: SynthesisReport
    reports: list[SynthesisReport]
    notes: list[str] = field(default_factory=list)

    @property
    def stages(self) -> set[str]:
        """Stages that it has a report of."""
        return {report.stage for report in self.reports}


def group(reports: _Reports, root: Path, top: str | None = None) -> list[Group]:
    """Sort reports of a folder into designs.

    Args:
        reports: of the folder, with paths below it.
        root: the folder.
        top: name of the top function, if known.

    Raises:
        UserError: the top of a solution can't be told from its modules.
    """
    ordered = sorted(reports, key=trust)
    written = [report for report in ordered if in_tool_folder(report.path)]
    loose = [report for report in ordered if not in_tool_folder(report.path)]
    homes: dict[Path, list[SynthesisReport]] = {}
    for report in written:
        homes.setdefault(home(report.path), []).append(report)
    groups = [_solution(folder, homes[folder], top) for folder in sorted(homes)]
    unclaimed = [report for report in loose if not _attach(report, groups, root)]
    groups += _folders(unclaimed)
    for one in groups:
        if one.base.top is None:
            one.base = most_complete(one.reports)
    return groups


def trust(report: SynthesisReport) -> tuple[bool, bool, int, str]:
    """What a tool wrote where it always does comes first, then the format that says more."""
    place = _FORMATS.index(report.format) if report.format in _FORMATS else len(_FORMATS)
    usual = _FOLDERS.get(report.stage, "") in absolute(report.path).parent.as_posix()
    return not in_tool_folder(report.path), not usual, place, report.path


def _solution(folder: Path, reports: list[SynthesisReport], asked: str | None) -> Group:
    """All that a tool wrote for one solution, without modules' reports and what is left of another design."""
    top = top_of([report for report in reports if report.stage == "csynth"], asked)
    base = next((report for report in reports if report.stage == "csynth" and report.top == top), reports[0])
    mine = Group(folder, base, [base])
    modules = []
    for report in reports:
        if report is base:
            continue
        why = stranger(base, report)
        if why is None:
            mine.reports.append(report)
        elif report.stage == "csynth" and report.top != top:
            modules.append(report)
        else:
            mine.notes.append(f"{report.path}: not taken, as it has {why}")
    mine.reports.sort(key=trust)
    if modules:
        mine.notes.append(f"{len(modules)} reports of modules are left out: which holds which is not told")
    return mine


def _attach(report: SynthesisReport, groups: Sequence[Group], root: Path) -> bool:
    """Give a report that lies elsewhere to the solution near it; False if there is none or it is of another design."""
    folder = absolute(report.path).parent
    for near in (folder, *folder.parents):
        around = [one for one in groups if one.folder.is_relative_to(near) or near.is_relative_to(one.folder)]
        if around or near == absolute(root):
            kin = [one for one in around if stranger(one.base, report) is None]
            if len(kin) == 1:
                kin[0].reports.append(report)
            return len(kin) == 1
    return False


def _folders(reports: _Reports) -> list[Group]:
    """Reports without a solution: those of a folder that agree are of one design."""
    groups: list[Group] = []
    for report in reports:
        folder = home(report.path)
        kin = [one for one in groups if one.folder == folder and _agrees(one, report)]
        if len(kin) == 1:
            kin[0].reports.append(report)
        else:
            groups.append(Group(folder, report, [report]))
    return groups


def _agrees(one: Group, report: SynthesisReport) -> bool:
    """Whether a report can be of a design: kin to all of its reports, and no other run of a step that it has."""
    return all(
        stranger(other, report) is None and not (other.stage == report.stage and contradictions(other, report))
        for other in one.reports
    )
