"""Yosys's count of cells beside da4ml's count of LUTs, on the conformance tests' designs and the taggers.

A design of more LUTs than `--most` is cut into runs of consecutive stages that are no larger, and some of them are
taken, evenly spread; a single stage that is larger is taken too. One line of a table each, printed when it is done.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # models of the tests

if TYPE_CHECKING:
    from fpga_tf.rtl.pipeline import Pipelined

PART = "xcvu13p-flga2577-2-e"
GROUPS = ("linear", "elementwise", "softmax", "attention", "masks")
MULTIPLIER, TABLE = 7, 8  # da4ml's codes of operations
COLUMNS = (
    "design", "stages", "da4ml", "of it multipliers", "of it tables", "Yosys LUT", "ratio", "packed", "CARRY4",
    "register bits", "FF", "beside SRL", "SRL", "CPU s",
)  # fmt: skip


def model_of(name: str) -> Any:
    """`small`, `shipped`, or a group of the conformance tests."""
    if name == "small":
        from tests.job import quantised_model

        return quantised_model()
    if name == "shipped":
        from fpga_tf.models.read import read_model

        return read_model(ROOT / "configs" / "models" / "flavour.keras")
    from tests.conformance.cases import build_model

    return build_model(name, 0)


def design_of(name: str, levels: float) -> Pipelined:
    """The pipeline of a model."""
    from fpga_tf.lower.walk import lower
    from fpga_tf.rtl.pipeline import pipeline
    from fpga_tf.rtl.trace import trace

    model = model_of(name)
    return pipeline(trace(model, lower(model)), levels)


def runs(costs: Sequence[float], most: float) -> list[tuple[int, int]]:
    """Consecutive stages that together cost no more, first and behind the last."""
    found, room = list[tuple[int, int]](), 0.0
    for index, cost in enumerate(costs):
        if not found or cost > room:
            found.append((index, index))
            room = most
        found[-1] = (found[-1][0], index + 1)
        room -= cost
    return found


def parts(design: Pipelined, most: float, count: int) -> Iterator[tuple[str, Pipelined]]:
    """The design, or some runs of its stages."""
    solutions = design.stages.solutions
    found = runs([float(solution.cost) for solution in solutions], most)
    step = max(len(found) / count, 1.0)
    for first, behind in [found[int(step * i + step / 2)] for i in range(min(count, len(found)))]:
        name = "all" if behind - first == len(solutions) else f"{first} to {behind - 1}"
        yield name, replace(design, stages=type(design.stages)(solutions[first:behind]))


def row(name: str, stages: str, design: Pipelined, jobs: int) -> list[str]:
    """One line of the table."""
    from fpga_tf.rtl.pipeline import write_hdl
    from fpga_tf.rtl.synthesis import synthesise

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        write_hdl(design, Path(folder), "design_of_bench")
        found = synthesise(Path(folder), "design_of_bench", PART, jobs=jobs, seconds=7200)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cells = [(kind, count) for stage in found.stages for kind, count in stage.cells.items()]
    luts = sum(count for kind, count in cells if kind.startswith("LUT"))
    operations = [op for solution in design.stages.solutions for op in solution.ops]
    of = {code: sum(float(op.cost) for op in operations if op.opcode == code) for code in (MULTIPLIER, TABLE)}
    return [
        name, stages, f"{design.cost:,.0f}", f"{of[MULTIPLIER]:,.0f}", f"{of[TABLE]:,.0f}", f"{luts:,}",
        f"{luts / design.cost:.2f}" if design.cost else "", f"{sum(stage.packed for stage in found.stages):,}",
        f"{sum(count for kind, count in cells if kind == 'CARRY4'):,}", f"{design.register_bits:,}",
        f"{found.flip_flops:,}", f"{found.flip_flops_chained:,}", f"{found.shift_registers:,}",
        f"{after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime:.0f}",
    ]  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("designs", nargs="*", default=[*GROUPS, "small", "shipped"])
    parser.add_argument("--levels", type=float, default=4.0)
    parser.add_argument("--most", type=float, default=8000.0, help="LUTs by da4ml's count")
    parser.add_argument("--parts", type=int, default=3, help="runs of stages of a larger design")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|---|---|{'---:|' * (len(COLUMNS) - 2)}", flush=True)
    for name in arguments.designs:
        begun = time.perf_counter()
        design = design_of(name, arguments.levels)
        print(f"{name} is traced in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
        for stages, part in parts(design, arguments.most, arguments.parts):
            print(f"| {' | '.join(row(name, stages, part, arguments.jobs))} |", flush=True)


if __name__ == "__main__":
    main()
