"""Rebuild a functional Keras model with some of its layers replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from fpga_tf.models.graph import calls, fill

Replacement = Callable[..., Any]


class Loaded:
    """A layer that receives its weights as soon as its first call has built it.

    Args:
        layer: a fresh layer.
        weights: arrays in the order of ``layer.weights``.
    """

    def __init__(self, layer: Any, weights: Sequence[Any]) -> None:
        self.layer = layer
        self._weights: Sequence[Any] | None = weights

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        outputs = self.layer(*args, **kwargs)
        if self._weights is not None:
            if len(self._weights) > 0:
                self.layer.set_weights(self._weights)
            self._weights = None
        return outputs


def copy_layer(layer: Any) -> Replacement:
    """A fresh layer or operation of the same configuration and, once called, the same weights."""
    saved = keras.saving.serialize_keras_object(layer)
    fresh = keras.saving.deserialize_keras_object(saved, safe_mode=True)
    return Loaded(fresh, layer.get_weights()) if isinstance(layer, keras.layers.Layer) else fresh


def rebuild(
    model: keras.Model,
    replace: Callable[[Any], Replacement | None],
    enter: Callable[[str, Any], Any] | None = None,
) -> keras.Model:
    """A new functional model with the same inputs, call arguments and layer names.

    Nothing is shared with the old model: layers that are kept are copied together with their weights.

    Args:
        model: functional.
        replace: called once per layer or operation (input layers excepted), even if it is shared. Returns what takes
            its place in all its calls, a layer or a function of the same arguments; None keeps it.
        enter: called with each input's name and new tensor; what it returns is what the layers see.
    """
    inputs: dict[int, Any] = {}
    values: dict[int, Any] = {}
    for tensor in model.inputs:
        old = tensor._keras_history.operation
        fresh = keras.layers.InputLayer.from_config(old.get_config()).output
        inputs[id(tensor)] = fresh
        values[id(tensor)] = fresh if enter is None else enter(old.name, fresh)
    made: dict[int, Replacement] = {}
    for call in calls(model):
        key = id(call.layer)
        if key not in made:
            made[key] = replace(call.layer) or copy_layer(call.layer)
        args, kwargs = call.filled(values)
        outputs = keras.tree.flatten(made[key](*args, **kwargs))
        values.update((id(old), new) for old, new in zip(call.outputs, outputs, strict=True))
    return keras.Model(fill(model.input, inputs), fill(model.output, values), name=model.name)
