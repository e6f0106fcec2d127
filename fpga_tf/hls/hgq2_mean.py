"""HGQ2's global average pooling: the rational mean, cut where the quantisers behind it do not look any more."""

from __future__ import annotations

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, Rounding
from fpga_tf.hls.hgq2_inputs import reading_formats
from fpga_tf.hls.hgq2_lower import Lowering, finish, read, written
from fpga_tf.hls.hgq2_quantisers import element_formats
from fpga_tf.hls.hgq2_ranges import Range
from fpga_tf.lower.operators.call import Call
from fpga_tf.lower.operators.pooling import division_of, mean_types


def mean(low: Lowering, call: Call) -> None:
    """QGlobalAveragePooling1D.

    Raises:
        UserError: the number of rows is no power of two and no quantiser says where to round.
    """
    layer, name = call.layer, call.name
    if layer.data_format != "channels_last" or layer.keepdims:
        raise UserError("a pooling must be channels_last and not keep its axis", where=f"layer {name}")
    x = read(low, layer, call.inputs[0].name, name=name, label=name)
    rows, channels = low.ranges[x].shape
    summed = Range(low.ranges[x].low.sum(0), low.ranges[x].high.sum(0), low.ranges[x].fraction.max(0))
    accum = Format(True, summed.format.integer, summed.format.fraction)
    power = rows & (rows - 1) == 0
    made = _halved(summed, rows) if power else _cut(summed, rows, _fraction(low, call))
    fmt = Format(made.format.signed, made.format.integer, made.format.fraction)
    division = division_of(accum, fmt, rows, name)
    low.emit(
        "FpgaTfMean",
        name,
        [x],
        written(layer, call.output.name),
        made,
        fmt,
        layer=name,
        compared=power,
        accum=Format(True, accum.integer, accum.fraction + division["up"]),
        out_shape=(channels,),
        n_rows=rows,
        n_channels=channels,
        typedefs=mean_types(accum, fmt, division["num_bits"]),
        **division,
    )
    finish(low, layer, written(layer, call.output.name), call.output.name, name=name, label=name)


def _halved(summed: Range, rows: int) -> Range:
    """The exact mean over a power of two of rows."""
    return Range(summed.low / rows, summed.high / rows, summed.fraction + rows.bit_length() - 1)


def _cut(summed: Range, rows: int, fraction: int) -> Range:
    """The mean, rounded down."""
    low, high = (np.floor(np.ldexp(bound, fraction) / rows) for bound in (summed.low, summed.high))
    return Range(np.ldexp(low, -fraction), np.ldexp(high, -fraction), np.full(low.shape, fraction))


def _fraction(low: Lowering, call: Call) -> int:
    """How many bits behind the point decide what the quantisers behind the mean give."""
    found = (
        element_formats(call.layer.oq, call.shape, call.name)
        if call.layer.enable_oq
        else list(reading_formats(low.model, call.output, "a mean over rows that are no power of two"))
    )
    formats = [fmt for fmt in found if fmt is not None]
    if not found or any(fmt.rounding not in (Rounding.RND, Rounding.TRN) for fmt in formats):
        raise UserError(
            f"a mean over {call.inputs[0].shape[1]} rows must be quantised by RND or TRN, it is no fixed-point number",
            where=f"layer {call.name}",
        )
    return max((fmt.fraction + int(fmt.rounding is Rounding.RND) for fmt in formats), default=0)
