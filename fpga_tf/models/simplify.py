"""Bring a float model into the few layers that quantisation knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from fpga_tf.errors import UserError
from fpga_tf.layers import QLinformerAttention, QScaleShift
from fpga_tf.models.frontend import NOISE
from fpga_tf.models.graph import calls
from fpga_tf.models.layer_norm import check_layer_norm
from fpga_tf.models.normalisation import fold_batch_norms
from fpga_tf.models.rebuild import Loaded, Replacement, rebuild

LINEAR = (keras.layers.Dense, keras.layers.EinsumDense, QScaleShift)
# Layers that only move values about: the output lies on the input's grid.
MOVING = (keras.layers.Flatten, keras.layers.Reshape, keras.layers.Permute, keras.layers.Masking)
_KEPT = (
    *MOVING,
    QScaleShift,
    keras.layers.MultiHeadAttention,
    QLinformerAttention,
    keras.layers.LayerNormalization,
    keras.layers.Softmax,
    keras.layers.Add,
    keras.layers.Concatenate,
    keras.layers.GlobalAveragePooling1D,
)
_SUPPORTED = (
    "Activation, Add, BatchNormalization, Concatenate, Dense, Dropout, EinsumDense, Flatten, GlobalAveragePooling1D, "
    "InputLayer, LayerNormalization, Masking, MultiHeadAttention, Permute, QLinformerAttention, ReLU, Reshape, Softmax"
)


def simplify(model: keras.Model) -> tuple[keras.Model, list[str]]:
    """The same function without normalisation and noise, every Dense linear, every activation a layer of its own.

    The activation of a Dense ``d`` becomes a ReLU ``d_q`` (which will be its quantiser), a Softmax ``d_softmax`` or an
    Activation ``d_sigmoid``. No other Activation is left.

    Returns:
        The new model and the notes of `fold_batch_norms`.

    Raises:
        UserError: a layer or an option that quantisation does not know.
    """
    model, notes = fold_batch_norms(model)
    unique = Names(layer.name for layer in model.layers)
    return rebuild(model, lambda layer: _simple(layer, unique)), notes


def refused_layers(model: keras.Model) -> list[UserError]:
    """What `simplify` refuses of single layers, all at once; normalisation and noise, which it takes away, left out."""
    unique = Names(layer.name for layer in model.layers)
    found = []
    for layer in {id(call.layer): call.layer for call in calls(model)}.values():
        if not isinstance(layer, (keras.layers.BatchNormalization, *NOISE)):
            try:
                _simple(layer, unique)
            except UserError as error:
                found.append(error)
    return found


class Names:
    """Layer names that are taken."""

    def __init__(self, names: Any) -> None:
        self._taken = set(names)

    def fresh(self, name: str) -> str:
        """`name`, with underscores behind it if it is taken."""
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def _simple(layer: Any, unique: Names) -> Replacement | None:
    kind = type(layer)
    if not isinstance(layer, keras.layers.Layer):
        raise UserError(
            f"a model to quantise must be made of layers, not of operations such as {kind.__name__}",
            where=f"operation {layer.name!r}",
            hint="use a layer; if it comes from a Masking, the mask reaches a pooling or a softmax: end it before",
        )
    if kind in (keras.layers.Dense, keras.layers.EinsumDense):
        return _linear(layer, unique)
    if kind is keras.layers.Activation:
        name = _activation(layer)
        return _passing if name == "linear" else _ACTIVATIONS[name](layer.name)
    if kind is keras.layers.ReLU:
        return _relu(layer)
    if kind is keras.layers.GlobalAveragePooling1D and layer.data_format != "channels_last":
        raise UserError("a pooling must be channels_last", where=f"layer {layer.name!r}")
    if kind is keras.layers.LayerNormalization:
        check_layer_norm(layer)
    if kind not in _KEPT:
        raise UserError(
            f"a layer to quantise must be one of {_SUPPORTED}, not {kind.__name__}",
            where=f"layer {layer.name!r}",
            hint="replace the layer, or build the model from QKeras's or HGQ2's layers",
        )
    return None


_ACTIVATIONS: dict[str, Callable[[str], Any]] = {
    "relu": lambda name: keras.layers.ReLU(name=name),
    "softmax": lambda name: keras.layers.Softmax(name=name),
    "sigmoid": lambda name: keras.layers.Activation("sigmoid", name=name),
}


def _activation(layer: Any) -> str:
    name = "linear" if layer.activation is None else getattr(layer.activation, "__name__", str(layer.activation))
    if name not in ("linear", *_ACTIVATIONS):
        raise UserError(
            f"an activation must be linear, relu, softmax or sigmoid, not {name}", where=f"layer {layer.name!r}"
        )
    return name


def _linear(layer: Any, unique: Names) -> Replacement | None:
    name = _activation(layer)
    if name == "linear":
        return None
    config = {**layer.get_config(), "activation": "linear"}
    linear = Loaded(type(layer).from_config(config), layer.get_weights())
    after = _ACTIVATIONS[name](unique.fresh(f"{layer.name}_{'q' if name == 'relu' else name}"))
    return lambda x, **_: after(linear(x))


def _relu(layer: Any) -> Replacement | None:
    if layer.max_value is not None or layer.negative_slope or layer.threshold:
        raise UserError("a ReLU must have no options", where=f"layer {layer.name!r}", hint="use a plain ReLU")
    return None


def _passing(x: Any, **_: Any) -> Any:
    return x
