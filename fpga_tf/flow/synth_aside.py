"""Takes reports that do not count out of the sight of whoever reads a project, by another ending of their name."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from fpga_tf.errors import FpgaTfError
from fpga_tf.files import disk_errors
from fpga_tf.flow.synth_check import Stamp, stamps
from fpga_tf.reports.kin import IMPLEMENTATION
from fpga_tf.reports.project import read_one
from fpga_tf.reports.types import SynthesisReport

# No reader takes a file with one of these endings for a report, unless it is named itself.
FAILED = ".failed"  # written by a call that failed
OLD = ".old"  # there before, and not written again
# Stages of which a step makes all reports anew; None: of all, as later results would be of other RTL.
_ANEW: Mapping[str, tuple[str, ...] | None] = {
    "csynth": None, "cosim": ("cosim",), "export": (), "impl": IMPLEMENTATION,
}  # fmt: skip
_SHOWN = 3


@contextlib.contextmanager
def only_earned(
    folder: Path, results: Path, steps: Sequence[str], say: Callable[[str], None]
) -> Iterator[Mapping[Path, Stamp]]:
    """Stamps of the reports in a project, for a call of a tool; afterwards only those are left that count.

    A call that raises leaves none that it wrote, wherever they are; and, however it ends, none below `results` that its
    steps should have written again. They are renamed where they lie, and nothing is written over. Told in the hint of
    an error of ours, or else by `say`.

    Args:
        folder: the project.
        results: where the steps keep their results.
        steps: of the call.

    Raises:
        UserError: the folder is too large to be a project.
        ToolError: a folder in it can't be read, or a report can't be renamed; after a call that raised, its own error
            tells so.
    """
    before = stamps(folder)
    try:
        yield before
    except BaseException as error:
        try:
            told = _told(_set_aside(folder, results, steps, before, failed=True), folder)
        except FpgaTfError as why:
            told = f"reports that do not count could not all be renamed, which is left to you: {why.what} ({why.where})"
        if isinstance(error, FpgaTfError) and told:
            error.hint = f"{error.hint}\n       {told}" if error.hint else told
        elif told:
            say(told)
        raise
    told = _told(_set_aside(folder, results, steps, before, failed=False), folder)
    if told:
        say(told)


def _set_aside(
    folder: Path, results: Path, steps: Sequence[str], before: Mapping[Path, Stamp], *, failed: bool
) -> list[Path]:
    """Rename what does not count; the new names."""
    moved = []
    for path, stamp in stamps(folder).items():
        new = before.get(path) != stamp
        if not (failed if new else path.is_relative_to(results)):
            continue
        found = read_one(path)
        if isinstance(found, SynthesisReport | FpgaTfError) and (new or _outdated(found, steps)):
            moved.append(_rename(path, FAILED if new else OLD))
    return moved


def _outdated(found: SynthesisReport | FpgaTfError, steps: Sequence[str]) -> bool:
    """Whether the steps should have written a report again; one that is damaged is of no known stage."""
    anew = [_ANEW[step] for step in steps]
    stage = found.stage if isinstance(found, SynthesisReport) else None
    return any(stages is None or stage in stages for stages in anew)


def _rename(path: Path, ending: str) -> Path:
    target, number = path.with_name(path.name + ending), 1
    while os.path.lexists(target):
        number += 1
        target = path.with_name(f"{path.name}{ending}{number}")
    with disk_errors(path, "renamed"):
        return path.rename(target)


def _told(moved: Sequence[Path], folder: Path) -> str:
    if not moved:
        return ""
    names = [str(path.relative_to(folder)) for path in moved]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"reports that do not count were renamed: {', '.join(names[:_SHOWN])}{more}"
