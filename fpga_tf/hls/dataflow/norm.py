"""Layer normalisation and means as row kernels."""

from __future__ import annotations

import numpy as np

from fpga_tf.hls.dataflow.kernel import Constant, Kernel, Rows, Step, rounded
from fpga_tf.hls.dataflow.node import Node
from fpga_tf.lower.operators.layer_norm import DIVISION
from fpga_tf.process import Operation


def layer_norm(node: Node) -> Kernel | None:
    """A normalisation of each row."""
    given, n = node.rows(0), int(node["n_slice"])
    if not given.plain or given.channels != n:
        return None
    names = [f"{stage}_{name}" for stage in ("mean", "variance") for name in DIVISION]
    names += ["variance_bits", "guard", "epsilon_code", "half", "address_bits", "n_roots", "root_bits"]
    table = Constant("root_table", np.asarray(node["root_table_data"], dtype=np.int64))
    gamma, beta = (Constant.fixed(name, node[f"{name}_data"]) for name in ("gamma", "beta"))
    types = {**node.typed("in_t"), **node["typedefs"]}
    return Kernel(
        "layer_norm_rows",
        "layer_norm_rows",
        node.inputs,
        given.reshaped(node.shape),
        {"n_rows": given.count, "n_slice": n, **{name: node[name] for name in names}},
        types,
        (gamma, beta, table),
        (Step(given.count, (0,), True, 1, _path(node, n, gamma.width)),),
    )


def _path(node: Node, n: int, gamma: int) -> tuple[Operation, ...]:
    """Mean, deviation, variance, table, scale and shift."""
    design = node["design"]
    f = design.formats
    d, r = f.deviation.width, f.inverse.width
    return (
        Operation("sum", 1, (int(node["mean_sum_bits"]),), n),
        *_division(node, 1, "mean_"),
        rounded(1, f.mean),
        Operation("sum", n, (d,), 2),
        Operation("multiply", n, (d, d)),
        Operation("sum", 1, (int(node["variance_sum_bits"]),), n),
        *_division(node, 1, "variance_"),
        rounded(1, f.variance),
        Operation("shift", 1, (2 * int(node["half"]) + 2,), int(node["half"]) + 1),
        Operation("table", 1, (int(node["root_bits"]),), int(node["n_roots"])),
        Operation("shift", 1, (int(node["root_bits"]),), int(node["half"]) + 1),
        Operation("multiply", n, (d, r)),
        Operation("multiply", n, (d + r, gamma), 1, constant=True),
        Operation("sum", n, (node.out.width,), 2),
        rounded(n, node.out),
    )


def mean(node: Node) -> Kernel | None:
    """A mean over rows."""
    given = node.rows(0)
    if not given.plain or (given.count, given.channels) != (int(node["n_rows"]), int(node["n_channels"])):
        return None
    width, channels = int(node["sum_bits"]), given.channels
    names = ("sum_bits", "num_bits", "wide_bits", "up", "den", "offset", "magic", "shift", "nearest", "ties_to_even")
    return Kernel(
        "mean_rows",
        "mean_rows",
        node.inputs,
        Rows.of(node.shape),
        {"n_rows": given.count, "n_channels": channels, **{name: node[name] for name in names}},
        {**node.typed("in_t"), **node["typedefs"]},
        steps=(
            Step(given.count, (0,), False, 1, (Operation("sum", channels, (width,), 2),)),
            Step(1, (), True, 1, (*_division(node, channels), rounded(channels, node.out))),
        ),
        stored_bits=channels * width,
    )


def _division(node: Node, count: int, stage: str = "") -> tuple[Operation, ...]:
    """Products with the factor of mean.h; a division by a power of two moves the point and is no hardware."""
    factor = int(node[f"{stage}magic"])
    bits = int(node[f"{stage}num_bits"]), factor.bit_length()
    return () if factor == 1 else (Operation("multiply", count, bits, 1, constant=True),)
