"""The calls of a top function as processes, which C-simulation may run all at once.

A process is a call of a function that is not inlined, as UG1399, "Canonical Forms", asks in a dataflow region. The
functions of unrolled layers are inlined into whoever calls them, so each of those layers gets a function of its own.
"""

from __future__ import annotations

from math import prod
from typing import Any

from fpga_tf.hls.dataflow.plan import Plan


def processes(graph: Any, made: Plan, named: dict[str, str]) -> None:
    """Wrap each node's call; see fifo.h.

    A process that reads an array which another fills waits until that one has ended, as in hardware. The arrays of the
    top's ports are there before and after.

    Args:
        graph: hls4ml's, its calls already written.
        named: hls4ml's name of each tensor.
    """
    found = {node.name: node for node in graph.get_layers()}
    last = None
    for node in made.nodes:
        layer = found[node.name]
        call = layer.get_attr("function_cpp")
        if call is None:
            continue  # an input
        call = call.rstrip(";")
        if node.kernel is None:
            call = _unrolled(layer, call, [graph.get_layer_output_variable(named[t]) for t in node.inputs])
        arrays = [_arrays(graph, made, named, tensors) for tensors in (node.inputs, node.outputs)]
        layer.set_attr("function_cpp", _process(call, *arrays))
        last = layer
    if last is not None:
        last.set_attr("function_cpp", f"{last.get_attr('function_cpp')}\n    FPGA_TF_JOIN")


def function_name(index: int) -> str:
    """Of an unrolled layer's own function; the word behind the underscore tells the layer of a module in a report."""
    return f"unrolled_config{index}"


def _unrolled(layer: Any, call: str, inputs: list[Any]) -> str:
    """Write a function around a call behind the layer's configuration; returns the call of that function."""
    arrays = [*inputs, *layer.get_variables()]
    parameters = ", ".join(f"{array.type.name} {array.name}[{prod(array.shape)}]" for array in arrays)
    name = function_name(layer.index)
    text = f"""inline void {name}({parameters}) {{
    #pragma HLS INLINE off
    #pragma HLS PIPELINE II = 1
    {call};
}}
"""
    configuration = layer.get_attr("config_cpp")
    layer.set_attr("config_cpp", text if configuration is None else f"{configuration}\n{text}")
    return f"{name}({', '.join(array.name for array in arrays)})"


def _arrays(graph: Any, made: Plan, named: dict[str, str], tensors: tuple[str, ...]) -> list[str]:
    ports = {*made.inputs, *made.outputs}
    inner = [t for t in tensors if t not in made.rows and t not in ports]
    return [graph.get_layer_output_variable(named[t]).name for t in inner]


def _process(call: str, taken: list[str], made: list[str]) -> str:
    if not taken and not made:
        return f"FPGA_TF_PROCESS({call});"
    return f"FPGA_TF_ARRAY_PROCESS(({', '.join(taken)}), ({', '.join(made)}), {call});"
