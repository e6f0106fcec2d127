"""Masks that travel with tensors in Keras, unseen in the graph: which tensor carries which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from fpga_tf.errors import UserError
from fpga_tf.layers import QMultiHeadAttention
from fpga_tf.models.graph import LayerCall, calls

Key = str | None
_GIVEN = "/given"


def implicit_masks(model: Any) -> dict[str, str]:
    """For every tensor that carries a mask, the key of that mask.

    A `Masking` layer makes the mask ``<output>/mask``; a layer that supports masking hands on the mask of its first
    argument to its first output; sums and concatenations along the last axis keep a mask that all of them carry.
    This repeats what ``keras.Layer.__call__`` does at run time.

    Raises:
        UserError: a mask would be used in a way that the hardware cannot honour.
    """
    masks: dict[str, str] = {}
    for call in calls(model):
        key = _handed_on(call, masks)
        if key is not None:
            masks[call.outputs[0].name] = key
    return masks


def _handed_on(call: LayerCall, masks: dict[str, str]) -> Key:
    """The mask that a call's first output carries."""
    layer, output = call.layer, call.outputs[0].name
    where = f"layer {layer.name}"
    if isinstance(layer, keras.layers.Embedding) and layer.mask_zero:
        raise UserError("an Embedding's mask_zero must be off", where=where)
    if isinstance(layer, keras.layers.Masking):
        return f"{output}/mask"
    if not getattr(layer, "supports_masking", False):
        return None
    first: list[Key] = [masks.get(t.name) for t in _first(call)] or [None]
    given = call.kwargs.get("mask")
    if isinstance(layer, keras.layers.GlobalAveragePooling1D) and (first[0] or given) is not None:
        raise UserError(
            "a pooling must not be masked: its divisor would change from sample to sample",
            where=where,
            hint="drop the mask before pooling, padded rows then count as they are",
        )
    if given is not None:
        return _given(call, given, where)
    if isinstance(layer, QMultiHeadAttention):
        _check_attention(call, masks)
    if isinstance(layer, keras.layers.Concatenate):
        return _concatenated(call, first)
    return _joined("a sum", first, where) if len(first) > 1 else first[0]


def _given(call: LayerCall, given: Any, where: str) -> str:
    """Keras hands on the mask that a layer was called with, whatever its shape.

    It also writes a mask that travelled to a layer with one argument into the graph, as an operation's result.
    """
    history = getattr(given, "_keras_history", None)
    if history is not None and not isinstance(history.operation, keras.layers.Layer):
        raise UserError(
            "a mask that travels must be used by attention only, elsewhere it must be spelled out",
            where=where,
            hint="call the layer with mask=..., or put a QActivation before it: it drops the mask",
        )
    return f"{getattr(given, 'name', call.outputs[0].name)}{_GIVEN}"


def _first(call: LayerCall) -> list[Any]:
    """The tensors of a call's first argument, however it was given."""
    first = next(iter(call.arguments().values()))
    return [t for t in keras.tree.flatten(first) if isinstance(t, keras.KerasTensor)]


def _check_attention(call: LayerCall, masks: dict[str, str]) -> None:
    arguments = call.arguments()
    for role in ("query", "key", "value"):
        tensor = arguments[role]
        if tensor is not None and masks.get(tensor.name, "").endswith(_GIVEN) and arguments[f"{role}_mask"] is None:
            raise UserError(
                f"attention's {role} must not carry the mask that a softmax was called with",
                where=f"layer {call.layer.name}",
                hint="put a QActivation between: it drops the mask",
            )


def _concatenated(call: LayerCall, found: Sequence[Key]) -> Key:
    """A row of a concatenation along the last axis counts where any part of it does."""
    layer, rank = call.layer, len(call.outputs[0].shape)
    if layer.axis % rank == rank - 1:
        return _joined("a concatenation", found, f"layer {layer.name}")
    if set(found) == {None}:
        return None
    raise UserError(
        "a concatenation of masked tensors must be along the last axis",
        where=f"layer {layer.name}",
        hint="put a QActivation before it: it drops the mask",
    )


def _joined(what: str, found: Sequence[Key], where: str) -> Key:
    """Keras joins masks with OR: with a tensor that carries none, every row counts."""
    if None in found:
        return None
    if len(set(found)) > 1:
        raise UserError(f"{what} must not join different masks", where=where)
    return found[0]
