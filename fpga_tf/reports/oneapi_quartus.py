"""Reads `quartus.ndjson` and `quartus.json` of Intel's high-level synthesis (oneAPI, i++, aoc): Quartus' results.

They hold nodes of the whole device image or system, and of each kernel in it. Frequencies are in MHz.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from fpga_tf.errors import UserError
from fpga_tf.reports.json_values import Record, is_json, period, read_records, whole
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Clock, Resource, SynthesisReport, no_resources

FORMAT = "oneapi_quartus"
_CLOCKS, _USAGE = "quartusFitClockSummary", "quartusFitResourceUsageSummary"
_RESOURCES = {"LUT": "alut", "FF": "reg", "DSP": "dsp"}
_COUNTS = ("alm", "ram", "mlab")
_KERNEL = "kernel"
# With a board's shell around the kernels there are nodes without and with it.
_WITHOUT, _WITH = "Quartus Fitter: Kernel System", "Quartus Fitter: Total Used (Entire System)"


def claims(source: Source) -> bool:
    """Whether the file is JSON with a summary of Quartus' fitter."""
    return is_json(source) and (f'"{_CLOCKS}"' in source.text or f'"{_USAGE}"' in source.text)


def read(source: Source) -> SynthesisReport:
    """Read resources and frequency after place and route; kernels are modules.

    Raises:
        UserError: the JSON is broken, the fitter was not run, or a value is given twice and differently.
    """
    records = read_records(source)
    nodes, clocks = _nodes(records, _USAGE), _nodes(records, _CLOCKS)
    system, notes = _system(source, [node for node in nodes if node.text("type") != _KERNEL])
    clock, clock_notes = _clock(clocks)
    base = SynthesisReport(source.path, FORMAT, "route", tool="Quartus")
    design = _design(base, system) if system is not None else base
    if clock.achieved is None and not any(resource.used is not None for resource in design.resources.values()):
        raise UserError(
            "Quartus' summary must hold results",
            where=source.path,
            hint="run Quartus: before it the file holds no numbers",
        )
    kernels = [node for node in nodes if node.text("type") == _KERNEL]
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage="route",
        tool="Quartus",
        clock_ns=clock,
        resources=design.resources,
        counts=design.counts,
        modules=tuple(_design(base, kernel, kernel.text("name")) for kernel in kernels),
        notes=(*clock_notes, *notes, *_remarks(system)),
    )


def _nodes(records: Sequence[Record], name: str) -> list[Record]:
    """Nodes of a summary; a file that holds it twice must hold the same."""
    found: list[Record] | None = None
    for record in records:
        if name not in record.content:
            continue
        value = record.content[name]
        if not isinstance(value, dict):
            raise UserError(f"{name} must be a JSON object", where=record.where)
        nodes = Record(record.where, value).objects("nodes")
        if found is not None and [node.content for node in found] != [node.content for node in nodes]:
            raise UserError(
                f"{name} must be given once, not again with other values",
                where=record.where,
                hint="give a file that holds one report",
            )
        found = nodes
    return found or []


def _system(source: Source, nodes: Sequence[Record]) -> tuple[Record | None, tuple[str, ...]]:
    """The node of the design."""
    named = {node.text("name"): node for node in nodes}
    if len(nodes) == 2 and set(named) == {_WITHOUT, _WITH}:
        return named[_WITHOUT], ("resources are those of the kernels, without the board's own",)
    if len(nodes) > 1:
        raise UserError(f"one node must be that of the design, not {len(nodes)}", where=source.path)
    if _WITH in named:
        return named[_WITH], ("resources are those of kernels and board together",)
    return (nodes[0] if nodes else None), ()


def _design(base: SynthesisReport, node: Record, kernel: str | None = None) -> SynthesisReport:
    resources = {name: Resource(whole(node.number(key))) for name, key in _RESOURCES.items()}
    counts = {name: whole(node.number(name)) for name in _COUNTS}
    return SynthesisReport(
        path=base.path,
        format=base.format,
        stage=base.stage,
        top=kernel,
        kind="design" if kernel is None else "module",
        resources=no_resources() | resources,
        counts={name: Resource(used) for name, used in counts.items() if used is not None},
    )


def _remarks(system: Record | None) -> tuple[str, ...]:
    if system is None:
        return ()
    remarks = ["LUT counts ALUTs" if system.number("alut") is not None else "LUT is unknown: ALMs are no LUTs"]
    alm, blocks = system.number("alm"), system.number("ram")
    if alm is not None and whole(alm) is None:
        remarks.append(f"the design uses {alm} ALMs")
    if blocks is not None:
        remarks.append(f"BRAM_18K is unknown: {blocks} memory blocks of the device are no 18 Kb blocks")
    return tuple(remarks)


def _clock(nodes: Sequence[Record]) -> tuple[Clock, tuple[str, ...]]:
    if len(nodes) != 1:
        return Clock(), (f"the clock is unknown: there are {len(nodes)}",) if nodes else ()
    (node,) = nodes
    actual, highest = (_either(node, *(f"{name}{end}" for name in ("clock", "kernel clock"))) for end in ("", " fmax"))
    notes = [f"the clock may be at most {highest} MHz"] if highest is not None else []
    notes += [f"the clock is set to {actual} MHz"] if actual is not None else []
    return Clock(achieved=period(highest)), tuple(notes)


def _either(node: Record, *names: str) -> Decimal | None:
    found = {value for name in names if (value := node.number(name)) is not None}
    if len(found) > 1:
        raise UserError(f"{' and '.join(names)} must be equal", where=node.where)
    return found.pop() if found else None
