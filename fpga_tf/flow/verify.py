"""From a project on the disk to its verdict: compile, simulate, compare, judge."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import FpgaTfError, UserError
from fpga_tf.files import atomic_write, disk_errors
from fpga_tf.flow import judge
from fpga_tf.flow.dataflow import check_fifos, dataflow_result
from fpga_tf.flow.judge import HARNESS, MODEL
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.project import BUILD_LOG, RESULT
from fpga_tf.flow.quiet import quiet_stderr
from fpga_tf.flow.reference import REFERENCE, Reference, read_reference
from fpga_tf.flow.rtl_budget import rtl_design, rtl_result
from fpga_tf.flow.rtl_folder import RtlAsked
from fpga_tf.flow.rtl_verify import Clocked, clock_rtl
from fpga_tf.flow.samples import EVALUATION, samples_of
from fpga_tf.flow.settings import Settings, read_project
from fpga_tf.hls.build import build
from fpga_tf.hls.manifest import Manifest, edited
from fpga_tf.hls.simulate import Simulated, Watch
from fpga_tf.hls.simulate import simulate as run_program
from fpga_tf.store import Store
from fpga_tf.verdict.agreement import Agreement, combine, first_divergence
from fpga_tf.verdict.dataflow import fifo_gate
from fpga_tf.verdict.gates import agreement_gate, physics_gates
from fpga_tf.verdict.rtl import rtl_gates
from fpga_tf.verdict.verdict import RunResult

Codes = NDArray[np.int64]
FIFO_STEP = "run all processes at once"
SIMULATION = ("compile the C-simulation", "simulate", "compare", "judge")
_TRACED = 16  # samples of each set that are traced to find the first diverging layer


def verify(project: Path, store: Store, progress: Progress, rtl: RtlAsked) -> RunResult:
    """Judge a project as it stands on the disk, and the RTL of the same model.

    Raises:
        UserError: the project is damaged, or a report in it cannot be understood.
        ToolError: it does not compile or run, or the disk is full.
    """
    manifest, settings = read_project(project)
    reference = read_reference(project / REFERENCE, manifest)
    _check_complete(project, manifest)
    for name in (RESULT, BUILD_LOG):  # of an earlier run: from here on they would lie
        with disk_errors(project / name, "removed"):
            (project / name).unlink(missing_ok=True)
    with progress.step(SIMULATION[0]) as step:
        program, key, cached = build(project, manifest, store, project / BUILD_LOG)
        if cached:
            step.mark_cached()
    with progress.step(f"{SIMULATION[1]} {samples_of(reference.inputs):,} samples") as step:
        firmware, seconds, cached = simulated(program, key, manifest, reference, store, settings.jobs, step.advance)
        if cached:
            step.mark_cached()
    with progress.step(SIMULATION[2]) as step:
        changed = edited(project, manifest)
        agreement = combine(judge.compare_sets(reference, firmware))
        notes: list[str] = []
        if agreement.differing:
            step.say("locating the first diverging layer")
            layer, notes = _located(project, program, manifest, reference, firmware)
            agreement = replace(agreement, first_diverging_layer=layer)
            step.say("")
    dataflow = None
    if manifest.network is not None:
        with progress.step(FIFO_STEP):
            dataflow = dataflow_result(manifest, project, check_fifos(program, manifest, reference))
    clocked = None
    if rtl.folder is not None:
        clocked = clock_rtl(rtl.folder, reference, store, progress, jobs=settings.jobs, simulate=rtl.simulate)
    with progress.step(SIMULATION[3]):
        result = _result(project, manifest, settings, reference, firmware, agreement, changed, notes)
        result = _judged(replace(result, dataflow=dataflow), project, manifest, settings, clocked, rtl.why)
    result = replace(
        result,
        steps=tuple(progress.steps),
        throughput={"csim_samples_per_second": samples_of(reference.inputs) / seconds if seconds else None},
    )
    atomic_write(project / RESULT, result.dumps() + "\n")
    return result


def _check_complete(project: Path, manifest: Manifest) -> None:
    sources = [name for name in manifest.files if name.startswith(("firmware/", HARNESS))]
    missing = [name for name in sources if not (project / name).is_file()]
    if missing:
        raise UserError(
            f"a project must hold all its sources, {missing[0]} is missing",
            where=str(project),
            hint="make the project again with --fresh",
        )


def simulated(
    program: Path, key: str, manifest: Manifest, reference: Reference, store: Store, jobs: int, watch: Watch
) -> tuple[dict[str, list[Codes]], float, bool]:
    """Outputs per set; from the store if the same program has run on the same codes before."""
    names = list(reference.inputs)
    joined = [np.concatenate([reference.inputs[n][i] for n in names]) for i in range(len(manifest.inputs))]
    digest = hashlib.sha256()
    for codes in joined:
        digest.update(np.ascontiguousarray(codes, dtype="<i8").tobytes())
    entry_key = store.key({"what": "simulation 1", "program": key, "inputs": digest.hexdigest()})
    entry = store.get(entry_key)
    cached = entry is not None
    if entry is None:

        def populate(made: Path) -> None:
            done: Simulated = run_program(program, manifest, joined, jobs=jobs, watch=watch)
            arrays: dict[str, Any] = {str(i): codes for i, codes in enumerate(done.outputs)}
            np.savez_compressed(made / "outputs.npz", seconds=done.seconds, **arrays)

        entry = store.put(entry_key, populate)
    with np.load(entry / "outputs.npz", allow_pickle=False) as data:
        outputs = [data[str(i)] for i in range(len(manifest.outputs))]
        seconds = float(data["seconds"])
    ends = np.cumsum([len(reference.inputs[n][0]) for n in names])[:-1]
    parts = [np.split(codes, ends) for codes in outputs]
    return {n: [p[i] for p in parts] for i, n in enumerate(names)}, seconds, cached


def _located(
    project: Path, program: Path, manifest: Manifest, reference: Reference, firmware: dict[str, list[Codes]]
) -> tuple[str | None, list[str]]:
    """The first diverging layer, or a note why it is not known: outputs differ all the same."""
    try:
        return _locate(project, program, manifest, reference, firmware), []
    except (FpgaTfError, ImportError) as error:
        return None, [f"the first diverging layer is not known: {str(error).splitlines()[0]}"]


def _locate(
    project: Path, program: Path, manifest: Manifest, reference: Reference, firmware: dict[str, list[Codes]]
) -> str | None:
    """The first layer, in the order of the firmware, whose codes differ from Keras's."""
    picked = {name: judge.differing_samples(reference.outputs[name], firmware[name])[:_TRACED] for name in firmware}
    inputs = [
        np.concatenate([reference.inputs[name][i][samples] for name, samples in picked.items()])
        for i in range(len(manifest.inputs))
    ]
    traced = run_program(program, manifest, inputs, jobs=1, traced=True)
    with quiet_stderr():
        from fpga_tf.flow import models
    expected = models.layer_codes(project / MODEL, manifest, inputs)
    found = first_divergence((name, e, f) for (name, e), f in zip(expected, traced.layers, strict=True))
    return None if found is None else found.layer


def _result(
    project: Path,
    manifest: Manifest,
    settings: Settings,
    reference: Reference,
    firmware: dict[str, list[Codes]],
    agreement: Agreement,
    changed: list[str],
    notes: list[str],
) -> RunResult:
    stages, changes, remarks = judge.judge_physics(manifest.outputs[0], settings, reference, firmware[EVALUATION][0])
    gates = [
        agreement_gate(agreement),
        judge.sources_gate(project, manifest, changed),
        *physics_gates(
            judge.limits(settings), float_=stages["float"], quantised=stages["quantised"], csim=stages["csim"]
        ),
    ]
    return RunResult(
        project=str(project),
        agreement=agreement,
        gates=tuple(gates),
        physics=stages,
        top_class_changes=changes,
        notes=(*manifest.notes, *notes, *remarks, *_remarks(manifest, changed, agreement)),
    )


def _judged(
    result: RunResult, project: Path, manifest: Manifest, settings: Settings, clocked: Clocked | None, why: str | None
) -> RunResult:
    """The result with what the RTL gave, and the budget."""
    design = None if clocked is None else rtl_design(clocked)
    estimate = None if result.dataflow is None else result.dataflow.estimate
    budget, told = judge.judge_budget(project, manifest, settings, design, why, estimate)
    rtl = None if clocked is None else rtl_result(clocked)
    gates = [] if rtl is None else rtl_gates(rtl)
    if result.dataflow is not None:
        gates.append(fifo_gate(result.dataflow))
    return replace(result, rtl=rtl, gates=(*result.gates, *gates), budget=tuple(budget), notes=(*result.notes, *told))


def _remarks(manifest: Manifest, changed: list[str], agreement: Agreement) -> list[str]:
    from fpga_tf.lower.context import FLOAT32_WIDTH

    notes = []
    if changed:
        files = "file was" if len(changed) == 1 else "files were"
        notes.append(f"{len(changed)} generated {files} edited: {', '.join(changed[:5])}")
    name, bits = max(manifest.widest.items(), key=lambda item: item[1], default=("", 0))
    if manifest.exact == "float64":
        notes.append(
            f"exact sums need up to {bits} bits ({name}), more than float32 holds: "
            "the reference is Keras's graph in float64"
        )
    elif agreement.differing and not changed and bits > FLOAT32_WIDTH:
        notes.append(
            f"exact results need up to {bits} bits ({name}), but HGQ2 computes in float32, which holds "
            f"{FLOAT32_WIDTH}: the differences may be roundings of the reference; with fewer bits it is exact"
        )
    return notes
