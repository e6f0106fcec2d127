"""Files that people take for reports, but that state none of its values: named, with the file to give instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source

_SYNTHESIS = "give <top>_csynth.xml, <top>_csynth.rpt or csynth.rpt from solution1/syn/report"
_VIVADO = "give a report that Vivado wrote: of utilisation, timing or power"
# A link of git that a checkout without symbolic links, or a download of one file, leaves as text.
_LINK = re.compile(r"(?:[^\s:<>|\"/]*/)*[^\s:<>|\"/]+\.(?:rpt|xml|log|txt|json)")
_MAX_LINK = 4096


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of file.

    Attributes:
        pattern: what its beginning holds.
        what: what it is, for people.
        hint: what to give instead.
    """

    pattern: re.Pattern[str]
    what: str
    hint: str


def _kind(pattern: str, what: str, hint: str) -> _Kind:
    return _Kind(re.compile(pattern, re.MULTILINE), what, hint)


_KINDS = (
    _kind(
        r"^== Design Size Report$|^\* Instructions per Function for each Compilation Phase",
        "csynth_design_size.rpt, which counts a compiler's instructions",
        _SYNTHESIS,
    ),
    _kind(
        r"^# Created on [^\n]* with report_failfast ",
        "the output of report_failfast, which states shares only",
        _VIVADO,
    ),
    _kind(
        r"\bxmlns(?::\w+)?=\"com\.autoesl\.autopilot\.(?:project|solution)\"",
        "a project file of Vivado HLS or Vitis HLS",
        "give the project's folder, or " + _SYNTHESIS.removeprefix("give "),
    ),
    _kind(r"^\*{6} (?:Vivado\(TM\) HLS|Vitis HLS|Vivado HLS)\b", "a console log of HLS", _SYNTHESIS),
    _kind(r"^\*{6} (?:v\+\+|vitis-run|Vitis)\s", "a console log of v++ or vitis-run", _SYNTHESIS),
    _kind(r"^\*{6} Vivado\b|^# Vivado v[0-9.]+ \(64-bit\)$", "a log of Vivado", _VIVADO),
    _kind(r"\A(?:INFO|WARNING|ERROR): \[(?:HLS|SIM|COSIM|IMPL) ", "a console log of HLS", _SYNTHESIS),
)


def link_text(source: Source) -> str | None:
    """The file that a symbolic link would lead to, where the link was saved as text; None for any other file."""
    text = source.text.strip() if len(source.data) <= _MAX_LINK else ""
    return text if _LINK.fullmatch(text) else None


def refuse(source: Source) -> UserError | None:
    """An error that names the kind of a file which is no report, and what to give instead; None for any other file."""
    link = link_text(source)
    if link is not None:
        return UserError(
            "the file must be a report, not the name of another file",
            where=source.path,
            hint=f"it is the text of a symbolic link; give the file that it names: {link[:200]}",
        )
    for kind in _KINDS:
        if kind.pattern.search(source.head):
            return UserError(f"the file must be a report, not {kind.what}", where=source.path, hint=kind.hint)
    return None
