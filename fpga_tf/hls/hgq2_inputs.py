"""Which quantisers read a tensor of an HGQ2 model, and in which format its inputs reach the hardware."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.hls.hgq2_attention import first_readers, roles
from fpga_tf.hls.hgq2_lower import Lowering, quantise
from fpga_tf.hls.hgq2_quantisers import element_formats, port_format
from fpga_tf.hls.hgq2_ranges import full_range
from fpga_tf.lower.inputs import InputPort, check_not_output
from fpga_tf.lower.operators.call import Call
from fpga_tf.models.graph import LayerCall, consumers

_MOVING = ("Flatten", "Reshape", "Permute", "Dropout")


def quantised_inputs(low: Lowering, call: Call) -> list[str]:
    """What a layer with several inputs computes with: each behind the quantiser that the layer has for it."""
    names = [str(tensor.name) for tensor in call.inputs]
    if not getattr(call.layer, "enable_iq", False):
        return names
    return [
        quantise(low, quantiser, name, name=f"{call.name}_iq{i}", layer=call.name)
        for i, (name, quantiser) in enumerate(zip(names, call.layer.iq, strict=True))
    ]


def reading_formats(model: Any, tensor: Any, name: str) -> Iterator[Format | None]:
    """Formats of all elements of all quantisers that read a tensor.

    Args:
        name: what the tensor is, for errors.

    Raises:
        UserError: a layer reads it without a quantiser.
    """
    for call in consumers(model, tensor):
        for quantiser in _readers(call, tensor):
            if quantiser is None and type(call.layer).__name__ in _MOVING:
                yield from reading_formats(model, call.outputs[0], name)
            elif quantiser is None:
                raise UserError(
                    f"{name} must be quantised by every layer that reads it, not only by others",
                    where=f"layer {call.layer.name}",
                    hint="leave enable_iq at True",
                )
            else:
                yield from element_formats(quantiser, tuple(int(n) for n in tensor.shape[1:]), str(call.layer.name))


def _readers(call: LayerCall, tensor: Any) -> list[Any]:
    """The quantisers through which a call reads a tensor; None where it has none."""
    layer, kind = call.layer, type(call.layer).__name__
    if kind == "Quantizer":
        return [layer]
    if "Attention" in kind:
        given = Call(layer, call.inputs, call.outputs, call.arguments())
        parts = first_readers(layer)
        return [
            parts[role].iq if parts[role].enable_iq else None for role, taken in roles(given).items() if taken is tensor
        ]
    if not getattr(layer, "enable_iq", False):
        return [None]
    if len(call.inputs) == 1 and type(layer.iq).__name__ == "Quantizer":
        return [layer.iq]
    return [layer.iq[i] for i, taken in enumerate(call.inputs) if taken is tensor]


def input_ports(low: Lowering) -> list[InputPort]:
    """The model's inputs, each with its node.

    Raises:
        UserError: an input is read without a quantiser, rounds as no port can, or is an output.
    """
    return [_port(low, tensor) for tensor in low.model.inputs]


def _port(low: Lowering, tensor: Any) -> InputPort:
    name = str(tensor._keras_history.operation.name)
    if not tensor.dtype.startswith("float"):
        raise UserError(f"an input of an HGQ2 model must be of numbers, not {tensor.dtype}", where=f"input {name}")
    for moved in _moved(low.model, tensor):
        check_not_output(low.model, moved, name)
    shape = tuple(int(n) for n in tensor.shape[1:])
    fmt = port_format(list(reading_formats(low.model, tensor, "an input")), name)
    low.emit(
        "InputLayer", name, [], tensor.name, full_range(shape, fmt), Format(fmt.signed, fmt.integer, fmt.fraction),
        layer=name, compared=False, input_shape=list(shape),
    )  # fmt: skip
    return InputPort(name, fmt, shape, raw=True, mask=False)


def _moved(model: Any, tensor: Any) -> Iterator[Any]:
    """A tensor, and what layers that only move values make of it."""
    yield tensor
    for call in consumers(model, tensor):
        if type(call.layer).__name__ in _MOVING:
            yield from _moved(model, call.outputs[0])
