"""Reads what a user names, files and folders, as designs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

from fpga_tf.errors import FpgaTfError, UserError
from fpga_tf.flow.report_archive import is_archive, told_of, unpacked
from fpga_tf.flow.report_identity import check_identity, check_tops
from fpga_tf.flow.report_origin import origin_of
from fpga_tf.reports.combine import combine
from fpga_tf.reports.design import Design
from fpga_tf.reports.find import is_folder
from fpga_tf.reports.group import trust
from fpga_tf.reports.kin import absolute, home, most_complete
from fpga_tf.reports.project import project_designs
from fpga_tf.reports.read import read_report
from fpga_tf.reports.types import SynthesisReport


def read_designs(paths: Sequence[Path], of: Path | None = None) -> tuple[list[Design], list[FpgaTfError]]:
    """Read reports, project folders, and archives of these.

    Args:
        paths: a file is a design of its own, whatever its name; a folder or an archive holds one design or several.
        of: the project that folders and archives must be copies of, with reports; None: any.

    Returns:
        The designs in the order of the paths, each with a name that no other has; and the errors, at most one for a
        path or for a report that can't be understood.
    """
    designs: list[tuple[Path, Design]] = []
    errors: list[FpgaTfError] = []
    for path in paths:
        try:
            found, broken = _read(path, of)
        except FpgaTfError as error:
            errors.append(error)
        else:
            designs += ((absolute(path), design) for design in found)
            errors += broken
    return _named(designs), errors


def read_together(paths: Sequence[Path]) -> tuple[list[Design], list[FpgaTfError]]:
    """Read reports of one design, wherever they lie.

    Args:
        paths: files.

    Returns:
        The design, named after the first file; and an error for each report that can't be understood.

    Raises:
        UserError: a path is a folder, or the reports are not of one design.
    """
    reports: list[SynthesisReport] = []
    errors: list[FpgaTfError] = []
    for path in paths:
        if is_folder(path):
            raise UserError("with --together, each path must be a report, not a folder", where=str(path))
        try:
            reports.append(read_report(path))
        except FpgaTfError as error:
            errors.append(error)
    if not reports:
        return [], errors
    name, base = Path(reports[0].path).name, most_complete(reports)
    origin = origin_of(home(base.path), base)
    ordered = sorted(reports, key=trust)
    return [combine(name, ordered, origin.notes, origin.layers, base=base, anywhere=True)], errors


def _read(path: Path, of: Path | None) -> tuple[list[Design], list[FpgaTfError]]:
    if is_folder(path):
        return _folder(path, of)
    if is_archive(path):
        with unpacked(path) as folder:
            try:
                designs, errors = _folder(folder, of)
            except FpgaTfError as error:
                raise told_of(error, folder, path) from error
            return told_of(designs, folder, path), [told_of(error, folder, path) for error in errors]
    if of is not None and path.exists():
        raise UserError("with --of, each path must be a folder or an archive, not a report alone", where=str(path))
    return [_file(path)], []


def _file(path: Path) -> Design:
    report = read_report(path)
    origin = origin_of(home(path), report)
    return combine(path.name, [report], origin.notes, origin.layers)


def _folder(path: Path, of: Path | None) -> tuple[list[Design], list[FpgaTfError]]:
    tops = check_identity(path, of)
    found = project_designs(path, origin_of=origin_of)
    check_tops(path, found.designs, tops)
    if not found.designs and not found.errors:
        raise UserError(
            "a project must hold a report of a known format, not none",
            where=str(path),
            hint="synthesise it first; in a folder, files that end in .rpt, .xml, .json or .ndjson are looked at",
        )
    return list(found.designs), list(found.errors)


def _named(found: Sequence[tuple[Path, Design]]) -> list[Design]:
    """Names that differ: those that do not get as many folders in front as it takes, a path named again a number.

    Args:
        found: designs, each with the path that was named.
    """
    whole = [_parts(path, design.name) for path, design in found]
    names = [design.name for _, design in found]
    for level in range(2, max(map(len, whole), default=0) + 1):
        alike = {name for name in names if len({w for w, other in zip(whole, names, strict=True) if other == name}) > 1}
        if not alike:
            break
        names = ["/".join(w[-level:]) if name in alike else name for w, name in zip(whole, names, strict=True)]
    taken: list[str] = []
    for name in names:
        again = (f"{name} ({number})" for number in count(2))
        taken.append(next(label for label in chain([name], again) if label not in taken))
    return [replace(design, name=name) for (_, design), name in zip(found, taken, strict=True)]


def _parts(path: Path, name: str) -> tuple[str, ...]:
    """The folders that a design's name stands for, and the name."""
    above = path.parent if name == path.name else path
    return (*above.parts[1:], name)
