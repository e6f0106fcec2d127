"""Inputs and layers that only move values."""

from __future__ import annotations

from math import prod

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.lower.context import Conversion, LayerDict, union_format
from fpga_tf.lower.operators.call import Call
from fpga_tf.lower.operators.elementwise import alias


def input_node(ctx: Conversion, call: Call) -> list[LayerDict]:
    """A model input in its declared format."""
    fmt = ctx.format_of(call.output)
    # a bit arrives as a bit, everything else as the nearest value
    plain = Format(fmt.signed, fmt.integer, fmt.fraction)
    return [
        ctx.emit(
            "InputLayer",
            call.name,
            [],
            call.output.name,
            plain,
            call.shape,
            layer=call.name,
            reference=None,
            input_shape=list(call.shape),
        )
    ]


def reshape(ctx: Conversion, call: Call) -> list[LayerDict]:
    """Flatten and Reshape: the same array under another shape."""
    if call.output.name in ctx.outputs:
        return alias(ctx, call)  # hls4ml removes a final Reshape, and stops if its source is an output too
    return [
        ctx.emit(
            "Reshape",
            call.name,
            [call.inputs[0].name],
            call.output.name,
            ctx.format_of(call.inputs[0]),
            call.shape,
            layer=call.name,
            reference=None,
            target_shape=list(call.shape),
        )
    ]


def permute(ctx: Conversion, call: Call) -> list[LayerDict]:
    """keras.layers.Permute of up to three axes."""
    if len(call.shape) > 3:
        raise UserError(f"Permute must have at most 3 axes, not {len(call.shape)}", where=f"layer {call.name}")
    return [
        ctx.emit(
            "Transpose",
            call.name,
            [call.inputs[0].name],
            call.output.name,
            ctx.format_of(call.inputs[0]),
            call.shape,
            layer=call.name,
            reference=call.output.name,
            perm=[d - 1 for d in call.layer.dims],
        )
    ]


def concatenate(ctx: Conversion, call: Call) -> list[LayerDict]:
    """keras.layers.Concatenate, two by two, into a format that holds all of them."""
    rank = len(call.output.shape)
    axis = call.layer.axis % rank
    if not 1 <= axis < rank or rank > 4:
        raise UserError(f"Concatenate must join a non-batch axis of at most 3, not {axis}", where=f"layer {call.name}")
    nodes: list[LayerDict] = []
    left, formats, size = call.inputs[0].name, [ctx.format_of(call.inputs[0])], int(call.inputs[0].shape[axis])
    shape = [int(s) for s in call.inputs[0].shape[1:]]
    for i, tensor in enumerate(call.inputs[1:], start=2):
        formats.append(ctx.format_of(tensor))
        first, size = list(shape), size + int(tensor.shape[axis])
        shape[axis - 1] = size
        last = i == len(call.inputs)
        output = call.output.name if last else f"{call.output.name}/{i}"
        nodes.append(
            ctx.emit(
                "Concatenate",
                call.name,
                [left, tensor.name],
                output,
                union_format(formats),
                shape,
                layer=call.name,
                reference=call.output.name if last else None,
                op=f"concatenate{rank - 1}d",
                axis=axis,
                n_in=prod(first),
            )
        )
        left = output
    return nodes
