"""Products with constant kernels, and of two tensors."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from da4ml.cmvm import QInterval, solve

from fpga_tf.errors import InternalError
from fpga_tf.rtl.numbers import FLOAT32_BITS, Number, Numbers, array_of, is_constant, total, value_of
from fpga_tf.rtl.operators.node import Node

# How much deeper than a tree of adders the shared terms of a kernel may be, in adders.
EXTRA_DEPTH = 2


class Kernels:
    """Adder graphs of constant matrices; rows of a sequence share one."""

    def __init__(self) -> None:
        self.solved: dict[Any, Any] = {}

    def product(self, kernel: np.ndarray, row: Numbers) -> Numbers:
        """``row @ kernel``.

        Args:
            kernel: exact values, shape (inputs, outputs).
            row: numbers, shape (inputs,).
        """
        spans = tuple((float(x.low), float(x.high), float(x.step), float(x.latency)) for x in row)
        key = kernel.tobytes(), kernel.shape, spans
        if key not in self.solved:
            exact = np.ascontiguousarray(kernel, dtype=np.float32)
            if not np.array_equal(exact, kernel):
                raise InternalError(f"a kernel must have at most {FLOAT32_BITS} significant bits")
            self.solved[key] = solve(
                exact,
                qintervals=[QInterval(low, high, step) for low, high, step, _ in spans],
                latencies=[latency for *_, latency in spans],
                adder_size=1,
                carry_size=-1,
                hard_dc=EXTRA_DEPTH,
            )
        found: Numbers = self.solved[key](row)
        return found


def einsum_dense(node: Node, kernels: Kernels) -> Numbers:
    """An einsum with a constant kernel, and a bias."""
    axes = _Axes(node["equation"])
    kernel = np.asarray(node["weight_data"])
    sizes = dict(zip(axes.weights, kernel.shape, strict=True))
    summed = prod(sizes[axis] for axis in axes.summed)
    matrices = _moved(kernel, axes.weights, axes.kept + axes.summed + axes.made)
    matrices = matrices.reshape(prod(sizes[axis] for axis in axes.kept), summed, -1)
    data = _moved(node.inputs[0], axes.data, axes.kept + axes.free + axes.summed)
    outer = data.shape[: len(axes.kept + axes.free)]
    found = []
    for matrix, rows in zip(matrices, data.reshape(len(matrices), -1, summed), strict=True):
        found += [kernels.product(np.ascontiguousarray(matrix), row) for row in rows]
    numbers = (number for row in found for number in np.ravel(row))
    result = array_of(numbers, (*outer, *(sizes[axis] for axis in axes.made)))
    result = _moved(result, axes.kept + axes.free + axes.made, axes.out)
    return result if node["bias_data"] is None else added(result, np.asarray(node["bias_data"]))


class _Axes:
    """Axes of an einsum of data and a kernel.

    Attributes:
        data, weights, out: of the operands and the result.
        summed: of both, not of the result; kept: of all three; free: of the data alone; made: of the kernel alone.
    """

    def __init__(self, equation: str) -> None:
        left, self.out = equation.split("->")
        self.data, self.weights = left.split(",")
        self.summed = "".join(axis for axis in self.data if axis in self.weights and axis not in self.out)
        self.kept = "".join(axis for axis in self.data if axis in self.weights and axis in self.out)
        self.free = "".join(axis for axis in self.data if axis not in self.weights)
        self.made = "".join(axis for axis in self.weights if axis not in self.data)


def _moved(array: np.ndarray, axes: str, order: str) -> np.ndarray:
    return np.transpose(array, [axes.index(axis) for axis in order])


def added(numbers: Numbers, constants: np.ndarray) -> Numbers:
    """Constants added, broadcast; nothing is added for a zero."""
    pairs = zip(numbers.ravel(), np.broadcast_to(constants, numbers.shape).ravel(), strict=True)
    return array_of((number + float(value) if value else number for number, value in pairs), numbers.shape)


def einsum(node: Node) -> Numbers:
    """An einsum of two tensors, each output a tree of sums."""
    left, out = node["equation"].split("->")
    names = left.split(",")
    sizes: dict[str, int] = {}
    for name, x in zip(names, node.inputs, strict=True):
        sizes.update(zip(name, x.shape, strict=True))
    summed = [axis for axis in sizes if axis not in out]
    results = []
    for place in np.ndindex(*(sizes[axis] for axis in out)):
        at = dict(zip(out, place, strict=True))
        terms = []
        for inner in np.ndindex(*(sizes[axis] for axis in summed)):
            at.update(zip(summed, inner, strict=True))
            one, other = (x[tuple(at[axis] for axis in name)] for name, x in zip(names, node.inputs, strict=True))
            terms.append(product(one, other))
        results.append(total(terms))
    return array_of(results, [sizes[axis] for axis in out])


def product(one: Number, other: Number) -> Number:
    """The exact product."""
    if is_constant(one):
        one, other = other, one
    return one * value_of(other) if is_constant(other) else one * other


def scale_shift(node: Node) -> Numbers:
    """Per-channel scale and shift of the last axis."""
    x = node.inputs[0]
    scale = np.broadcast_to(np.asarray(node["scale_data"]), x.shape).ravel()
    scaled = array_of((number * float(s) for number, s in zip(x.ravel(), scale, strict=True)), x.shape)
    return added(scaled, np.asarray(node["shift_data"]))
