"""Reads the model that is explained, lowers it, and brings its hardware shapes side by side. Imports TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fpga_tf.errors import InternalError, UserError
from fpga_tf.flow.explain_layers import Described
from fpga_tf.flow.explain_shapes import UNROLLED, Side, dataflow_side
from fpga_tf.flow.judge import MODEL
from fpga_tf.flow.settings import read_project
from fpga_tf.hls.shapes import LayerShape, Shapes

if TYPE_CHECKING:
    from fpga_tf.fixedpoint import Format
    from fpga_tf.flow.explain import Source
    from fpga_tf.hls.candidates import Candidates

_BETWEEN = "parallel, between arrays"


def read(source: Source) -> tuple[Any, Shapes | None, list[str]]:
    """The quantised model, the shapes of its layers if the configuration tells them, and notes.

    Raises:
        UserError: the model cannot be read, quantised or shaped.
    """
    from fpga_tf.flow import models
    from fpga_tf.flow.model_shapes import shapes as shapes_for
    from fpga_tf.flow.shapes import shapes_of
    from fpga_tf.models.read import read_model

    config = source.config
    if source.project is not None:
        model = read_model(source.project / MODEL)
        known = config is not None and config.hls.shape != "auto"
        return model, shapes_of(config.hls) if config is not None and known else None, []
    if config is None:
        raise InternalError("a model must come from a project or a configuration")
    loaded = models.load(config, source.frontend)
    shapes, told = shapes_for(config, loaded)
    return loaded.model, shapes, [*loaded.notes, *told]


def describe(source: Source, model: Any, shapes: Shapes | None, costs: Mapping[str, float] | None) -> Described:
    """What is known of the model's layers.

    Args:
        shapes: of the layers; None: those of the project's design.
        costs: da4ml's LUTs by node.
    """
    if source.frontend == "hgq2":
        return _hgq2(model, costs)
    from fpga_tf.hls.candidates import Candidates

    candidates = Candidates(model, _declared(source, model))
    lowered = candidates.lowered
    by_node = candidates.operations().by_node
    return Described(model, lowered.nodes, lowered.state, by_node, _sides(source, candidates, shapes), costs)


def _declared(source: Source, model: Any) -> Format | None:
    """The format of inputs that no quantiser reads first."""
    from fpga_tf.fixedpoint import Format
    from fpga_tf.lower.inputs import input_ports

    if source.config is not None and source.config.model.input_precision is not None:
        return Format.parse(source.config.model.input_precision)
    if source.project is None:
        return None
    try:
        input_ports(model, None)
    except UserError:
        ports = read_project(source.project)[0].inputs
        return next(port.type for port in ports if port.type.width > 1)
    return None


def _sides(source: Source, candidates: Candidates, shapes: Shapes | None) -> tuple[Side, ...]:
    """The unrolled design, and one whose rows pass through FIFOs, where a row is not too wide."""
    told: dict[str, Any] = {
        "top": source.name, "part": source.part, "clock_ns": source.clock_ns, "path": str(source.origin),
        "uncertainty": source.clock_uncertainty_percent / 100,
    }  # fmt: skip
    network = source.network
    if network is None and shapes is not None and shapes.dataflow:
        network = candidates.network(shapes)
    unrolled = Side(candidates.network(Shapes()), {}, "parallel", {}, None if network is None else frozenset())
    if network is not None:
        names = {} if shapes is None else {layer: _name(shapes.of(layer)) for layer in candidates.layers}
        names |= {process.layer: _BETWEEN for process in network.processes if process.kind == UNROLLED}
        return unrolled, dataflow_side(network, "dataflow", names, None, **told)
    try:
        other = candidates.network(Shapes(LayerShape("dataflow")))
    except UserError:
        return (unrolled,)
    return unrolled, dataflow_side(other, _name(LayerShape("dataflow")), {}, frozenset(), **told)


def _name(shape: LayerShape) -> str:
    if shape.shape == "parallel":
        return "parallel"
    return f"dataflow, reuse {shape.reuse_factor}" + (", heads in turn" if shape.heads == "in_turn" else "")


def _hgq2(model: Any, costs: Mapping[str, float] | None) -> Described:
    """Formats by value: only the unrolled shape."""
    from fpga_tf.hls.bitops import hgq2_bit_operations, range_widths
    from fpga_tf.hls.hgq2 import lower_hgq2

    low, _ = lower_hgq2(model)
    widths = {name: range_widths(found) for name, found in low.ranges.items()}
    spans = {name: (int(found.min()), int(found.max())) for name, found in widths.items()}
    side = Side(None, {}, "parallel", {}, None)
    return Described(model, low.nodes, low.state, hgq2_bit_operations(low).by_node, (side,), costs, spans)
