"""A lowered model -> hls4ml's graph in the dataflow shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hls4ml.model import ModelGraph

from fpga_tf.errors import InternalError
from fpga_tf.fixedpoint import Format
from fpga_tf.hls import einsum
from fpga_tf.hls.dataflow import nodes
from fpga_tf.hls.dataflow.calls import processes
from fpga_tf.hls.dataflow.network import depths, network
from fpga_tf.hls.dataflow.plan import Placed, Plan, plan
from fpga_tf.hls.shapes import Shapes
from fpga_tf.lower.context import Conversion, LayerDict, precision_text
from fpga_tf.lower.walk import Lowered
from fpga_tf.process import Network
from fpga_tf.schedule import holds_whole_samples


def dataflow_graph(
    lowered: Lowered, shapes: Shapes, tensors: tuple[tuple[str, ...], tuple[str, ...]], configuration: dict[str, Any]
) -> tuple[Any, Network, tuple[tuple[int, ...], tuple[int, ...]]]:
    """Build the graph.

    Args:
        lowered: from `fpga_tf.lower`; its state learns of the nodes that are added, and of the order of traced rows.
        tensors: names of the model's inputs and of its outputs.
        configuration: hls4ml's, for arrays; it gets the types and traces of all nodes.

    Returns:
        hls4ml's graph, what it is as a network of processes, and how many rows each port's stream has: of the inputs,
        of the outputs; 0 for an array.

    Raises:
        UserError: a row is too wide.
    """
    nodes.register()
    made = plan(lowered, shapes, *tensors)
    settings = configuration["HLSConfig"]
    settings["Model"]["PipelineStyle"] = "dataflow"
    settings["LayerName"] = _precisions(made, lowered.state)
    named = _names(made)
    layers = [_description(node, made, named) for node in made.nodes]
    inputs = [named[t] for t in made.inputs]
    outputs = [next(n.name for n in made.nodes if t in n.outputs) for t in made.outputs]
    graph = ModelGraph.from_layer_list(configuration, layers, inputs, outputs)
    graph.outputs = [named[t] for t in made.outputs]
    _travel(graph, made, named, shapes)
    processes(graph, made, named)
    _assert(graph, made, lowered.state)
    _settle(made, lowered.state)
    rows = [tuple(made.rows[t].count if t in made.rows else 0 for t in ports) for ports in (made.inputs, made.outputs)]
    design = network(made)
    if not holds_whole_samples(design):
        raise InternalError("every FIFO must be deep enough that no schedule can deadlock")
    return graph, design, (rows[0], rows[1])


def _precisions(made: Plan, state: Conversion) -> dict[str, Any]:
    traced = {tap.node for tap in state.taps}
    for node in made.nodes:
        state.owners.setdefault(node.name, node.layer)
        state.precisions.setdefault(node.name, {"result": precision_text(made.formats[node.outputs[0]])})
    return {node.name: {"Precision": state.precisions[node.name], "Trace": node.name in traced} for node in made.nodes}


def _names(made: Plan) -> dict[str, str]:
    """What hls4ml calls each tensor."""
    named = {}
    for node in made.nodes:
        for i, tensor in enumerate(node.outputs):
            named[tensor] = node.name if len(node.outputs) == 1 else f"{node.name}/{i}"
    return named


def _description(node: Placed, made: Plan, named: dict[str, str]) -> LayerDict:
    inputs = [named[t] for t in node.inputs]
    if node.kernel is None:
        assert node.lowered is not None
        return {**einsum.own(node.lowered), "inputs": inputs}
    return {
        "class_name": nodes.FpgaTfProcess.__name__,
        "name": node.name,
        "inputs": inputs,
        "outputs": [named[t] for t in node.outputs],
        "out_shape": made.shapes[node.outputs[0]],
        "kernel": node.kernel,
    }


def _travel(graph: Any, made: Plan, named: dict[str, str], shapes: Shapes) -> None:
    """FIFOs and ports in place of arrays."""
    held = depths(made)
    ports = {*made.inputs, *made.outputs}
    for tensor, rows in made.rows.items():
        if tensor not in named:
            continue  # another name for the rows of one that is
        variable = graph.get_layer_output_variable(named[tensor])
        if tensor in ports:
            node = next(n for n in graph.get_layers() if named[tensor] in n.outputs)
            nodes.make_port(variable, rows, _port_type(node, variable))
            node.set_attr(named[tensor], variable)  # hls4ml writes the types that a node learns of in this way
        else:
            nodes.make_fifo(variable, rows, held[tensor])
    graph.config.config["IOType"] = shapes.io_type


def _port_type(node: Any, variable: Any) -> str:
    """The name of its rows' type; copies for ports and for FIFOs have two types, both of which hls4ml must define."""
    name = str(variable.type.name)
    if len(node.outputs) == 1:
        return name
    if node.get_attr("copied_t") is None:
        node.set_attr("copied_t", variable.type)
    return f"{name.removesuffix('_t')}_port_t"


def _assert(graph: Any, made: Plan, state: Conversion) -> None:
    """Every node must be the one we asked for, in the types we asked for."""
    found = {node.name: node for node in graph.get_layers()}
    planned = {node.name: node for node in made.nodes}
    if set(found) != set(planned):
        differing = sorted(set(found) ^ set(planned))
        raise InternalError(f"hls4ml must keep the nodes it is given; it does not keep, or adds, {differing}")
    for name, node in planned.items():
        for tensor, variable in zip(node.outputs, found[name].get_variables(), strict=True):
            text, precision = precision_text(made.formats[tensor]), variable.type.precision
            if str(Format.parse(str(precision))) != str(Format.parse(text)):
                raise InternalError(f"hls4ml must give {name}'s result the type {text}, not {precision}")


def _settle(made: Plan, state: Conversion) -> None:
    """Tell those who compare layers in which order rows come, and which are left out."""
    orders = {n.name: made.rows[n.outputs[0]].order for n in made.nodes if n.outputs[0] in made.rows}
    there = {node.name for node in made.nodes}
    state.taps[:] = [replace(tap, order=orders.get(tap.node, ())) for tap in state.taps if tap.node in there]
