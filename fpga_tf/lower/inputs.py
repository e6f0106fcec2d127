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
        UserError: an input has no format, is of another type of numbers, or is an output.
    """
    return [_port(model, tensor, declared) for tensor in model.inputs]


def _port(model: Any, tensor: Any, declared: Format | None) -> InputPort:
    name = tensor._keras_history.operation.name
    if None in tensor.shape[1:]:
        raise UserError(f"an input must have a fixed shape, not {tuple(tensor.shape[1:])}", where=f"input {name}")
    check_not_output(model, tensor, name)
    shape = tuple(int(s) for s in tensor.shape[1:])
    if tensor.dtype == "bool":
        return InputPort(name, BIT, shape, raw=False, mask=True)
    if tensor.dtype not in ("float32", "float64"):  # Keras would round before any quantiser does
        raise UserError(
            f"an input must be float32, or bool for a mask, not {tensor.dtype}",
            where=f"input {name}",
            hint="leave dtype out of the Input layer",
        )
    readers = consumers(model, tensor)
    found = {f for r in readers for f in _formats(model, r.layer, r.outputs[0])}
    raw = all(_direct(r.layer) is not None for r in readers)
    if declared is not None:
        return InputPort(name, declared, shape, raw=False, mask=False)
    if len(found) != 1 or None in found:
        kinds = sorted({type(r.layer).__name__ for r in readers})
        hint = "put a QActivation behind the input, or state model.input_precision"
        raise UserError(
            f"an input must be quantised first, by one format, not read by {', '.join(kinds) or 'nothing'}",
            where=f"input {name}",
            hint=hint if readers else "leave the input out of the model",
        )
    fmt = found.pop()
    assert fmt is not None
    return InputPort(name, fmt, shape, raw, mask=False)


def check_not_output(model: Any, tensor: Any, name: str) -> None:
    """Refuse an input that is handed on as it is: nothing would bring it into the format of the hardware.

    Args:
        tensor: the input, or what a layer that only moves values makes of it.
        name: the input layer's name.

    Raises:
        UserError: the tensor is an output of the model.
    """
    if any(t is tensor for t in model.outputs):
        raise UserError(
            "an output of a model must be computed by a layer, not be an input",
            where=f"input {name}",
            hint="leave it out of the outputs, or put a quantiser between",
        )


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
