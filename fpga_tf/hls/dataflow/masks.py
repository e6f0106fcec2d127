"""Mask nodes as row kernels; the bits of a mask over rows travel as one row."""

from __future__ import annotations

import numpy as np

from fpga_tf.hls.dataflow.kernel import Constant, Kernel, Rows, Step
from fpga_tf.hls.dataflow.node import Node
from fpga_tf.process import Operation


def expand(node: Node) -> Kernel | None:
    """A mask over keys or queries, brought to rows of queries."""
    given = node.rows(0)
    n_in, rows, columns = int(node["n_in"]), int(node["n_rows"]), int(node["n_columns"])
    keep = Constant("keep", np.asarray(node["keep_data"], dtype=np.int64).ravel())
    if not given.plain or given.count * given.channels != n_in:
        return None
    if given.count > 1:
        return _keep(node, given, keep)
    strides = {name: int(node[name]) for name in ("row_stride", "column_stride")}
    path = (Operation("select", columns, (1,), n_in),)
    return Kernel(
        "mask_expand_rows",
        "mask_rows",
        node.inputs,
        Rows.of(node.shape),
        {"n_in": n_in, "n_rows": rows, "n_columns": columns, **strides},
        node.typed("in_t"),
        (keep,),
        (Step(1, (0,), False, 1), Step(rows, (), True, 1, path)),
        stored_bits=n_in,
    )


def _keep(node: Node, given: Rows, keep: Constant) -> Kernel | None:
    """Of a mask that comes as a row for each query already."""
    rows, columns = int(node["n_rows"]), int(node["n_columns"])
    if given.count != rows or int(node["row_stride"]) != given.channels:
        return None
    return Kernel(
        "mask_keep_rows",
        "mask_rows",
        node.inputs,
        Rows.of(node.shape),
        {"n_rows": rows, "n_columns": columns, "column_stride": int(node["column_stride"])},
        node.typed("in_t"),
        (keep,),
        (Step(rows, (0,), True, 1),),
    )


def both(node: Node) -> Kernel | None:
    """Two masks joined."""
    a, b = node.rows(0), node.rows(1)
    if a != b:
        return None
    return Kernel(
        "mask_and_rows",
        "mask_rows",
        node.inputs,
        a,
        {"n_rows": a.count, "n_channels": a.channels},
        node.typed("in0_t", "in1_t"),
        steps=(Step(a.count, (0, 1), True, 1),),
        whole=frozenset({0, 1}),
    )


def masking(node: Node) -> Kernel | None:
    """The mask of keras.layers.Masking: one row of a bit for each row of the input."""
    given = node.rows(0)
    if not given.plain or (given.count, given.channels) != (int(node["n_rows"]), int(node["n_channels"])):
        return None
    return Kernel(
        "masking_rows",
        "mask_rows",
        node.inputs,
        Rows.of(node.shape),
        {"n_rows": given.count, "n_channels": given.channels},
        node.typed("in_t"),
        (Constant.fixed("value", node["value_data"]),),
        (
            Step(given.count, (0,), False, 1, (Operation("maximum", 1, (1,), given.channels),)),
            Step(1, (), True, 1),
        ),
        stored_bits=given.count,
    )


def apply(node: Node) -> Kernel | None:
    """Rows that a mask leaves out become zero; the mask comes first."""
    given, mask = node.rows(0), node.rows(1)
    shape = (int(node["n_rows"]), int(node["n_channels"]))
    if not given.plain or (given.count, given.channels) != shape or (mask.count, mask.channels) != (1, shape[0]):
        return None
    return Kernel(
        "mask_apply_rows",
        "mask_rows",
        node.inputs,
        given.reshaped(node.shape),
        {"n_rows": shape[0], "n_channels": shape[1]},
        node.typed("in_t", "mask_t"),
        steps=(
            Step(1, (1,), False, 1),
            Step(shape[0], (0,), True, 1, (Operation("select", shape[1], (given.channels,), 2),)),
        ),
        stored_bits=shape[0],
        whole=frozenset({0}),
    )
