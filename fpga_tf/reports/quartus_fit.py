"""Reads Quartus' fitter report (`*.fit.rpt`): resources after place and route."""

from __future__ import annotations

import re

from fpga_tf.errors import UserError
from fpga_tf.reports.quartus_panels import Rows, begins, cell, date_of, named_rows, share, title, version_of
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Resource, SynthesisReport, no_resources

FORMAT = "quartus_fit"
_TITLE = title("Fitter")
_SUMMARY, _USAGE = "Fitter Summary", "Fitter Resource Usage Summary"
_ALMS = ("Logic utilization (in ALMs)", "Logic utilization (ALMs needed / total ALMs on device)")
# What a device calls its look-up tables: panel, row, and what that counts.
_LUTS = (
    (_SUMMARY, "Total combinational functions", "LUT counts combinational functions of up to four inputs"),
    (_SUMMARY, "Combinational ALUTs", "LUT counts combinational ALUTs"),
    (_USAGE, "Combinational ALUT usage for logic", "LUT counts ALUTs used for logic, without route-through and memory"),
)
_FF, _DSP = "Total registers", "Total DSP Blocks"
_MEMORY = re.compile(r"M[0-9]{1,3}K?s?(?: blocks)?")
_MULTIPLIERS = ("Embedded Multiplier 9-bit elements", "DSP block 18-bit elements", "DSP block 9-bit elements")


def claims(source: Source) -> bool:
    """Whether the first lines are those of a fitter report."""
    return begins(source, _TITLE)


def read(source: Source) -> SynthesisReport:
    """Read the resources of a placed and routed design.

    Raises:
        UserError: there is no fitter summary, a panel is broken, or two values contradict each other.
    """
    panels = {name: named_rows(source, name) for name in (_SUMMARY, _USAGE)}
    summary = panels[_SUMMARY]
    if not summary:
        raise UserError("a fitter report must have a fitter summary, not none", where=source.path)
    date = date_of(source, _TITLE, summary)
    _check(source, panels)
    lut, lut_note = _lut(source, panels)
    status = cell(source, summary, "Fitter Status")
    done = status is None or status.startswith("Successful")
    counts = _counts(source, panels)
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage="route" if done else "estimate",
        tool="Quartus",
        version=version_of(source, summary),
        part=cell(source, summary, "Device"),
        top=cell(source, summary, "Top-level Entity Name"),
        status=status,
        resources=no_resources()
        | {
            "LUT": lut,
            "FF": share(source, summary, _FF) or Resource(),
            "DSP": share(source, summary, _DSP) or Resource(),
        },
        counts=counts,
        date=date,
        notes=lut_note + _notes(counts) + (() if done else ("the fitter did not succeed: nothing is placed",)),
    )


def _check(source: Source, panels: dict[str, Rows]) -> None:
    """Both panels state the ALMs: they must be of one design."""
    one, other = (share(source, panels[panel], name) for panel, name in zip(panels, _ALMS, strict=True))
    if one is not None and other is not None and one != other:
        raise UserError(
            f"the fitter's summaries must state the same ALMs, not {one.used} and {other.used}",
            where=source.at(panels[_USAGE][_ALMS[1]][0].line),
            hint="give a file that holds one report",
        )


def _lut(source: Source, panels: dict[str, Rows]) -> tuple[Resource, tuple[str, ...]]:
    for panel, name, note in _LUTS:
        found = share(source, panels[panel], name)
        if found is not None:
            return found, (note,)
    return Resource(), ()


def _counts(source: Source, panels: dict[str, Rows]) -> dict[str, Resource]:
    """All counts of the summary that no resource is, and the memory blocks."""
    taken = {_FF, _DSP, *(name for panel, name, _ in _LUTS if panel == _SUMMARY)}
    found = {name: share(source, panels[_SUMMARY], name) for name in panels[_SUMMARY] if name not in taken}
    found |= {name: share(source, panels[_USAGE], name) for name in panels[_USAGE] if _MEMORY.fullmatch(name)}
    return {name: count for name, count in found.items() if count is not None}


def _notes(counts: dict[str, Resource]) -> tuple[str, ...]:
    memory = [f"BRAM_18K is unknown: {name} are no 18 Kb blocks" for name in counts if _MEMORY.fullmatch(name)]
    return (*memory, *(f"DSP is unknown: {name} are no DSP blocks" for name in counts if name in _MULTIPLIERS))
