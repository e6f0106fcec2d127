"""Reads Vivado's power report (`report_power`): the table of its summary, which has no headings.

+--------------------------+--------------+
| Total On-Chip Power (W)  | 3.871        |
| Dynamic (W)              | 3.204        |
| Device Static (W)        | 0.667        |
| Confidence Level         | Low          |
+--------------------------+--------------+
"""

from __future__ import annotations

import re

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Power, SynthesisReport
from fpga_tf.reports.values import known, unsigned
from fpga_tf.reports.vivado_header import agreed, has_title, read_header, stage_of
from fpga_tf.reports.vivado_sections import HINT

FORMAT = "vivado_power"
TITLE = "Power Report"
_TOTAL = "Total On-Chip Power (W)"
_DYNAMIC, _STATIC, _CONFIDENCE = "Dynamic (W)", "Device Static (W)", "Confidence Level"
_BORDER = re.compile(r"\+-+\+-+\+\s*")
_WARNED = re.compile(r"([0-9.]{1,24}) \(([^()]{1,80})\)")
_Cells = dict[str, tuple[str, str]]


def claims(source: Source) -> bool:
    """Whether Vivado gave the file the title of a power report."""
    return has_title(source, TITLE)


def read(source: Source) -> SynthesisReport:
    """Read the power. What the tool warns of, and its confidence in the figures, is in the notes.

    Raises:
        UserError: the summary is missing or damaged, or states a value twice and differently.
    """
    header = read_header(source)
    cells = _summary(source)
    notes = []
    values = {}
    for name in (_TOTAL, _DYNAMIC, _STATIC):
        where, text = cells.get(name, ("", ""))
        if warned := _WARNED.fullmatch(text):
            text = warned[1]
            notes.append(f"{name}: {warned[2]}")
        if text.startswith("<"):
            notes.append(f"{name}: {text}")
            text = ""
        values[name] = unsigned(text, name, where)
    confidence = known(cells.get(_CONFIDENCE, ("", ""))[1])
    if confidence:
        notes.append(f"the tool's confidence in its estimate of power: {confidence}")
    stage = stage_of(header.state)
    if stage is None:
        notes.append("the report does not tell whether the design is synthesised, placed or routed")
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage=stage or "estimate",
        tool=header.tool,
        version=header.version,
        part=header.part,
        top=header.top,
        status=header.state,
        power_w=Power(total=values[_TOTAL], dynamic=values[_DYNAMIC], static=values[_STATIC]),
        date=header.date,
        notes=tuple(notes),
    )


def _summary(source: Source) -> _Cells:
    """Cells of the summary by name, each with its place in the file."""
    lines = source.lines
    starts = [
        line for line in range(1, len(lines)) if _names(lines[line]) == _TOTAL and _BORDER.fullmatch(lines[line - 1])
    ]
    count = sum(text.rstrip() == TITLE for text in lines)
    if len(starts) != count:
        raise UserError(
            f"a power report must have one summary for each title in it: {count}, not {len(starts)}",
            where=source.path,
            hint=HINT,
        )
    tables = [_table(source, start) for start in starts]
    names = {name for table in tables for name in table}
    return {name: _one(name, tables) for name in names}


def _one(name: str, tables: list[_Cells]) -> tuple[str, str]:
    found = [table[name] for table in tables if name in table]
    agreed(name, found)
    return found[0]


def _names(text: str) -> str | None:
    """First of two cells; None if the line is no such row."""
    cells = text.split("|")
    return cells[1].strip() if len(cells) == 4 and not cells[0].strip() and not cells[3].strip() else None


def _table(source: Source, start: int) -> _Cells:
    """Rows from the first to the border that closes the table."""
    lines = source.lines
    border = lines[start - 1].rstrip()
    edges = [index for index, character in enumerate(border) if character == "+"]
    cells: _Cells = {}
    for line in range(start, len(lines)):
        text = lines[line].rstrip()
        if text == border:
            return cells
        if [index for index, character in enumerate(text) if character == "|"] != edges or _names(text) is None:
            break
        name, value = text.split("|")[1].strip(), text.split("|")[2].strip()
        agreed(name, [cells.setdefault(name, (source.at(line), value)), (source.at(line), value)])
    raise UserError(
        "the summary of a power report must have two cells in each row, and a border below",
        where=source.at(start),
        hint=HINT,
    )
