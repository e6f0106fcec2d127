"""Dense and EinsumDense: one exact sum per output, then one conversion of format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, parse_quantiser, smallest_format
from fpga_tf.lower.context import Conversion, LayerDict, linear_format
from fpga_tf.lower.operators.call import Call


def einsum_dense(
    ctx: Conversion,
    *,
    name: str,
    layer: str,
    equation: str,
    source: str,
    in_shape: Sequence[int],
    output: str,
    out_shape: Sequence[int],
    kernel: np.ndarray,
    bias: np.ndarray | None,
    fmt: Format | None,
    reference: str | None,
) -> LayerDict:
    """An EinsumDense node.

    Args:
        equation: without the batch axis.
        kernel, bias: exact values as the hardware holds them.
        fmt: format of the output; the exact one if None.
    """
    accum = linear_format(equation, kernel, bias, ctx.formats[source])
    weights = {"weight": smallest_format(kernel), "bias": smallest_format(np.zeros(1) if bias is None else bias)}
    return ctx.emit(
        "EinsumDense",
        name,
        [source],
        output,
        fmt or accum,
        out_shape,
        layer=layer,
        reference=reference,
        accum=accum,
        weights=weights,
        equation=equation,
        weight_data=np.asarray(kernel, dtype=np.float64),
        bias_data=None if bias is None else np.asarray(bias, dtype=np.float64),
        inp_shape=tuple(in_shape),
        out_shape=tuple(out_shape),
    )


def dense(ctx: Conversion, call: Call) -> list[LayerDict]:
    """QKeras's QDense over the last axis."""
    layer = call.layer
    kernel = quantised(layer.kernel_quantizer_internal, layer.kernel, call.name, "kernel")
    bias = None
    if layer.use_bias:
        bias = quantised(layer.bias_quantizer_internal, layer.bias, call.name, "bias")
    rows = "".join(chr(ord("a") + i) for i in range(len(call.inputs[0].shape) - 2))
    return [
        einsum_dense(
            ctx,
            name=call.name,
            layer=call.name,
            equation=f"{rows}y,yz->{rows}z",
            source=call.inputs[0].name,
            in_shape=call.inputs[0].shape[1:],
            output=call.output.name,
            out_shape=call.shape,
            kernel=kernel,
            bias=bias,
            fmt=activation_format(layer.activation, call.name),
            reference=call.output.name,
        )
    ]


def q_einsum_dense(ctx: Conversion, call: Call) -> list[LayerDict]:
    """Our QEinsumDense."""
    layer = call.layer
    if layer.kernel_format is None:
        raise UserError("kernel_quantizer must be given to be hardware, not None", where=f"layer {call.name}")
    if layer.bias is not None and layer.bias_format is None:
        raise UserError("bias_quantizer must be given to be hardware, not None", where=f"layer {call.name}")
    return [
        einsum_dense(
            ctx,
            name=call.name,
            layer=call.name,
            equation=without_batch(layer.equation, call.name, len(call.inputs[0].shape)),
            source=call.inputs[0].name,
            in_shape=call.inputs[0].shape[1:],
            output=call.output.name,
            out_shape=call.shape,
            kernel=exact(layer.quantised_kernel),
            bias=None if layer.bias is None else exact(layer.quantised_bias),
            fmt=layer.output_format,
            reference=call.output.name,
        )
    ]


def exact(tensor: Any) -> np.ndarray:
    """Values of a float32 tensor, exact in float64."""
    return np.asarray(tensor, dtype=np.float64)


def quantised(quantiser: Any, weight: Any, layer: str, what: str) -> np.ndarray:
    """The values of a weight behind its QKeras quantiser, as the layer itself computes them.

    Raises:
        UserError: there is no quantiser, or its values are no fixed-point numbers.
    """
    if quantiser is None:
        raise UserError(
            f"{what}_quantizer must be given to be hardware, not None",
            where=f"layer {layer}",
            hint="for example quantized_bits(8,2,alpha=1)",
        )
    values = exact(quantiser(weight.value))
    if bool((np.frexp(exact(getattr(quantiser, "scale", 1.0)))[0] != 0.5).any()):
        raise UserError(
            f"{what}_quantizer's scale must be a power of two in hardware, not alpha={quantiser.alpha!r}",
            where=f"layer {layer}",
            hint="use alpha=1 or alpha='auto_po2'",
        )
    noisy = getattr(quantiser, "use_stochastic_rounding", False) or "stochastic" in type(quantiser).__name__
    if noisy or float(np.asarray(getattr(quantiser, "qnoise_factor", 1.0))) != 1.0:
        raise UserError(f"{what}_quantizer must give the same values each time", where=f"layer {layer}")
    return values


def activation_format(activation: Any, layer: str) -> Format | None:
    """The format that a layer's ``activation`` argument brings its output into; None for a linear one."""
    if activation is None or getattr(activation, "__name__", "") == "linear":
        return None
    if callable(activation) and not hasattr(activation, "get_config"):
        raise UserError(
            f"activation must be a quantiser, not {getattr(activation, '__name__', activation)}",
            where=f"layer {layer}",
            hint="use quantized_relu, or a QSoftmax layer",
        )
    return parse_quantiser(activation)


def without_batch(equation: str, layer: str, rank: int) -> str:
    """An EinsumDense equation without its batch axis, an ellipsis spelled out."""
    left, out = equation.replace(" ", "").split("->")
    x, kernel = left.split(",")
    if "..." in x:
        used = set(equation)
        spare = [c for c in "abcdefghijklmnopqrstuvwxyz" if c not in used]
        fill = "".join(spare[: rank - (len(x) - 3)])
        x, out = x.replace("...", fill), out.replace("...", fill)
    axes = [set(part) for part in (x, kernel, out)]
    if any(a - b - c for a, b, c in (axes, (axes[1], axes[0], axes[2]))):
        raise UserError(
            f"an equation must sum over axes of both operands only, not {equation!r}", where=f"layer {layer}"
        )
    if "..." in kernel or not x or not out or x[0] != out[0] or x[0] in kernel:
        raise UserError(f"an equation must keep the batch as its first axis, not {equation!r}", where=f"layer {layer}")
    return f"{x[1:]},{kernel}->{out[1:]}"
