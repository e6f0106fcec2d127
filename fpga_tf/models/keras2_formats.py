"""Formats for a model whose file states those of its weights and rectifiers only.

The rule: every other tensor gets one precision, the configured one or else that of the model's own kernels. Scores have
it behind the factor 1/sqrt(key_dim), as the authors' firmware quantises them there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, bits_format, design_softmax, parse_quantiser
from fpga_tf.fixedpoint.tables import inverse_sqrt
from fpga_tf.models.keras2 import Graph, Node

MAX_BITS = 32  # of a quantiser in a file
_LARGEST_ERROR = 2.0**-2  # of a softmax's tables


def stated(node: Node, key: str) -> Format | None:
    """The format of a quantiser that a layer states, None without one.

    Raises:
        UserError: it is no fixed-point format, or an absurdly wide one.
    """
    try:
        fmt = parse_quantiser(node.options.get(key))
    except UserError as error:
        raise UserError(f"{key}: {error.what}", where=node.where, hint=error.hint) from error
    if fmt is not None and (fmt.width > MAX_BITS or abs(fmt.integer) > MAX_BITS):
        raise UserError(f"{key} must have at most {MAX_BITS} bits and integer bits, not {fmt}", where=node.where)
    return fmt


def precision_of(graph: Graph, declared: Format | None, where: str) -> Format:
    """The format of every tensor that the file does not state: signed, rounds half to even, saturates.

    Args:
        declared: its range and fraction are taken where it is given.

    Raises:
        UserError: none is given, and the kernels have none or several.
    """
    if declared is not None:
        return bits_format(declared.integer + declared.fraction + 1, declared.integer)
    found = {fmt for node in graph.nodes if (fmt := stated(node, "kernel_quantizer")) is not None}
    if len(found) != 1 or not (fmt := found.pop()).signed:
        raise UserError(
            "a model's kernels must have one signed format, which its tensors then get, too",
            where=where,
            hint="state model.input_precision: it becomes the format of every tensor that the file does not state",
        )
    return fmt


def rectified(precision: Format) -> Format:
    """The same range and fraction without negative values."""
    return bits_format(precision.integer + precision.fraction, precision.integer, signed=False)


def scores_format(precision: Format, key_dim: int) -> Format:
    """The format of raw scores that, times 1/sqrt(key_dim), have the precision's range and step or better."""
    up = (key_dim - 1).bit_length() + 1 >> 1  # the least with 4**up >= key_dim
    down = key_dim.bit_length() - 1 >> 1  # the most with 4**down <= key_dim
    return replace(precision, integer=precision.integer + up, fraction=precision.fraction - down)


def weights_of_one(precision: Format) -> Format:
    """The same fraction for values from zero to one, one included: all bits above would always be zero."""
    return bits_format(precision.fraction + 1, 1, signed=False)


def softmax_error(scores: Format, output: Format, length: int, key_dim: int = 1) -> float:
    """The smallest error, of one LSB of the output times a power of two, that a softmax's tables can meet.

    Raises:
        UserError: not even a quarter.
    """
    error = min(output.lsb, 0.5)
    while True:
        try:
            design_softmax(scores, output, length, inverse_sqrt(key_dim), error)
        except UserError:
            if error >= _LARGEST_ERROR:
                raise
            error *= 2
        else:
            return error


def activation_of(node: Node) -> tuple[str, Any]:
    """The kind of an activation ("linear", "relu", "softmax", "sigmoid", "quantiser") and what is stated.

    QKeras's ``quantized_softmax`` counts as softmax: it states bits, but not which of them are integer.

    Raises:
        UserError: it is another one.
    """
    found = node.options.get("activation")
    if found is None:
        return "linear", None
    if found in ("linear", "relu", "softmax", "sigmoid"):
        return str(found), None
    if isinstance(found, dict) and found.get("class_name") == "quantized_softmax":
        return "softmax", None
    name = found.get("class_name") if isinstance(found, dict) else found
    if not isinstance(name, str) or not name.startswith("quantized_"):
        raise UserError(
            f"an activation must be linear, relu, softmax, sigmoid or a quantiser, not {str(name)[:100]}",
            where=node.where,
        )
    return "quantiser", stated(node, "activation")
