"""What hardware a node is that works on arrays, all values at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np

from fpga_tf.hls.dataflow.kernel import Kernel
from fpga_tf.hls.dataflow.node import Node
from fpga_tf.process import Operation


def unrolled(node: Node, kernel_of: Callable[[Node], Kernel | None] | None) -> tuple[Operation, ...]:
    """Operations in series.

    Args:
        node: whose inputs are taken to come in the order of their arrays.
        kernel_of: makes its row kernel, of which every iteration is then there at once; None if there is none.
    """
    if node.kind == "EinsumDense":
        return _dense(node)
    if node.kind == "Einsum":
        return _einsum(node)
    kernel = None if kernel_of is None else kernel_of(node)
    steps = () if kernel is None else kernel.steps
    return tuple(replace(one, count=one.count * step.iterations) for step in steps for one in step.path)


def _dense(node: Node) -> tuple[Operation, ...]:
    x, rest = node["equation"].split(",")
    kernel = rest.split("->")[0]
    sizes = dict(zip(x, node["inp_shape"], strict=True))
    free = prod(sizes[a] for a in x if a not in kernel)
    weights = node["weight_data"]
    width = int(np.abs(weights * 2.0**node.accum.fraction).max()).bit_length() + 1 - node.format(0).fraction
    outputs = prod(node["out_shape"])
    return (
        Operation("multiply", int(np.count_nonzero(weights)) * free, (node.format(0).width, max(width, 1)), 1, True),
        Operation("sum", outputs, (node.accum.width,), max(weights.size * free // outputs, 1)),
        Operation("round", outputs, (node.out.width,)),
    )


def _einsum(node: Node) -> tuple[Operation, ...]:
    left, rest = node["equation"].split(",")
    right, out = rest.split("->")
    sizes = {**dict(zip(left, node["inp0_shape"], strict=True)), **dict(zip(right, node["inp1_shape"], strict=True))}
    products, outputs = prod(sizes.values()), prod(sizes[a] for a in out)
    return (
        Operation("multiply", products, (node.format(0).width, node.format(1).width)),
        Operation("sum", outputs, (node.accum.width,), products // outputs),
        Operation("round", outputs, (node.out.width,)),
    )
