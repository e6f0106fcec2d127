"""Walks a Keras model: each call of a layer becomes the nodes that its operator makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.lower.context import Conversion, LayerDict, located
from fpga_tf.lower.inputs import InputPort, input_ports
from fpga_tf.lower.operators import (
    attention,
    elementwise,
    layer_norm,
    linear,
    linformer,
    masking,
    pooling,
    shape,
    sigmoid,
    softmax,
)
from fpga_tf.lower.operators.call import Call, Handler
from fpga_tf.models.graph import calls, consumers
from fpga_tf.models.masks import implicit_masks

HANDLERS: dict[str, Handler] = {
    "InputLayer": shape.input_node,
    "QDense": linear.dense,
    "QEinsumDense": linear.q_einsum_dense,
    "QMultiHeadAttention": attention.attention,
    "QLinformerAttention": linformer.linformer,
    "QSoftmax": softmax.q_softmax,
    "QSigmoid": sigmoid.q_sigmoid,
    "QLayerNormalization": layer_norm.layer_norm,
    "QActivation": elementwise.activation,
    "QScaleShift": elementwise.scale_shift,
    "ReLU": elementwise.rectifier,
    "Activation": elementwise.rectifier,
    "Add": elementwise.add,
    "Dropout": elementwise.alias,
    "Flatten": shape.reshape,
    "Reshape": shape.reshape,
    "Permute": shape.permute,
    "Concatenate": shape.concatenate,
    "Masking": masking.masking,
}
POOLING = "GlobalAveragePooling1D"


@dataclass(frozen=True)
class Lowered:
    """A model as nodes.

    Attributes:
        nodes: each after those whose outputs it takes.
        state: formats, taps and the widest exact result per layer.
        inputs: ports in the order of the model's inputs.
        outputs: formats of the outputs, in the order of the model's outputs.
    """

    nodes: tuple[LayerDict, ...]
    state: Conversion
    inputs: list[InputPort]
    outputs: list[Format]


def lower(model: Any, declared_input: Format | None = None) -> Lowered:
    """All nodes of a quantised functional Keras model.

    Args:
        model: layers of QKeras and ours, and the plain ones that need no quantiser.
        declared_input: format of inputs that no quantiser reads first.

    Raises:
        UserError: a layer has no operator, or its options cannot be honoured.
    """
    state, ports = begin(model, declared_input)
    handlers = handlers_of(model)
    nodes: list[LayerDict] = []
    made = [Call(t._keras_history.operation, (), (t,), {}) for t in model.inputs]
    made += [Call(c.layer, c.inputs, c.outputs, c.arguments()) for c in calls(model)]
    for call in made:
        with located(f"layer {call.layer.name}"):
            nodes += handlers[type(call.layer).__name__](state, call)
    return Lowered(tuple(nodes), state, ports, [state.format_of(t) for t in model.outputs])


def begin(model: Any, declared_input: Format | None) -> tuple[Conversion, list[InputPort]]:
    """State before the first layer: masks that travel, and the formats of the inputs."""
    state = Conversion(masks=implicit_masks(model), outputs=frozenset(t.name for t in model.outputs))
    ports = input_ports(model, declared_input)
    for tensor, port in zip(model.inputs, ports, strict=True):
        state.formats[tensor.name] = port.format
    return state, ports


def handlers_of(model: Any) -> dict[str, Handler]:
    """Operators by class name of the layer.

    Raises:
        UserError: the model has a layer without one, or an output twice.
    """

    def pool(ctx: Conversion, call: Call) -> list[LayerDict]:
        return pooling.global_average(ctx, call, consumers(model, call.output))

    handlers: dict[str, Handler] = {**HANDLERS, POOLING: pool}
    _check_known(model, handlers)
    _check_outputs(model)
    return handlers


def _check_known(model: Any, handlers: Mapping[str, Handler]) -> None:
    for layer in [*model.layers, *(c.layer for c in calls(model))]:
        kind, plain = type(layer).__name__, isinstance(layer, keras.layers.Layer)
        if kind not in handlers or not plain:
            raise UserError(
                f"a layer must be one of {', '.join(sorted(handlers))}, not {'' if plain else 'the operation '}{kind}",
                where=f"layer {layer.name}",
                hint="quantise a float model with the `quantise` section, or replace the layer",
            )


def _check_outputs(model: Any) -> None:
    seen: set[str] = set()
    for tensor in model.outputs:
        if tensor.name in seen:
            raise UserError(
                "an output of a model must be given once", where=f"layer {tensor._keras_history.operation.name}"
            )
        seen.add(tensor.name)
