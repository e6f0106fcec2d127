"""The calls of a functional model in order: which layer is applied to which tensors, with which options."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class LayerCall:
    """One call of a layer (a shared layer has several).

    Attributes:
        layer: the layer, or a `keras.ops` operation.
        args, kwargs: what it is called with; tensors are KerasTensors.
        outputs: its KerasTensors, flat.
    """

    layer: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    outputs: tuple[Any, ...]

    @property
    def inputs(self) -> tuple[Any, ...]:
        """KerasTensors among the arguments, flat, in order."""
        return tuple(t for t in keras.tree.flatten((self.args, dict(self.kwargs))) if isinstance(t, keras.KerasTensor))

    def arguments(self) -> dict[str, Any]:
        """Every argument of the layer's ``call`` by name, defaults filled in."""
        bound = inspect.signature(self.layer.call).bind(*self.args, **self.kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    def filled(self, values: Mapping[int, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """args and kwargs with the KerasTensors replaced by ``values[id(tensor)]``."""
        return fill(self.args, values), fill(dict(self.kwargs), values)


def fill(structure: Any, values: Mapping[int, Any]) -> Any:
    """The structure with its KerasTensors replaced by ``values[id(tensor)]``."""
    return keras.tree.map_structure(lambda x: values[id(x)] if isinstance(x, keras.KerasTensor) else x, structure)


def calls(model: Any) -> list[LayerCall]:
    """All calls of a functional model, each after those whose outputs it takes; input layers are left out."""
    found = []
    for _, nodes in sorted(model._nodes_by_depth.items(), reverse=True):
        for node in nodes:
            if not node.is_input:
                given = node.arguments
                found.append(LayerCall(node.operation, tuple(given.args), dict(given.kwargs), tuple(node.outputs)))
    return found


def consumers(model: Any, tensor: Any) -> list[LayerCall]:
    """The calls that take a tensor."""
    return [call for call in calls(model) if any(t is tensor for t in call.inputs)]


def producer(model: Any, tensor: Any) -> LayerCall | None:
    """The call that makes a tensor, None for an input."""
    return next((call for call in calls(model) if any(t is tensor for t in call.outputs)), None)


def stable_keys(model: Any) -> dict[str, str]:
    """A name for every tensor that is the same whenever the model is read again, by Keras's passing name.

    An input goes by its layer's name, other tensors by ``layer.call.output``, counted within the model.
    """
    keys = {t.name: str(t._keras_history.operation.name) for t in model.inputs}
    seen: dict[int, int] = {}
    for call in calls(model):
        number = seen.get(id(call.layer), 0)
        seen[id(call.layer)] = number + 1
        for i, tensor in enumerate(call.outputs):
            keys[tensor.name] = f"{call.layer.name}.{number}.{i}"
    return keys
