"""The values that a float model's tensors take on calibration data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fpga_tf.layers import QMultiHeadAttention
from fpga_tf.models.graph import LayerCall, calls
from fpga_tf.models.layer_norm import stage_values
from fpga_tf.models.plan import Plan

BATCH = 250
Arrays = Sequence[NDArray[Any]]


@dataclass(frozen=True)
class Step:
    """One call of a running model.

    Attributes:
        call: what is called.
        arguments: its arguments by name, as values.
        masks: the masks that Keras had attached to those arguments before the call.
        output: its result.
    """

    call: LayerCall
    arguments: Mapping[str, Any]
    masks: Mapping[str, Any]
    output: Any


def run(model: keras.Model, batch: Arrays) -> Iterator[Step]:
    """Compute a model call by call, with the masks that travel with the tensors as in ``model(batch)``."""
    values = {id(t): keras.ops.convert_to_tensor(x, dtype=t.dtype) for t, x in zip(model.inputs, batch, strict=True)}
    for call in calls(model):
        args, kwargs = call.filled(values)
        arguments = LayerCall(call.layer, args, kwargs, ()).arguments()
        masks = {k: m for k, v in arguments.items() if (m := getattr(v, "_keras_mask", None)) is not None}
        output = call.layer(*args, **kwargs)
        values.update((id(t), y) for t, y in zip(call.outputs, keras.tree.flatten(output), strict=True))
        yield Step(call, arguments, masks, output)


def masked_attentions(model: keras.Model, batch: Arrays) -> list[tuple[str, tuple[str, ...]]]:
    """For each attention call, its layer and which of its arguments carry a mask by themselves."""
    attention = keras.layers.MultiHeadAttention
    return [
        (s.call.layer.name, tuple(sorted(s.masks))) for s in run(model, batch) if isinstance(s.call.layer, attention)
    ]


def profile(model: keras.Model, plan: Plan, data: Arrays) -> None:
    """Show all sites of a plan the values they take, in two rounds over the data, in bounded memory.

    Args:
        model: simplified (`fpga_tf.models.simplify`).
        plan: whose sites are shown the values.
        data: one array per model input.
    """
    attentions = {id(c.layer): c for c in calls(model) if isinstance(c.layer, keras.layers.MultiHeadAttention)}
    twins = {key: _twin(call) for key, call in attentions.items()}
    for action in ("see", "judge"):
        for start in range(0, len(data[0]), BATCH):
            batch = [x[start : start + BATCH] for x in data]
            found = {t._keras_history.operation.name: x for t, x in zip(model.inputs, batch, strict=True)}
            _show(plan, action, found)
            for step in run(model, batch):
                twin = twins.get(id(step.call.layer))
                _show(plan, action, _values(step) if twin is None else _stages(step, twin))


def _show(plan: Plan, action: str, values: Mapping[str, Any]) -> None:
    for name, x in values.items():
        if name in plan.sites:
            getattr(plan.sites[name], action)(np.asarray(x))


def _values(step: Step) -> dict[str, Any]:
    layer = step.call.layer
    found = {layer.name: step.output}
    if isinstance(layer, keras.layers.Softmax | keras.layers.Activation):
        found[f"{layer.name}/scores"] = step.arguments["inputs"]
    if isinstance(layer, keras.layers.LayerNormalization):
        found.update(stage_values(layer, step.arguments["inputs"]))
    return found


def _twin(call: LayerCall) -> QMultiHeadAttention:
    """An attention without quantisers, which equals the Keras layer and shows its stages."""
    if isinstance(call.layer, QMultiHeadAttention):
        return call.layer
    twin: QMultiHeadAttention = QMultiHeadAttention.from_config(call.layer.get_config())
    arguments = call.arguments()
    twin.build(*(arguments[k].shape for k in ("query", "value", "key") if arguments[k] is not None))
    twin.set_weights(call.layer.get_weights())
    return twin


def _stages(step: Step, twin: QMultiHeadAttention) -> dict[str, Any]:
    """The stages' values; scores only where they count."""
    given, own = step.arguments, step.masks
    carried = own.get("query")  # Keras's layer takes only that
    masked = twin.masked(
        given["query"],
        given["value"],
        given["key"],
        query_mask=_either(given["query_mask"], carried) if twin is step.call.layer else carried,
        value_mask=_either(given["value_mask"], own.get("value")),
        key_mask=_either(given["key_mask"], own.get("key")),
        attention_mask=given["attention_mask"],
        use_causal_mask=given["use_causal_mask"],
    )
    stages, mask = twin.stages(*masked), masked[-1]
    if mask is not None:
        scores = np.asarray(stages["scores"])
        keep = np.asarray(mask)
        gap = -2 * len(twin.attention_axes) - 1
        while keep.ndim < scores.ndim:
            keep = np.expand_dims(keep, gap)
        stages["scores"] = scores[np.broadcast_to(keep, scores.shape)]
    return {f"{step.call.layer.name}/{stage}": x for stage, x in stages.items()}


def _either(explicit: Any, own: Any) -> Any:
    return own if explicit is None else explicit
