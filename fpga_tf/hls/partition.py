"""Arrays that are cut into registers: how large Vivado HLS must let them be."""

from __future__ import annotations

from math import prod
from typing import Any

# what hls4ml allows if it is not told otherwise; Vivado HLS alone allows 1024
USUAL = 4096


def allow_arrays(graph: Any) -> None:
    """Have the project's script allow the largest array of its design; Vivado HLS refuses larger ones (XFORM 203-103).

    Args:
        graph: hls4ml's, not written yet.
    """
    graph.config.config["MaximumSize"] = max(USUAL, *map(_largest, graph.get_layers()))


def _largest(node: Any) -> int:
    """Elements of a node's largest array: values that are no stream, constants, matrices that a row kernel holds.

    What only has another shape (a Reshape) is the array of someone else, and has no pragma.
    """
    kernel = node.get_attr("kernel")
    values = [prod(v.shape) for v in node.get_variables() if v.pragma and v.pragma[0] != "stream"]
    constants = [weight.data.size for weight in node.get_weights()]
    return int(max([*values, *constants, 0 if kernel is None else kernel.held]))
