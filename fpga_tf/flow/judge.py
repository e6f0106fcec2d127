"""From codes to gates: agreement, physics, budget."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.flow.reference import Reference
from fpga_tf.flow.samples import EVALUATION
from fpga_tf.hls.manifest import Manifest
from fpga_tf.reports.project import project_report
from fpga_tf.verdict.agreement import SetAgreement, compare
from fpga_tf.verdict.budget import Budget, decide_budget
from fpga_tf.verdict.gates import Gate, PhysicsLimits
from fpga_tf.verdict.physics import Physics, physics, top_class_changes

Codes = NDArray[np.int64]
_TYPEDEF = re.compile(r"^typedef (ap_u?fixed<[^>]*>) (\w+);", re.MULTILINE)
SOURCES = "sources"
DEFINES = "firmware/defines.h"
# what decides which numbers the firmware computes; pragmas elsewhere may be tuned by hand
_NUMBERS = ("firmware/weights/", DEFINES, "firmware/fpga_tf/", "firmware/ap_types/")


def compare_sets(reference: Reference, firmware: Mapping[str, Sequence[Codes]]) -> list[SetAgreement]:
    """Codes of every set, all output ports together."""
    return [compare(_flat(reference.outputs[name]), _flat(outputs), name=name) for name, outputs in firmware.items()]


def _flat(ports: Sequence[Codes]) -> Codes:
    return np.concatenate([codes.reshape(len(codes), -1) for codes in ports], axis=1)


def judge_physics(
    manifest: Manifest, reference: Reference, firmware: Sequence[Codes], classes: Sequence[str], signal: str
) -> tuple[dict[str, Physics | None], dict[str, float | None]]:
    """Physics of the three stages on the evaluation set, and the shares of samples whose top class changes."""
    port = manifest.outputs[0]
    logits = not manifest.config["probabilities"]
    scores = {
        "quantised": port.type.dequantise(reference.outputs[EVALUATION][0]),
        "csim": port.type.dequantise(firmware[0]),
    }
    found: dict[str, Physics | None] = {
        stage: physics(values, reference.labels, classes, signal, logits=logits) for stage, values in scores.items()
    }
    changes: dict[str, float | None] = {
        "quantised_to_csim": top_class_changes(scores["quantised"], scores["csim"]),
    }
    found["float"] = None
    if reference.float_scores is not None:
        found["float"] = physics(reference.float_scores, reference.labels, classes, signal, logits=False)
        changes["float_to_quantised"] = top_class_changes(reference.float_scores, scores["quantised"])
        changes["float_to_csim"] = top_class_changes(reference.float_scores, scores["csim"])
    return found, changes


def limits(settings: Mapping[str, Any]) -> PhysicsLimits:
    """Physics limits of a manifest's settings."""
    return PhysicsLimits(settings["gates"]["max_auc_loss"], settings["gates"]["max_accuracy_loss"])


def judge_budget(folder: Path, manifest: Manifest) -> tuple[list[Gate], list[str]]:
    """Gates from the reports in the project, and what the reader of a report should know."""
    section = manifest.config["budget"]
    budget = Budget(
        latency_us=section["latency_us"],
        interval_cycles=section["interval_cycles"],
        device_share={k: v for k, v in section["device_share"].items() if v is not None},
        slr_share={k: v for k, v in section["slr_share"].items() if v is not None},
    )
    report = project_report(folder, top=manifest.name)
    tool = "vitis_hls" if manifest.backend == "Vitis" else "vivado_hls"
    provide = f"run C synthesis in the project: {tool} -f build_prj.tcl"
    gates = decide_budget(budget, report, part=manifest.part, clock_ns=manifest.clock_ns, provide=provide)
    notes = []
    if report is not None and report.path:
        source = Path(report.path)
        firmware = folder / "firmware" / f"{manifest.name}.cpp"
        if source.exists() and firmware.exists() and source.stat().st_mtime < firmware.stat().st_mtime:
            notes.append(f"{report.path} is older than the firmware: synthesise again")
    return gates, notes


def sources_gate(folder: Path, manifest: Manifest, edited: Sequence[str]) -> Gate:
    """Fail if files that hold the firmware's numbers are not as they were generated.

    Args:
        edited: generated files that have changed.
    """
    changed = [name for name in edited if name.startswith(_NUMBERS)]
    layers = {name: [manifest.weights[name]] for name in changed if name in manifest.weights}
    if DEFINES in changed:
        layers[DEFINES] = _retyped(folder / DEFINES, manifest)
    shown = ", ".join(f"{n} ({', '.join(layers[n][:3])})" if layers.get(n) else n for n in changed[:3])
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    source = f"edited: {shown}{more}" if changed else "digests in the manifest"
    return Gate(SOURCES, 0, len(changed), "files", source, "fail" if changed else "pass")


def _retyped(path: Path, manifest: Manifest) -> list[str]:
    """Layers whose C++ type is no longer the one in the manifest."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    found = {name: kind for kind, name in _TYPEDEF.findall(text)}
    out = []
    for port in manifest.layers:
        kind = found.get(port.typedef)
        if kind is None or kind.replace(" ", "") not in _spellings(port.format):
            out.append(port.name)
    return out


def _spellings(ap_type: str) -> set[str]:
    """A type as we and as hls4ml write it: the defaults left out."""
    short = ap_type.removesuffix(",0>").removesuffix(",AP_TRN,AP_WRAP") + ">"
    return {ap_type, short, ap_type.removesuffix(",0>") + ">"}
