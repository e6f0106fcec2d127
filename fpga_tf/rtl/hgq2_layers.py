"""Layers of an HGQ2 model for which HGQ2 has no handler that is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
from da4ml.trace import FixedVariableArray

from fpga_tf.errors import UserError
from fpga_tf.rtl.hgq2_quantise import Mean, numbers, quantised

Own = Callable[[Any, Any], Any]


def own_layer(layer: Any) -> Own | None:
    """What traces a layer, given it and what it is called with; None where HGQ2's handler does."""
    kind = type(layer)
    if kind.__module__.startswith("hgq."):
        return {"QGlobalAveragePooling1D": _average}.get(kind.__name__)
    return KERAS.get(kind.__name__)


def _merge(function: Any) -> Own:
    def merge(_: Any, arrays: Sequence[Any]) -> Any:
        return reduce(function, arrays)

    return merge


def _same(_: Any, array: Any) -> Any:
    return array


def _rectifier(layer: Any, array: Any) -> Any:
    name = getattr(getattr(layer, "activation", None), "__name__", "relu")
    if name == "linear":
        return array
    options = [getattr(layer, option, None) for option in ("max_value", "negative_slope", "threshold")]
    if name != "relu" or any(option not in (None, 0) for option in options):
        raise UserError(f"an activation must be relu or linear without options to become RTL, not {name}")
    return array.relu()


def _concatenate(layer: Any, arrays: Sequence[Any]) -> Any:
    axis = int(layer.axis) if layer.axis < 0 else int(layer.axis) - 1  # the layer's counts the batch
    return _like(arrays[0], np.concatenate([numbers(array) for array in arrays], axis=axis))


def _permute(layer: Any, array: Any) -> Any:
    return _like(array, np.transpose(numbers(array), [axis - 1 for axis in layer.dims]))


def _like(array: Any, found: np.ndarray) -> Any:
    return FixedVariableArray(found, array.solver_options, hwconf=array.hwconf)


def _average(layer: Any, values: Any) -> Any:
    """The mean over the first axis: its sums are exact, it is rounded by who quantises it."""
    if layer.enable_iq:
        values = quantised(layer.iq, values)
    rows = int(values.shape[0])
    sums = np.sum(values, axis=0, keepdims=layer.keepdims)
    mean = Mean(sums, rows) if rows & (rows - 1) else sums * (1.0 / rows)
    return quantised(layer.oq, mean) if layer.enable_oq else mean


KERAS: dict[str, Own] = {
    "Add": _merge(np.add),
    "Subtract": _merge(np.subtract),
    "Multiply": _merge(np.multiply),
    "Maximum": _merge(np.maximum),
    "Minimum": _merge(np.minimum),
    "ReLU": _rectifier,
    "Activation": _rectifier,
    "Dropout": _same,
    "Concatenate": _concatenate,
    "Permute": _permute,
}
