"""Whether a step of a tool really made something: tools print errors, and end as if nothing had happened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from fpga_tf.errors import FpgaTfError, ToolError
from fpga_tf.flow.synth_steps import LABELS
from fpga_tf.reports.find import find_files, is_folder
from fpga_tf.reports.kin import wraps
from fpga_tf.reports.read import read_report

Stamp = tuple[int, int, int]
# Stages of reports that a step must have made.
_STAGES = {"csynth": ("csynth",), "cosim": ("cosim",), "impl": ("place", "route")}
_IP = "component.xml"  # of a packaged IP: UG1399 2022.2, "Output of RTL Export"


def stamps(folder: Path) -> dict[Path, Stamp]:
    """What tells whether a report, or the description of an IP, was written again."""
    return {path: _stamp(path) for path in find_files(folder, modules=True)}


def _stamp(path: Path) -> Stamp:
    found = os.stat(path)  # noqa: PTH116 - as short
    return found.st_mtime_ns, found.st_size, found.st_ino


def check_made(step: str, folder: Path, top: str, before: Mapping[Path, Stamp], log: Path) -> Path:
    """A file that the step has made.

    Args:
        top: name of the top function or module.
        before: stamps of the time before.

    Raises:
        ToolError: there is none that is new and of this top.
    """
    new = [path for path in find_files(folder) if before.get(path) != _stamp(path)]
    for path in new:
        if path.name == _IP if step == "export" else _is_report(path, step, top):
            return path
    what = "the description of an IP (component.xml)" if step == "export" else f"a report of {top}"
    raise ToolError(
        f"{LABELS[step]} must make {what} anew, but there is none, whatever the tool's exit code",
        where=str(folder),
        hint=f"the tool's output is in {log}",
    )


def was_made(step: str, folder: Path, top: str) -> bool:
    """Whether there is a report of an earlier step that counts.

    Args:
        step: any but the export.
        folder: of the flow's results, which need not be there.
    """
    return is_folder(folder) and any(_is_report(path, step, top) for path in find_files(folder))


def _is_report(path: Path, step: str, top: str) -> bool:
    try:
        report = read_report(path)
    except FpgaTfError:
        return False  # not a report, or a broken one: neither shows that the step worked
    return report.stage in _STAGES[step] and (report.top is None or report.top == top or wraps(report.top, top))
