"""Sigmoid nodes."""

from __future__ import annotations

from math import prod

from fpga_tf.lower.context import Conversion, LayerDict
from fpga_tf.lower.operators.call import Call
from fpga_tf.lower.operators.elementwise import quantise_node


def q_sigmoid(ctx: Conversion, call: Call) -> list[LayerDict]:
    """Our QSigmoid: its input quantiser, then the table."""
    design, argument = call.layer.design(), f"{call.output.name}/argument"
    first = quantise_node(
        ctx,
        name=f"{call.name}_argument",
        layer=f"{call.name}/argument",
        source=call.inputs[0].name,
        output=argument,
        shape=call.shape,
        fmt=design.input,
        reference=None,
    )
    result = ctx.emit(
        "FpgaTfSigmoid",
        call.name,
        [argument],
        call.output.name,
        design.output,
        call.shape,
        layer=call.name,
        reference=call.output.name,
        out_shape=call.shape,
        sigmoid_table_data=list(design.table),
        n_in=prod(call.shape),
        in_bits=design.input.width,
        out_bits=design.output.width,
        n_entries=len(design.table),
    )
    return [first, result]
