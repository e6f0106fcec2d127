"""The open path alone: from a configuration to RTL, its simulation, its estimate, and what its budget says."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fpga_tf.flow import judge
from fpga_tf.flow.config import Config
from fpga_tf.flow.lock import project_lock
from fpga_tf.flow.prepare import STEPS
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.reference import REFERENCE, read_reference
from fpga_tf.flow.rtl_budget import rtl_design, rtl_result
from fpga_tf.flow.rtl_make import bring_rtl, check_packages
from fpga_tf.flow.rtl_verify import STEPS as SIMULATION
from fpga_tf.flow.rtl_verify import Clocked, clock_rtl, on_disk
from fpga_tf.flow.rtl_yosys import second_opinion
from fpga_tf.flow.run import bring_project, store_for
from fpga_tf.flow.settings import Settings, read_project
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.rtl import RtlResult, rtl_gates
from fpga_tf.verdict.verdict import Step

_UNROLLED = "this Verilog is unrolled, the HLS project is not: fpga-tf estimate --shapes tells of that one"


@dataclass(frozen=True)
class RtlJudged:
    """RTL and its gates.

    Attributes:
        result: what is known of it.
        gates: of agreement, where it was simulated, and of the budget.
        notes: what a reader should know besides.
        opinion: what Yosys counts; None if it was not asked.
        steps: in the order run.
    """

    result: RtlResult
    gates: tuple[Gate, ...]
    notes: tuple[str, ...]
    steps: tuple[Step, ...]
    opinion: SynthesisReport | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "rtl": self.result.to_json(),
            "gates": [gate.to_json() for gate in self.gates],
            "notes": list(self.notes),
            "yosys": None if self.opinion is None else self.opinion.to_json(),
            "steps": [asdict(step) for step in self.steps],
        }


def make_rtl(
    config: Config, folder: Path, *, simulate: bool, fresh: bool, progress: Progress, yosys: str | None = None
) -> RtlJudged:
    """Write a configuration's model as RTL; clock it and compare every output with the model.

    Args:
        config: of any model that can be hardware.
        folder: for the RTL; what stands there is replaced if it is RTL of ours that nobody edited.
        simulate: whether it is clocked, or only written and estimated.
        fresh: use nothing from the store, and replace the project and the RTL even if they were edited.
        yosys: map it to cells with Yosys too: `small`, if it is small, or `any`.

    Raises:
        UserError: the configuration or model, or something else stands in the folder.
        ToolError: Verilator, make or g++ is missing or fails.
    """
    check_packages()
    progress.plan(1 + len(STEPS) + 1 + simulate * len(SIMULATION) + (yosys is not None))
    with project_lock(config.project), store_for(fresh) as store:
        bring_project(config, store, fresh, progress)
        bring_rtl(config, folder, store, fresh=fresh, progress=progress)
        manifest, settings = read_project(config.project)
        if simulate:
            reference = read_reference(config.project / REFERENCE, manifest)
            clocked = clock_rtl(folder, reference, store, progress, jobs=settings.jobs, simulate=config.rtl.simulate)
        else:
            clocked = on_disk(folder)
        opinion = None
        if yosys is not None:
            opinion = second_opinion(clocked, store, progress, jobs=settings.jobs, any_size=yosys == "any")
        judged = _judged(settings, clocked, simulate)
        told = [] if manifest.network is None else [_UNROLLED]
        told += [] if opinion is None else [f"Yosys: {note}" for note in opinion.notes]
        return replace(judged, opinion=opinion, notes=(*judged.notes, *told), steps=tuple(progress.steps))


def _judged(settings: Settings, clocked: Clocked, simulated: bool) -> RtlJudged:
    result, design = rtl_result(clocked), rtl_design(clocked)
    gates = rtl_gates(result)
    if not simulated:
        gates = gates[1:]  # no agreement was asked for
    gates += judge.budget_gates(design, settings, part=clocked.manifest.part, clock_ns=clocked.manifest.clock_ns)
    notes = [*design.notes, *(str(found) for found in design.disagreements)]
    return RtlJudged(result, tuple(gates), tuple(notes), ())
