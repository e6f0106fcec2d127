"""What a Keras model computes, tensor by tensor: the reference that firmware is held against.

Two ways through the same graph:

* native: Keras as it is, in float32. Exact as long as no sum needs more than 24 bits.
* exact: the same layers in float64, quantisers from `fpga_tf.fixedpoint`; exact up to 53 bits.

Keys of values: a tensor's name; ``<output>/<stage>`` inside an attention; ``<output>/mask`` of a Masking layer; in an
HGQ2 model ``<tensor>|<quantiser>``, the tensor behind the quantiser of a layer that reads it (named as in
`fpga_tf.models.quantisers`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.src import backend
from numpy.typing import NDArray

from fpga_tf.errors import InternalError, UserError
from fpga_tf.fixedpoint import Format, parse_quantiser
from fpga_tf.layers import QMultiHeadAttention
from fpga_tf.layers.quantise import round_to
from fpga_tf.models.graph import LayerCall, calls
from fpga_tf.models.masks import implicit_masks
from fpga_tf.models.quantisers import hgq_quantisers

Values = NDArray[np.float64]


def evaluate(
    model: Any, inputs: Sequence[NDArray[Any]], keys: Sequence[str], *, exact: bool, batch: int = 1024
) -> dict[str, Values]:
    """Values of some tensors.

    Args:
        model: functional Keras model.
        inputs: one array per model input, batch first.
        keys: which values to return.
        exact: float64 instead of Keras's float32.
        batch: samples at a time; bounds the memory.

    Returns:
        Arrays with the batch first.

    Raises:
        UserError: a key names a quantiser that the model lacks.
    """
    parts: dict[str, list[Values]] = {key: [] for key in keys}
    behind: dict[str, list[list[str]]] = {}
    for key in keys:
        tensor, *names = key.split("|")
        if names:
            behind.setdefault(tensor, []).append(names)
    quantisers = _quantisers(model, behind)
    for start in range(0, len(inputs[0]), batch):
        chunk = [x[start : start + batch] for x in inputs]
        run = _Exact(model, set(keys)) if exact else _Native(model, set(keys))
        for key, value in run.values(chunk):
            if key in parts:
                parts[key].append(np.asarray(value, dtype=np.float64))
            for names in behind.get(key, ()):
                quantised = value
                for name in names:
                    quantised = quantisers[name](quantised)
                parts["|".join((key, *names))].append(np.asarray(quantised, dtype=np.float64))
    return {key: np.concatenate(found) for key, found in parts.items()}


def _quantisers(model: Any, behind: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, Any]:
    """The model's quantisers by name, those in `behind` among them."""
    quantisers = hgq_quantisers(model) if behind else {}
    for name in (name for lists in behind.values() for names in lists for name in names):
        if name not in quantisers:
            raise UserError(
                f"a layer must be compared behind a quantiser of the model, not behind {name!r}",
                hint="make the project again with --fresh",
            )
    return quantisers


def output_keys(model: Any) -> list[str]:
    """Keys of the model's outputs."""
    return [t.name for t in model.outputs]


class _Native:
    """Keras's own calls, eager."""

    dtype = "float32"

    def __init__(self, model: Any, keys: set[str]) -> None:
        self.model, self.keys = model, keys
        self.tensors: dict[int, Any] = {}

    def values(self, inputs: Sequence[NDArray[Any]]) -> Iterator[tuple[str, Any]]:
        """Every (key, value) in graph order."""
        for tensor, array in zip(self.model.inputs, inputs, strict=True):
            dtype = self.dtype if tensor.dtype.startswith("float") else tensor.dtype
            self.tensors[id(tensor)] = ops.convert_to_tensor(array, dtype=dtype)
            yield tensor.name, self.tensors[id(tensor)]
        for call in calls(self.model):
            yield from self._call(call)

    def _call(self, call: LayerCall) -> Iterator[tuple[str, Any]]:
        args, kwargs = call.filled(self.tensors)
        base = call.outputs[0].name
        if isinstance(call.layer, QMultiHeadAttention) and any(
            f"{base}/{s}" in self.keys for s in call.layer.stage_names
        ):
            yield from self._stages(call)
        result = self._apply(call, args, kwargs)
        for tensor, value in zip(call.outputs, keras.tree.flatten(result), strict=True):
            self.tensors[id(tensor)] = value
            yield tensor.name, value
        if isinstance(call.layer, keras.layers.Masking):
            yield f"{base}/mask", ops.cast(self._mask(call.outputs[0]), "int32")

    def _apply(self, call: LayerCall, args: Any, kwargs: Any) -> Any:
        return call.layer(*args, **kwargs)

    def _mask(self, tensor: Any) -> Any:
        return backend.get_keras_mask(self.tensors[id(tensor)])

    def _stages(self, call: LayerCall) -> Iterator[tuple[str, Any]]:
        for stage, tensor in call.layer.stages(*self._masked(call), training=False).items():
            yield f"{call.outputs[0].name}/{stage}", tensor

    def _masked(self, call: LayerCall) -> tuple[Any, Any, Any, Any]:
        """An attention's tensors with all masks of its call."""
        given = call.arguments()
        masks = {}
        for role in ("query", "value", "key"):
            explicit, tensor = given[f"{role}_mask"], given[role]
            implicit = None if tensor is None else self._mask(tensor)
            masks[f"{role}_mask"] = implicit if explicit is None else self._value(explicit)
        masked: tuple[Any, Any, Any, Any] = call.layer.masked(
            *(self._value(given[r]) for r in ("query", "value", "key")),
            **masks,
            attention_mask=self._value(given["attention_mask"]),
            use_causal_mask=given["use_causal_mask"],
        )
        return masked

    def _value(self, tensor: Any) -> Any:
        return self.tensors.get(id(tensor), tensor)


class _Exact(_Native):
    """The same graph in float64; layers that would fall back to float32 are computed here."""

    dtype = "float64"

    def __init__(self, model: Any, keys: set[str]) -> None:
        super().__init__(model, keys)
        if hgq_quantisers(model):
            raise InternalError("an HGQ2 model must be evaluated as it is: its quantisers are defined in float32")
        self.travelling = implicit_masks(model)
        self.made: dict[str, Any] = {}

    def _mask(self, tensor: Any) -> Any:
        return self.made.get(self.travelling.get(tensor.name, ""))

    def _apply(self, call: LayerCall, args: Any, kwargs: Any) -> Any:
        kind = type(call.layer).__name__
        if kind == "QActivation":
            return _into(args[0], parse_quantiser(call.layer.activation))
        if kind == "QDense":
            return _dense(call.layer, args[0])
        if isinstance(call.layer, keras.layers.Dropout):
            return args[0]
        if isinstance(call.layer, keras.layers.Masking):
            keep = ops.any(ops.not_equal(args[0], call.layer.mask_value), axis=-1)
            self.made[f"{call.outputs[0].name}/mask"] = keep
            return ops.where(ops.expand_dims(keep, -1), args[0], ops.zeros_like(args[0]))
        if isinstance(call.layer, QMultiHeadAttention):
            stages = call.layer.stages(*self._masked(call), training=False)
            scores = call.arguments()["return_attention_scores"]
            return (stages["output"], stages["attention"]) if scores else stages["output"]
        return call.layer.call(*args, **kwargs)


def _into(x: Any, fmt: Format | None) -> Any:
    return x if fmt is None else round_to(x, fmt)


def _dense(layer: Any, x: Any) -> Any:
    kernel = ops.cast(layer.kernel_quantizer_internal(layer.kernel.value), "float64")
    y = ops.matmul(x, kernel)
    if layer.use_bias:
        y = ops.add(y, ops.cast(layer.bias_quantizer_internal(layer.bias.value), "float64"))
    linear = layer.activation is None or getattr(layer.activation, "__name__", "") == "linear"
    return y if linear else _into(y, parse_quantiser(layer.activation))
