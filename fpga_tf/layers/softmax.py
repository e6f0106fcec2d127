"""Softmax as the hardware computes it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import keras
import numpy as np
from keras import ops

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, SoftmaxDesign, design_softmax, parse_quantiser
from fpga_tf.layers.codes import codes_of, requantise
from fpga_tf.layers.quantise import quantise


def hardware_softmax(scores: Any, design: SoftmaxDesign, scale: float, mask: Any = None) -> Any:
    """Softmax over the last axis: forward the hardware's arithmetic to the bit, gradient the true softmax's.

    Args:
        scores: on the grid of ``design.input``, shape (..., length).
        design: tables and formats.
        scale: factor that the exp table holds; used by the gradient only.
        mask: bool, true where a score counts, broadcastable to `scores`.
    """

    @ops.custom_gradient
    def forward(x: Any) -> Any:
        def grad(*args: Any, upstream: Any = None) -> Any:
            g = args[0] if upstream is None else upstream
            z = ops.multiply(x, scale)
            z = z if mask is None else ops.where(mask, z, ops.full_like(z, -1e9))
            p = ops.softmax(z, axis=-1)
            p = p if mask is None else ops.where(mask, p, ops.zeros_like(p))
            mean = ops.sum(ops.multiply(g, p), axis=-1, keepdims=True)
            return ops.multiply(ops.multiply(p, ops.subtract(g, mean)), scale)

        return _forward(x, design, mask), grad

    return forward(scores)


def _forward(x: Any, design: SoftmaxDesign, mask: Any) -> Any:
    """The arithmetic of `fpga_tf.fixedpoint.softmax_codes`, in int64 tensors."""
    fmt = design.input
    codes = codes_of(x, fmt)
    if design.stable:
        candidates = codes if mask is None else ops.where(mask, codes, ops.full_like(codes, fmt.min_code))
        difference = ops.subtract(ops.max(candidates, axis=-1, keepdims=True), codes)
        address = ops.clip(ops.right_shift(difference, design.exp_shift), 0, len(design.exp) - 1)
    else:
        address = ops.bitwise_and(codes, len(design.exp) - 1)
    e = ops.take(_table(design.exp), address, axis=0)
    e = e if mask is None else ops.where(mask, e, ops.zeros_like(e))
    total = ops.sum(e, axis=-1, keepdims=True)
    gap = ops.full_like(total, design.lead)
    for position in range(1, design.lead + 1):
        gap = ops.subtract(gap, ops.cast(ops.greater_equal(total, 1 << position), "int64"))
    normal = ops.left_shift(total, gap)
    drop = design.lead - design.address_bits
    part = ops.right_shift(normal, drop) if drop >= 0 else ops.left_shift(normal, -drop)
    part = ops.bitwise_and(part, (1 << design.address_bits) - 1)
    inverse = ops.left_shift(ops.take(_table(design.reciprocal), part, axis=0), gap)
    product = ops.multiply(e, inverse)
    out = requantise(product, design.product_fraction, design.output)
    return ops.multiply(ops.cast(out, x.dtype), design.output.lsb)


def _table(entries: tuple[int, ...]) -> Any:
    return ops.convert_to_tensor(np.asarray(entries, dtype=np.int64))


def softmax_output_format(spec: object, where: str) -> Format:
    """The format of a softmax's output quantiser.

    Raises:
        UserError: it is missing, or does not round half to even and saturate.
    """
    fmt = parse_quantiser(spec)
    if fmt is None or fmt.rounding != "RND_CONV" or fmt.overflow not in ("SAT", "SAT_SYM"):
        raise UserError(
            f"a softmax's output quantiser must round half to even and saturate, not {fmt}",
            where=where,
            hint="for example quantized_bits(8,0,keep_negative=0)",
        )
    return fmt


@keras.saving.register_keras_serializable(package="fpga_tf")
class QSoftmax(keras.layers.Layer):  # type: ignore[misc]
    """Hardware softmax: max-subtracted, exp table, adder tree, reciprocal table, one rounding.

    Args:
        axis: axis, or tuple of adjacent axes, to normalise over; the batch axis is not allowed.
        input_quantizer: brings the scores onto the table's grid.
        output_quantizer: format of the result.
        error: largest absolute error before the final rounding; one LSB of the output if None.
        stable: subtract the maximum of each row.

    Call arguments:
        inputs: float tensor of any rank >= 2.
        mask: bool or 0/1 tensor broadcastable to `inputs`; true where a score counts. A row without any gives zeros.
    """

    def __init__(
        self,
        axis: int | tuple[int, ...] = -1,
        input_quantizer: object = "quantized_bits(12,5,alpha=1)",
        output_quantizer: object = "quantized_bits(10,0,keep_negative=0,alpha=1)",
        error: float | None = None,
        stable: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.axis = tuple(axis) if isinstance(axis, tuple | list) else axis
        input_format = parse_quantiser(input_quantizer)
        if input_format is None:
            raise UserError("QSoftmax's input_quantizer must be given, not None", where=f"layer {self.name}")
        self.input_format: Format = input_format
        self.output_format: Format = softmax_output_format(output_quantizer, f"layer {self.name}")
        self.error = error
        self.stable = stable

    def axes(self, rank: int) -> tuple[int, ...]:
        """The normalised axes of an input of `rank` dimensions (the batch counted), ascending and adjacent.

        Raises:
            UserError: they are out of range, not adjacent, or include the batch.
        """
        given = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        found = tuple(sorted(a + rank if a < 0 else a for a in given))
        if not found or found[0] < 1 or found[-1] >= rank or found != tuple(range(found[0], found[-1] + 1)):
            raise UserError(
                f"QSoftmax's axis must be adjacent non-batch axes of {rank} dimensions, not {self.axis}",
                where=f"layer {self.name}",
            )
        return found

    def design(self, shape: tuple[int | None, ...]) -> SoftmaxDesign:
        """Tables for an input of this shape (batch first)."""
        length = 1
        for a in self.axes(len(shape)):
            size = shape[a]
            if size is None:
                raise UserError(
                    "QSoftmax must have a fixed length to be hardware, not None", where=f"layer {self.name}"
                )
            length *= size
        return design_softmax(self.input_format, self.output_format, length, Decimal(1), self.error, self.stable)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        shape = tuple(inputs.shape)
        axes = self.axes(len(shape))
        order = [i for i in range(len(shape)) if i not in axes] + list(axes)
        x = ops.transpose(quantise(inputs, self.input_format), order)
        moved = ops.shape(x)
        keep = len(shape) - len(axes)
        flat = ops.reshape(x, (*moved[:keep], -1))
        if mask is not None:
            full = ops.broadcast_to(ops.cast(mask, "bool"), ops.shape(inputs))
            mask = ops.reshape(ops.transpose(full, order), (*moved[:keep], -1))
        y = hardware_softmax(flat, self.design(shape), 1.0, mask)
        return ops.transpose(ops.reshape(y, moved), np.argsort(order).tolist())

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": list(self.axis) if isinstance(self.axis, tuple) else self.axis,
            "input_quantizer": str(self.input_format),
            "output_quantizer": str(self.output_format),
            "error": self.error,
            "stable": self.stable,
        }
