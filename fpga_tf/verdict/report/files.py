"""The files that were read, and short names for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath

from fpga_tf.reports.design import Design, Sourced
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.numbers import plain


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """For each path the shortest end of it that no other path has."""
    parts = {path: PurePath(path).parts or (path,) for path in paths}
    names = {}
    for path, own in parts.items():
        others = [other for key, other in parts.items() if key != path]
        length = 1
        while length < len(own) and any(other[-length:] == own[-length:] for other in others):
            length += 1
        names[path] = str(PurePath(*own[-length:]))
    return names


def design_files(design: Design) -> dict[str, str]:
    """Short names of all files of a design."""
    paths = [report.path for report in design.reports]
    paths += [source.path for source in design.sources.values()]
    paths += [value.path for disagreement in design.disagreements for value in disagreement.values]
    return short_names(dict.fromkeys([*paths, design.report.path]))


def origin(source: Sourced | None, names: Mapping[str, str]) -> str:
    """`stage, file`; `-` for a value that no file states."""
    return "-" if source is None else plain(f"{source.stage}, {names.get(source.path, source.path)}")


def tool_of(report: SynthesisReport) -> str:
    """Tool and version, or `unknown`."""
    return plain(" ".join(filter(None, (report.tool, report.version)))) or "unknown"
