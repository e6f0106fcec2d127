"""Nodes whose numbers are converted, added or moved."""

from __future__ import annotations

import numpy as np

from fpga_tf.rtl.numbers import Numbers, array_of
from fpga_tf.rtl.operators.node import Node


def same(node: Node) -> Numbers:
    """The input; what the node does is the conversion into its format. A last Reshape is one of these too."""
    return node.inputs[0].reshape(tuple(node["out_shape"]))


def add(node: Node) -> Numbers:
    """The sum of two tensors of one shape."""
    one, other = node.inputs
    return array_of((a + b for a, b in zip(one.ravel(), other.ravel(), strict=True)), one.shape)


def reshape(node: Node) -> Numbers:
    """The same numbers under another shape."""
    return node.inputs[0].reshape(tuple(node["target_shape"]))


def transpose(node: Node) -> Numbers:
    """Axes in another order."""
    return np.transpose(node.inputs[0], node["perm"])


def concatenate(node: Node) -> Numbers:
    """Two tensors joined along an axis, which counts the batch."""
    return np.concatenate(list(node.inputs), axis=node["axis"] - 1)
