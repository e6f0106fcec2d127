"""What the pictures of a run show, from what it left in the project: nothing is run or read but that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpga_tf.fixedpoint import Format
from fpga_tf.flow.judge import MODEL
from fpga_tf.flow.reference import REFERENCE, Reference, read_reference
from fpga_tf.flow.report_origin import origin_of
from fpga_tf.flow.rtl_folder import rtl_folder, rtl_of
from fpga_tf.flow.samples import EVALUATION
from fpga_tf.flow.saved import read_result
from fpga_tf.flow.settings import Settings, read_project
from fpga_tf.flow.softmax_tables import softmax_designs
from fpga_tf.hls.manifest import Manifest
from fpga_tf.process import Network
from fpga_tf.reports.design import Design
from fpga_tf.reports.project import project_design
from fpga_tf.rtl.manifest import RtlManifest, read_rtl_manifest
from fpga_tf.verdict.plots import resources, roc, waterfall
from fpga_tf.verdict.plots.bitwidths import Widths, by_head
from fpga_tf.verdict.plots.resources import Resources
from fpga_tf.verdict.plots.roc import Evaluated, Roc
from fpga_tf.verdict.plots.softmax_error import softmax_error
from fpga_tf.verdict.plots.waterfall import Waterfall
from fpga_tf.verdict.report.layers import layer_rows
from fpga_tf.verdict.report.run_page import RunPage
from fpga_tf.verdict.verdict import RunResult

_SHAPE = re.compile(r"^//Numpy array shape \[([\d, ]+)\]$", re.MULTILINE)
_VALUES = re.compile(r"^#define \w+_VALUES (.*)$", re.MULTILINE)
_KERNEL = re.compile(r"w(?:eight)?\d+\.h")  # of an array, or of rows
# which axis of an attention's kernels counts heads
_HEADS = {"query": 1, "key": 1, "value": 1, "output": 0}


def run_page(project: Path) -> RunPage:
    """Gather what is drawn.

    Raises:
        UserError: the project is damaged, was not run, or a report in it can't be understood.
    """
    manifest, settings = read_project(project)
    result = read_result(project, manifest)
    folder = rtl_folder(project)
    rtl = read_rtl_manifest(folder) if result.rtl is not None and rtl_of(folder, manifest.key) else None
    built = project_design(project, manifest.name, origin_of)
    return RunPage(
        name=manifest.name,
        about=tuple(_about(manifest)),
        result=result,
        roc=_roc(manifest, settings, result, read_reference(project / REFERENCE, manifest)),
        waterfall=_waterfall(manifest, settings, result, rtl, built),
        resources=tuple(_resources(manifest, result, built)),
        widths=tuple(layer_widths(project, manifest)),
        softmax=tuple(softmax_error(name, *design) for name, design in softmax_designs(project, manifest).items()),
        versions={**({} if rtl is None else rtl.versions), **manifest.versions},
        digests=dict(_digests(manifest, rtl)),
    )


def _about(manifest: Manifest) -> Iterator[tuple[str, str]]:
    yield "part", manifest.part
    yield "clock", f"{manifest.clock_ns:g} ns"
    yield "for", f"{manifest.backend} HLS"
    yield "shape", "unrolled" if manifest.network is None else "dataflow"
    yield "model quantised by", manifest.frontend


def _digests(manifest: Manifest, rtl: RtlManifest | None) -> Iterator[tuple[str, str]]:
    yield "project", manifest.key
    for name in (MODEL, REFERENCE):
        if name in manifest.files:
            yield name, manifest.files[name]
    if rtl is not None:
        yield "RTL", rtl.key


def _roc(manifest: Manifest, settings: Settings, result: RunResult, reference: Reference) -> Roc | None:
    if reference.labels is None or settings.classes is None or settings.signal is None:
        return None
    model = manifest.outputs[0].type.dequantise(reference.outputs[EVALUATION][0])
    stages, missing = {}, []
    if reference.float_scores is not None:
        stages[roc.FLOAT] = Evaluated(reference.float_scores, False)
    stages[roc.QUANTISED] = Evaluated(model, not settings.probabilities)
    sets = () if result.agreement is None else result.agreement.sets
    if any(one.name == EVALUATION and one.exact for one in sets):
        stages[roc.FIRMWARE] = stages[roc.QUANTISED]  # equal codes, as the run found
    else:
        missing.append("The firmware's curve is not drawn: its codes differ from the model's, and are not kept.")
    return roc.curves(stages, reference.labels, settings.classes, settings.signal, missing)


def _names(manifest: Manifest) -> dict[str, str]:
    """Layers by node."""
    return {port.node: port.name for port in manifest.layers if port.node}


def _waterfall(
    manifest: Manifest, settings: Settings, result: RunResult, rtl: RtlManifest | None, built: Design | None
) -> Waterfall | None:
    limit = settings.budget.latency_us
    budget = None if limit is None else limit * 1000.0
    if manifest.network is not None and result.dataflow is not None:
        target = manifest.clock_ns
        believed = result.dataflow.estimate.clock_ns.estimated or 0.0
        held = manifest.clock_uncertainty_percent / 100
        return waterfall.of_network(Network.read(manifest.network), target, max(target, believed), budget, held)
    if rtl is None or result.rtl is None or built is not None:
        return None  # reports of tools have a page of their own, `fpga-tf report`
    names = _names(manifest)
    spans = {names.get(node, node): levels for node, levels in rtl.spans.items()}
    clock = max(rtl.clock_ns, result.rtl.estimate.clock_ns.estimated or 0.0)
    return waterfall.of_levels(spans, rtl.latency, clock, budget)


def _resources(manifest: Manifest, result: RunResult, built: Design | None) -> list[Resources]:
    if built is not None and built.layers:
        return resources.of_layers(layer_rows(built), "reports of the HLS project")
    if result.dataflow is not None:
        return resources.of_modules(result.dataflow.estimate.modules)
    names = _names(manifest)
    costs: Mapping[str, Mapping[str, float]] = {} if result.rtl is None else result.rtl.costs
    return resources.of_costs({names.get(node, node): kinds for node, kinds in costs.items()})


def layer_widths(project: Path, manifest: Manifest) -> list[Widths]:
    """Widths of inputs and layers, heads behind theirs; a layer of several nodes has its weights at the first."""
    rows = [Widths(port.name, port.type) for port in manifest.inputs]
    seen: set[str] = set()
    for port in manifest.layers:
        if port.name in seen:
            rows.append(Widths(f"{port.name} ({port.node})", port.type))
            continue
        seen.add(port.name)
        types = {name: Format.parse(kind) for name, kind in manifest.typedefs.get(port.name, {}).items()}
        weights, bias = (_typed(types, kind) for kind in ("weight", "bias"))
        rows.append(Widths(port.name, port.type, manifest.widest.get(port.name), weights, bias))
        kernel = None if weights is None else _kernel(project, manifest, port.name)
        axis = _HEADS.get(port.name.rpartition("/")[2])
        if weights is not None and kernel is not None and kernel.ndim == 3 and axis is not None:
            rows += by_head(port.name, kernel, axis, weights)
    return rows


def _typed(types: Mapping[str, Format], kind: str) -> Format | None:
    return next((one for name, one in types.items() if re.fullmatch(rf"(?:\w+_)?{kind}\d*_t", name)), None)


def _kernel(project: Path, manifest: Manifest, layer: str) -> NDArray[np.float64] | None:
    """A layer's weights as its file has them; None where none is told."""
    for name, of in manifest.weights.items():
        if of == layer and _KERNEL.fullmatch(Path(name).name) and (project / name).is_file():
            text = (project / name).read_text("utf-8", "replace")
            shape, values = _SHAPE.search(text), _VALUES.search(text)
            if shape and values:
                numbers = np.asarray([float(value) for value in values[1].split(",")])
                sizes = [int(size) for size in shape[1].split(",")]
                return numbers.reshape(sizes) if numbers.size == np.prod(sizes) else None
    return None
