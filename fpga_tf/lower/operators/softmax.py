"""Softmax nodes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import SoftmaxDesign
from fpga_tf.lower.context import Conversion, LayerDict
from fpga_tf.lower.operators.call import Call
from fpga_tf.lower.operators.elementwise import quantise_node
from fpga_tf.lower.operators.masking import BIT


def softmax_node(
    ctx: Conversion,
    design: SoftmaxDesign,
    *,
    name: str,
    layer: str,
    source: str,
    mask: tuple[str, int] | None,
    keep: np.ndarray | None = None,
    output: str,
    shape: Sequence[int],
    outer: int,
    inner: int,
    reference: str | None,
) -> LayerDict:
    """A softmax over rows of ``design.length`` scores.

    Args:
        mask: tensor of a mask and its number of entries; it repeats over the flattened scores.
        keep: the same, constant; not together with `mask`.
        outer, inner: rows before and after the normalised axes.
    """
    fmt = design.input
    if ctx.formats[source] != fmt:
        raise UserError(f"a softmax's scores must come in {fmt}, not {ctx.formats[source]}", where=f"layer {layer}")
    signed = "ap_int" if fmt.signed else "ap_uint"
    return ctx.emit(
        "FpgaTfSoftmax",
        name,
        [source] if mask is None else [source, mask[0]],
        output,
        design.output,
        shape,
        layer=layer,
        reference=reference,
        out_shape=tuple(shape),
        exp_table_data=list(design.exp),
        reciprocal_table_data=list(design.reciprocal),
        typedefs={"code_t": f"{signed}<{fmt.width}>"},
        n_outer=outer,
        n_slice=design.length,
        n_inner=inner,
        mask_period=mask[1] if mask is not None else 1 if keep is None else keep.size,
        keep_data=None if keep is None else keep.astype(np.float64).ravel(),
        stable=design.stable,
        in_bits=fmt.width,
        lowest=fmt.min_code,
        n_exp=len(design.exp),
        exp_shift=design.exp_shift,
        lead=design.lead,
        address_bits=design.address_bits,
        n_reciprocal=len(design.reciprocal),
        reciprocal_bits=design.reciprocal_bits,
        product_bits=design.product_bits,
        product_fraction=design.product_fraction,
    )


def q_softmax(ctx: Conversion, call: Call) -> list[LayerDict]:
    """Our QSoftmax: its input quantiser, then the softmax."""
    layer, x = call.layer, call.inputs[0]
    axes = layer.axes(len(x.shape))
    shape = call.shape
    scores = f"{call.output.name}/scores"
    nodes = [
        quantise_node(
            ctx,
            name=f"{call.name}_scores",
            layer=f"{call.name}/scores",
            source=x.name,
            output=scores,
            shape=shape,
            fmt=layer.input_format,
            reference=None,
        )
    ]
    mask = _mask(ctx, call, shape)
    nodes.append(
        softmax_node(
            ctx,
            layer.design(tuple(x.shape)),
            name=call.name,
            layer=call.name,
            source=scores,
            mask=mask,
            output=call.output.name,
            shape=shape,
            outer=prod(shape[: axes[0] - 1]),
            inner=prod(shape[axes[-1] :]),
            reference=call.output.name,
        )
    )
    return nodes


def _mask(ctx: Conversion, call: Call, shape: tuple[int, ...]) -> tuple[str, int] | None:
    """The mask argument: the explicit one, or the one that travels with the tensor."""
    explicit: Any = call.arguments.get("mask")
    if explicit is not None:
        mask_shape, name = tuple(explicit.shape[1:]), explicit.name
    elif call.inputs[0].name in ctx.masks:
        raise UserError(
            "an implicit mask must be used by attention, a softmax needs it spelled out",
            where=f"layer {call.name}",
            hint="call the softmax with mask=...",
        )
    else:
        return None
    if ctx.formats[name] != BIT:
        raise UserError(f"a mask must be one bit, not {ctx.formats[name]}", where=f"layer {call.name}")
    if len(mask_shape) != len(shape):
        raise UserError(
            f"a softmax's mask must have {len(shape)} axes beside the batch, not {len(mask_shape)}",
            where=f"layer {call.name}",
        )
    trimmed = tuple(s for i, s in enumerate(mask_shape) if s != 1 or any(t != 1 for t in mask_shape[:i]))
    if trimmed != shape[len(shape) - len(trimmed) :]:
        raise UserError(
            f"a softmax's mask must cover the last axes of {shape} whole, not {mask_shape}", where=f"layer {call.name}"
        )
    return name, prod(trimmed)
