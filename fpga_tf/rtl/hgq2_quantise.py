"""HGQ2's quantisers in traced numbers, exact for whatever reaches them.

da4ml's own are not: an unsigned format that wraps loses the sign of what it is given, a scale is not undone, some
roundings are missing, and tables are computed in float64, where Keras computes in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from da4ml.trace import FixedVariableArray
from da4ml.trace.fixed_variable_array import RetardedFixedVariableArray
from keras import ops

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, Overflow, Rounding
from fpga_tf.rtl.conversion import convert
from fpga_tf.rtl.numbers import (
    WIDEST,
    Number,
    Numbers,
    array_of,
    bits,
    constant,
    is_constant,
    low_bits,
    value_of,
)
from fpga_tf.rtl.operators.linear import Kernels
from fpga_tf.rtl.operators.mean import times

# An address of a table: beyond, no FPGA holds one for each element.
WIDEST_ADDRESS = 16
# A table's entry, which da4ml keeps as an int32.
WIDEST_ENTRY = 31


@dataclass(frozen=True)
class Mean:
    """A mean over rows whose number is no power of two: no fixed-point number before it is quantised.

    Attributes:
        sums: over the rows, traced.
        rows: how many.
    """

    sums: Any
    rows: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Without the batch."""
        return tuple(self.sums.shape)


def quantised(quantiser: Any, values: Any) -> Any:
    """What one of HGQ2's quantisers makes of an array of traced numbers.

    Args:
        quantiser: `hgq.quantizer.Quantizer`.
        values: da4ml's array, one to which a function is still to be applied by a table, or a `Mean`.

    Returns:
        da4ml's array.

    Raises:
        UserError: the quantiser is of another kind, or a table would be too large.
    """
    formats = _formats(quantiser, tuple(values.shape))
    if isinstance(values, RetardedFixedVariableArray):
        found = _tables(quantiser, values, formats)
        variables = values
    elif isinstance(values, Mean):
        kernels = Kernels()
        found = [_mean(number, values.rows, fmt, kernels) for number, fmt in _pairs(values.sums, formats)]
        variables = values.sums
    else:
        found = [_converted(number, fmt) for number, fmt in _pairs(values, formats)]
        variables = values
    return FixedVariableArray(array_of(found, values.shape), variables.solver_options, hwconf=variables.hwconf)


def _pairs(values: Any, formats: Sequence[Format | None]) -> Any:
    return zip(numbers(values).ravel(), formats, strict=True)


def numbers(values: Any) -> Numbers:
    """The numbers of one of da4ml's arrays."""
    found: Numbers = values._vars
    return found


def _formats(quantiser: Any, shape: tuple[int, ...]) -> list[Format | None]:
    """A format for each element; None where the quantiser gives zero always."""
    inner = quantiser.quantizer
    if quantiser.scaler is not None or quantiser.affine is not None or not hasattr(inner, "kif"):
        raise UserError("an HGQ2 quantiser must be of fixed point, without scaler and affine, to become RTL")
    rounding, overflow = str(inner.round_mode).removeprefix("S_"), str(inner.overflow_mode)
    if rounding not in {*Rounding} or overflow not in {*Overflow}:
        raise UserError(f"an HGQ2 quantiser must round and overflow as ap_fixed can, not by {rounding} and {overflow}")
    planes = [_plane(inner, bits_, shape) for bits_ in inner.kif]
    modes = Rounding(rounding), Overflow(overflow)
    return [_format(int(k), int(i), int(f), *modes) for k, i, f in zip(*planes, strict=True)]


def _plane(inner: Any, values: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Bits of one kind for each element, whole numbers."""
    spread = np.asarray(ops.convert_to_numpy(inner.bw_mapper.bw_to_x(values, (1, *shape))), dtype=np.float64)
    found: np.ndarray = np.broadcast_to(spread, (1, *shape)).ravel()
    if not np.array_equal(found, np.rint(found)):
        raise UserError("the bits of an HGQ2 quantiser must be finite whole numbers")
    return found


def _format(keep: int, integer: int, fraction: int, rounding: Rounding, overflow: Overflow) -> Format | None:
    if keep + integer + fraction <= 0 or (overflow is Overflow.SAT_SYM and integer + fraction == 0):
        return None
    return Format(bool(keep), integer, fraction, rounding, overflow)


def _converted(number: Number, fmt: Format | None) -> Number:
    if fmt is None:
        return constant(0)
    return constant(0) if _vanishes(number, fmt) else convert(number, fmt)


def _vanishes(number: Number, fmt: Format) -> bool:
    """Whether all that a number can be rounds to zero: to find that by adding could take more bits than da4ml has."""
    fraction = bits(number)[2]
    if not 0 < fraction - fmt.fraction < WIDEST:
        return False
    ends = np.array([int(number.low / number.step), int(number.high / number.step)])
    return not Format(True, 1 - fmt.fraction, fmt.fraction, fmt.rounding, Overflow.SAT).requantise(ends, fraction).any()


def _mean(total: Number, rows: int, fmt: Format | None, kernels: Kernels) -> Number:
    """``total / rows``, rounded once.

    What is converted is the quotient's floor at half a step, and below it a bit that is set where something remains:
    that is in the same place between the steps as the quotient itself.
    """
    if fmt is None:
        return constant(0)
    if is_constant(total) and value_of(total) == 0:
        return constant(0)
    fraction, have = fmt.fraction + 1, bits(total)[2]
    numerator = total * 2.0 ** max(fraction, have)
    den = rows << max(have - fraction, 0)
    lowest, highest = int(numerator.low), int(numerator.high)
    offset = -(lowest // den)
    shifted = numerator + float(offset * den)
    # Granlund and Montgomery: with one more than 2**shift / den, the floor is exact up to 2**shift / den
    shift = max(((highest + offset * den) * den).bit_length(), 1)
    magic = (1 << shift) // den + 1
    wide = times(low_bits(shifted, bits(shifted)[1]), magic, kernels) * 2.0**-shift
    quotient = low_bits(wide, max(bits(wide)[1], 1))
    rest = shifted - times(quotient, den, kernels)
    remains = constant(float(value_of(rest) > 0)) if is_constant(rest) else (-rest).is_negative()
    return convert((quotient + float(-offset)) * 2.0**-fraction + remains * 2.0 ** -(fraction + 1), fmt)


def _tables(quantiser: Any, values: Any, formats: Sequence[Format | None]) -> list[Number]:
    made: dict[Any, np.ndarray] = {}
    found = []
    for number, fmt in _pairs(values, formats):
        if fmt is None:
            found.append(constant(0))
            continue
        key = (number.low, number.high, number.step), fmt
        if key not in made:
            made[key] = _entries(quantiser, values._operator, number, fmt)
        entries = made[key]
        found.append(constant(entries[0]) if len({*entries.tolist()}) == 1 else number.lookup(entries))
    return found


def _entries(quantiser: Any, function: Any, number: Number, fmt: Format) -> np.ndarray:
    """The quantised function at each value of a number, as Keras computes it in float32."""
    count = 1 if is_constant(number) else int((number.high - number.low) / number.step) + 1
    if count > 1 << WIDEST_ADDRESS or fmt.width > WIDEST_ENTRY:
        raise UserError(
            f"a table must have at most {WIDEST_ADDRESS} bits of address and {WIDEST_ENTRY} of entry to become RTL, "
            f"not {(count - 1).bit_length()} and {fmt.width}",
            hint="quantise what the function is applied to; let a softmax be stable",
        )
    at = float(number.low) + float(number.step) * np.arange(count)
    given, half = at.astype(np.float32), count // 2
    entries = _quantised_floats(quantiser, function(given), fmt)
    # Keras's functions may differ in the last bit of a float32 by where in an array a number is
    alone = _quantised_floats(quantiser, function(given[half:]), fmt)
    if not np.array_equal(given, at) or not np.array_equal(entries[half:], alone) or not np.isfinite(entries).all():
        raise UserError("a function must be finite, one of each number alone, exact in float32, to become a table")
    return entries


def _quantised_floats(quantiser: Any, values: Any, fmt: Format) -> np.ndarray:
    """What Keras's quantiser itself makes of float32 values."""
    kept = (np.float32(part) for part in (fmt.signed, fmt.integer, fmt.fraction))
    found = quantiser.quantizer.stateless_quantizer(ops.convert_to_tensor(values), *kept)
    return np.asarray(ops.convert_to_numpy(found), dtype=np.float64)
