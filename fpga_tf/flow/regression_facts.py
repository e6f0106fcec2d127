"""What a baseline records of a run: formats, digests of codes, physics, costs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpga_tf.files import sha256_file
from fpga_tf.flow.config import Config
from fpga_tf.flow.dataflow import dataflow_design, estimate_of
from fpga_tf.flow.judge import limits as physics_limits
from fpga_tf.flow.report_budget import limits_of
from fpga_tf.flow.report_origin import origin_of
from fpga_tf.flow.rtl_budget import rtl_design
from fpga_tf.flow.rtl_verify import on_disk
from fpga_tf.flow.samples import EVALUATION
from fpga_tf.flow.settings import Settings
from fpga_tf.hls.manifest import Manifest
from fpga_tf.hls.manifest import Port as ManifestPort
from fpga_tf.reports.design import Design
from fpga_tf.reports.project import project_design
from fpga_tf.reports.types import RESOURCES
from fpga_tf.rtl.manifest import read_rtl_manifest
from fpga_tf.verdict.numbers import plain
from fpga_tf.verdict.physics import Physics as RunPhysics
from fpga_tf.verdict.regression.baseline import (
    Baseline,
    Configuration,
    Cost,
    Costs,
    InputSet,
    Layer,
    Limits,
    MadeFor,
    Model,
    Physics,
    Port,
    Sample,
    Stages,
    Traced,
    Unit,
)
from fpga_tf.verdict.report.values import latency_error, latency_ns
from fpga_tf.verdict.timing import achieved_clock_ns, deciding
from fpga_tf.verdict.verdict import RunResult

Codes = NDArray[np.int64]
Sets = Mapping[str, Sequence[Codes]]
_TRACED = 64, 16  # samples of the evaluation set, and of any other one, whose layers are digested
_STORED = ((8, 2), (4, 1), (2, 1), (1, 1), (1, 0))  # of which the codes are kept: as many as are not too much
_KEPT_CODES = 16_384  # in the file, at most


def heads(sets: Sets, evaluation: int, others: int) -> list[Codes]:
    """The first samples of every set, per port."""
    counts = {name: evaluation if name == EVALUATION else others for name in sets}
    ports = zip(*([codes[: counts[name]] for codes in arrays] for name, arrays in sets.items()), strict=True)
    return [np.concatenate(port) for port in ports]


def traced_inputs(inputs: Sets) -> list[Codes]:
    """Inputs of the samples that layers are digested on, per port."""
    return heads(inputs, *_TRACED)


def facts(
    config: Config,
    manifest: Manifest,
    result: RunResult,
    inputs: Sets,
    outputs: Sets,
    layers: Sequence[Codes],
    settings: Settings,
    limits: Limits,
) -> Baseline:
    """A baseline of a run.

    Args:
        manifest: of the run's project.
        inputs, outputs: codes of all samples by set, one array per port; outputs are the firmware's.
        layers: codes of every layer of the manifest on `traced_inputs`.
        settings: of the run.
        limits: as the user wants them.
    """
    traced = traced_inputs(inputs)
    return Baseline(
        schema=2,
        made_for=MadeFor(
            name=manifest.name,
            backend=manifest.backend,
            shape="parallel" if manifest.network is None else "dataflow",
            part=manifest.part,
            clock_ns=manifest.clock_ns,
            rtl_clock_ns=None if result.rtl is None else result.rtl.estimate.clock_ns.target,
            classes=settings.classes,
        ),
        configuration=_configuration(settings),
        model=Model(
            file=plain(config.model.path.name), frontend=manifest.frontend, sha256=sha256_file(config.model.path)
        ),
        versions={**_rtl_versions(result), **manifest.versions},
        inputs=ports_of(manifest.inputs),
        outputs=ports_of(manifest.outputs),
        layers=tuple(
            Layer(name=port.name, shape=_shape(port), format=port.format, codes=digest([codes]))
            for port, codes in zip(manifest.layers, layers, strict=True)
        ),
        sets={
            name: InputSet(samples=len(inputs[name][0]), inputs=digest(inputs[name]), outputs=digest(outputs[name]))
            for name in inputs
        },
        traced=Traced(samples=len(traced[0]), inputs=digest(traced)),
        samples=_samples(manifest, inputs, outputs),
        physics=_stages(result.physics),
        cost=costs(_design(config.project, manifest, result)),
        gates={gate.gate: gate.result for gate in result.all_gates},
        limits=limits,
    )


def _configuration(settings: Settings) -> Configuration:
    """Limits by the names of their gates."""
    budget = limits_of(settings.budget)
    found = {
        **asdict(physics_limits(settings)),
        "latency_us": budget.latency_us,
        "interval_cycles": budget.interval_cycles,
        **{f"device_share.{name}": share for name, share in budget.device_share.items()},
        **{f"slr_share.{name}": share for name, share in budget.slr_share.items()},
    }
    return Configuration(
        at_most={name: limit for name, limit in found.items() if limit is not None}, signal=settings.signal
    )


def _rtl_versions(result: RunResult) -> Mapping[str, str]:
    """What the run's RTL was made with."""
    return {} if result.rtl is None else read_rtl_manifest(Path(result.rtl.folder)).versions


def ports_of(ports: Sequence[ManifestPort]) -> tuple[Port, ...]:
    """Inputs or outputs as a baseline has them."""
    return tuple(Port(name=port.name, shape=_shape(port), format=port.format) for port in ports)


def _shape(port: ManifestPort) -> str:
    return "x".join(map(str, port.shape))


def digest(ports: Sequence[Codes]) -> str:
    """SHA-256 of codes with their shapes, as little-endian int64."""
    found = hashlib.sha256()
    for codes in ports:
        found.update(f"{codes.shape};".encode())
        found.update(np.ascontiguousarray(codes, dtype="<i8").tobytes())
    return found.hexdigest()


def _samples(manifest: Manifest, inputs: Sets, outputs: Sets) -> tuple[Sample, ...]:
    """The first samples of every set, as text."""
    size = sum(port.size for port in (*manifest.inputs, *manifest.outputs))
    others = len(inputs) - 1
    fitting = ((e, o) for e, o in _STORED if (e + o * others) * size <= _KEPT_CODES)
    evaluation, other = next(fitting, (0, 0))
    return tuple(
        Sample(
            set=name,
            sample=index,
            inputs=_texts(manifest.inputs, inputs[name], index),
            outputs=_texts(manifest.outputs, outputs[name], index),
        )
        for name in inputs
        for index in range(min(evaluation if name == EVALUATION else other, len(inputs[name][0])))
    )


def _texts(ports: Sequence[ManifestPort], codes: Sequence[Codes], index: int) -> dict[str, str]:
    found = zip(ports, codes, strict=True)
    return {port.name: " ".join(map(str, one[index].reshape(-1).tolist())) for port, one in found}


def _stages(physics: Mapping[str, RunPhysics | None]) -> Stages:
    def found(stage: str) -> Physics | None:
        one = physics.get(stage)
        return None if one is None else Physics(accuracy=one.accuracy, auc=dict(one.auc))

    return Stages(float=found("float"), quantised=found("quantised"), firmware=found("csim"))


def _design(project: Path, manifest: Manifest, result: RunResult) -> Design | None:
    """What the budget is judged by: reports in the project, else the estimate of a dataflow shape, else its RTL."""
    built = project_design(project, manifest.name, origin_of)
    told = result.rtl
    if built is not None:
        return built
    if manifest.network is not None:
        return dataflow_design(manifest.name, estimate_of(manifest, project))
    if told is None:
        return None
    clocked = replace(
        on_disk(Path(told.folder)),
        agreement=told.agreement,
        latency=told.latency_cycles,
        interval=told.interval_cycles,
        problems=told.problems,
    )
    return rtl_design(clocked)


def costs(design: Design | None) -> Costs:
    """What a design takes, each value with the stage that it is from."""
    if design is None:
        return Costs(
            **{name: Cost(value=None, unit=_unit(name), source=None, error=None) for name in Costs.model_fields}
        )
    report = design.report
    clock = report.clock_ns
    period = "achieved" if clock.achieved is not None else "estimated"
    cycles = "latency_cycles.max"
    at = deciding(report) if achieved_clock_ns(report) is not None else "clock_ns.target"
    found = {
        "latency_cycles": _cost(design, "latency_cycles", report.latency_cycles.max, cycles),
        "latency_ns": _cost(design, "latency_ns", latency_ns(report), cycles, at, error=latency_error(report)),
        "interval_cycles": _cost(design, "interval_cycles", report.interval_cycles.max, "interval_cycles.max"),
        "clock_ns": _cost(design, "clock_ns", clock.achieved or clock.estimated, f"clock_ns.{period}"),
    }
    for name in RESOURCES:
        found[name] = _cost(design, name, report.resources[name].used, f"resources.{name}.used")
    return Costs(**found)


def _cost(design: Design, name: str, value: float | None, *quantities: str, error: float | None = None) -> Cost:
    """A value, and what it comes from.

    Args:
        quantities: that it is computed from.
        error: relative; that of the first quantity if not given.
    """
    if value is None:
        return Cost(value=None, unit=_unit(name), source=None, error=None)
    sources = [design.sources[one] for one in quantities if one in design.sources]
    stages = dict.fromkeys(one.stage for one in sources) or {design.report.stage: None}
    declared = error if error is not None or not sources else sources[0].error
    return Cost(value=value, unit=_unit(name), source=", ".join(stages), error=declared or None)


def _unit(name: str) -> Unit:
    return "cycles" if name.endswith("_cycles") else "ns" if name.endswith("_ns") else ""
