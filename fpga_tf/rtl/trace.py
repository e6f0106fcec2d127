"""Traces a lowered model: from nodes to one combinational graph of adders, multipliers, tables and selections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from da4ml.trace import FixedVariableArray, comb_trace

from fpga_tf.errors import InternalError, UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.fixedpoint.format import Codes
from fpga_tf.lower.walk import Lowered
from fpga_tf.rtl.conversion import convert
from fpga_tf.rtl.costs import Costs
from fpga_tf.rtl.numbers import HARDWARE, WIDEST, WIDEST_CUT, Numbers, array_of
from fpga_tf.rtl.operators import elementwise, layer_norm, linear, mask, mean, sigmoid, softmax
from fpga_tf.rtl.operators.node import Node, Operator
from fpga_tf.rtl.ports import input_values, output_codes

# da4ml's codes of operations: constants; tables; inputs, rectifiers, bits that are cut out of a number, selections.
_CONSTANT, _TABLE = 5, 8
_CUTS = (-1, 2, -2, 3, -3, 6, -6)
_ENTRY = 1 << 31  # where it lets the entries of a table run over
_SELECTIONS, _KEY = (6, -6), (1 << 32) - 1  # the number that selects is in the low bits of the data


@dataclass(frozen=True)
class Traced:
    """A model as one combinational graph.

    Attributes:
        graph: da4ml's `CombLogic`; flat inputs and outputs, each in the order of the ports.
        inputs, outputs: formats of the ports.
        input_shapes, output_shapes: without the batch.
        costs: da4ml's count of LUTs by node and kind of operation; their sum is the graph's.
        spans: levels of logic at which each node's operations begin and end; empty if not known by node.
    """

    graph: Any
    inputs: tuple[Format, ...]
    outputs: tuple[Format, ...]
    input_shapes: tuple[tuple[int, ...], ...]
    output_shapes: tuple[tuple[int, ...], ...]
    costs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    spans: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def operators() -> dict[str, Operator]:
    """Operators by class name of the node; kernels that repeat are solved once."""
    kernels = linear.Kernels()

    def einsum_dense(node: Node) -> Numbers:
        return linear.einsum_dense(node, kernels)

    def rational_mean(node: Node) -> Numbers:
        return mean.mean(node, kernels)

    def normalised(node: Node) -> Numbers:
        return layer_norm.layer_norm(node, kernels)

    return {
        "EinsumDense": einsum_dense,
        "Einsum": linear.einsum,
        "FpgaTfScaleShift": linear.scale_shift,
        "FpgaTfQuantise": elementwise.same,
        "Merge": elementwise.add,
        "Reshape": elementwise.reshape,
        "Transpose": elementwise.transpose,
        "Concatenate": elementwise.concatenate,
        "FpgaTfMean": rational_mean,
        "FpgaTfSoftmax": softmax.softmax,
        "FpgaTfSigmoid": sigmoid.sigmoid,
        "FpgaTfLayerNorm": normalised,
        "FpgaTfMasking": mask.masking,
        "FpgaTfMaskApply": mask.apply,
        "FpgaTfMaskExpand": mask.expand,
        "FpgaTfMaskAnd": mask.both,
    }


def trace(model: Any, lowered: Lowered) -> Traced:
    """Trace a model.

    Args:
        model: the Keras model that was lowered.

    Raises:
        UserError: a node has no operator here, or an exact result is too wide.
    """
    known, formats = operators(), lowered.state.formats
    tensors: dict[str, Numbers] = {}
    costs = Costs()
    for description in lowered.nodes:
        (output,) = description["output_keras_tensor_names"]
        tensors[output] = _traced(description, known, tensors, formats)
        costs.add(description["name"], tensors[output].ravel())
    outputs = [tensors[t.name] for t in model.outputs]
    graph = comb_trace(_flat([tensors[t.name] for t in model.inputs]), _flat(outputs), keep_dead_inputs=True)
    check_graph(graph)
    return Traced(
        graph=graph,
        inputs=tuple(port.format for port in lowered.inputs),
        outputs=tuple(lowered.outputs),
        input_shapes=tuple(tuple(int(s) for s in t.shape[1:]) for t in model.inputs),
        output_shapes=tuple(array.shape for array in outputs),
        costs=costs.by_node,
        spans=costs.spans,
    )


def _traced(
    description: Mapping[str, Any],
    known: Mapping[str, Operator],
    tensors: Mapping[str, Numbers],
    formats: Mapping[str, Format],
) -> Numbers:
    kind, (output,) = description["class_name"], description["output_keras_tensor_names"]
    if kind == "InputLayer":
        return _input(formats[output], tuple(description["input_shape"]))
    if kind not in known:
        raise UserError(
            f"a node must be one of {', '.join(sorted(known))} to become RTL, not {kind}", where=description["name"]
        )
    sources = description["input_keras_tensor_names"]
    node = Node(description, [tensors[name] for name in sources], [formats[name] for name in sources], formats[output])
    exact = known[kind](node)
    return array_of((convert(number, node.format) for number in exact.ravel()), exact.shape)


def _input(fmt: Format, shape: tuple[int, ...]) -> Numbers:
    """Numbers of a port: whatever its format holds."""
    whole = np.ones(shape, dtype=np.int64)
    given = FixedVariableArray.from_kif(
        whole * int(fmt.signed), whole * fmt.integer, whole * fmt.fraction, hwconf=HARDWARE
    )
    return array_of(given._vars.ravel(), shape)


def _flat(arrays: Sequence[Numbers]) -> Numbers:
    return np.concatenate([array.ravel() for array in arrays])


def check_graph(graph: Any) -> None:
    """Refuse what da4ml would compute wrongly without saying so.

    Raises:
        UserError: a result is too wide.
        InternalError: a constant lost bits, or a bit of a wider number selects.
    """
    for op in graph.ops:
        low, high, step = (float(value) for value in op.qint)
        width, widest = int((high - low) / step).bit_length(), WIDEST_CUT if op.opcode in _CUTS else WIDEST
        if width > widest:
            raise UserError(
                f"exact results must have at most {widest} bits here to become RTL, not {width}",
                hint="quantise activations or kernels to fewer bits",
            )
        if op.opcode == _TABLE and max(-low, high) / step >= _ENTRY:
            raise UserError(
                f"entries of tables must have at most {_ENTRY.bit_length() - 1} bits here to become RTL",
                hint="give a softmax's scores or weights fewer bits",
            )
        if op.opcode == _CONSTANT and op.data * step != low:
            raise InternalError(f"da4ml must keep the constant {low}, not make {op.data * step} of it")
        if op.opcode in _SELECTIONS:
            least, most, unit = graph.ops[op.data & _KEY].qint
            if least >= 0 and most > unit:  # its interpreter takes another bit than its Verilog
                raise InternalError("what selects must be a sign or a bit of its own, not the highest bit of a number")


def codes(traced: Traced, inputs: Sequence[Codes]) -> list[Codes]:
    """Outputs of the graph by da4ml's interpreter.

    Args:
        inputs: codes of each port, shape (samples, *shape).

    Returns:
        Codes of each output, shape (samples, *shape).
    """
    values = traced.graph.predict(np.ascontiguousarray(input_values(traced.inputs, inputs)))
    return output_codes(traced.outputs, traced.output_shapes, np.asarray(values, dtype=np.float64))
