"""Facts of every layer of a lowered model: formats, sums, tables, and what it is in each hardware shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fpga_tf.fixedpoint import Format
from fpga_tf.flow.explain_formats import KINDS, short
from fpga_tf.flow.explain_shapes import Side, shape_facts
from fpga_tf.flow.explain_tables import norm_tables, sigmoid_tables, softmax_tables
from fpga_tf.flow.explain_words import Facts, sentences
from fpga_tf.verdict.explained import LayerFacts, Operand, Sentence, Table

if TYPE_CHECKING:
    from fpga_tf.lower.context import Conversion, LayerDict

_WEIGHTS, _BIASES = ("weight", "scale", "gamma"), ("bias", "shift", "beta")


@dataclass(frozen=True)
class Described:
    """A lowered model, and what is known of it besides.

    Attributes:
        model: the quantised Keras model.
        nodes, state: of its lowering.
        operations: bit operations by node.
        sides: the hardware shapes to be told of, unrolled first.
        costs: da4ml's LUTs by node; None: there is no RTL.
        widths: smallest and largest width of each tensor whose values have formats of their own.
    """

    model: Any
    nodes: Sequence[LayerDict]
    state: Conversion
    operations: Mapping[str, int]
    sides: tuple[Side, ...]
    costs: Mapping[str, float] | None
    widths: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def layer_facts(of: Described) -> list[LayerFacts]:
    """Of every layer, and of every stage of an attention, in the order of the firmware."""
    groups: dict[str, list[LayerDict]] = {}
    makers: dict[str, str] = {}
    for node in of.nodes:
        owner = of.state.owners[node["name"]]
        groups.setdefault(owner, []).append(node)
        makers |= dict.fromkeys(node["output_keras_tensor_names"], owner)
    return [_facts(of, name, nodes, makers) for name, nodes in groups.items()]


def _facts(of: Described, name: str, nodes: list[LayerDict], makers: Mapping[str, str]) -> LayerFacts:
    state = of.state
    made = {tensor for node in nodes for tensor in node["output_keras_tensor_names"]}
    read = dict.fromkeys(t for node in nodes for t in node["input_keras_tensor_names"] if t not in made)
    result = nodes[-1]["output_keras_tensor_names"][0]
    types = [state.precisions[node["name"]] for node in nodes]
    said = [sentence for node in nodes for sentence in _sentences(of, node)]
    operations = sum(of.operations.get(node["name"], 0) for node in nodes)
    sides = () if nodes[0]["class_name"] == "InputLayer" else of.sides
    costs = None if of.costs is None else sum(of.costs.get(node["name"], 0.0) for node in nodes)
    return LayerFacts(
        name=name,
        kind=" and ".join(dict.fromkeys(KINDS.get(str(n["class_name"]), str(n["class_name"])) for n in nodes)),
        shape=state.shapes[result],
        inputs=tuple(Operand(makers.get(t, t), state.shapes[t], str(state.formats[t])) for t in read),
        weights=_format(types, _WEIGHTS),
        bias=_format(types, _BIASES) if any(node.get("bias_data", 0) is not None for node in nodes) else None,
        accumulator=_format(types, ("accum",)),
        output=str(state.formats[result]),
        exact_bits=state.widest[name],
        weight_bits=sum(_constant_bits(state, node) for node in nodes),
        tables=tuple(table for node in nodes for table in _tables(of, node)),
        sentences=tuple(dict.fromkeys(said)),
        shapes=tuple(shape_facts(side, name, operations, nodes) for side in sides),
        lut_da4ml=costs,
        bit_operations=operations,
    )


def _format(types: Sequence[Mapping[str, str]], keys: Sequence[str]) -> str | None:
    found = (one[key] for one in types for key in keys if key in one)
    text = next(found, None)
    return None if text is None else short(Format.parse(text))


def _constant_bits(state: Conversion, node: LayerDict) -> int:
    """Of weights and biases."""
    bits = 0
    for key, text in state.precisions[node["name"]].items():
        values = node.get(f"{key}_data")
        if key in (*_WEIGHTS, *_BIASES) and values is not None:
            bits += int(np.size(values)) * Format.parse(text).width
    return bits


def _sentences(of: Described, node: LayerDict) -> list[Sentence]:
    state, result = of.state, node["output_keras_tensor_names"][0]
    given = node["input_keras_tensor_names"]
    accum = state.precisions[node["name"]].get("accum")
    return sentences(
        Facts(
            node,
            tuple(state.formats[t] for t in given),
            tuple(state.shapes[t] for t in given),
            None if accum is None else Format.parse(accum),
            state.formats[result],
            state.shapes[result],
            tuple(_tables(of, node)),
            of.widths.get(result, (0, 0)),
        )
    )


def _tables(of: Described, node: LayerDict) -> tuple[Table, ...]:
    """Of a node's functions; those of HGQ2 are its own and told without an error."""
    from fpga_tf.fixedpoint.tables import inverse_sqrt

    kind, layer = node["class_name"], of.state.owners[node["name"]].partition("/")[0]
    if kind == "FpgaTfLayerNorm":
        return norm_tables(node["design"])
    if kind == "FpgaTfSigmoid":
        return sigmoid_tables(of.model.get_layer(layer).design())
    if kind != "FpgaTfSoftmax":
        return ()
    keras_layer = of.model.get_layer(layer)
    if hasattr(keras_layer, "key_dim"):
        return softmax_tables(keras_layer.design(node["n_slice"]), float(inverse_sqrt(keras_layer.key_dim)))
    return softmax_tables(keras_layer.design((None, *node["out_shape"])), 1.0)
