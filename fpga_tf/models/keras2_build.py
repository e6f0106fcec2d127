"""Builds what a Keras 2 file describes from Keras 3's, QKeras's and our layers."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, quantiser_text, sigmoid_input
from fpga_tf.layers import QMultiHeadAttention, QSigmoid, QSoftmax
from fpga_tf.models.keras2 import ATTENTIONS, MAX_INPUT, Graph, Node, read_graph
from fpga_tf.models.keras2_formats import (
    activation_of,
    precision_of,
    rectified,
    scores_format,
    softmax_error,
    stated,
    weights_of_one,
)
from fpga_tf.models.keras2_norm import epsilon_of, hardware_norm, powers_of_two
from fpga_tf.models.keras2_notes import Choices
from fpga_tf.models.keras2_weights import Weights, read_weights
from fpga_tf.models.simplify import Names

_STAGES = ("query", "key", "value", "context", "output")
_PARTS = ("query", "key", "value", "attention_output")


def build_keras2(config: dict[str, Any], path: Path, declared: Format | None) -> tuple[keras.Model, tuple[str, ...]]:
    """The model in a file for which `is_keras2` is true.

    Args:
        config: what `read_config` gave.
        declared: sets the precision of what the file does not state, in a quantised model.

    Returns:
        A functional model and, if it is quantised, a note on each choice that was made.

    Raises:
        UserError: a layer, option or weight that is not known or does not fit.
    """
    graph = read_graph(config, str(path))
    weights = read_weights(path, {node.name for node in graph.nodes})
    precision = precision_of(graph, declared, str(path)) if graph.quantised else None
    builder = _Builder(graph, weights, precision)
    model = builder.model()
    return model, builder.choices.notes(model, declared is not None) if builder.choices else ()


class _Builder:
    """Makes each node's tensor.

    Args:
        precision: of tensors whose format is not stated; None makes a float model.

    Attributes:
        choices: what the file does not say, of a quantised model.
    """

    def __init__(self, graph: Graph, weights: dict[str, Weights], precision: Format | None) -> None:
        self._graph, self._weights = graph, weights
        self._names = Names(node.name for node in graph.nodes)
        self.choices = None if precision is None else Choices(precision)
        self._tensors: dict[str, Any] = {}
        self._inputs: dict[str, Any] = {}

    def model(self) -> keras.Model:
        """The model; all weights of the file are in it."""
        for node in self._graph.nodes:
            if node.kind == "InputLayer":
                self._tensors[node.name] = self._input(node)
            else:
                self._tensors[node.name] = _MAKERS[node.kind](self, node, [self._tensors[n] for n in node.inputs])
        if self._weights:
            raise UserError("a layer must not have weights that it does not use", where=f"layer {min(self._weights)!r}")
        ends = [self._tensors[n] for n in self._graph.outputs], [self._inputs[n] for n in self._graph.inputs]
        outputs, inputs = (one if len(one) > 1 else one[0] for one in ends)
        return keras.Model(inputs, outputs, name=self._graph.name)

    def take(self, node: Node, *shapes: tuple[str, tuple[int, ...]]) -> list[Any]:
        """A layer's weights, held against the shapes that its options ask for.

        Nothing is built before: sizes in a file are believed only as far as it has the weights for them.
        """
        found = self._weights.pop(node.name, {})
        have = {key: tuple(array.shape) for key, array in found.items()}
        if have != dict(shapes):
            raise UserError(
                f"weights must be {_listed(dict(shapes))}, not {_listed(have) or 'missing'}", where=node.where
            )
        return [found[key] for key, _ in shapes]

    def softmax(self, x: Any, name: str) -> Any:
        """A softmax over the last axis."""
        if self.choices is None:
            return keras.layers.Softmax(name=name)(x)
        precision, result = self.choices.precision, weights_of_one(self.choices.precision)
        self.choices.errors[name] = error = softmax_error(precision, result, int(x.shape[-1]))
        return QSoftmax(-1, precision, result, error, name=name)(x)

    def sigmoid(self, x: Any, name: str) -> Any:
        """A sigmoid, elementwise."""
        if self.choices is None:
            return keras.layers.Activation("sigmoid", name=name)(x)
        result = weights_of_one(self.choices.precision)
        self.choices.sigmoids[name] = fmt = sigmoid_input(self.choices.precision, result)
        return QSigmoid(fmt, result, name=name)(x)

    def quantised(self, x: Any, name: str) -> Any:
        """``x`` in the precision, in a float model ``x``."""
        if self.choices is None:
            return x
        return _qkeras().QActivation(quantiser_text(self.choices.precision), name=self._names.fresh(f"{name}_q"))(x)

    def activated(self, node: Node) -> Any:
        """What a quantised layer's `activation` becomes: a quantiser's text, or None before a table."""
        assert self.choices is not None
        kind, fmt = activation_of(node)
        if kind in _TABLES:
            return None
        formats = {"linear": self.choices.precision, "relu": rectified(self.choices.precision), "quantiser": fmt}
        return quantiser_text(formats[kind])

    def _input(self, node: Node) -> Any:
        shape = node.options.get("batch_input_shape")
        sizes = shape[1:] if isinstance(shape, list) and shape and shape[0] is None else []
        if not sizes or not all(type(n) is int and n > 0 for n in sizes) or math.prod(sizes) > MAX_INPUT:
            raise UserError(
                f"an input must have a fixed shape of at most {MAX_INPUT:,} values, not {str(shape)[:100]}",
                where=node.where,
            )
        if node.options.get("sparse") or node.options.get("ragged"):
            raise UserError("an input must be dense", where=node.where)
        self._inputs[node.name] = keras.Input(tuple(sizes), name=node.name)
        return self.quantised(self._inputs[node.name], node.name)

    def _dense(self, node: Node, inputs: list[Any]) -> Any:
        x, units, bias = inputs[0], _whole(node, "units"), _flag(node, "use_bias")
        shapes = [("kernel", (int(x.shape[-1]), units)), ("bias", (units,))]
        values = self.take(node, *shapes[: 1 + bias])
        kind = activation_of(node)[0]
        if node.kind == "Dense":
            layer = keras.layers.Dense(units, _float_activation(node), bias, "zeros", name=node.name)
            y = layer(x)
        else:
            layer = _qkeras().QDense(
                units,
                activation=self.activated(node),
                use_bias=bias,
                kernel_initializer="zeros",
                kernel_quantizer=_text(stated(node, "kernel_quantizer")),
                bias_quantizer=_text(stated(node, "bias_quantizer")),
                name=node.name,
            )
            y = layer(x)
            y = _TABLES[kind](self, y, self._names.fresh(f"{node.name}_{kind}")) if kind in _TABLES else y
        layer.set_weights(values)
        return y

    def _attention(self, node: Node, inputs: list[Any]) -> Any:
        _check_attention(node, inputs)
        heads, key_dim = _whole(node, "num_heads"), _whole(node, "key_dim")
        value_dim = _whole(node, "value_dim") if node.options.get("value_dim") is not None else key_dim
        query, value, key = inputs
        bias, width = _flag(node, "use_bias"), int(query.shape[-1])
        kernels = [(int(query.shape[-1]), heads, key_dim), (int(key.shape[-1]), heads, key_dim)]
        kernels += [(int(value.shape[-1]), heads, value_dim), (heads, value_dim, width)]
        biases = [(heads, key_dim), (heads, key_dim), (heads, value_dim), (width,)]
        shapes = [
            (f"{part}/{what}", shape)
            for part, *both in zip(_PARTS, kernels, biases, strict=True)
            for what, shape in zip(("kernel", "bias")[: 1 + bias], both, strict=False)
        ]
        values = self.take(node, *shapes)
        options = {"value_dim": value_dim, "use_bias": bias, "name": node.name}
        made = keras.layers.MultiHeadAttention
        if node.kind == "QMultiHeadAttention":
            made, options = QMultiHeadAttention, {**options, **self._formats(node, int(key.shape[1]), key_dim)}
        layer = made(heads, key_dim, **options)
        y = layer(query, value, key)
        parts = (layer.query_dense, layer.key_dense, layer.value_dense, layer.output_dense)
        for i, part in enumerate(parts):
            part.set_weights(values[i * (1 + bias) : (i + 1) * (1 + bias)])
        return y

    def _formats(self, node: Node, length: int, key_dim: int) -> dict[str, Any]:
        assert self.choices is not None
        precision = self.choices.precision
        result, scores = weights_of_one(precision), scores_format(precision, key_dim)
        self.choices.errors[node.name] = error = softmax_error(scores, result, length, key_dim)
        return {
            **{key: stated(node, key) for key in ("kernel_quantizer", "bias_quantizer")},
            **{f"{stage}_quantizer": precision for stage in _STAGES},
            "scores_quantizer": scores,
            "attention_quantizer": result,
            "softmax_error": error,
        }

    def _add(self, node: Node, inputs: list[Any]) -> Any:
        if len(inputs) < 2 or any(x.shape != inputs[0].shape for x in inputs):
            raise UserError("an Add must have two or more inputs of one shape", where=node.where)
        return self.quantised(keras.layers.Add(name=node.name)(inputs), node.name)

    def _activation(self, node: Node, inputs: list[Any]) -> Any:
        kind, _ = activation_of(node)
        if kind in _TABLES:
            return _TABLES[kind](self, inputs[0], node.name)
        if self.choices is None:
            return keras.layers.Activation(_float_activation(node), name=node.name)(inputs[0])
        return _qkeras().QActivation(self.activated(node), name=node.name)(inputs[0])

    def _norm(self, node: Node, inputs: list[Any]) -> Any:
        x, scale, center = inputs[0], _flag(node, "scale"), _flag(node, "center")
        rank, length = len(x.shape), int(x.shape[-1])
        shapes = [(part, (length,)) for part, used in (("gamma", scale), ("beta", center)) if used]
        values = self.take(node, *shapes)
        if self.choices is None:
            options = {"epsilon": epsilon_of(node, rank), "scale": scale, "center": center}
            layer = keras.layers.LayerNormalization(**options, name=node.name)
        else:
            layer = hardware_norm(node, rank, length, scale, center, self.choices.precision)
            self.choices.norms[node.name] = powers_of_two(node)
        y = layer(x)
        layer.set_weights(values)
        return y

    def _dropout(self, node: Node, inputs: list[Any]) -> Any:
        return keras.layers.Dropout(0.0, name=node.name)(inputs[0])

    def _flatten(self, node: Node, inputs: list[Any]) -> Any:
        if node.options.get("data_format") not in (None, "channels_last"):
            raise UserError("a Flatten's data_format must be channels_last", where=node.where)
        return keras.layers.Flatten(name=node.name)(inputs[0])


def _check_attention(node: Node, inputs: list[Any]) -> None:
    if any(len(x.shape) != 3 for x in inputs):
        raise UserError("an attention's inputs must have two axes, rows and features", where=node.where)
    if inputs[1].shape[1] != inputs[2].shape[1]:
        raise UserError("an attention must have as many keys as values", where=node.where)
    if node.options.get("output_shape") is not None or node.options.get("attention_axes") not in (None, [1]):
        raise UserError("an attention's output_shape and attention_axes must be left to Keras", where=node.where)


def _float_activation(node: Node) -> str:
    kind, _ = activation_of(node)
    if kind == "quantiser":
        raise UserError("activation must be no quantiser in a float model", where=node.where)
    return kind


def _qkeras() -> Any:
    return importlib.import_module("qkeras")


def _text(fmt: Format | None) -> str | None:
    return None if fmt is None else quantiser_text(fmt)


def _whole(node: Node, key: str) -> int:
    value = node.options.get(key)
    if type(value) is not int or not 0 < value <= MAX_INPUT:
        raise UserError(f"{key} must be a whole number above 0, not {str(value)[:100]}", where=node.where)
    return value


def _flag(node: Node, key: str) -> bool:
    value = node.options.get(key, True)
    if type(value) is not bool:
        raise UserError(f"{key} must be true or false, not {str(value)[:100]}", where=node.where)
    return value


def _listed(shapes: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{key[:40]} {shape}" for key, shape in list(shapes.items())[:8])


_TABLES = {"softmax": _Builder.softmax, "sigmoid": _Builder.sigmoid}
_MAKERS: dict[str, Callable[[_Builder, Node, list[Any]], Any]] = {
    "Dense": _Builder._dense,
    "QDense": _Builder._dense,
    "Activation": _Builder._activation,
    "QActivation": _Builder._activation,
    "LayerNormalization": _Builder._norm,
    "QLayerNormalization": _Builder._norm,
    "Add": _Builder._add,
    "Dropout": _Builder._dropout,
    "Flatten": _Builder._flatten,
    **dict.fromkeys(ATTENTIONS, _Builder._attention),
}
