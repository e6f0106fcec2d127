"""Global average pooling: the rational mean, rounded once into the format of the quantiser behind it."""

from __future__ import annotations

from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, Rounding, parse_quantiser
from fpga_tf.fixedpoint.format import MAX_WIDTH
from fpga_tf.lower.context import Conversion, LayerDict, check_width, exact_format
from fpga_tf.lower.operators.call import Call
from fpga_tf.models.graph import LayerCall


def global_average(ctx: Conversion, call: Call, readers: list[LayerCall]) -> list[LayerDict]:
    """keras.layers.GlobalAveragePooling1D.

    Args:
        readers: the calls that read the result.

    Raises:
        UserError: the number of rows is no power of two and no quantiser says where to round.
    """
    rows, channels = (int(s) for s in call.inputs[0].shape[1:])
    if call.layer.data_format != "channels_last":
        raise UserError("a pooling must be channels_last", where=f"layer {call.name}")
    x = ctx.format_of(call.inputs[0])
    total = exact_format(min(0.0, x.min * rows), x.max * rows, x.fraction)
    accum = Format(True, total.integer, total.fraction)
    if rows & (rows - 1) == 0:
        down = rows.bit_length() - 1
        fmt, reference = Format(total.signed, total.integer - down, total.fraction + down), call.output.name
    else:
        fmt, reference = _quantiser_behind(call, readers), None
        # Keras's quotient is a rounded float: it decides like the exact one while a boundary is farther off than its
        # error, that is 1 / (2 * rows) of an LSB
        needed = max(x.integer, fmt.integer) + max(x.fraction, fmt.fraction) + rows.bit_length() + 2
        check_width(Format(False, needed, 0), call.name)
        ctx.widest[call.name] = needed
    division = division_of(accum, fmt, rows, call.name)
    return [
        ctx.emit(
            "FpgaTfMean",
            call.name,
            [call.inputs[0].name],
            call.output.name,
            fmt,
            (channels,),
            layer=call.name,
            reference=reference or readers[0].outputs[0].name,
            # Keras divides the shifted sum: that many bits its floats must hold for a tie to be seen as one
            accum=Format(True, accum.integer, accum.fraction + division["up"]),
            out_shape=(channels,),
            n_rows=rows,
            n_channels=channels,
            typedefs=mean_types(accum, fmt, division["num_bits"]),
            **division,
        )
    ]


def _quantiser_behind(call: Call, readers: list[LayerCall]) -> Format:
    formats: set[Format | None] = {
        parse_quantiser(r.layer.activation) if type(r.layer).__name__ == "QActivation" else None for r in readers
    }
    fmt = formats.pop() if len(formats) == 1 else None
    if fmt is None:
        raise UserError(
            f"the mean over {call.inputs[0].shape[1]} rows must be quantised, it is no fixed-point number",
            where=f"layer {call.name}",
            hint="put one QActivation right behind the pooling",
        )
    if fmt.rounding not in (Rounding.RND_CONV, Rounding.TRN):
        raise UserError(f"a mean must round half to even or truncate, not {fmt}", where=f"layer {call.name}")
    return fmt


def division_of(accum: Format, fmt: Format, rows: int, layer: str) -> dict[str, Any]:
    """Constants of the exact division (see mean.h); of one by a power of two, the factor is one."""
    up = max(0, fmt.fraction - accum.fraction)
    width = accum.width + up
    if width > MAX_WIDTH:
        raise UserError(
            f"a mean's sum, shifted to the result's fraction, must have at most {MAX_WIDTH} bits, not {width}",
            where=f"layer {layer}",
            hint="quantise its input or its result to fewer bits",
        )
    den = rows << max(0, accum.fraction - fmt.fraction)
    largest = (1 << (accum.width - 1)) << up
    offset = -(-largest // den)
    if den & (den - 1) == 0:
        shift, magic = den.bit_length() - 1, 1
    else:
        shift = ((largest + offset * den) * den).bit_length()
        magic = (1 << shift) // den + 1
    num_bits = max((2 * (largest + offset * den)).bit_length(), (2 * den).bit_length(), fmt.width) + 2
    if magic.bit_length() > 64 or num_bits > 63:
        raise UserError(f"a mean's result must not be so much coarser than its sum, not {fmt}", where=f"layer {layer}")
    return {
        "sum_bits": accum.width,
        "num_bits": num_bits,
        "wide_bits": num_bits + magic.bit_length(),
        "up": up,
        "den": den,
        "offset": offset,
        "magic": magic,
        "shift": shift,
        "nearest": fmt.rounding is Rounding.RND_CONV,
        "ties_to_even": fmt.rounding is Rounding.RND_CONV,
    }


def mean_types(accum: Format, fmt: Format, num_bits: int) -> dict[str, str]:
    return {"accum_t": accum.ap_type, "rounded_t": f"ap_fixed<{num_bits},{num_bits - fmt.fraction}>"}
