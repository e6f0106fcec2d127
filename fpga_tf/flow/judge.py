"""From codes to gates: agreement, physics, budget."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.flow.dataflow import dataflow_design
from fpga_tf.flow.reference import REFERENCE, Reference
from fpga_tf.flow.report_budget import limits_of
from fpga_tf.flow.report_origin import origin_of
from fpga_tf.flow.samples import EVALUATION
from fpga_tf.flow.settings import Settings
from fpga_tf.hls.manifest import Manifest, Port
from fpga_tf.reports.design import Design
from fpga_tf.reports.project import project_design
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.agreement import SetAgreement, compare
from fpga_tf.verdict.budget import PROVIDE, decide_budget
from fpga_tf.verdict.cosim import cosim_gates
from fpga_tf.verdict.gates import Gate, PhysicsLimits
from fpga_tf.verdict.physics import Physics, physics, top_class_changes

Codes = NDArray[np.int64]
SOURCES = "sources"
DEFINES = "firmware/defines.h"
MODEL = "fpga_tf_model.keras"
HARNESS = "fpga_tf_simulate.cpp"
# What decides which numbers the firmware computes, and what they are held against. Pragmas elsewhere may be tuned by
# hand.
_NUMBERS = ("firmware/weights/", DEFINES, "firmware/fpga_tf/", "firmware/ap_types/", HARNESS, REFERENCE, MODEL)
_TYPEDEF = re.compile(r"^typedef (.+[ >]) ?(\w+);$", re.MULTILINE)


def compare_sets(reference: Reference, firmware: Mapping[str, Sequence[Codes]]) -> list[SetAgreement]:
    """Codes of every set, all output ports together."""
    return [compare(_flat(reference.outputs[name]), _flat(outputs), name=name) for name, outputs in firmware.items()]


def differing_samples(reference: Sequence[Codes], firmware: Sequence[Codes]) -> NDArray[np.intp]:
    """Indices of the samples that differ in any output of any port."""
    return np.flatnonzero((_flat(reference) != _flat(firmware)).any(axis=1))


def _flat(ports: Sequence[Codes]) -> Codes:
    return np.concatenate([codes.reshape(len(codes), -1) for codes in ports], axis=1)


def judge_physics(
    port: Port, settings: Settings, reference: Reference, firmware: Codes
) -> tuple[dict[str, Physics | None], dict[str, float | None], list[str]]:
    """Physics of the three stages on the evaluation set.

    Args:
        port: the model's first output.
        firmware: codes of that output.

    Returns:
        Physics by stage, shares of samples whose top class changes, and remarks; no physics without labels.

    Raises:
        UserError: scores and classes do not fit together.
    """
    model = reference.outputs[EVALUATION][0]
    if reference.labels is None or settings.classes is None or settings.signal is None:
        nothing: dict[str, Physics | None] = {"float": None, "quantised": None, "csim": None}
        different = len(np.unique(_flat(reference.outputs[EVALUATION]), axis=0))
        told = (
            f"no data: compared on {len(model):,} random inputs, which give {different:,} different outputs; "
            "there is no physics, and no gate on it"
        )
        return nothing, {}, [told]
    labels, classes, signal = reference.labels, settings.classes, settings.signal
    quantised, csim = port.type.dequantise(model), port.type.dequantise(firmware)

    def found(scores: NDArray[np.float64], logits: bool) -> Physics:
        return physics(scores, labels, classes, signal, logits=logits)

    stages: dict[str, Physics | None] = {"float": None, "quantised": found(quantised, not settings.probabilities)}
    changes: dict[str, float | None] = {"quantised_to_csim": top_class_changes(quantised, csim)}
    remarks = []
    try:
        stages["csim"] = found(csim, not settings.probabilities)
    except UserError as error:
        if np.array_equal(model, firmware):
            raise
        stages["csim"] = None  # firmware that differs may give anything, such as a negative probability
        remarks.append(f"no physics of the C-simulation: {error.what}")
    if reference.float_scores is not None:
        stages["float"] = found(reference.float_scores, False)
        changes["float_to_quantised"] = top_class_changes(reference.float_scores, quantised)
        changes["float_to_csim"] = top_class_changes(reference.float_scores, csim)
    return stages, changes, remarks


def limits(settings: Settings) -> PhysicsLimits:
    """Physics limits of a project; none without data."""
    if settings.gates is None:
        return PhysicsLimits()
    return PhysicsLimits(settings.gates.max_auc_loss, settings.gates.max_accuracy_loss)


def judge_budget(
    folder: Path,
    manifest: Manifest,
    settings: Settings,
    rtl: Design | None = None,
    why: str | None = None,
    dataflow: SynthesisReport | None = None,
) -> tuple[list[Gate], list[str]]:
    """Gates from the reports in the project or else from what is known of its RTL, and what a reader should know.

    Args:
        rtl: what is known of the RTL of the same model; it is another design than the HLS project, so nothing of it is
            put together with the project's reports.
        why: why there is no RTL, if there is none.
        dataflow: the estimate of a project in the dataflow shape; None: it is unrolled.
    """
    built = project_design(folder, manifest.name, origin_of)
    unrolled = rtl if dataflow is None else None
    design = built or unrolled or (None if dataflow is None else dataflow_design(manifest.name, dataflow))
    tool = "vitis_hls" if manifest.backend == "Vitis" else "vivado_hls"
    also = f" ({why})" if why else ""
    gates = budget_gates(
        design,
        settings,
        part=manifest.part,
        clock_ns=unrolled.report.clock_ns.target if unrolled is not None and built is None else manifest.clock_ns,
        provide=f"run C synthesis in the project: {tool} -f build_prj.tcl{also}",
    )
    if design is None:
        return gates, []
    notes = [*design.notes, *(str(found) for found in design.disagreements)]
    if rtl is not None and design is not rtl:
        by = "the estimate of the dataflow shape" if built is None else "the reports of the HLS project"
        notes.append(f"the budget is judged by {by}, not by the RTL of the model, which is unrolled")
    return gates + ([] if built is None else cosim_gates(built)), notes


def budget_gates(
    design: Design | None, settings: Settings, *, part: str, clock_ns: float | None, provide: str = PROVIDE
) -> list[Gate]:
    """Gates of the budget of a project.

    Args:
        design: what is held against it; None if nothing is known.
        part, clock_ns: what it must be for.
        provide: what the user does to get a report.
    """
    limits = limits_of(settings.budget)
    report, sources = (None, None) if design is None else (design.report, design.sources)
    return decide_budget(limits, report, part=part, clock_ns=clock_ns, provide=provide, sources=sources)


def sources_gate(folder: Path, manifest: Manifest, edited: Sequence[str]) -> Gate:
    """Fail if files that hold the firmware's numbers, or what they are held against, are not as they were generated.

    Args:
        edited: generated files that have changed.
    """
    changed = [name for name in edited if name.startswith(_NUMBERS)]
    layers = {name: [manifest.weights[name]] for name in changed if name in manifest.weights}
    if DEFINES in changed:
        layers[DEFINES] = _retyped(folder / DEFINES, manifest)
    shown = "; ".join(f"{n} ({' and '.join(layers[n][:3])})" if layers.get(n) else n for n in changed[:3])
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    source = f"edited: {shown}{more}" if changed else "digests in the manifest"
    return Gate(SOURCES, 0, len(changed), "files", source, "fail" if changed else "pass")


def typedefs(path: Path) -> dict[str, str]:
    """C++ types by their names, as a header defines them; empty if it is missing."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    return {name: kind.replace(" ", "") for kind, name in _TYPEDEF.findall(text)}


def _retyped(path: Path, manifest: Manifest) -> list[str]:
    """Layers with a C++ type that is no longer the one in the manifest, in the order of the firmware."""
    found = typedefs(path)
    order = list(dict.fromkeys([*(port.name for port in manifest.layers), *manifest.typedefs]))
    made = ((layer, manifest.typedefs.get(layer, {})) for layer in order)
    return [layer for layer, types in made if any(found.get(name) != kind for name, kind in types.items())]
