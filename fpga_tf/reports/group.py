"""Tells which reports are of one design.

A solution of HLS, a component, or a Vivado project is one: whatever the tool wrote below its folder. Elsewhere, the
reports of a folder belong together as long as they do not contradict each other. They belong to the one solution near
them, if there is one and if they are of the same design: a copy that differs is shown beside the tool's own report, but
reports of another run give no value of a stage that the solution has no report of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fpga_tf.errors import UserError
from fpga_tf.reports.facts import contradictions
from fpga_tf.reports.kin import (
    IMPLEMENTATION,
    absolute,
    home,
    in_tool_folder,
    most_complete,
    named_otherwise,
    stranger,
)
from fpga_tf.reports.tops import modules_of, top_of
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


def group(reports: _Reports, top: str | None = None) -> tuple[list[Group], list[UserError]]:
    """Sort reports of a folder into designs.

    Args:
        reports: of the folder.
        top: name of the top function, if known.

    Returns:
        The designs, and an error for each solution whose top can't be told from its modules.
    """
    ordered = sorted(reports, key=trust)
    homes: dict[Path, list[SynthesisReport]] = {}
    for report in ordered:
        if in_tool_folder(report.path):
            homes.setdefault(home(report.path), []).append(report)
    groups, errors = [], []
    for folder in sorted(homes):
        try:
            groups.append(_solution(folder, homes[folder], top))
        except UserError as error:
            errors.append(error)
    loose = _folders([report for report in ordered if not in_tool_folder(report.path)])
    groups += [one for one in loose if errors or not _attach(one, groups)]
    for one in groups:
        if one.base.top is None:
            one.base = most_complete(one.reports)
    return groups, errors


def trust(report: SynthesisReport) -> tuple[bool, bool, int, str]:
    """What a tool wrote where it always does comes first, then the format that says more."""
    place = _FORMATS.index(report.format) if report.format in _FORMATS else len(_FORMATS)
    usual = _FOLDERS.get(report.stage, "") in absolute(report.path).parent.as_posix()
    return not in_tool_folder(report.path), not usual, place, report.path


def _solution(folder: Path, reports: list[SynthesisReport], asked: str | None) -> Group:
    """All that a tool wrote for one solution, without modules' reports and what is left of another design."""
    top = top_of([report for report in reports if report.stage == "csynth"], asked)
    base = next((report for report in reports if report.stage == "csynth" and report.top == top), None)
    base = most_complete(reports) if base is None else base
    mine = Group(folder, base, [base])
    modules, foreign = [], False
    for report in reports:
        if report is base:
            continue
        why = _other_design(mine, report)
        if why is None:
            mine.reports.append(report)
        elif report.stage == "csynth" and report.top != top:
            modules.append(report)
        else:
            mine.notes.append(f"{report.path}: not taken, as it has {why}")
            foreign |= report.format == "cosim_rpt"
    if foreign and base.stage != "cosim" and not any(report.format == "cosim_rpt" for report in mine.reports):
        simulated = [report.path for report in mine.reports if report.stage == "cosim"]
        mine.notes += [f"{path}: not taken, as it is of the same run" for path in simulated]
        mine.reports = [report for report in mine.reports if report.stage != "cosim"]
    mine.reports.sort(key=trust)
    if modules:
        mine.notes.append(f"{len(modules)} reports of modules are left out: which holds which is not told")
    return mine


def _other_design(one: Group, report: SynthesisReport) -> str | None:
    """Why a report can't be of a design: what differs, or None."""
    found = (stranger(mine, report) for mine in (one.base, *one.reports))
    return next((why for why in found if why), None) or named_otherwise(one.base, report)


def _attach(loose: Group, groups: Sequence[Group]) -> bool:
    """Give reports that lie elsewhere to the solution near them; False if there is none or they are of another run."""
    folder = absolute(loose.reports[0].path).parent
    for near in (folder, *folder.parents):
        around = [one for one in groups if one.folder.is_relative_to(near) or near.is_relative_to(one.folder)]
        if around:
            kin = [one for one in around if _adds_to(one, loose)]
            if len(kin) == 1:
                kin[0].reports += loose.reports
            return len(kin) == 1
    return False


def _adds_to(one: Group, loose: Group) -> bool:
    """Whether loose reports are of a solution's design: of another run, they may show but what it has a stage of."""
    if any(_other_design(one, report) for report in loose.reports):
        return False
    rerun = any(_other_run(mine, report) for mine in one.reports for report in loose.reports)
    return loose.stages <= one.stages or not rerun


def _folders(reports: _Reports) -> list[Group]:
    """Reports of a folder that agree are of one design."""
    groups: dict[Path, list[Group]] = {}
    # what HLS put around its core is told by the core's own report
    for report in sorted(reports, key=lambda report: report.stage in IMPLEMENTATION):
        near = groups.setdefault(home(report.path), [])
        kin = [one for one in near if _agrees(one, report)]
        if len(kin) == 1:
            kin[0].reports.append(report)
        else:
            near.append(Group(home(report.path), report, [report]))
    found = [one for near in groups.values() for one in _without_modules(near)]
    return sorted(found, key=lambda one: (one.folder, one.reports[0].path))


def _without_modules(near: list[Group]) -> list[Group]:
    """Groups of a folder without those of modules of another: what they say, its report holds already."""
    holders = {id(one): [other for other in near if _holds(other, one)] for one in near}
    kept = [one for one in near if not holders[id(one)]]
    for one in kept:
        inside = sum(len(other.reports) for other in near if one in holders[id(other)])
        if inside:
            one.notes.append(f"reports of modules beside this one, left out: {inside}")
    return kept


def _holds(outer: Group, inner: Group) -> bool:
    """Whether a design is a module of another: only synthesised, and for the same part and clock."""
    if outer is inner or inner.stages != {"csynth"} or inner.base.top in (None, outer.base.top):
        return False
    synthesised = [report for report in outer.reports if report.stage == "csynth"]
    names = {module.top for report in synthesised for module in modules_of(report) if module.kind != "loop"}
    return inner.base.top in names and stranger(replace(outer.base, top=inner.base.top), inner.base) is None


def _agrees(one: Group, report: SynthesisReport) -> bool:
    """Whether a report can be of a design: kin to it, and no other run of a step that it has."""
    return _other_design(one, report) is None and not any(_other_run(mine, report) for mine in one.reports)


def _other_run(one: SynthesisReport, other: SynthesisReport) -> bool:
    """Whether two reports of a stage can't be of one run.

    C synthesis writes counts that differ a little into its formats, of one run.
    """
    if one.stage != other.stage:
        return False
    copies = one.stage == "csynth" and one.format != other.format
    return any(not (copies and name.endswith(".used")) for name in contradictions(one, other))
