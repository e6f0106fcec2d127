"""What each layer of an HGQ2 model becomes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Overflow, Rounding, smallest_format
from fpga_tf.hls.hgq2_attention import attention
from fpga_tf.hls.hgq2_inputs import quantised_inputs
from fpga_tf.hls.hgq2_lower import Lowering, dense, finish, product, quantise, read, written
from fpga_tf.hls.hgq2_mean import mean
from fpga_tf.hls.hgq2_ranges import Range, added, contracted, exact_range, joined, negated
from fpga_tf.hls.hgq2_softmax import softmax
from fpga_tf.lower.operators.attention import without_batch_pair
from fpga_tf.lower.operators.call import Call
from fpga_tf.lower.operators.linear import without_batch

Handler = Callable[[Lowering, Call], None]


def _dense(low: Lowering, call: Call) -> None:
    rows = "".join(chr(ord("a") + i) for i in range(len(call.shape) - 1))
    _linear(low, call, f"{rows}y,yz->{rows}z")


def _einsum_dense(low: Lowering, call: Call) -> None:
    _linear(low, call, without_batch(call.layer.equation, call.name, len(call.inputs[0].shape)))


def _linear(low: Lowering, call: Call, equation: str) -> None:
    dense(low, call.layer, equation, call.inputs[0].name, call.output.name, name=call.name, label=call.name)


def _batch_norm(low: Lowering, call: Call) -> None:
    layer, name = call.layer, call.name
    if layer.axis not in (-1, len(call.inputs[0].shape) - 1):
        raise UserError("a batch normalisation must act on the last axis", where=f"layer {name}")
    x = read(low, layer, call.inputs[0].name, name=name, label=name)
    scale, shift = (np.asarray(part, dtype=np.float64) for part in layer.qscaler_and_qoffset)
    axes = "".join(chr(ord("a") + i) for i in range(len(call.shape)))
    scaled = contracted(f"{axes},{axes[-1]}->{axes}", low.ranges[x], exact_range(scale))
    made = added(scaled, exact_range(np.broadcast_to(shift, call.shape)))
    low.emit(
        "FpgaTfScaleShift",
        name,
        [x],
        written(layer, call.output.name),
        made,
        layer=name,
        accum=made.format,
        weights={"scale": smallest_format(scale), "shift": smallest_format(shift)},
        scale_data=scale,
        shift_data=shift,
        out_shape=call.shape,
        typedefs={"accum_t": made.format.ap_type},
        n_rows=prod(call.shape[:-1]),
        n_channels=call.shape[-1],
    )
    finish(low, layer, written(layer, call.output.name), call.output.name, name=name, label=name)


def _softmax(low: Lowering, call: Call) -> None:
    if call.arguments.get("mask") is not None:
        raise UserError("HGQ2's softmax must be called without a mask", where=f"layer {call.name}")
    softmax(low, call.layer, call.inputs[0].name, call.output.name, name=call.name, label=call.name)


def _maximum(a: Range, b: Range) -> Range:
    return Range(np.maximum(a.low, b.low), np.maximum(a.high, b.high), np.maximum(a.fraction, b.fraction))


def _minimum(a: Range, b: Range) -> Range:
    return negated(_maximum(negated(a), negated(b)))


def _multiplied(a: Range, b: Range) -> Range:
    axes = "".join(chr(ord("a") + i) for i in range(len(a.shape)))
    return contracted(f"{axes},{axes}->{axes}", a, b)


_MERGED: dict[str, Callable[[Range, Range], Range]] = {
    "add": added,
    "subtract": lambda a, b: added(a, negated(b)),
    "multiply": _multiplied,
    "maximum": _maximum,
    "minimum": _minimum,
}


def _merge(low: Lowering, call: Call) -> None:
    """Two by two, exact."""
    layer, name = call.layer, call.name
    operation = type(layer).__name__.removeprefix("Q").lower()
    shapes = {tuple(t.shape[1:]) for t in call.inputs}
    if len(shapes) != 1:
        raise UserError(f"a layer must have inputs of one shape, not {sorted(shapes)}", where=f"layer {name}")
    left, *others = quantised_inputs(low, call)
    oq = getattr(layer, "enable_oq", False)
    target = f"{call.output.name}|exact" if oq else call.output.name
    for number, right in enumerate(others, start=2):
        output = target if number == len(call.inputs) else f"{call.output.name}/{number}"
        made = _MERGED[operation](low.ranges[left], low.ranges[right])
        left = low.emit("Merge", name, [left, right], output, made, layer=name, op=operation, n_in=prod(call.shape))
    if oq:
        finish(low, layer, left, call.output.name, name=name, label=name)


def _einsum(low: Lowering, call: Call) -> None:
    layer, name = call.layer, call.name
    equation = without_batch_pair(layer.equation.replace(" ", ""))
    a, b = quantised_inputs(low, call)
    product(low, equation, a, b, written(layer, call.output.name), name=name, label=name)
    finish(low, layer, written(layer, call.output.name), call.output.name, name=name, label=name)


def _quantizer(low: Lowering, call: Call) -> None:
    quantise(low, call.layer, call.inputs[0].name, name=call.name, layer=call.name, output=call.output.name)


def _rectifier(low: Lowering, call: Call) -> None:
    layer, x = call.layer, low.ranges[call.inputs[0].name]
    name = getattr(getattr(layer, "activation", None), "__name__", "relu")
    plain = not getattr(layer, "negative_slope", 0) and not getattr(layer, "threshold", 0)
    if name == "linear":
        _same(low, call)
        return
    if name != "relu" or not plain or getattr(layer, "max_value", None) is not None:
        raise UserError(
            f"an activation must be relu or linear without options to be exact, not {name}"
            + (" with options" if name == "relu" else ""),
            where=f"layer {call.name}",
            hint="use a plain ReLU",
        )
    made = x.rectified()
    _converted(low, call, made, made.format.with_modes(Rounding.TRN, Overflow.SAT))


def _same(low: Lowering, call: Call) -> None:
    source = call.inputs[0].name
    _converted(low, call, low.ranges[source].reshaped(call.shape), low.state.formats[source])


def _converted(low: Lowering, call: Call, made: Range, fmt: Any) -> None:
    low.emit(
        "FpgaTfQuantise", call.name, [call.inputs[0].name], call.output.name, made, fmt,
        layer=call.name, out_shape=call.shape, n_in=prod(call.shape),
    )  # fmt: skip


def _reshape(low: Lowering, call: Call) -> None:
    source = call.inputs[0].name
    if call.output.name in low.state.outputs:
        _same(low, call)  # hls4ml removes a final Reshape
        return
    made, fmt = low.ranges[source].reshaped(call.shape), low.state.formats[source]
    low.emit(
        "Reshape", call.name, [source], call.output.name, made, fmt,
        layer=call.name, compared=False, target_shape=list(call.shape),
    )  # fmt: skip


def _permute(low: Lowering, call: Call) -> None:
    if len(call.shape) > 3:
        raise UserError(f"Permute must have at most 3 axes, not {len(call.shape)}", where=f"layer {call.name}")
    source, axes = call.inputs[0].name, [d - 1 for d in call.layer.dims]
    made, fmt = low.ranges[source].transposed(axes), low.state.formats[source]
    low.emit("Transpose", call.name, [source], call.output.name, made, fmt, layer=call.name, perm=axes)


def _concatenate(low: Lowering, call: Call) -> None:
    """Two by two."""
    rank = len(call.output.shape)
    axis = call.layer.axis % rank
    if not 1 <= axis < rank or rank > 4:
        raise UserError(f"Concatenate must join a non-batch axis of at most 3, not {axis}", where=f"layer {call.name}")
    left, *others = (str(tensor.name) for tensor in call.inputs)
    for number, right in enumerate(others, start=2):
        output = call.output.name if number == len(call.inputs) else f"{call.output.name}/{number}"
        made = joined(low.ranges[left], low.ranges[right], axis - 1)
        size = prod(low.ranges[left].shape)
        left = low.emit(
            "Concatenate", call.name, [left, right], output, made,
            layer=call.name, op=f"concatenate{rank - 1}d", axis=axis, n_in=size,
        )  # fmt: skip


HANDLERS: dict[tuple[str, str], Handler] = {
    ("hgq", "QDense"): _dense,
    ("hgq", "QBatchNormDense"): _dense,
    ("hgq", "QEinsumDense"): _einsum_dense,
    ("hgq", "QEinsumDenseBatchnorm"): _einsum_dense,
    ("hgq", "QBatchNormalization"): _batch_norm,
    ("hgq", "QSoftmax"): _softmax,
    ("hgq", "QMultiHeadAttention"): attention,
    ("hgq", "QLinformerAttention"): attention,
    ("hgq", "QGlobalAveragePooling1D"): mean,
    ("hgq", "QEinsum"): _einsum,
    ("hgq", "Quantizer"): _quantizer,
    **{("hgq", f"Q{name.capitalize()}"): _merge for name in _MERGED},
    **{("keras", name.capitalize()): _merge for name in _MERGED},
    ("keras", "ReLU"): _rectifier,
    ("keras", "Activation"): _rectifier,
    ("keras", "Dropout"): _same,
    ("keras", "Flatten"): _reshape,
    ("keras", "Reshape"): _reshape,
    ("keras", "Permute"): _permute,
    ("keras", "Concatenate"): _concatenate,
}


def handler_of(layer: Any) -> Handler:
    """What makes the nodes of a layer.

    Raises:
        UserError: nothing does.
    """
    kind = type(layer)
    found = HANDLERS.get((kind.__module__.partition(".")[0], kind.__name__))
    if found is None:
        known = ", ".join(sorted({name for _, name in HANDLERS}))
        raise UserError(
            f"a layer of an HGQ2 model must be one of {known}, not {kind.__module__}.{kind.__name__}",
            where=f"layer {layer.name}",
            hint="use HGQ2's QDense, QMultiHeadAttention, QAdd and the like",
        )
    return found
