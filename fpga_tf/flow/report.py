"""Reads what a user names, files and folders, as designs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fpga_tf.errors import FpgaTfError
from fpga_tf.reports.design import Design
from fpga_tf.reports.project import project_report
from fpga_tf.reports.read import read_report


def read_designs(paths: Sequence[Path]) -> tuple[list[Design], list[FpgaTfError]]:
    """Read reports and project folders.

    Args:
        paths: a file is a design of its own, whatever its name; a folder holds one design or several.

    Returns:
        The designs in the order of the paths, each with a name that no other has; and the errors, at most one for a
        path or for a report that can't be understood.
    """
    designs: list[Design] = []
    errors: list[FpgaTfError] = []
    for path in paths:
        try:
            report = project_report(path) if path.is_dir() else read_report(path)
        except FpgaTfError as error:
            errors.append(error)
        else:
            if report is not None:
                designs.append(Design(path.name or str(path), report, reports=(report,)))
    return designs, errors
