"""HGQ2's softmax: both of its lookup tables, as HGQ2 itself computes them."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, smallest_format
from fpga_tf.hls.hgq2_lower import Lowering, finish, read, written
from fpga_tf.hls.hgq2_quantisers import single_format
from fpga_tf.hls.hgq2_ranges import full_range
from fpga_tf.lower.context import exact_format

MAX_ADDRESS = 16  # bits of a table's address
_BIT = Format(False, 1, 0)


def softmax(low: Lowering, layer: Any, source: str, output: str, *, name: str, label: str) -> str:
    """A QSoftmax with its quantisers.

    Raises:
        UserError: a table has several formats or too many entries.
    """
    x = read(low, layer, source, name=name, label=label)
    shape, axes = low.ranges[x].shape, sorted(layer.axes)
    if axes != list(range(axes[0], axes[-1] + 1)):
        raise UserError(f"a softmax must act on neighbouring axes, not {axes}", where=f"layer {label}")
    length, rank = prod(shape[axes[0] - 1 : axes[-1]]), len(shape) + 1
    fmt = low.state.formats[x]
    normal = single_format(layer.exp_table.iq, rank, label) if layer.stable else fmt
    entry = single_format(layer.inv_table.iq, rank, label)
    exp, exp_fraction = _codes(layer.exp_table, normal, rank, label)
    inverse, inverse_fraction = _codes(layer.inv_table, entry, rank, label)
    fraction = exp_fraction + inverse_fraction
    made = exact_format(0.0, float(np.ldexp(exp.max() * inverse.max(), -fraction)), fraction)
    total = exact_format(0.0, float(np.ldexp(exp.max() * length, -exp_fraction)), exp_fraction)
    span = exact_format(0.0, fmt.max - fmt.min, fmt.fraction)
    low.emit(
        "FpgaTfHgqSoftmax",
        name,
        [x],
        written(layer, output),
        full_range(shape, made),
        made,
        layer=label,
        accum=total,
        out_shape=shape,
        exp_table_data=exp.tolist(),
        inverse_table_data=inverse.tolist(),
        typedefs={
            "span_t": span.ap_type,
            "normal_t": (normal or _BIT).ap_type,
            "total_t": total.ap_type,
            "entry_t": (entry or _BIT).ap_type,
            "product_t": f"ap_uint<{made.width}>",
            "weight_t": made.ap_type,
        },
        n_outer=prod(shape[: axes[0] - 1]),
        n_slice=length,
        n_inner=prod(shape[axes[-1] :]),
        stable=bool(layer.stable),
        exp_address_bits=0 if normal is None else normal.width,
        n_exp=len(exp),
        inverse_address_bits=0 if entry is None else entry.width,
        n_inverse=len(inverse),
        total_bits=total.width,
        product_bits=made.width,
    )
    return finish(low, layer, written(layer, output), output, name=name, label=label)


def _codes(table: Any, address: Format | None, rank: int, label: str) -> tuple[NDArray[np.int64], int]:
    """A table's entries by the bits of what is looked up, and the fraction of these codes.

    Args:
        address: format of what is looked up; None if it is always zero.
        rank: axes of a tensor in the softmax, the batch included.
    """
    width = 0 if address is None else address.width
    if width > MAX_ADDRESS:
        raise UserError(
            f"a softmax's table must be looked up by at most {MAX_ADDRESS} bits, not {width}",
            where=f"layer {label}",
            hint="quantise the softmax's input, or leave it stable",
        )
    bits = np.arange(1 << width)
    given = np.zeros(1)
    if address is not None:
        given = address.dequantise(np.where(bits > address.max_code, bits - (1 << width), bits))
    values = np.asarray(table(given.astype(np.float32).reshape(-1, *[1] * (rank - 1))), dtype=np.float64).ravel()
    fmt = smallest_format(values)
    if fmt.signed:
        raise UserError("a softmax's tables must not go below zero", where=f"layer {label}")
    return fmt.quantise(values), fmt.fraction
