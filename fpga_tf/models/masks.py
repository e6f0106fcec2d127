"""Masks that travel with tensors in Keras, unseen in the graph: which tensor carries which."""

from __future__ import annotations

from typing import Any

import keras

from fpga_tf.errors import UserError
from fpga_tf.models.graph import calls


def implicit_masks(model: Any) -> dict[str, str]:
    """For every tensor that carries a mask, the key of that mask.

    A `Masking` layer makes the mask ``<output>/mask``; a layer that supports masking hands on the mask of its first
    argument; sums keep a mask that all of them carry. This repeats what ``keras.Layer.__call__`` does at run time.

    Raises:
        UserError: a mask would be used in a way that the hardware cannot honour.
    """
    masks: dict[str, str] = {}
    for call in calls(model):
        found = {masks.get(t.name) for t in call.inputs}
        if isinstance(call.layer, keras.layers.Embedding) and call.layer.mask_zero:
            raise UserError("an Embedding's mask_zero must be off", where=f"layer {call.layer.name}")
        if isinstance(call.layer, keras.layers.Masking):
            masks[call.outputs[0].name] = f"{call.outputs[0].name}/mask"
            continue
        if found <= {None} or not getattr(call.layer, "supports_masking", False):
            continue
        if isinstance(call.layer, keras.layers.GlobalAveragePooling1D):
            raise UserError(
                "a pooling must not be masked: its divisor would change from sample to sample",
                where=f"layer {call.layer.name}",
                hint="drop the mask before pooling, padded rows then count as they are",
            )
        key = masks.get(call.inputs[0].name)
        if isinstance(call.layer, keras.layers.Add):
            key = _joined(call.layer.name, found)
        if key is not None:
            for tensor in call.outputs:
                masks[tensor.name] = key
    return masks


def _joined(layer: str, found: set[str | None]) -> str | None:
    """Keras joins the masks of a sum with OR, and drops them if one summand has none."""
    if None in found:
        return None
    if len(found) > 1:
        raise UserError("a sum must not join different masks", where=f"layer {layer}")
    return found.pop()
