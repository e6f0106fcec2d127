"""A layer normalisation in a file of Keras 2: float, or quantised with QKeras's powers of two.

QKeras's batch normalisation rounds mean, variance, gamma and beta to powers of two while it trains, and extensions of
it do the same in a layer normalisation. Hardware that was made from such files computes in fixed point, with gamma and
beta as they are stored. So does what is built here; `TrainedNormalisation` is for telling what that changes.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, bits_format
from fpga_tf.layers import QLayerNormalization
from fpga_tf.models.keras2 import Node
from fpga_tf.models.keras2_formats import rectified, stated
from fpga_tf.models.layer_norm import root_error

PARTS = ("mean", "variance", "gamma", "beta")  # that a file may state a quantiser of
_POWERS = ("quantized_po2", "quantized_relu_po2")
_MAX_EXPONENT_BITS = 8  # beyond, a power of two is no float
_PLAIN: dict[str, tuple[Any, ...]] = {  # options that decide how a power of two is chosen, and what they may be
    "use_stochastic_rounding": (False, 0),
    "qnoise_factor": (1.0, 1),
    "log2_rounding": ("rnd",),
    "negative_slope": (0, 0.0),
}

Quantiser = Callable[[Any], Any]


def epsilon_of(node: Node, rank: int) -> float:
    """A layer normalisation's epsilon.

    Args:
        rank: axes of its input, the batch counted.

    Raises:
        UserError: it is none in hardware, or the axis is not the last one.
    """
    axis = node.options.get("axis", -1)
    axes = axis if isinstance(axis, list) else [axis]
    if len(axes) != 1 or type(axes[0]) is not int or axes[0] not in (-1, rank - 1):
        raise UserError(f"a layer normalisation's axis must be the last one, not {str(axis)[:100]}", where=node.where)
    epsilon = node.options.get("epsilon", 1e-3)
    if type(epsilon) not in (int, float) or not math.isfinite(epsilon) or epsilon <= 0:
        raise UserError(f"a layer normalisation's epsilon must be above 0, not {str(epsilon)[:100]}", where=node.where)
    return float(epsilon)


def powers_of_two(node: Node) -> dict[str, dict[str, Any]]:
    """The quantisers to powers of two that a layer states, by part; each as class name and options.

    Raises:
        UserError: an option that they do not have at inference.
    """
    found = {}
    for part in PARTS:
        spec = node.options.get(f"{part}_quantizer")
        if isinstance(spec, Mapping) and spec.get("class_name") in _POWERS:
            found[part] = {"class_name": spec["class_name"], "config": _options(spec, f"{part}_quantizer", node.where)}
    return found


def _options(spec: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    given = spec.get("config")
    options = dict(given) if isinstance(given, Mapping) else {}
    for name, allowed in _PLAIN.items():
        value = options.pop(name, allowed[0])
        if value not in allowed:
            raise UserError(f"{key}'s {name} must be {allowed[0]}, not {str(value)[:100]}", where=where)
    bits, most = options.pop("bits", 8), options.pop("max_value", None)
    square = options.pop("quadratic_approximation", False)
    if options:
        raise UserError(f"{key} must not have the option {str(min(options, key=str))[:100]!r}", where=where)
    if type(bits) is not int or not 2 <= bits <= _MAX_EXPONENT_BITS:
        raise UserError(f"{key} must have 2 to {_MAX_EXPONENT_BITS} bits, not {str(bits)[:100]}", where=where)
    if most is not None and (type(most) not in (int, float) or not 0 < most < 2.0**64):
        raise UserError(f"{key}'s max_value must be above 0, not {str(most)[:100]}", where=where)
    return {"bits": bits, "max_value": most, "quadratic_approximation": bool(square)}


def stages(node: Node, precision: Format) -> dict[str, Format]:
    """Formats of a quantised layer normalisation.

    What is not stated, or a power of two, has the precision; a variance the bits of its squares, so that rows of small
    deviations are not all alike; a root no sign.
    """
    formats = dict.fromkeys(("input", "mean", "deviation", "gamma", "beta", "output"), precision)
    formats["variance"] = bits_format(2 * precision.width - 2, 2 * precision.integer, signed=False)
    formats["inverse"] = rectified(precision)
    powers = powers_of_two(node)
    for part in PARTS:
        fmt = None if part in powers else stated(node, f"{part}_quantizer")
        formats[part] = formats[part] if fmt is None else fmt
    return formats


def hardware_norm(node: Node, rank: int, length: int, scale: bool, center: bool, precision: Format) -> Any:
    """The quantised layer, without weights yet.

    Raises:
        UserError: a stated format that a stage cannot have, or a precision too wide for a table.
    """
    formats = {f"{stage}_quantizer": fmt for stage, fmt in stages(node, precision).items()}
    for part, used in (("gamma", scale), ("beta", center)):
        formats |= {} if used else {f"{part}_quantizer": None}  # type: ignore[dict-item]
    made = QLayerNormalization(
        **formats,
        error=root_error(formats["inverse_quantizer"]),
        epsilon=epsilon_of(node, rank),
        scale=scale,
        center=center,
        name=node.name,
    )
    try:
        made.design(length)
    except UserError as error:
        raise UserError(error.what, where=node.where, hint="give model.input_precision fewer bits") from error
    return made


class TrainedNormalisation(keras.layers.Layer):  # type: ignore[misc]
    """A layer normalisation with quantisers to powers of two, placed as in QKeras's batch normalisation.

    ``(x - q(mean)) * q(gamma) / sqrt(q(variance) + epsilon) + q(beta)``, in float, for inference only.

    Args:
        epsilon: added to the quantised variance.
        powers: quantisers by part, as `powers_of_two` gives them; a part without one stays as it is.
        gamma, beta: as they are stored, shape (length,).
    """

    def __init__(
        self,
        epsilon: float,
        powers: Mapping[str, Mapping[str, Any]],
        gamma: NDArray[np.float32],
        beta: NDArray[np.float32],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._epsilon = epsilon
        self._quantise = {part: _quantiser(powers.get(part)) for part in PARTS}
        self._gamma, self._beta = self._quantise["gamma"](gamma), self._quantise["beta"](beta)

    def call(self, x: Any) -> Any:
        mean = ops.mean(x, axis=-1, keepdims=True)
        variance = ops.mean(ops.square(ops.subtract(x, mean)), axis=-1, keepdims=True)
        root = ops.rsqrt(ops.add(self._quantise["variance"](variance), self._epsilon))
        deviation = ops.subtract(x, self._quantise["mean"](mean))
        return ops.add(ops.multiply(ops.multiply(deviation, root), self._gamma), self._beta)


def _quantiser(spec: Mapping[str, Any] | None) -> Quantiser:
    if spec is None:
        return lambda x: x
    made: Quantiser = getattr(importlib.import_module("qkeras"), spec["class_name"])(**spec["config"])
    return made
