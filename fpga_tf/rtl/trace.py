"""Traces a lowered model: from nodes to one combinational graph of adders, multipliers, tables and selections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from da4ml.trace import FixedVariableArray, comb_trace

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.lower.walk import Lowered
from fpga_tf.rtl.numbers import HARDWARE, Numbers, array_of, convert
from fpga_tf.rtl.operators import elementwise, linear, mask, mean, softmax
from fpga_tf.rtl.operators.node import Node, Operator


@dataclass(frozen=True)
class Traced:
    """A model as one combinational graph.

    Attributes:
        graph: da4ml's `CombLogic`; flat inputs and outputs, each in the order of the ports.
        inputs, outputs: formats of the ports.
        input_shapes, output_shapes: without the batch.
        depth: levels of logic at which each layer's result is ready, by layer in the order of the firmware.
    """

    graph: Any
    inputs: tuple[Format, ...]
    outputs: tuple[Format, ...]
    input_shapes: tuple[tuple[int, ...], ...]
    output_shapes: tuple[tuple[int, ...], ...]
    depth: dict[str, float]


def operators() -> dict[str, Operator]:
    """Operators by class name of the node; kernels that repeat are solved once."""
    kernels = linear.Kernels()

    def einsum_dense(node: Node) -> Numbers:
        return linear.einsum_dense(node, kernels)

    def rational_mean(node: Node) -> Numbers:
        return mean.mean(node, kernels)

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
        "FpgaTfMasking": mask.masking,
        "FpgaTfMaskApply": mask.apply,
        "FpgaTfMaskExpand": mask.expand,
        "FpgaTfMaskAnd": mask.both,
    }


def trace(model: Any, lowered: Lowered, advance: Callable[[str], None] | None = None) -> Traced:
    """Trace a model.

    Args:
        model: the Keras model that was lowered.
        advance: called with the name of each node before it is traced.

    Raises:
        UserError: a node has no operator here.
    """
    known, formats = operators(), lowered.state.formats
    tensors: dict[str, Numbers] = {}
    owners = {tap.node: tap.layer for tap in lowered.state.taps}
    depth: dict[str, float] = {}
    for description in lowered.nodes:
        kind, name = description["class_name"], description["name"]
        (output,) = description["output_keras_tensor_names"]
        if advance is not None:
            advance(name)
        if kind == "InputLayer":
            tensors[output] = _input(formats[output], tuple(description["input_shape"]))
            continue
        if kind not in known:
            raise UserError(f"a node must be one of {', '.join(sorted(known))} to become RTL, not {kind}", where=name)
        sources = description["input_keras_tensor_names"]
        node = Node(description, [tensors[s] for s in sources], [formats[s] for s in sources], formats[output])
        exact = known[kind](node)
        tensors[output] = array_of((convert(number, node.format) for number in exact.ravel()), exact.shape)
        ready = max(float(number.latency) for number in tensors[output].ravel())
        depth[owners.get(name, name)] = ready
    graph = comb_trace(_flat([tensors[t.name] for t in model.inputs]), _flat([tensors[t.name] for t in model.outputs]))
    return Traced(
        graph=graph,
        inputs=tuple(port.format for port in lowered.inputs),
        outputs=tuple(lowered.outputs),
        input_shapes=tuple(tuple(int(s) for s in t.shape[1:]) for t in model.inputs),
        output_shapes=tuple(tuple(int(s) for s in t.shape[1:]) for t in model.outputs),
        depth=depth,
    )


def _input(fmt: Format, shape: tuple[int, ...]) -> Numbers:
    """Numbers of a port: whatever its format holds."""
    whole = np.ones(shape, dtype=np.int64)
    given = FixedVariableArray.from_kif(
        whole * int(fmt.signed), whole * fmt.integer, whole * fmt.fraction, hwconf=HARDWARE
    )
    return array_of(given._vars.ravel(), shape)


def _flat(arrays: list[Numbers]) -> Numbers:
    return np.concatenate([array.ravel() for array in arrays])
