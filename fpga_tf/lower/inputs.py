"""In which format each model input reaches the hardware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, parse_quantiser
from fpga_tf.lower.context import located
from fpga_tf.models.graph import consumers

BIT = Format(False, 1, 0)


@dataclass(frozen=True)
class InputPort:
    """A model input.

    Attributes:
        name: the input layer's name.
        format: what the hardware receives; rounding and overflow are those of whoever quantises it outside.
        shape: without the batch.
        raw: Keras quantises it itself, so it may be given unquantised values.
        mask: a 0/1 input.
    """

    name: str
    format: Format
    shape: tuple[int, ...]
    raw: bool
    mask: bool

    def codes(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Codes of real values (a mask's nonzero values are ones)."""
        if self.mask:
            return np.asarray(np.asarray(values) != 0, dtype=np.int64)
        return self.format.quantise(values)


def input_ports(model: Any, declared: Format | None) -> list[InputPort]:
    """The ports of a model, in the order of ``model.inputs``.

    Args:
        declared: the configured format of inputs that no quantiser reads first.

    Raises:
        UserError: an input has no format.
    """
    return [_port(model, tensor, declared) for tensor in model.inputs]


def _port(model: Any, tensor: Any, declared: Format | None) -> InputPort:
    name = tensor._keras_history.operation.name
    if None in tensor.shape[1:]:
        raise UserError(f"an input must have a fixed shape, not {tuple(tensor.shape[1:])}", where=f"input {name}")
    shape = tuple(int(s) for s in tensor.shape[1:])
    if tensor.dtype == "bool":
        return InputPort(name, BIT, shape, raw=False, mask=True)
    readers = consumers(model, tensor)
    found = {f for r in readers for f in _formats(model, r.layer, r.outputs[0])}
    raw = all(_direct(r.layer) is not None for r in readers)
    if declared is not None:
        return InputPort(name, declared, shape, raw=False, mask=False)
    if len(found) != 1 or None in found:
        kinds = sorted({type(r.layer).__name__ for r in readers})
        raise UserError(
            f"an input must be quantised first, by one format, not read by {', '.join(kinds) or 'nothing'}",
            where=f"input {name}",
            hint="put a QActivation behind the input, or state model.input_precision",
        )
    fmt = found.pop()
    assert fmt is not None
    return InputPort(name, fmt, shape, raw, mask=False)


def _direct(layer: Any) -> Format | None:
    """The format that a layer brings its input into before anything else."""
    kind = type(layer).__name__
    if kind == "QActivation":
        with located(f"layer {layer.name}"):
            return parse_quantiser(layer.activation)
    return layer.input_format if kind in ("QSoftmax", "QLayerNormalization") else None


def _formats(model: Any, layer: Any, output: Any) -> set[Format | None]:
    if type(layer).__name__ in ("Masking", "Dropout", "Reshape", "Flatten"):
        return {f for r in consumers(model, output) for f in _formats(model, r.layer, r.outputs[0])}
    return {_direct(layer)}
