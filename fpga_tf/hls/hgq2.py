"""HGQ2 models: our own nodes, every type stated from the ranges of exact values and asserted afterwards.

hls4ml 1.3 has handlers and a bit-exact pass for HGQ2. They are not used, as some models come out wrong without a word:
where training has left the inverse table of a softmax no bits, where an unsigned format wraps what is below zero, where
a tensor is read by a reshape and another layer, or is an output as well. Scaled quantisers and masks are ignored.
"""

from __future__ import annotations

from typing import Any

from hls4ml.model import ModelGraph

from fpga_tf.errors import UserError
from fpga_tf.hls import einsum, nodes
from fpga_tf.hls.convert import Converted, Target, assert_graph, check_cpp_names, configuration
from fpga_tf.hls.hgq2_attention import attention, check_attention
from fpga_tf.hls.hgq2_inputs import input_ports
from fpga_tf.hls.hgq2_layers import handler_of
from fpga_tf.hls.hgq2_lower import Lowering
from fpga_tf.lower.context import Conversion, located
from fpga_tf.lower.inputs import InputPort
from fpga_tf.lower.operators.call import Call
from fpga_tf.models.graph import calls


def convert_hgq2(model: Any, target: Target) -> Converted:
    """Convert a functional HGQ2 model.

    Raises:
        UserError: a layer has no node, or its options cannot be honoured.
    """
    nodes.register()
    einsum.register()
    low, ports = lower_hgq2(model)
    made: dict[str, str] = {}
    for node in low.nodes:
        node["inputs"] = [made[name] for name in node["input_keras_tensor_names"]]
        made |= dict.fromkeys(node["output_keras_tensor_names"], node["name"])
    names = ([made[t.name] for t in tensors] for tensors in (model.inputs, model.outputs))
    graph = ModelGraph.from_layer_list(
        configuration(model, target, low.state), list(map(einsum.own, low.nodes)), *names
    )
    assert_graph(graph, low.state)
    check_cpp_names(graph, target)
    return Converted(graph, low.state, ports, [low.state.format_of(t) for t in model.outputs])


def lower_hgq2(model: Any) -> tuple[Lowering, list[InputPort]]:
    """All nodes of a functional HGQ2 model, and its inputs.

    Raises:
        UserError: a layer has no node, or its options cannot be honoured.
    """
    names = [t.name for t in model.outputs]
    if len(set(names)) != len(names):
        raise UserError("an output of a model must be given once")
    found = [Call(c.layer, c.inputs, c.outputs, c.arguments()) for c in calls(model)]
    handlers = [handler_of(call.layer) for call in found]
    for call, handler in zip(found, handlers, strict=True):
        if handler is attention:
            check_attention(call)
    low = Lowering(model, Conversion(outputs=frozenset(names)))
    ports = input_ports(low)
    for call, handler in zip(found, handlers, strict=True):
        with located(f"layer {call.layer.name}"):
            handler(low, call)
    return low, ports
