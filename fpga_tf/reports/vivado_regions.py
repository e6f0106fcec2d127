"""Super logic regions (SLRs) in Vivado's report of utilization.

Since 2019 a region is a column:                        Before, it was a row:

    | Site Type | SLR0 | SLR1 | SLR0 % | SLR1 % |       | SLR Index | Total LUTs | (%)Total LUTs | Registers | ...
    | CLB LUTs  | 9120 |   37 |   2.31 |  <0.01 |       | SLR1      |         37 |          0.01 |        55 | ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from fpga_tf.reports.csynth_text import whole_rows
from fpga_tf.reports.tables import Row, Table
from fpga_tf.reports.types import RESOURCES, Region, Resource
from fpga_tf.reports.values import integer
from fpga_tf.reports.vivado_cells import blocks, share
from fpga_tf.reports.vivado_header import agreed

_REGION = re.compile(r"SLR[0-9]{1,3}")
# The row form does not tell whether its `BRAMs` are tiles: they stay unknown.
_COLUMNS = {"LUT": "Total LUTs", "FF": "Registers", "DSP": "DSPs", "URAM": "URAM"}
_PERCENT = {"LUT": "(%)Total LUTs"}
# Region, and resource or site type; where it is stated; how many are used, and the share.
_Found = tuple[tuple[str, str], tuple[str, tuple[int | None, str | None]]]


def read_regions(tables: Sequence[Table], names: Mapping[str, tuple[str, ...]]) -> tuple[Region, ...]:
    """Regions by number.

    Args:
        tables: all of a report.
        names: what a site type of each resource may be called, without marks; the first that a table has counts.

    Raises:
        UserError: a table is damaged, or two contradict each other.
    """
    stated: dict[tuple[str, str], list[tuple[str, tuple[int | None, str | None]]]] = {}
    for table in tables:
        for key, value in (*_in_columns(table, names), *_in_rows(table)):
            stated.setdefault(key, []).append(value)
    values = {key: agreed(f"{key[1]} of {key[0]}", found) for key, found in stated.items()}
    regions = sorted({name for name, _ in values}, key=lambda name: (len(name), name))
    return tuple(_region(name, values) for name in regions)


def _region(name: str, values: Mapping[tuple[str, str], tuple[int | None, str | None] | None]) -> Region:
    found = {resource: values.get((name, resource)) or (None, None) for resource in RESOURCES}
    counts = {what: value for (region, what), value in values.items() if region == name and what not in RESOURCES}
    return Region(
        name,
        {resource: Resource(used) for resource, (used, _) in found.items()},
        {resource: percent for resource, (_, percent) in found.items() if percent is not None},
        {what: Resource(value[0]) for what, value in counts.items() if value is not None},
    )


def _in_columns(table: Table, names: Mapping[str, tuple[str, ...]]) -> Iterator[_Found]:
    regions = [heading for heading in table.columns if _REGION.fullmatch(heading)]
    site = table.column("Site Type")
    if site is None or not regions:
        return
    rows: dict[str, list[Row]] = {}
    for row in whole_rows(table):
        rows.setdefault(table.cell(row, site).rstrip("*").rstrip(), []).append(row)
    taken = {resource: next((name for name in called if name in rows), None) for resource, called in names.items()}
    others = {name: name for name in rows if name and not any(name in called for called in names.values())}
    for resource, found in {**others, **taken}.items():
        count = blocks if resource == "BRAM_18K" else integer
        for row in rows.get(found or "", ()):
            where = table.source.at(row.line)
            for region in regions:
                used = count(table.cell(row, table.column(region)), f"{resource} of {region}", where)
                percent = share(table.cell(row, table.column(f"{region} %")), where)
                yield (region, resource), (where, (used, percent))


def _in_rows(table: Table) -> Iterator[_Found]:
    index = table.column("SLR Index")
    if index is None or table.column(_COLUMNS["LUT"]) is None:
        return
    for row in whole_rows(table):
        region, where = table.cell(row, index), table.source.at(row.line)
        if _REGION.fullmatch(region):
            for resource, heading in _COLUMNS.items():
                used = integer(table.cell(row, table.column(heading)), f"{resource} of {region}", where)
                percent = _PERCENT.get(resource)
                yield (
                    (region, resource),
                    (where, (used, share(table.cell(row, table.column(percent)), where) if percent else None)),
                )
