"""The calls of a top function as processes, which C-simulation may run all at once."""

from __future__ import annotations

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
        call = found[node.name].get_attr("function_cpp")
        if call is None:
            continue  # an input
        arrays = [_arrays(graph, made, named, tensors) for tensors in (node.inputs, node.outputs)]
        found[node.name].set_attr("function_cpp", _process(call.rstrip(";"), *arrays))
        last = found[node.name]
    if last is not None:
        last.set_attr("function_cpp", f"{last.get_attr('function_cpp')}\n    FPGA_TF_JOIN")


def _arrays(graph: Any, made: Plan, named: dict[str, str], tensors: tuple[str, ...]) -> list[str]:
    ports = {*made.inputs, *made.outputs}
    inner = [t for t in tensors if t not in made.rows and t not in ports]
    return [graph.get_layer_output_variable(named[t]).name for t in inner]


def _process(call: str, taken: list[str], made: list[str]) -> str:
    if not taken and not made:
        return f"FPGA_TF_PROCESS({call});"
    return f"FPGA_TF_ARRAY_PROCESS(({', '.join(taken)}), ({', '.join(made)}), {call});"
