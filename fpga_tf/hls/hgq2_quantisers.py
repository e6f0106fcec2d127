"""HGQ2's quantisers as formats, one for each element of a tensor, and the node that applies them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, Overflow, Rounding
from fpga_tf.fixedpoint.format import MAX_WIDTH

_KINDS = ("FixedPointQuantizerKBI", "FixedPointQuantizerKIF")


def element_formats(quantiser: Any, shape: Sequence[int], layer: str) -> list[Format | None]:
    """The format that a quantiser brings each element into, in C order; None where nothing but zero is left.

    Args:
        quantiser: an HGQ2 ``Quantizer``.
        shape: of what it reads, without the batch.
        layer: its name, for errors.

    Raises:
        UserError: it is not fixed-point, scales its values, or has a mode that hardware lacks.
    """
    inner = quantiser.quantizer
    rounding, overflow = _modes(quantiser, layer)
    parts = (np.asarray(inner.bw_mapper.bw_to_x(part, (1, *shape)), dtype=np.float64) for part in inner.kif)
    columns = [part.astype(np.int64).ravel().tolist() for part in parts]
    return [_format(k, i, f, rounding, overflow, layer) for k, i, f in zip(*columns, strict=True)]


def _modes(quantiser: Any, layer: str) -> tuple[Rounding, Overflow]:
    inner = quantiser.quantizer
    if type(inner).__name__ not in _KINDS:
        raise UserError(
            f"a quantiser of HGQ2 must be fixed-point to be hardware, not {type(inner).__name__}",
            where=f"layer {layer}",
            hint="q_type must be kif or kbi",
        )
    if quantiser.scaler is not None or quantiser.affine is not None:
        raise UserError("a quantiser's values must not be scaled to be hardware", where=f"layer {layer}")
    if inner._is_weight:
        raise UserError("a tensor must not have a quantiser for weights", where=f"layer {layer}")
    try:
        return Rounding(inner.round_mode.removeprefix("S_")), Overflow(inner.overflow_mode)
    except ValueError:
        raise UserError(
            f"a quantiser must round and overflow as ap_fixed does, not by {inner.round_mode}, {inner.overflow_mode}",
            where=f"layer {layer}",
            hint="use RND and WRAP, or SAT",
        ) from None


def _format(k: int, i: int, f: int, rounding: Rounding, overflow: Overflow, layer: str) -> Format | None:
    width = k + i + f
    if width <= 0 or (overflow is Overflow.SAT_SYM and k and width == 1):
        return None
    if width > MAX_WIDTH or abs(i) > 2 * MAX_WIDTH:
        raise UserError(f"a quantiser must keep at most {MAX_WIDTH} bits, not {width}", where=f"layer {layer}")
    return Format(bool(k), i, f, rounding, overflow)


def single_format(quantiser: Any, rank: int, layer: str) -> Format | None:
    """The format of a quantiser that has one for all elements.

    Raises:
        UserError: it has several.
    """
    found = set(element_formats(quantiser, quantiser_shape(quantiser, rank), layer))
    if len(found) != 1:
        raise UserError(
            "a lookup table must have one format for all elements, not several",
            where=f"layer {layer}",
            hint="leave allow_heterogeneous_table at False",
        )
    return found.pop()


def quantiser_shape(quantiser: Any, rank: int) -> tuple[int, ...]:
    """The shape that a quantiser's own bits have, without the batch."""
    shapes = [tuple(part.shape) for part in quantiser.quantizer.kif]
    return tuple(np.broadcast_shapes((1,) * rank, *shapes))[1:]


def port_format(found: Sequence[Format | None], name: str) -> Format:
    """The format in which an input reaches the hardware: it keeps all that the quantisers behind it look at.

    Args:
        found: formats of all elements, of all quantisers that read the input.
        name: the input's, for errors.

    Raises:
        UserError: rounding or overflow cannot be left to the hardware.
    """
    formats = sorted({fmt for fmt in found if fmt is not None}, key=repr)
    if len(formats) <= 1:
        return formats[0] if formats else Format(False, 1, 0)
    roundings = {fmt.rounding for fmt in formats}
    saturating = {fmt.overflow is not Overflow.WRAP for fmt in formats}
    if not roundings <= {Rounding.RND, Rounding.TRN} or len(saturating) != 1:
        modes = sorted({f"{fmt.rounding}, {fmt.overflow}" for fmt in formats})
        raise UserError(
            "an input must be quantised by RND or TRN if its elements have several formats, and always wrap or always "
            f"saturate, not by {'; '.join(modes)}",
            where=f"input {name}",
        )
    # half a step decides on rounding up
    fraction = max(fmt.fraction + int(fmt.rounding is Rounding.RND) for fmt in formats)
    integer = max(fmt.integer for fmt in formats)
    overflow = Overflow.SAT if saturating == {True} else Overflow.WRAP
    return Format(any(fmt.signed for fmt in formats), integer, fraction, Rounding.TRN, overflow)


def assignments(formats: Sequence[Format | None]) -> list[str]:
    """C++ statements that bring ``x[i]`` into its format as ``y[i]``, elements of one format in one loop."""
    places: dict[Format | None, list[int]] = {}
    for index, fmt in enumerate(formats):
        places.setdefault(fmt, []).append(index)
    lines = []
    for number, (fmt, found) in enumerate(places.items()):
        value = "0" if fmt is None else f"{fmt.ap_type}(x[at{number}[j]])"
        lines += [
            f"static const unsigned at{number}[{len(found)}] = {{{', '.join(map(str, found))}}};",
            f"for (unsigned j = 0; j < {len(found)}; j++) {{",
            "    #pragma HLS UNROLL",
            f"    y[at{number}[j]] = {value};",
            "}",
        ]
    return lines
