"""Reads Vivado's `report_accelerator_utilization`, which Vitis writes of the kernels on a platform.

| Name                |        REG        |       LUT        |      BRAM     | ...
| Platform            |   30100 [  1.67%] |  20200 [  2.24%] |  11 [  1.14%] | ...
| User Budget         | 1769900 [100.00%] | 879800 [100.00%] | 956 [100.00%] | ...    what the platform leaves
|    Used Resources   |  101000 [  5.71%] |  88001 [ 10.00%] |  77 [  8.05%] | ...    of all kernels
| pump                |   50500 [  2.85%] |  44000 [  5.00%] |  38 [  3.97%] | ...    a kernel,
|    pump_1           |   50500 [  2.85%] |  44000 [  5.00%] |  38 [  3.97%] | ...    and its instances
"""

from __future__ import annotations

import re
from dataclasses import replace

from fpga_tf.errors import UserError
from fpga_tf.reports.csynth_text import whole_rows
from fpga_tf.reports.source import Source
from fpga_tf.reports.tables import Row, Table, find_tables
from fpga_tf.reports.types import RESOURCES, Resource, SynthesisReport
from fpga_tf.reports.values import integer, known
from fpga_tf.reports.vivado_cells import blocks
from fpga_tf.reports.vivado_contents import read_contents
from fpga_tf.reports.vivado_header import has_title, read_header, stage_notes
from fpga_tf.reports.vivado_tree import depth, grow

FORMAT = "vivado_accelerator"
_TITLE = "Accelerator Utilization Design Information"
_COLUMNS = {"LUT": "LUT", "FF": "REG", "DSP": "DSP", "BRAM_18K": "BRAM", "URAM": "URAM"}
_MEMORY = "LUTAsMem"
_BUDGET, _USED = "User Budget", "Used Resources"
_SYSTEM = ("Platform", _BUDGET, _USED, "Unused Resources")
_CELL = re.compile(r"([0-9,.]{1,24})(?: *\[ *(<? ?[0-9]{1,9}(?:\.[0-9]{1,9})?)%\])?")
_LEVEL = 3
_NOTE = "available is the user budget: the device without what the platform takes"


def claims(source: Source) -> bool:
    """Whether the file has the title of such a report."""
    return has_title(source, _TITLE)


def read(source: Source) -> SynthesisReport:
    """Read the resources of all kernels.

    Returns:
        The design: what the kernels use, and their budget. The kernels in `modules`, with their instances.

    Raises:
        UserError: there is no such table, it is damaged, or there are two that differ.
    """
    header, contents = read_header(source), read_contents(source, _TITLE)
    tables = [table for table in find_tables(source) if table.column("Name") is not None]
    tables = [table for table in tables if table.column("REG") is not None]
    if not tables:
        raise UserError(
            "a report of accelerators must have a table of the system's resources, not none",
            where=source.path,
            hint="copy the file again: it was cut off",
        )
    system = contents.repeated([(table, _system(table)) for table in tables])
    stage, notes = stage_notes(source, header)
    return replace(
        system,
        stage=stage,
        tool=header.tool,
        version=header.version,
        part=header.part,
        top=header.top,
        status=header.state,
        date=header.date,
        notes=(*notes, _NOTE, *contents.missing()),
    )


def _system(table: Table) -> SynthesisReport:
    system: dict[str, SynthesisReport] = {}
    kernels: list[tuple[int, SynthesisReport, str]] = []
    for row in whole_rows(table):
        module = _module(table, row)
        name, where = module.instance or "", table.source.at(row.line)
        if name not in _SYSTEM:
            kernels.append((depth(table, row, "Name", _LEVEL), module, where))
        elif system.setdefault(name, module) != module:
            raise UserError(f"{name} must be given once, not with two values", where=where)
    if _BUDGET not in system or _USED not in system:
        raise table.damaged(f"have the rows {_BUDGET!r} and {_USED!r}")
    used, budget = system[_USED], system[_BUDGET]
    pairs = {name: Resource(used.resources[name].used, budget.resources[name].used) for name in RESOURCES}
    counts = {name: Resource(count.used, budget.counts[name].used) for name, count in used.counts.items()}
    modules = tuple(_kernel(table, kernel) for kernel in grow(kernels))
    return replace(used, kind="design", instance=None, resources=pairs, counts=counts, modules=modules)


def _kernel(table: Table, kernel: SynthesisReport) -> SynthesisReport:
    """The kernel, whose row is the sum of its instances: they are in it, under its name."""
    inside = tuple(replace(instance, top=kernel.instance) for instance in kernel.modules)
    for name in RESOURCES if inside else ():
        whole, parts = kernel.resources[name].used, [instance.resources[name].used for instance in inside]
        if whole is not None and None not in parts and whole != sum(part or 0 for part in parts):
            raise table.damaged(f"have in {kernel.instance!r} as many {name} as in all its instances together")
    return replace(kernel, top=kernel.instance, instance=None, modules=inside)


def _module(table: Table, row: Row) -> SynthesisReport:
    where = table.source.at(row.line)
    cells = {name: _count(table, row, name, where) for name in RESOURCES}
    memory = integer(table.cell(row, table.column(_MEMORY)).partition("[")[0], _MEMORY, where)
    return SynthesisReport(
        path=table.source.path,
        format=FORMAT,
        stage="estimate",
        kind="module",
        instance=table.cell(row, table.column("Name")),
        resources={name: Resource(used) for name, (used, _) in cells.items()},
        percent={name: percent for name, (_, percent) in cells.items() if percent is not None},
        counts={_MEMORY: Resource(memory)} if _MEMORY in table.columns else {},
    )


def _count(table: Table, row: Row, name: str, where: str) -> tuple[int | None, str | None]:
    text = known(table.cell(row, table.column(_COLUMNS[name])))
    if text is None:
        return None, None
    found = _CELL.fullmatch(text)
    if found is None:
        raise UserError(f"{name} must be a count such as 98 [ 10.43%], not {text[:40]!r}", where=where)
    count = blocks if name == "BRAM_18K" else integer
    return count(found[1], name, where), found[2]
