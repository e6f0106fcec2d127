"""Which of the vendor's tools runs a project: what is on the PATH, and of which release it is.

Releases, from AMD's documents (nothing here was run with a real tool):

* `vitis_hls -f SCRIPT`, from 2020.1 on: UG1399 2020.2 and 2022.2, "vitis_hls Command". Deprecated by UG1399 2023.2,
  "Introduction to Vitis HLS Components".
* `vitis-run --mode hls --tcl SCRIPT`, from 2023.2 on: UG1399 2023.2, "vitis, v++, and vitis-run Commands"; UG1702,
  "vitis-run Command".
* `v++ -c --mode hls --config FILE --work_dir NAME`, from 2023.2 on: UG1399 2023.2; UG1702, "v++ Mode HLS".
* `vivado_hls -f SCRIPT`, up to 2020.1: UG902.
* `vivado -mode batch -source SCRIPT`: UG835, "Tcl Batch Mode"; our script wants 2020.1.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fpga_tf.errors import ToolError
from fpga_tf.flow.synth_run import Watch, run_logged

# `****** vitis-run v2024.1 (64-bit)`, `Vivado v2022.2 (64-bit)`, `... C, C++ and OpenCL v2022.2 (64-bit)`;
# `Tool Version Limit: 2024.11` is no version
_VERSION = re.compile(r"\bv(20\d\d)\.(\d)\b")
_ASK = 120.0  # seconds: the tools take long to start


@dataclass(frozen=True, slots=True)
class Wanted:
    """A program.

    Attributes:
        name: on the PATH.
        ask: the option that prints its version.
        oldest: the first release that will do.
    """

    name: str
    ask: str
    oldest: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A program that was found.

    Attributes:
        release: None where what it prints tells none.
    """

    name: str
    path: Path
    release: tuple[int, int] | None

    def __str__(self) -> str:
        release = "of unknown release" if self.release is None else release_text(self.release)
        return f"{self.name} {release} ({self.path})"


VITIS_RUN = Wanted("vitis-run", "--version", (2023, 2))
VITIS_HLS = Wanted("vitis_hls", "-version", (2020, 1))
VIVADO_HLS = Wanted("vivado_hls", "-version", (2018, 2))
VPP = Wanted("v++", "--version", (2023, 2))
VIVADO = Wanted("vivado", "-version", (2020, 1))


def release_text(release: tuple[int, int]) -> str:
    """`2023.2`."""
    return f"{release[0]}.{release[1]}"


def find_tool(wanted: Sequence[Wanted], where: str, hint: str) -> Found:
    """The first of several programs that is there and new enough.

    One whose release can't be told is taken: what is printed is documented nowhere.

    Args:
        wanted: the preferred first.
        where: the project, for the error.
        hint: what to do without.

    Raises:
        ToolError: none is there, or those that are there are too old.
    """
    old = []
    for one in wanted:
        path = shutil.which(one.name)
        if path is None:
            continue
        found = Found(one.name, Path(path), _release(path, one.ask))
        if found.release is None or found.release >= one.oldest:
            return found
        old.append(str(found))
    names = " or ".join(f"{one.name} {release_text(one.oldest)}" for one in wanted)
    missing = "missing" if not old else "older: " + ", ".join(old)
    raise ToolError(f"{names} or later must be on the PATH, not {missing}", where=where, hint=hint)


def _release(path: str, option: str) -> tuple[int, int] | None:
    """What a program says of its release; None if it says nothing of it, or nothing in time."""
    said: list[str] = []
    with tempfile.TemporaryDirectory(prefix="fpga-tf-") as folder:  # the tools write logs where they are started
        log = Path(folder) / "version.log"
        try:
            run_logged([path, option], Path(folder), log, Watch(_ASK, _ASK, said.append, lambda _: None))
        except OSError as error:
            raise ToolError(f"a program on the PATH must start, not fail with: {error}", where=path) from error
    match = _VERSION.search("\n".join(said))
    return None if match is None else (int(match[1]), int(match[2]))
