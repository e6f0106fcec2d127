"""What is known of a dataflow project beyond its codes: its schedule, and that its FIFOs are deep enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import InternalError
from fpga_tf.files import MANIFEST
from fpga_tf.flow.reference import Reference
from fpga_tf.hls.manifest import Manifest
from fpga_tf.hls.simulate import DeadlockError, simulate
from fpga_tf.process import Network
from fpga_tf.reports.combine import combine
from fpga_tf.reports.design import Design
from fpga_tf.reports.estimate_dataflow import estimate_dataflow
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.dataflow import DataflowResult, Fifos
from fpga_tf.verdict.devices import available

Codes = NDArray[np.int64]
_CONCURRENT = 8  # samples of each set: a deadlock does not depend on values


def estimate_of(manifest: Manifest, project: Path) -> SynthesisReport:
    """What is believed of a dataflow project.

    Raises:
        InternalError: the project is unrolled.
    """
    if manifest.network is None:
        raise InternalError("a project must have the dataflow shape to be estimated from its schedule")
    network = Network.read(manifest.network)
    return estimate_dataflow(
        network,
        top=manifest.name,
        part=manifest.part,
        clock_ns=manifest.clock_ns,
        path=str(project / MANIFEST),
        dsps=available(manifest.part, "DSP"),
        uncertainty=manifest.clock_uncertainty_percent / 100,
    )


def dataflow_design(name: str, report: SynthesisReport) -> Design:
    """The estimate of a project, by its name, as a design that a budget can be held against."""
    whole = combine(name, [report])
    own = f"{report.path}: "
    notes = tuple(note.removeprefix(own) for note in whole.notes)
    return Design(whole.name, whole.report, whole.sources, whole.disagreements, whole.reports, whole.layers, notes)


def dataflow_result(manifest: Manifest, project: Path, fifos: Fifos) -> DataflowResult:
    """What a run shows."""
    network = Network.read(manifest.network or {})
    unrolled = tuple(process.layer for process in network.processes if process.kind == "array")
    return DataflowResult(
        estimate=estimate_of(manifest, project),
        processes=len(network.processes),
        fifos=fifos,
        stored_rows=sum(channel.depth for channel in network.channels),
        unrolled=tuple(dict.fromkeys(unrolled)),
    )


def check_fifos(program: Path, manifest: Manifest, reference: Reference) -> Fifos:
    """Run a few samples with each process a thread and each FIFO as deep as it is written."""
    names = list(reference.inputs)
    inputs = [
        np.concatenate([reference.inputs[name][i][:_CONCURRENT] for name in names]) for i in range(len(manifest.inputs))
    ]
    expected = [
        np.concatenate([reference.outputs[name][i][:_CONCURRENT] for name in names])
        for i in range(len(manifest.outputs))
    ]
    try:
        done = simulate(program, manifest, inputs, jobs=1, concurrent=True)
    except DeadlockError as error:
        return Fifos(len(inputs[0]), 0, error.what)
    differing = sum(int((e != f).sum()) for e, f in zip(expected, done.outputs, strict=True))
    return Fifos(len(inputs[0]), differing)
