"""Fixed-point quantisation of Keras tensors: forward the format's value, backward straight through."""

from __future__ import annotations

from typing import Any

from keras import ops

from fpga_tf.fixedpoint import Format, Overflow, Rounding


def quantise(x: Any, fmt: Format | None) -> Any:
    """Bring a float tensor into a format (None: leave it as it is).

    The forward value is exact: no ``x + stop_gradient(q - x)``, whose sum may round. The gradient is one everywhere,
    as QKeras's straight-through estimator has it.
    """
    if fmt is None:
        return x

    @ops.custom_gradient
    def forward(t: Any) -> Any:
        def grad(*args: Any, upstream: Any = None) -> Any:
            return args[0] if upstream is None else upstream

        return round_to(t, fmt), grad

    return forward(x)


def round_to(x: Any, fmt: Format) -> Any:
    """The format's value of a float tensor, without a gradient of its own."""
    scaled = ops.multiply(x, 2.0**fmt.fraction)
    return ops.multiply(_overflow(_round(scaled, fmt.rounding), fmt), fmt.lsb)


def _round(x: Any, mode: Rounding) -> Any:
    if mode is Rounding.RND_CONV:
        return ops.round(x)
    floor = ops.floor(x)
    rest = ops.subtract(x, floor)
    negative = ops.less(x, 0.0)
    tie = ops.equal(rest, 0.5)
    above = ops.greater(rest, 0.5)
    match mode:
        case Rounding.TRN:
            return floor
        case Rounding.TRN_ZERO:
            up = ops.logical_and(negative, ops.greater(rest, 0.0))
        case Rounding.RND:
            up = ops.logical_or(above, tie)
        case Rounding.RND_MIN_INF:
            up = above
        case Rounding.RND_ZERO:
            up = ops.logical_or(above, ops.logical_and(tie, negative))
        case _:
            up = ops.logical_or(above, ops.logical_and(tie, ops.logical_not(negative)))
    return ops.add(floor, ops.cast(up, x.dtype))


def _overflow(x: Any, fmt: Format) -> Any:
    low, high = float(fmt.min_code), float(fmt.max_code)
    if fmt.overflow in (Overflow.SAT, Overflow.SAT_SYM):
        return ops.clip(x, low, high)
    if fmt.overflow is Overflow.SAT_ZERO:
        outside = ops.logical_or(ops.less(x, low), ops.greater(x, high))
        return ops.where(outside, ops.zeros_like(x), x)
    span = float(1 << fmt.width)
    wrapped = ops.subtract(x, ops.multiply(ops.floor(ops.multiply(x, 1.0 / span)), span))
    return ops.where(ops.greater(wrapped, high), ops.subtract(wrapped, span), wrapped)


def add_bias(x: Any, bias: Any) -> Any:
    """``x + bias``, the bias (None: none) aligned with the last axes of `x`.

    ``keras.ops.add`` on TensorFlow takes a bias of shape (n, 1) for one of the second axis where that has n entries
    (Keras 3.15), as an attention with key_dim 1 and as many heads as rows has it.
    """
    return x if bias is None else ops.subtract(x, ops.negative(bias))
