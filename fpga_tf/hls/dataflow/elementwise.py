"""Nodes that work value by value, or channel by channel, as row kernels."""

from __future__ import annotations

import numpy as np

from fpga_tf.hls.dataflow.kernel import Constant, Kernel, Rows, Step, rounded
from fpga_tf.hls.dataflow.node import Node
from fpga_tf.process import Operation


def quantise(node: Node) -> Kernel:
    """A conversion of format."""
    given = node.rows(0)
    return Kernel(
        "quantise_rows",
        "rows",
        node.inputs,
        given if given.shape == node.shape else given.reshaped(node.shape),
        {"n_rows": given.count, "n_channels": given.channels},
        node.typed("in_t"),
        steps=(Step(given.count, (0,), True, 1, (rounded(given.channels, node.out),)),),
    )


def sigmoid(node: Node) -> Kernel:
    """The entry of a table for each value."""
    given = node.rows(0)
    table = Constant("sigmoid_table", np.asarray(node["sigmoid_table_data"], dtype=np.int64))
    path = (Operation("table", given.channels, (table.width,), int(node["n_entries"])),)
    return Kernel(
        "sigmoid_rows",
        "sigmoid_rows",
        node.inputs,
        given if given.shape == node.shape else given.reshaped(node.shape),
        {
            "n_rows": given.count,
            "n_channels": given.channels,
            **{name: node[name] for name in ("in_bits", "out_bits", "n_entries")},
        },
        node.typed("in_t"),
        (table,),
        (Step(given.count, (0,), True, 1, path),),
    )


def add(node: Node) -> Kernel | None:
    """A sum of two tensors that travel alike."""
    a, b = node.rows(0), node.rows(1)
    if node["op"] != "add" or a != b:
        return None
    path = (Operation("sum", a.channels, (node.out.width,), 2),)
    return Kernel(
        "add_rows",
        "rows",
        node.inputs,
        a,
        {"n_rows": a.count, "n_channels": a.channels},
        node.typed("in0_t", "in1_t"),
        steps=(Step(a.count, (0, 1), True, 1, path),),
        whole=frozenset({0, 1}),
        ahead=frozenset({0, 1}),
    )


def concatenate(node: Node) -> Kernel | None:
    """Two tensors joined along their channels or their rows."""
    a, b, axis = node.rows(0), node.rows(1), int(node["axis"])
    if not (a.plain and b.plain) or len(node.shape) != len(a.shape):
        return None
    by_channels = axis == len(node.shape) and axis <= 2
    first = {"n_left": a.channels, "n_right": b.channels, "n_rows": a.count}
    # a tensor that was reshaped travels in other rows than its own
    if by_channels and a.count == b.count and all(rows == Rows.of(rows.shape) for rows in (a, b)):
        rows = Rows(a.count, a.channels + b.channels, node.shape, tuple(range(len(node.shape))))
        steps = (Step(a.count, (0, 1), True, 1, (rounded(rows.channels, node.out),)),)
        return Kernel(
            "concat_rows",
            "rows",
            node.inputs,
            rows,
            first,
            node.typed("in0_t", "in1_t"),
            steps=steps,
            whole=frozenset({0, 1}),
        )
    if axis == 1 and a.channels == b.channels:
        rows = Rows(a.count + b.count, a.channels, node.shape, tuple(range(len(node.shape))))
        path = (rounded(a.channels, node.out),)
        return Kernel(
            "append_rows",
            "rows",
            node.inputs,
            rows,
            {"n_first": a.count, "n_second": b.count, "n_channels": a.channels},
            node.typed("in0_t", "in1_t"),
            steps=(Step(a.count, (0,), True, 1, path), Step(b.count, (1,), True, 1, path)),
            whole=frozenset({1}),
        )
    return None


def scale_shift(node: Node) -> Kernel | None:
    """A scale and a shift for each channel."""
    given = node.rows(0)
    if not given.plain or given.channels != int(node["n_channels"]):
        return None
    x, accum = node.format(0), node.accum
    fractions = {"scale": accum.fraction - x.fraction, "shift": accum.fraction}
    constants = tuple(
        Constant.integers(name, np.broadcast_to(np.ravel(node[f"{name}_data"]), (given.channels,)), fraction)
        for name, fraction in fractions.items()
    )
    path = (
        Operation("multiply", given.channels, (x.width, constants[0].width), 1, constant=True),
        Operation("sum", given.channels, (accum.width,), 2),
        rounded(given.channels, node.out),
    )
    return Kernel(
        "scale_shift_rows",
        "rows",
        node.inputs,
        given.reshaped(node.shape),
        {"n_rows": given.count, "n_channels": given.channels},
        {**node.typed("in_t"), "accum_t": accum.ap_type},
        constants,
        (Step(given.count, (0,), True, 1, path),),
    )
