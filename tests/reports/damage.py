"""Holds a damaged report against the whole one: every value must be the true one, unknown, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.reports.read import read_source
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import SynthesisReport

DATA = Path(__file__).parent / "data"


def source(data: bytes | str) -> Source:
    return Source("report", data.encode() if isinstance(data, str) else data)


def told(data: bytes | str) -> SynthesisReport | None:
    """The report, or None where it is refused (with the place, as every refusal must tell it)."""
    try:
        return read_source(source(data))
    except UserError as error:
        assert (error.where or "").startswith("report"), error
        return None


def values(report: SynthesisReport) -> dict[str, object]:
    """Every known value by its name; those of a module by the names of the modules around it too."""
    return dict(_values("", {**report.to_json(), "notes": []}))


def _values(prefix: str, value: Any) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _values(f"{prefix}.{name}", inner)
    elif isinstance(value, list | tuple):
        for entry in value:
            if isinstance(entry, dict):
                name = "/".join(str(entry.get(key)) for key in ("kind", "instance", "top", "name") if entry.get(key))
                yield from _values(f"{prefix}[{name}]", {**entry, "notes": []})
            else:
                yield f"{prefix}[{entry}]", entry
    elif value is not None:
        yield prefix, value


def check_cuts(data: bytes) -> int:
    """Cut the file at every byte: no value but the true ones. Returns how many cuts are read."""
    whole, good = values(read_source(source(data))), 0
    for length in range(len(data)):
        report = told(data[:length])
        if report is not None:
            good += 1
            false = {name: value for name, value in values(report).items() if whole.get(name) != value}
            assert not false, (length, false)
    return good


def check_lines(data: bytes) -> None:
    """Leave out, double and swap each line: no value but the true ones."""
    lines = data.splitlines(keepends=True)
    whole = values(read_source(source(data)))
    for index, line in enumerate(lines):
        after = lines[index + 1 : index + 2]
        for middle in ([], [line, line], [*after, line]):
            rest = lines[index + 2 :] if after and middle[:1] == after else lines[index + 1 :]
            report = told(b"".join([*lines[:index], *middle, *rest]))
            if report is not None:
                false = {name: value for name, value in values(report).items() if whole.get(name) != value}
                assert not false, (index, line, false)
