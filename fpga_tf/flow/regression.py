"""Records what a tagger's repository guards, and holds a run against it. Everything that was built before is reused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.files import atomic_write
from fpga_tf.flow.config import Config
from fpga_tf.flow.lock import project_lock
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.project import BUILD_LOG
from fpga_tf.flow.reference import REFERENCE, read_reference
from fpga_tf.flow.regression_facts import facts, ports_of, traced_inputs
from fpga_tf.flow.run import planned, store_for, to_verdict
from fpga_tf.flow.settings import read_project
from fpga_tf.flow.verify import simulated
from fpga_tf.hls.build import build, find_compiler
from fpga_tf.hls.manifest import Manifest
from fpga_tf.hls.simulate import simulate as run_program
from fpga_tf.verdict.regression.baseline import MAX_BYTES, Baseline, Limits, Sample, read_baseline
from fpga_tf.verdict.regression.bounds import PROOFS
from fpga_tf.verdict.regression.compare import codes_of, compare
from fpga_tf.verdict.regression.positions import Loc, line_at
from fpga_tf.verdict.regression.rows import Regression
from fpga_tf.verdict.verdict import RunResult

Codes = NDArray[np.int64]
_Again = list[dict[str, Codes]]


@dataclass(frozen=True)
class Recorded:
    """What `record` did.

    Attributes:
        result: of the run.
        baseline: what was written; None if the firmware is not its model, and nothing was.
        changes: against the baseline that stood there; None if none did.
    """

    result: RunResult
    baseline: Baseline | None
    changes: Regression | None = None


@dataclass(frozen=True)
class _Old:
    """A baseline that was read."""

    path: Path
    baseline: Baseline
    lines: dict[Loc, int]


def default_baseline(config: Path) -> Path:
    """`tagger.baseline.json` for `tagger.yaml`."""
    return config.with_name(f"{config.stem}.baseline.json")


def record(config: Config, path: Path, *, update: bool, fresh: bool, progress: Progress) -> Recorded:
    """Run a configuration and record what it gives.

    Args:
        path: of the baseline.
        update: replace one that stands there, and keep its limits.
        fresh: use nothing from the store.

    Raises:
        UserError: a baseline stands there and `update` is false, or it can't be read; or what a run raises.
        ToolError: as a run.
    """
    if path.exists() and not update:
        raise UserError(
            "a baseline must not be overwritten by chance, but one stands here",
            where=str(path),
            hint="look at what moved with fpga-tf regress; if it is meant, add --update, which keeps the limits",
        )
    old = _Old(path, *read_baseline(path)) if path.exists() else None
    limits = Limits() if old is None else old.baseline.limits
    result, made, changes = _observed(config, old, limits, fresh, progress)
    if any(gate.gate in PROOFS and gate.result == "fail" for gate in result.all_gates):
        return Recorded(result, None)
    text = made.to_text()
    if len(text) > MAX_BYTES:
        raise UserError(
            f"a baseline must be at most {MAX_BYTES // 2**20} MiB, not {len(text):,} bytes", where=str(path)
        )
    atomic_write(path, text)
    return Recorded(result, made, changes)


def regress(config: Config, path: Path, *, fresh: bool, progress: Progress) -> Regression:
    """Run a configuration and hold it against a baseline.

    Raises:
        UserError: the baseline is missing or damaged; or what a run raises.
        ToolError: as a run.
    """
    old = _Old(path, *read_baseline(path))
    _, _, found = _observed(config, old, old.baseline.limits, fresh, progress)
    assert found is not None
    return found


def _observed(
    config: Config, old: _Old | None, limits: Limits, fresh: bool, progress: Progress
) -> tuple[RunResult, Baseline, Regression | None]:
    progress.plan(planned(config) + 1)
    find_compiler()
    with project_lock(config.project), store_for(fresh) as store:
        result = to_verdict(config, store, fresh, progress, more=1)
        manifest, settings = read_project(config.project)
        reference = read_reference(config.project / REFERENCE, manifest)
        with progress.step("trace the layers") as step:
            program, key, _ = build(config.project, manifest, store, config.project / BUILD_LOG)
            outputs, _, _ = simulated(program, key, manifest, reference, store, settings.jobs, step.advance)

            def traced(inputs: Sequence[Codes]) -> list[Codes]:
                return run_program(program, manifest, inputs, jobs=1, traced=True).layers

            def run(inputs: Sequence[Codes]) -> list[Codes]:
                return run_program(program, manifest, inputs, jobs=1).outputs

            layers = traced(traced_inputs(reference.inputs))
            new = facts(config, manifest, result, reference.inputs, outputs, layers, settings, limits)
            again = None if old is None else _again(old, manifest, run)
    if old is None:
        return result, new, None
    return result, new, compare(old.baseline, new, again, str(old.path), old.lines)


def _again(old: _Old, manifest: Manifest, run: Callable[[Sequence[Codes]], list[Codes]]) -> _Again | None:
    """Outputs of the baseline's own samples; None if the model takes or gives other codes now.

    Raises:
        UserError: a sample's inputs are not codes of the ports.
    """
    was = old.baseline
    if (was.inputs, was.outputs) != (ports_of(manifest.inputs), ports_of(manifest.outputs)):
        return None
    rows = [_inputs(old, index, sample, manifest) for index, sample in enumerate(was.samples)]
    shapes = [(len(rows), *port.shape) for port in manifest.inputs]
    given = [np.array([row[i] for row in rows], dtype=np.int64).reshape(shape) for i, shape in enumerate(shapes)]
    outputs = run(given)
    names = [port.name for port in manifest.outputs]
    return [dict(zip(names, (codes[index] for codes in outputs), strict=True)) for index in range(len(rows))]


def _inputs(old: _Old, index: int, sample: Sample, manifest: Manifest) -> list[list[int]]:
    where = f"{old.path}:{line_at(old.lines, ('samples', index, 'inputs'))}"
    found = []
    for port in manifest.inputs:
        codes, kind = codes_of(sample.inputs.get(port.name, ""), port.size, where), port.type
        if not kind.min_code <= min(codes) <= max(codes) <= kind.max_code:
            raise UserError(f"a sample of a baseline must hold codes of {port.format}, not others", where=where)
        found.append(codes)
    return found
