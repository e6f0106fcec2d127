"""Reads Vivado's `report_utilization -hierarchical`: the resources of each instance, two blanks deeper for each level.

| Instance    | Module   | Total LUTs | ... |   FFs | RAMB36 | RAMB18 | URAM | DSP Blocks |
| net_wrapper |    (top) |       9107 | ... | 12044 |      4 |      9 |    2 |         61 |
|   net_i     |      net |       9107 | ... | 12044 |      4 |      9 |    2 |         61 |
|     (net_i) |      net |         17 | ... |    40 |      0 |      0 |    0 |          0 |   net_i's own share
"""

from __future__ import annotations

import re
from dataclasses import replace

from fpga_tf.errors import UserError
from fpga_tf.reports.csynth_text import whole_rows
from fpga_tf.reports.source import Source
from fpga_tf.reports.tables import Row, Table, find_tables
from fpga_tf.reports.types import Resource, SynthesisReport
from fpga_tf.reports.values import integer, known
from fpga_tf.reports.vivado_contents import read_contents
from fpga_tf.reports.vivado_header import has_title, read_header, stage_notes
from fpga_tf.reports.vivado_tree import depth, grow, is_own_share

FORMAT = "vivado_hierarchy"
TITLE = "Utilization Design Information"
_HIERARCHY = re.compile(r"^(?:[0-9]+\.? Utilization by Hierarchy *$| *\| *Instance *\| *Module *\|)", re.MULTILINE)
_COLUMNS = {
    "LUT": ("Total LUTs",),
    "FF": ("FFs",),
    "DSP": ("DSP Blocks", "DSP48 Blocks", "DSP Slices", "DSPs"),
    "URAM": ("URAM",),
}
_COUNTS = ("Total PPLOCs", "Logic LUTs", "LUTRAMs", "SRLs", "RAMB36", "RAMB18")
# With -hierarchical_percentages a count is followed by its share.
_CELL = re.compile(r"([0-9,]{1,24})(?: ?\((<? ?[0-9]{1,9}(?:\.[0-9]{1,9})?)%\))?")
_LEVEL = 2
_OWN = "the instance's own share, without the modules in it"
_Cell = tuple[int | None, str | None]


def has_hierarchy(source: Source) -> bool:
    """Whether the report has a section or a table by hierarchy."""
    return _HIERARCHY.search(source.text) is not None


def claims(source: Source) -> bool:
    """Whether the file has the title of a report of utilization, and a section by hierarchy."""
    return has_title(source, TITLE) and has_hierarchy(source)


def read(source: Source) -> SynthesisReport:
    """Read the resources of a design and of all that is in it.

    Returns:
        The design; what is in it in `modules`, each with its own. Without those of the device: the report has none.

    Raises:
        UserError: there is no table, it is damaged, or there are two that differ.
    """
    header, contents = read_header(source), read_contents(source, TITLE)
    tables = [table for table in find_tables(source) if table.column("Instance") is not None]
    tables = [table for table in tables if table.column("Module") is not None]
    if not tables:
        raise UserError(
            "a report of utilization by hierarchy must have a table of instances, not none",
            where=source.path,
            hint="copy the file again: it was cut off",
        )
    whole, stage = contents.repeated([(table, _tree(table)) for table in tables]), stage_notes(source, header)
    part_of = () if whole.top == "(top)" else (f"the report is of {whole.instance} alone, not of the whole design",)
    return replace(
        whole,
        stage=stage[0],
        kind="design",
        tool=header.tool,
        version=header.version,
        part=header.part,
        top=whole.instance if part_of or header.top is None else header.top,
        instance=None,
        status=header.state,
        date=header.date,
        notes=stage[1] + contents.missing() + part_of,
    )


def _tree(table: Table) -> SynthesisReport:
    rows = whole_rows(table)
    items = [(depth(table, row, "Instance", _LEVEL), _module(table, row), table.source.at(row.line)) for row in rows]
    if not items:
        raise table.damaged("have rows, not none")
    roots = grow(items)
    if len(roots) != 1:
        raise table.damaged(f"have one row that all others are below, not {len(roots)}")
    return roots[0]


def _module(table: Table, row: Row) -> SynthesisReport:
    where = table.source.at(row.line)
    cells = {name: _count(table, row, headings, where) for name, headings in _COLUMNS.items()}
    counts = {name: _count(table, row, (name,), where)[0] for name in _COUNTS if name in table.columns}
    big, small = counts.get("RAMB36"), counts.get("RAMB18")
    blocks = None if big is None or small is None else 2 * big + small
    instance = table.cell(row, table.column("Instance"))
    return SynthesisReport(
        path=table.source.path,
        format=FORMAT,
        stage="estimate",
        top=known(table.cell(row, table.column("Module"))),
        instance=instance,
        kind="module",
        resources={name: Resource(used) for name, (used, _) in cells.items()} | {"BRAM_18K": Resource(blocks)},
        percent={name: percent for name, (_, percent) in cells.items() if percent is not None},
        counts={name: Resource(count) for name, count in counts.items()},
        notes=(_OWN,) if is_own_share(instance) else (),
    )


def _count(table: Table, row: Row, headings: tuple[str, ...], where: str) -> _Cell:
    text = known(table.cell(row, table.column(*headings)))
    if text is None:
        return None, None
    found = _CELL.fullmatch(text)
    if found is None:
        raise UserError(f"{headings[0]} must be a count or unknown, not {text[:40]!r}", where=where)
    return integer(found[1], headings[0], where), found[2]
