"""Reads `loop_attr.ndjson` and `loop_attr.json` of Intel's high-level synthesis (oneAPI, i++, aoc): kernels and loops.

A kernel has blocks (`bb`) and loops, a loop may have loops in it. In `loop_attr.json` they are nested objects, in
`loop_attr.ndjson` each is a record, which names those in it by number. Latencies are in cycles of one pass of a block,
or of one turn of a loop. Frequencies are in MHz.
"""

from __future__ import annotations

from collections.abc import Sequence

from fpga_tf.errors import UserError
from fpga_tf.reports.json_values import Record, is_json, number, period, read_records, whole
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Clock, Interval, Kind, Latency, Loop, SynthesisReport
from fpga_tf.reports.values import known

FORMAT = "oneapi_loops"
_MARK = '"loop_attributes"'
_HEADER = "loop_attributes"
_KINDS: dict[str | None, Kind] = {"kernel": "module", "bb": "module", "loop": "loop"}
# Loops seen are nested some deep; the cap keeps a made-up file from exhausting Python's stack.
MAX_DEPTH = 64


def claims(source: Source) -> bool:
    """Whether the file is JSON that begins with the header of such a list."""
    return is_json(source) and _MARK in source.head


def read(source: Source) -> SynthesisReport:
    """Read kernels, their blocks and their loops, each a module of the one around it.

    Returns:
        The report, stage `csynth`. It states nothing of the whole design.

    Raises:
        UserError: the JSON is broken, there is no header, or a number is given to two different parts.
    """
    records = read_records(source)
    headers = [record for record in records if record.content.get("name") == _HEADER]
    if not headers:
        raise UserError("a list of loops must have a header", where=source.path)
    for header in headers[1:]:
        if header.content != headers[0].content:
            raise UserError("a list of loops must have one header, not two that differ", where=header.where)
    tree = _Tree(source, [record for record in records if record.content.get("name") != _HEADER])
    modules = tree.inside(headers[0], "nodes", 0)
    notes = ["latencies are those of blocks and of one turn of loops: that of the design is not stated"]
    if tree.missing:
        notes.append(f"{tree.missing} blocks or loops are missing in the file")
    return SynthesisReport(source.path, FORMAT, "csynth", modules=modules, notes=tuple(notes))


class _Tree:
    """Parts by number, each of which is in one place."""

    def __init__(self, source: Source, records: Sequence[Record]) -> None:
        self.path = source.path
        self.known: dict[object, Record] = {}
        self.placed: set[object] = set()
        self.missing = 0
        for record in records:
            mark = record.content.get("id")
            first = self.known.setdefault(_key(mark, record), record)
            if first.content != record.content:
                raise UserError(f"the number {mark} must be given to one part, not to two", where=record.where)

    def inside(self, record: Record, name: str, depth: int) -> tuple[SynthesisReport, ...]:
        """The parts that a list of numbers or of objects names."""
        if depth > MAX_DEPTH:
            raise UserError(f"loops must be nested at most {MAX_DEPTH} deep", where=record.where)
        entries = record.content.get(name, [])
        if not isinstance(entries, list):
            raise UserError(f"{name} must be a list", where=record.where)
        found = []
        for entry in entries:
            part = Record(record.where, entry) if isinstance(entry, dict) else self.known.get(_key(entry, record))
            if part is None:
                self.missing += 1
                continue
            mark = _key(part.content.get("id"), part)
            if mark in self.placed:
                raise UserError(f"the part with the number {mark} must be in one place, not in two", where=record.where)
            self.placed.add(mark)
            found.append(self.part(part, depth))
        return tuple(found)

    def part(self, record: Record, depth: int) -> SynthesisReport:
        kind = _KINDS.get(record.text("type"))
        if kind is None:
            raise UserError(
                f"a part must be a kernel, a block or a loop, not {str(record.content.get('type'))[:40]!r}",
                where=record.where,
            )
        interval, latency = _whole(record, "ii"), _whole(record, "lt")
        loop = kind == "loop"
        return SynthesisReport(
            path=self.path,
            format=FORMAT,
            stage="csynth",
            top=record.text("name"),
            kind=kind,
            clock_ns=Clock(estimated=period(number(_plain(record, "af"), "af", record.where))),
            latency_cycles=Latency() if loop else Latency(latency, None, latency),
            interval_cycles=Interval(interval, interval),
            pipeline=record.text("pl"),
            loop=_loop(record, latency) if loop else None,
            modules=self.inside(record, "children", depth + 1),
        )


def _loop(record: Record, latency: int | None) -> Loop:
    """A trip count of 0 is that of a loop without a bound that the compiler knows."""
    trips = _whole(record, "tc") or None
    return Loop(trips, trips, latency, latency)


def _key(mark: object, record: Record) -> object:
    if not isinstance(mark, int | str) or isinstance(mark, bool):
        raise UserError(f"a part's number must be a number, not {str(mark)[:40]!r}", where=record.where)
    return mark


def _whole(record: Record, name: str) -> int | None:
    return whole(number(_plain(record, name), name, record.where))


def _plain(record: Record, name: str) -> object:
    """A value; that of a bound, such as `~1` or `>=2`, is no value."""
    value: object = record.content.get(name)
    return None if isinstance(value, str) and (known(value) or "~")[0] in "~<>=" else value
