"""Reads `acl_quartus_report.txt` of Intel's FPGA compiler (aoc, oneAPI): Quartus' results, in lines of name and value.

ALUTs: 107051
Registers: 124,820
Logic utilization: 82,696 / 427,200 ( 19 % )
DSP blocks: 1 / 1,518 ( < 1 % )
RAM blocks: 343 / 2,713 ( 13 % )
Actual clock freq: 234
Kernel fmax: 234.85

Resources are those of kernels and board together. Frequencies are in MHz.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from fpga_tf.errors import UserError
from fpga_tf.reports.json_values import number, period
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Clock, Resource, SynthesisReport, no_resources
from fpga_tf.reports.values import integer

FORMAT = "aoc_quartus"
_FIRST = re.compile(r"\s*ALUTs: [^\n]*\nRegisters: ")
_LINE = re.compile(r"([A-Z0-9][A-Za-z0-9/ -]{0,40}): +(\S.*)")
_ALONE = ("ALUTs", "Registers")
_SHARE = re.compile(r"([0-9,]{1,20}) / ([0-9,]{1,20}) \( (?:< )?([0-9]{1,6}) % \)")
_RESOURCES = {"LUT": "ALUTs", "FF": "Registers", "DSP": "DSP blocks"}
_COUNTS = ("Logic utilization", "I/O pins", "Memory bits", "RAM blocks", "M10K blocks", "M20K blocks")
_NOTES = ("LUT counts ALUTs", "resources are those of kernels and board together")
_BLOCKS = "BRAM_18K is unknown: memory blocks of the device are no 18 Kb blocks"
_HINT = "copy the file again: it was cut off or edited"

# Name to index of a line and text.
_Found = Mapping[str, tuple[int, str]]


def claims(source: Source) -> bool:
    """Whether the first lines state ALUTs and registers."""
    return _FIRST.match(source.head) is not None


def read(source: Source) -> SynthesisReport:
    """Read resources and frequency after place and route.

    Raises:
        UserError: a line is no name and value, or a name has two values.
    """
    found = _lines(source)
    counts = {name: count for name in _COUNTS if (count := _count(source, found, name)) != Resource()}
    actual, highest = (_frequency(source, found, name) for name in ("Actual clock freq", "Kernel fmax"))
    notes = [f"the clock may be at most {highest} MHz"] if highest is not None else []
    notes += [f"the clock is set to {actual} MHz"] if actual is not None else []
    return SynthesisReport(
        path=source.path,
        format=FORMAT,
        stage="route",
        tool="Quartus",
        clock_ns=Clock(achieved=period(highest)),
        resources=no_resources() | {name: _count(source, found, line) for name, line in _RESOURCES.items()},
        counts=counts,
        notes=(*notes, *_NOTES, *((_BLOCKS,) if any("blocks" in name for name in counts) else ())),
    )


def _lines(source: Source) -> _Found:
    """The file's last line may be cut off: only one that ends is read."""
    found: dict[str, tuple[int, str]] = {}
    lines = source.text.rstrip().split("\n")
    start = next(index for index, line in enumerate(lines) if line.strip())
    for index in range(start, min(len(lines), len(source.lines) - 1)):
        match = _LINE.fullmatch(lines[index].rstrip())
        if match is None:
            raise UserError("a line must be a name and a value", where=source.at(index), hint=_HINT)
        first = found.setdefault(match[1], (index, match[2]))
        if first[1] != match[2]:
            raise UserError(
                f"{match[1]} must be given once, not again with another value",
                where=source.at(index),
                hint=f"it is first given at {source.at(first[0])}; give a file that holds one report",
            )
    return found


def _count(source: Source, found: _Found, name: str) -> Resource:
    """A count, with all that there are and a share if it is one of the device's: what is missing was cut off."""
    line, text = found.get(name, (0, ""))
    if not text or name in _ALONE:
        return Resource(integer(text, name, source.at(line)))
    match, where = _SHARE.fullmatch(text), source.at(line)
    if match is None:
        raise UserError(f"{name} must be a count such as 2 / 66 ( 3 % ), not {text[:40]!r}", where=where, hint=_HINT)
    used, available = integer(match[1], name, where), integer(match[2], name, where)
    share = 100 * used / available if used is not None and available else 0.0
    if abs(share - int(match[3])) > 1:
        raise UserError(f"{name} must be {match[3]} %, not {share:.1f} %", where=where, hint=_HINT)
    return Resource(used, available)


def _frequency(source: Source, found: _Found, name: str) -> Decimal | None:
    line, text = found.get(name, (0, ""))
    return number(text, name, source.at(line))
