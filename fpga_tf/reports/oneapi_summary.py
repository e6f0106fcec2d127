"""Reads `summary.ndjson` and `summary.json` of Intel's high-level synthesis (oneAPI, i++, aoc): estimated resources.

One table: its columns, a row for each kernel, then rows that are no kernels, of which `Total` and `Available` count.
In `summary.json` it is one object with `children`, in `summary.ndjson` each row is a record that names its `parent`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from fpga_tf.errors import UserError
from fpga_tf.reports.json_values import Record, is_json, number, read_records, whole
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Resource, SynthesisReport, no_resources

FORMAT = "oneapi_summary"
_TABLE = "estimatedResources"
_MARKS = (f'"{_TABLE}"', '"summary_type"')
_RESOURCES = {"LUT": "ALUTs", "FF": "FFs", "DSP": "DSPs"}
_COUNTS = ("RAMs", "MLABs")
_PARTS = "Frac. DSPs"
_TOTAL, _AVAILABLE, _SUBTOTAL = "Total", "Available", "Kernel Subtotal"
_HINT = "copy the file again: it was cut off or edited"

_Values = Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    where: str
    values: _Values
    kernel: bool


def claims(source: Source) -> bool:
    """Whether the file is JSON with such a table, or the records that come before it."""
    return is_json(source) and any(mark in source.text for mark in _MARKS)


def read(source: Source) -> SynthesisReport:
    """Read the estimated resources of the design; kernels are modules.

    Returns:
        The report, stage `csynth`.

    Raises:
        UserError: the JSON is broken, there is no such table, or values contradict each other.
    """
    tables = _tables(read_records(source))
    if not tables:
        raise UserError(f"a summary must hold a table {_TABLE!r}", where=source.path, hint=_HINT)
    rows = _rows(*tables[0])
    for header, records in tables[1:]:
        if [(row.name, row.values) for row in _rows(header, records)] != [(row.name, row.values) for row in rows]:
            raise UserError(f"{_TABLE} must be given once, not with other values", where=header.where)
    kernels = [row for row in rows if row.kernel]
    total, available = _one(rows, _TOTAL), _one(rows, _AVAILABLE)
    modules, notes = _modules(source, kernels, _one(rows, _SUBTOTAL))
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage="csynth",
        resources=_resources(total, available),
        counts={
            name: Resource(whole(total.get(name)), whole(available.get(name))) for name in _COUNTS if name in total
        },
        modules=modules,
        notes=(*notes, *_remarks(total)),
    )


def _tables(records: Sequence[Record]) -> list[tuple[Record, list[Record]]]:
    """Each table's header, which names its columns, and its rows."""
    tables: list[tuple[Record, list[Record]]] = []
    for record in records:
        inner = record.content.get(_TABLE)
        if isinstance(inner, dict):
            tables.append((Record(record.where, inner), Record(record.where, inner).objects("children")))
        elif record.content.get("summary_type") == _TABLE:
            tables.append((record, []))
        elif record.content.get("parent") == _TABLE:
            if not tables:
                raise UserError("a row must come after its table's columns", where=record.where, hint=_HINT)
            tables[-1][1].append(record)
    return tables


def _rows(header: Record, records: Sequence[Record]) -> list[_Row]:
    columns = header.content.get("columns")
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise UserError("a table must name its columns", where=header.where)
    names = [name.strip() for name in columns[1:]]  # the first is that of the rows' names
    if len(set(names)) != len(names):
        raise UserError("a table must have one column of a name", where=header.where)
    rows = []
    for record in records:
        data = record.content.get("data")
        if not isinstance(data, list) or len(data) != len(names):
            raise UserError(f"a row must have {len(names)} values", where=record.where, hint=_HINT)
        values = {name: number(value, name, record.where) for name, value in zip(names, data, strict=True)}
        name = record.text("name") or ""
        summary = "classes" in record.content or name in (_TOTAL, _AVAILABLE, _SUBTOTAL)
        rows.append(_Row(name, record.where, values, not summary))
    return rows


def _one(rows: Sequence[_Row], name: str) -> _Values:
    """Values of the row that is no kernel's with this name; empty if there is none."""
    found = [row for row in rows if not row.kernel and row.name == name]
    for row, other in pairwise(found):
        if row.values != other.values:
            raise UserError(f"{name} must be given once, not with other values", where=other.where)
    return found[0].values if found else {}


def _resources(total: _Values, available: _Values) -> dict[str, Resource]:
    used = {name: whole(total.get(column)) for name, column in _RESOURCES.items()}
    if total.get(_PARTS):
        used["DSP"] = None
    return no_resources() | {
        name: Resource(used[name], whole(available.get(column))) for name, column in _RESOURCES.items()
    }


def _modules(
    source: Source, kernels: Sequence[_Row], subtotal: _Values
) -> tuple[tuple[SynthesisReport, ...], tuple[str, ...]]:
    """Kernels, if their rows are all there and none is there twice, as far as the file can tell."""
    for name, value in subtotal.items():
        known = [row.values[name] for row in kernels]
        if value is not None and None not in known and sum(filter(None, known)) != value:
            raise UserError(
                f"{name} of the kernels must add up to {value}, not {sum(filter(None, known))}",
                where=source.path,
                hint=_HINT,
            )
    twice = [name for name, times in Counter(row.name for row in kernels).items() if times > 1]
    if twice and not subtotal:
        return (), (f"kernels are left out: the file holds {twice[0]!r} more than once",)
    return tuple(_module(source, row) for row in kernels), ()


def _module(source: Source, row: _Row) -> SynthesisReport:
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage="csynth",
        top=row.name or None,
        kind="module",
        resources=_resources(row.values, {}),
        counts={name: Resource(whole(row.values[name])) for name in _COUNTS if name in row.values},
    )


def _remarks(total: _Values) -> tuple[str, ...]:
    remarks = ["LUT counts ALUTs, as the compiler expects them"] if total.get(_RESOURCES["LUT"]) is not None else []
    if total.get("RAMs") is not None:
        remarks.append("BRAM_18K is unknown: memory blocks of the device are no 18 Kb blocks")
    if total.get(_PARTS):
        remarks.append(f"DSP is unknown: beside {total.get('DSPs')} there are {total[_PARTS]} that are parts of DSPs")
    return tuple(remarks)
