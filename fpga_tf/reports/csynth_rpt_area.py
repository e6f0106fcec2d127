"""The summary of resources of `<top>_csynth.rpt`: used, available and shares, of the device and of one SLR."""

from __future__ import annotations

from dataclasses import dataclass

from fpga_tf.reports.csynth_text import by_name, percentage, resource_columns, whole_rows
from fpga_tf.reports.tables import Table
from fpga_tf.reports.types import Region, Resource
from fpga_tf.reports.values import integer

# In percent. The tools round down; a share that is further off belongs to another design or was damaged.
_TOLERANCE = 1.5

_Counts = dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Area:
    """The summary of resources.

    Attributes:
        resources, percent, regions: as in a SynthesisReport.
    """

    resources: dict[str, Resource]
    percent: dict[str, str]
    regions: tuple[Region, ...]


def is_area(table: Table) -> bool:
    """Whether it is the summary. (The other tables with names in the first column count no DSPs.)"""
    columns = resource_columns(table)
    return "Name" in table.columns and None not in (columns["LUT"], columns["FF"], columns["DSP"])


def area(table: Table) -> Area:
    """Read the summary.

    Raises:
        UserError: it is cut off, a cell makes no sense, or a share does not fit its counts.
    """
    name, columns = table.column("Name"), resource_columns(table)
    cells = by_name(
        "a row of resources",
        [
            (
                table.cell(row, name),
                table.source.at(row.line),
                {resource: table.cell(row, column) for resource, column in columns.items()},
            )
            for row in whole_rows(table)
        ],
    )
    where = table.source.at(table.line)

    def counts(row: str) -> _Counts:
        return {key: integer(text, f"{row} of {key}", where) for key, text in cells.get(row, {}).items()}

    def shares(row: str) -> dict[str, str]:
        pairs = {key: percentage(text, where) for key, text in cells.get(row, {}).items()}
        return {key: share for key, share in pairs.items() if share is not None}

    used, all_of_it, one_region = counts("Total"), counts("Available"), counts("Available SLR")
    percent, percent_of_region = shares("Utilization (%)"), shares("Utilization SLR (%)")
    _check(table, used, all_of_it, percent)
    _check(table, used, one_region, percent_of_region)
    resources = {key: Resource(used.get(key), all_of_it.get(key)) for key in columns}
    region = Region("SLR", {key: Resource(None, one_region.get(key)) for key in columns}, percent_of_region)
    return Area(resources, percent, (region,) if one_region or percent_of_region else ())


def _check(
    table: Table, used: dict[str, int | None], available: dict[str, int | None], percent: dict[str, str]
) -> None:
    """Used, available and share are three cells of which two give the third: damage in one of them shows."""
    for key, text in percent.items():
        count, limit = used.get(key), available.get(key)
        if count is not None and limit and abs(100 * count / limit - float(text.lstrip("~"))) > _TOLERANCE:
            raise table.damaged(f"state shares that fit, not {text} % for {count} of {limit} {key}")
