"""Reads Vivado's `report_utilization` of a whole design: after synthesis, optimisation, placement or routing.

| CLB LUTs*              | 40211 |     0 |   1182240 |  3.40 |      `Slice LUTs` in 7 series parts
|   LUT as Logic         | 40111 |     0 |   1182240 |  3.39 |
| CLB Registers          | 51022 |     0 |   2364480 |  2.16 |      `Registers` in Versal parts
| Block RAM Tile         |  71.5 |     0 |      2160 |  3.31 |      one is two blocks of 18 Kb
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fpga_tf.errors import UserError
from fpga_tf.reports.csynth_text import whole_rows
from fpga_tf.reports.source import Source
from fpga_tf.reports.tables import Row, Table, find_tables
from fpga_tf.reports.types import Region, Resource, SynthesisReport
from fpga_tf.reports.values import integer
from fpga_tf.reports.vivado_cells import blocks, share
from fpga_tf.reports.vivado_contents import Contents, read_contents
from fpga_tf.reports.vivado_header import Header, agreed, has_title, read_header, stage_notes
from fpga_tf.reports.vivado_hierarchy import TITLE, has_hierarchy
from fpga_tf.reports.vivado_regions import read_regions

FORMAT = "vivado_utilization"
_NAMES = {
    "LUT": ("CLB LUTs", "Slice LUTs"),
    "FF": ("Registers", "CLB Registers", "Slice Registers"),
    "DSP": ("DSPs", "DSP Slices"),
    "BRAM_18K": ("Block RAM Tile",),
    "URAM": ("URAM",),
}
_RESOURCE = {name: resource for resource, names in _NAMES.items() for name in names}
# Rows of the table that tells how sites are packed, whose section is named `CLB Logic Distribution` or alike.
_PACKING = {"CLB", "Slice", "SLICE", "Unique Control Sets"}
# Headings of the tables that are read.
_READ = {"Site Type", "SLR Index", "Ref Name"}
_SITE_TABLE = re.compile(r"^ *\| *Site Type *\|", re.MULTILINE)
_PARTIAL = re.compile(r"\s-(cells|pblocks)\s")


@dataclass(frozen=True, slots=True)
class _Site:
    """A row: whether its LUTs are counted before optimisation (a star), and whether it tells how sites are packed."""

    where: str
    name: str
    count: Resource
    share: str | None
    starred: bool
    packing: bool

    @property
    def resource(self) -> str | None:
        return _RESOURCE.get(self.name)


def claims(source: Source) -> bool:
    """Whether the file has the title of a report of utilization, and is not by hierarchy alone."""
    return has_title(source, TITLE) and (not has_hierarchy(source) or _SITE_TABLE.search(source.text) is not None)


def read(source: Source) -> SynthesisReport:
    """Read the resources of a design, and of its super logic regions where it has some.

    Raises:
        UserError: there is no table of site types, one is damaged, or two contradict each other, as in a file that
            holds the reports of two designs.
    """
    header = read_header(source)
    contents = read_contents(source, TITLE)
    tables = [table for table in find_tables(source) if not _READ.isdisjoint(table.columns)]
    sections = [contents.of(table) for table in tables]
    sites = list(_sites(tables, sections))
    if not sites:
        raise UserError(
            "a report of utilization must have a table of site types with LUTs or registers, not none",
            where=source.path,
            hint="copy the file again: it was cut off",
        )
    values = {resource: _value(resource, sites) for resource in _NAMES}
    regions = read_regions(tables, _NAMES)
    stage, notes = stage_notes(source, header)
    partial = _PARTIAL.search(f"{header.command or ''} ")
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage=stage,
        tool=header.tool,
        version=header.version,
        part=header.part,
        top=None if partial else header.top,
        status=header.state,
        date=header.date,
        resources={resource: count for resource, (count, _) in values.items()},
        percent={resource: percent for resource, (_, percent) in values.items() if percent is not None},
        counts={**_primitives(tables), **_counts(sites)},
        regions=regions,
        notes=notes + _notes(contents, header, sites, regions),
    )


def _sites(tables: list[Table], sections: list[str]) -> Iterator[_Site]:
    """Rows of the tables of logic, memory and arithmetic; not those of pins, clocks and what else is on the device."""
    for table, section in zip(tables, sections, strict=True):
        if table.column("Site Type") is None or table.column("Used") is None:
            continue
        if table.column("Parent", "Child", "Non-Assigned") is not None:
            raise UserError(
                "a report of utilization must be of the design, not of the area of a Pblock",
                where=table.source.at(table.line),
                hint="write it without -pblocks",
            )
        names = {row: table.cell(row, table.column("Site Type")) for row in whole_rows(table)}
        packing = "Distribution" in section or not _PACKING.isdisjoint(names.values())
        rows = [_site(table, row, name, packing) for row, name in names.items() if name]
        if any(site.resource for site in rows):
            yield from rows


def _site(table: Table, row: Row, text: str, packing: bool) -> _Site:
    where = table.source.at(row.line)
    name = text.rstrip("*").rstrip()
    tiles = _RESOURCE.get(name) == "BRAM_18K"
    used = (blocks if tiles else integer)(table.cell(row, table.column("Used")), f"{name} used", where)
    # only what is used comes in halves of a tile
    available = integer(table.cell(row, table.column("Available")), f"{name} available", where)
    count = Resource(used, 2 * available if tiles and available is not None else available)
    return _Site(where, name, count, share(table.cell(row, table.column("Util%")), where), text.endswith("*"), packing)


def _value(resource: str, sites: list[_Site]) -> tuple[Resource, str | None]:
    """How sites are packed repeats the registers under the same name, so it must agree; alone it is no total."""
    totals = [site for site in sites if site.resource == resource and not site.packing]
    names = {site.name for site in totals} if resource == "FF" else set()
    repeats = [site for site in sites if site.packing and site.name in names]
    return agreed(resource, [(site.where, (site.count, site.share)) for site in totals + repeats]) or (Resource(), None)


def _counts(sites: list[_Site]) -> dict[str, Resource]:
    """What is counted besides the resources. How sites are packed is left out: it has names that stand for several."""
    stated: dict[str, list[tuple[str, Resource]]] = {}
    for site in sites:
        if site.resource is None and not site.packing:
            stated.setdefault(site.name, []).append((site.where, site.count))
    return {name: agreed(name, found) or Resource() for name, found in stated.items()}


def _primitives(tables: list[Table]) -> dict[str, Resource]:
    """Library cells by name, such as `FDRE` or `RAMB36E2`."""
    stated: dict[str, list[tuple[str, Resource]]] = {}
    for table in tables:
        if not {"Ref Name", "Used", "Functional Category"} <= {*table.columns}:
            continue
        for row in whole_rows(table):
            name, where = table.cell(row, table.column("Ref Name")), table.source.at(row.line)
            used = integer(table.cell(row, table.column("Used")), f"{name} used", where)
            stated.setdefault(name, []).append((where, Resource(used)))
    return {name: agreed(name, found) or Resource() for name, found in stated.items() if name}


def _notes(contents: Contents, header: Header, sites: list[_Site], regions: tuple[Region, ...]) -> tuple[str, ...]:
    notes = list(contents.missing())
    if partial := _PARTIAL.search(f"{header.command or ''} "):
        notes.append(
            f"the report is of a part of {header.top or 'the design'} alone: it was written with -{partial[1]}"
        )
    if any(site.resource == "LUT" and site.starred for site in sites):
        notes.append("LUT is counted before optimisation: the final count is typically lower")
    used = [resource.used for region in regions for resource in region.resources.values()]
    if regions and not any(used) and any(site.count.used for site in sites):
        notes.append("the design is not placed yet: the counts of its super logic regions (SLRs) are 0")
    return tuple(notes)
