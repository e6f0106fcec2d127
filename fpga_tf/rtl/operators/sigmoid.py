"""The sigmoid of `fpga_tf.fixedpoint.sigmoid`, in traced numbers."""

from __future__ import annotations

import numpy as np

from fpga_tf.rtl.numbers import Numbers, array_of, tabulated
from fpga_tf.rtl.operators.node import Node


def sigmoid(node: Node) -> Numbers:
    """A look-up for each number; the entries have the node's format already."""
    scale, lsb = 2.0 ** node.input_formats[0].fraction, node.format.lsb
    entries = np.asarray(node["sigmoid_table_data"], dtype=np.int64)

    def entry(values: np.ndarray) -> np.ndarray:
        return np.asarray(entries[np.rint(values * scale).astype(np.int64) & (len(entries) - 1)] * lsb)

    return array_of((tabulated(number, entry) for number in node.inputs[0].ravel()), node["out_shape"])
