"""Quantisers, rectifiers, sums, scale and shift."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, Overflow, Rounding, parse_quantiser, smallest_format
from fpga_tf.lower.context import Conversion, LayerDict, exact_format, sum_format
from fpga_tf.lower.operators.call import Call
from fpga_tf.lower.operators.linear import exact


def quantise_node(
    ctx: Conversion,
    *,
    name: str,
    layer: str,
    source: str,
    output: str,
    shape: Sequence[int],
    fmt: Format,
    reference: str | None,
) -> LayerDict:
    """Elementwise conversion into `fmt`."""
    return ctx.emit(
        "FpgaTfQuantise",
        name,
        [source],
        output,
        fmt,
        shape,
        layer=layer,
        reference=reference,
        out_shape=tuple(shape),
        n_in=prod(shape),
    )


def _converted(ctx: Conversion, call: Call, fmt: Format) -> LayerDict:
    """A layer that is nothing but a conversion of its only input into `fmt`."""
    return quantise_node(
        ctx,
        name=call.name,
        layer=call.name,
        source=call.inputs[0].name,
        output=call.output.name,
        shape=call.shape,
        fmt=fmt,
        reference=call.output.name,
    )


def activation(ctx: Conversion, call: Call) -> list[LayerDict]:
    """QKeras's QActivation."""
    fmt = parse_quantiser(call.layer.activation)
    if fmt is None:
        raise UserError("QActivation's activation must be a quantiser, not None", where=f"layer {call.name}")
    return [_converted(ctx, call, fmt)]


def rectifier(ctx: Conversion, call: Call) -> list[LayerDict]:
    """keras.layers.ReLU without options, and Activation("relu"): the negative half saturates at zero."""
    layer = call.layer
    name = getattr(getattr(layer, "activation", None), "__name__", "relu")
    plain = not getattr(layer, "negative_slope", 0) and not getattr(layer, "threshold", 0)
    if name == "linear":
        return alias(ctx, call)
    if name != "relu" or not plain or getattr(layer, "max_value", None) is not None:
        raise UserError(
            f"an activation must be relu or linear without options, not {name}",
            where=f"layer {call.name}",
            hint="use QActivation with quantized_relu",
        )
    x = ctx.format_of(call.inputs[0])
    fmt = Format(False, max(x.integer, 1 - x.fraction), x.fraction, Rounding.TRN, Overflow.SAT)
    return [_converted(ctx, call, fmt)]


def alias(ctx: Conversion, call: Call) -> list[LayerDict]:
    """A layer that does nothing to values (Dropout): a conversion into the same format, which costs nothing."""
    return [_converted(ctx, call, ctx.format_of(call.inputs[0]))]


def add(ctx: Conversion, call: Call) -> list[LayerDict]:
    """keras.layers.Add, two by two; exact."""
    shapes = {tuple(t.shape[1:]) for t in call.inputs}
    if len(shapes) != 1:
        raise UserError(f"Add must have inputs of one shape, not {sorted(shapes)}", where=f"layer {call.name}")
    nodes: list[LayerDict] = []
    left, formats = call.inputs[0].name, [ctx.format_of(call.inputs[0])]
    for i, tensor in enumerate(call.inputs[1:], start=2):
        formats.append(ctx.format_of(tensor))
        last = i == len(call.inputs)
        output = call.output.name if last else f"{call.output.name}/{i}"
        nodes.append(
            ctx.emit(
                "Merge",
                call.name,
                [left, tensor.name],
                output,
                sum_format(formats),
                call.shape,
                layer=call.name,
                reference=call.output.name if last else None,
                op="add",
                n_in=prod(call.shape),
            )
        )
        left = output
    return nodes


def scale_shift(ctx: Conversion, call: Call) -> list[LayerDict]:
    """Our QScaleShift."""
    layer = call.layer
    scale, shift = exact(layer.quantised_scale), exact(layer.quantised_shift)
    if layer.scale_format is None or layer.shift_format is None:
        raise UserError("scale_quantizer and shift_quantizer must be given, not None", where=f"layer {call.name}")
    x = ctx.format_of(call.inputs[0])
    corners = np.stack([scale * x.min, scale * x.max])
    # the sum starts from the product alone, so zero shift belongs to the range
    low = float(np.minimum(corners.min(0), corners.min(0) + shift).min())
    high = float(np.maximum(corners.max(0), corners.max(0) + shift).max())
    fraction = max(x.fraction + smallest_format(scale).fraction, smallest_format(shift).fraction)
    accum = exact_format(min(0.0, low), max(0.0, high), fraction)
    return [
        ctx.emit(
            "FpgaTfScaleShift",
            call.name,
            [call.inputs[0].name],
            call.output.name,
            layer.output_format or accum,
            call.shape,
            layer=call.name,
            reference=call.output.name,
            accum=accum,
            weights={"scale": smallest_format(scale), "shift": smallest_format(shift)},
            scale_data=scale,
            shift_data=shift,
            out_shape=call.shape,
            typedefs={"accum_t": accum.ap_type},
            n_rows=prod(call.shape[:-1]),
            n_channels=call.shape[-1],
        )
    ]
