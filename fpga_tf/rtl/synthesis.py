"""A second count of resources: Yosys maps generated Verilog to UltraScale+ cells, several stages of it at a time.

No DSP is used, as da4ml's count has none. Stages hold no registers, so they are mapped apart: what a synthesis of the
whole design would share or move between them is not seen. Nothing is placed, so there is no clock.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fpga_tf.errors import InternalError, ToolError, UserError
from fpga_tf.rtl.names import check_name
from fpga_tf.rtl.synthesis_yosys import Yosys, count_registers, find_yosys, map_modules

# Yosys takes about 5 s of processor time for 1,000 LUTs (benchmarks/open_synthesis.py), so that this many are through
# in minutes; and a process takes 300 MB, and 20 MB more for 1,000 LUTs of one stage.
LIMIT = 40_000
_SECONDS = 1800.0
_BATCH = 150_000  # bytes of Verilog that one process maps, about 10,000 LUTs and half a GB
_KNOWN = re.compile(r"LUT[1-6]|CARRY[48]|MUXF[789]|INV")
_ULTRASCALE_PLUS = re.compile(r"xc(?:(?:vu|ku|au)[0-9]+p|zu[0-9]|u[0-9]|k2[46])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mapped:
    """One stage as cells.

    Attributes:
        module: its name.
        cells: how many by type, such as `LUT5` or `CARRY4`.
        packed: Yosys's estimate of LUTs when small ones share one.
    """

    module: str
    cells: Mapping[str, int]
    packed: int


@dataclass(frozen=True, slots=True)
class Synthesised:
    """A design as cells.

    Attributes:
        version: of Yosys.
        booth: whether multipliers are of Booth's encoding.
        stages: in order.
        flip_flops: of the whole design, without equal, constant and unused ones.
        flip_flops_chained: of those, what is left when chains of at least three become shift registers.
        shift_registers: LUTs that such chains take.
    """

    version: str
    booth: bool
    stages: tuple[Mapped, ...]
    flip_flops: int
    flip_flops_chained: int
    shift_registers: int

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "stages": [asdict(stage) for stage in self.stages]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Synthesised:
        """What `to_json` gave."""
        return cls(**{**values, "stages": tuple(Mapped(**stage) for stage in values["stages"])})


def small_enough(cost: float) -> bool:
    """Whether Yosys is through with a design in some minutes and with 1 GB a process.

    Args:
        cost: da4ml's count of LUTs.
    """
    return cost <= LIMIT


def synthesise(
    folder: Path,
    top: str,
    part: str,
    *,
    jobs: int = 2,
    seconds: float = _SECONDS,
    watch: Callable[[int, int], None] | None = None,
) -> Synthesised:
    """Map generated Verilog to cells.

    Args:
        folder: of the RTL; `src/` holds a file for each module.
        top: the top module.
        part: a part of the UltraScale+ family.
        jobs: processes at once; one takes up to 1 GB for the largest design that is `small_enough`.
        seconds: that one process may take; each maps one stage or several small ones.
        watch: called with the number of stages that are mapped, and of all.

    Raises:
        UserError: the part is of another family, or the folder holds no Verilog.
        ToolError: Yosys is missing, fails or takes too long.
    """
    if not _ULTRASCALE_PLUS.match(part):
        raise UserError(f"a part must be of the UltraScale+ family for Yosys to map RTL to its cells, not {part}")
    with tempfile.TemporaryDirectory(prefix="fpga_tf-synthesis-") as name:
        work = Path(name)
        stages, others = _copy(folder, top, work)
        yosys = find_yosys(work)
        batches = _batches([(work / f"{stage}.v").stat().st_size for stage in stages], jobs)
        scripts = [count_registers([*others, *stages], top, "registers.json", "chained.json")]
        for index, batch in enumerate(batches):
            scripts.append(_map(work, f"batch{index}", others, [stages[i] for i in batch], booth=yosys.booth))
        counts = [0, *map(len, batches)]
        _run(yosys, scripts, counts, work, jobs=jobs, seconds=seconds, watch=watch)
        return _read(work, yosys, stages, len(batches))


def _copy(folder: Path, top: str, work: Path) -> tuple[list[str], list[str]]:
    """Bring all sources together; modules of the stages in order, and all others."""
    check_name(top)
    ours = re.compile(rf"{top}(_core(_stage(0|[1-9][0-9]*)|_table[0-9]+)?)?")
    found = {path: ours.fullmatch(path.stem) for path in sorted((folder / "src").glob("*.v"))}
    paths = {path.stem: path for path, match in found.items() if match}
    if top not in paths:
        raise UserError(f"a folder of RTL must hold its top module as Verilog, src/{top}.v", where=str(folder))
    for path in paths.values():
        shutil.copyfile(path, work / path.name)
    numbers = {int(match[3]): path.stem for path, match in found.items() if match and match[3]}
    if not numbers or sorted(numbers) != list(range(len(numbers))):
        raise UserError(f"a folder of RTL must hold each stage, src/{top}_core_stage0.v and so on", where=str(folder))
    stages = [numbers[index] for index in sorted(numbers)]
    return stages, [name for name in paths if name not in stages]


def _batches(sizes: Sequence[int], jobs: int) -> list[list[int]]:
    """Stages that one process maps: starting it and reading its libraries takes 3 s of processor time."""
    limit = min(_BATCH, sum(sizes) // (2 * jobs))
    batches, room = list[list[int]](), 0
    for index, size in enumerate(sizes):
        if size > room or not batches:
            batches.append([])
            room = limit
        batches[-1].append(index)
        room -= size
    return batches


def _map(work: Path, name: str, others: Sequence[str], stages: Sequence[str], *, booth: bool) -> str:
    """Write a module that holds a batch of stages, unconnected; the script that maps them."""
    instances = "".join(f"(* keep *) {stage} {stage}_ ();\n" for stage in stages)
    (work / f"{name}.v").write_text(f"module {name}();\n{instances}endmodule\n", "utf-8")
    return map_modules(stages, [*others, *stages, name], name, f"{name}.json", booth=booth)


def _run(
    yosys: Yosys,
    scripts: Sequence[str],
    counts: Sequence[int],
    work: Path,
    *,
    jobs: int,
    seconds: float,
    watch: Callable[[int, int], None] | None,
) -> None:
    done = 0

    def ended(index: int) -> None:
        nonlocal done
        done += counts[index]
        if watch is not None:
            watch(done, sum(counts))

    yosys.run(scripts, work, jobs=jobs, seconds=seconds, ended=ended)


def _read(work: Path, yosys: Yosys, stages: Sequence[str], batches: int) -> Synthesised:
    modules: dict[str, Any] = {}
    for index in range(batches):
        modules |= _stat(work / f"batch{index}.json")["modules"]
    before, after = (_cells(_stat(work / f"{name}.json")["design"]) for name in ("registers", "chained"))
    return Synthesised(
        yosys.version,
        yosys.booth,
        tuple(_mapped(name, modules) for name in stages),
        _flip_flops(before),
        _flip_flops(after),
        after.get("$__XILINX_SHREG_", 0),
    )


def _mapped(name: str, modules: Mapping[str, Any]) -> Mapped:
    found = modules.get(f"\\{name}")
    if found is None:
        raise InternalError(f"Yosys must count the stage {name}, but does not")
    cells = _cells(found)
    unknown = [kind for kind in cells if not _KNOWN.fullmatch(kind)]
    if unknown:
        raise InternalError(f"Yosys must map a stage to LUTs, carries and multiplexers, but leaves {unknown[0]}")
    return Mapped(name, cells, int(found["estimated_num_lc"]))


def _stat(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ToolError(f"Yosys must write its counts as JSON, but does not: {error}", where=path.name) from error
    return dict(found)


def _cells(module: Mapping[str, Any]) -> dict[str, int]:
    return {str(name): int(count) for name, count in module["num_cells_by_type"].items() if name != "$scopeinfo"}


def _flip_flops(cells: Mapping[str, int]) -> int:
    return sum(count for name, count in cells.items() if "DFF" in name)
