"""The run: model to project to C-simulation to verdict. Nothing here imports Keras, TensorFlow or hls4ml by itself.

Whatever has been computed from the same inputs before comes from the store; the project folder is taken as it stands
on the disk, so an edit in it is simulated, and told.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.files import atomic_write, replace_tree
from fpga_tf.flow import judge
from fpga_tf.flow.check import frontend_of
from fpga_tf.flow.config import Config
from fpga_tf.flow.environment import check_environment
from fpga_tf.flow.lock import project_lock
from fpga_tf.flow.prepare import MODEL, STEPS, load_jets, prepare, settings, versions
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.quiet import quiet_stderr
from fpga_tf.flow.reference import REFERENCE, Reference, read_reference
from fpga_tf.flow.samples import EVALUATION, samples_of
from fpga_tf.hls.build import build
from fpga_tf.hls.manifest import MANIFEST, Manifest, edited, read_manifest
from fpga_tf.hls.simulate import Simulated, Watch
from fpga_tf.hls.simulate import simulate as run_program
from fpga_tf.store import Store, canonical_json
from fpga_tf.verdict.agreement import Agreement, combine, first_divergence
from fpga_tf.verdict.gates import agreement_gate, physics_gates
from fpga_tf.verdict.verdict import RunResult

Codes = NDArray[np.int64]
BUILD_LOG = "fpga_tf_build.log"
RESULT = "fpga_tf_result.json"
_OURS = {MANIFEST, BUILD_LOG, RESULT}
_LOCATED = 64  # samples that are traced to find the first diverging layer
_SIMULATION = ("compile the C-simulation", "simulate", "compare", "judge")


def run(config: Config, *, fresh: bool, progress: Progress) -> RunResult:
    """All steps, from the model file to the verdict.

    Args:
        fresh: use nothing from the store, and make the project anew even if it was edited.
    """
    progress.plan(1 + len(STEPS) + len(_SIMULATION))
    with project_lock(config.project), _store(fresh) as store:
        manifest = _project(config, store, fresh, progress)
        return _judged(config.project, manifest, store, config.simulation.jobs, progress)


def convert(config: Config, *, fresh: bool, progress: Progress) -> Path:
    """The steps up to the project folder."""
    progress.plan(1 + len(STEPS))
    with project_lock(config.project), _store(fresh) as store:
        _project(config, store, fresh, progress)
    return config.project


def simulate(project: Path, *, progress: Progress) -> RunResult:
    """The steps from an existing project, as it stands on the disk, to the verdict."""
    progress.plan(len(_SIMULATION))
    with project_lock(project):
        manifest = read_manifest(project)
        return _judged(project, manifest, Store(), int(manifest.config["jobs"]), progress)


@contextmanager
def _store(fresh: bool) -> Iterator[Store]:
    if not fresh:
        yield Store()
        return
    with tempfile.TemporaryDirectory(prefix="fpga_tf-store-") as name:
        yield Store(Path(name))


def _project(config: Config, store: Store, fresh: bool, progress: Progress) -> Manifest:
    """Bring the project folder to what the configuration asks for."""
    with progress.step("read the configuration and the jets"):
        frontend = frontend_of(config)
        check_environment(frontend)
        jets = load_jets(config)
        signal = config.data.signal or jets.classes[0]
        if signal not in jets.classes:
            raise UserError(
                f"signal must be one of {', '.join(jets.classes)}, not {signal}", where=config.where("data")
            )
        key = store.key(_key_parts(config))
    entry = store.get(key)
    if entry is None:
        entry = store.put(key, lambda made: prepare(config, frontend, jets, key, made, progress))
    else:
        for name in STEPS:
            with progress.step(name) as step:
                step.mark_cached()
    _place(entry, config.project, key, fresh)
    manifest = read_manifest(config.project)
    fields = {
        **settings(config, bool(manifest.config["probabilities"])),
        "classes": list(jets.classes),
        "signal": signal,
    }
    if fields != manifest.config:
        manifest = replace(manifest, config=fields)
        atomic_write(config.project / MANIFEST, manifest.to_text())
    return manifest


def _key_parts(config: Config) -> dict[str, bytes | str]:
    fields = config.digest_fields("name", "model", "quantise", "data", "hls", "simulation")
    return {
        "what": "project 1",
        "config": canonical_json(fields),
        "versions": canonical_json(versions()),
        "code": _own_code(),
    }


def _own_code() -> str:
    """Digest of the code that makes projects: a change in it is a change of every project."""
    digest = hashlib.sha256()
    package = Path(__file__).parent.parent
    for room in ("fixedpoint", "layers", "models", "hls", "flow"):
        for path in sorted((package / room).rglob("*")):
            if path.suffix in (".py", ".h"):
                digest.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _place(entry: Path, project: Path, key: str, fresh: bool) -> None:
    """Copy the store's project into place, unless it is there already; never over somebody's work."""
    if (project / MANIFEST).is_file() and not fresh:
        manifest = read_manifest(project)
        if manifest.key == key:
            return
        _check_untouched(project, manifest)
    room = Path(tempfile.mkdtemp(prefix="fpga_tf-"))
    try:
        copy = room / "project"
        shutil.copytree(entry, copy, ignore=shutil.ignore_patterns("entry.json"))
        replace_tree(copy, project, marker=MANIFEST)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _check_untouched(project: Path, manifest: Manifest) -> None:
    known = set(manifest.files) | _OURS
    added = sorted(
        str(p.relative_to(project))
        for p in project.rglob("*")
        if p.is_file() and str(p.relative_to(project)) not in known
    )
    touched = [*edited(project, manifest), *added]
    if touched:
        raise UserError(
            f"a project must be as it was generated to be replaced by another, {len(touched)} files are not: "
            f"{', '.join(touched[:3])}{' ...' if len(touched) > 3 else ''}",
            where=str(project),
            hint="name another project folder, or replace it with --fresh",
        )


def _judged(project: Path, manifest: Manifest, store: Store, jobs: int, progress: Progress) -> RunResult:
    reference = read_reference(project / REFERENCE)
    with progress.step(_SIMULATION[0]) as step:
        step.say("g++")
        program, key, cached = build(project, manifest, store, project / BUILD_LOG)
        if cached:
            step.mark_cached()
    with progress.step(f"{_SIMULATION[1]} {samples_of(reference.inputs):,} samples") as step:
        firmware, seconds, cached = _simulated(program, key, manifest, reference, store, jobs, step.advance)
        if cached:
            step.mark_cached()
    with progress.step(_SIMULATION[2]) as step:
        changed = edited(project, manifest)
        sets = judge.compare_sets(reference, firmware)
        agreement = combine(sets)
        if agreement.differing:
            step.say("locating the first diverging layer")
            layer = _locate(project, program, manifest, reference, agreement)
            agreement = combine(sets, first_diverging_layer=layer)
    with progress.step(_SIMULATION[3]):
        result = _result(project, manifest, reference, firmware, agreement, changed)
    result = replace(
        result,
        steps=tuple(progress.steps),
        throughput={"csim_samples_per_second": samples_of(reference.inputs) / seconds if seconds else None},
    )
    atomic_write(project / RESULT, result.dumps() + "\n")
    return result


def _simulated(
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


def _locate(project: Path, program: Path, manifest: Manifest, reference: Reference, agreement: Agreement) -> str | None:
    """The first layer, in the order of the firmware, whose codes differ from Keras's."""
    chosen = [(w.set, w.sample) for w in agreement.worst]
    picked = list(dict.fromkeys(chosen))[:_LOCATED] or [(EVALUATION, 0)]
    inputs = [
        np.stack([reference.inputs[name][i][sample] for name, sample in picked]) for i in range(len(manifest.inputs))
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
    reference: Reference,
    firmware: dict[str, list[Codes]],
    agreement: Agreement,
    changed: list[str],
) -> RunResult:
    config = manifest.config
    stages, changes = judge.judge_physics(
        manifest, reference, firmware[EVALUATION], config["classes"], config["signal"]
    )
    budget, notes = judge.judge_budget(project, manifest)
    gates = [
        agreement_gate(agreement),
        judge.sources_gate(project, manifest, changed),
        *physics_gates(
            judge.limits(config), float_=stages["float"], quantised=stages["quantised"], csim=stages["csim"]
        ),
    ]
    if changed:
        notes.append(f"{len(changed)} generated files were edited: {', '.join(changed[:5])}")
    if manifest.exact == "float64":
        widest = max(manifest.widest, key=lambda name: manifest.widest[name])
        notes.append(
            f"exact sums need up to {manifest.widest[widest]} bits ({widest}), more than float32 holds: "
            "the reference is Keras's graph in float64"
        )
    return RunResult(
        project=str(project),
        agreement=agreement,
        gates=tuple(gates),
        budget=tuple(budget),
        physics=stages,
        top_class_changes=changes,
        notes=(*manifest.notes, *notes),
    )
