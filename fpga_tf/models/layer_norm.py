"""A float model's layer normalisation: what its stages hold, and the quantised layer that takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.fixedpoint.layer_norm import MAX_ADDRESS_BITS
from fpga_tf.layers import QLayerNormalization
from fpga_tf.models.rebuild import Loaded, Replacement

if TYPE_CHECKING:
    from fpga_tf.models.build import Builder

# Stages that get a format each beside the output, and whether they may be negative.
STAGES = {"input": True, "mean": True, "deviation": True, "variance": False, "inverse": False}
# A variance is a mean of squares: its small values, whose roots are large, need bits below those of the deviations.
VARIANCE_BITS = 4
_NEGLIGIBLE = 16  # times smaller than epsilon: what counts as no variance


def check_layer_norm(layer: Any) -> None:
    """Refuse options that the hardware lacks.

    Raises:
        UserError: another axis than the last one, or rms_scaling.
    """
    where = f"layer {layer.name!r}"
    axes = layer.axis if isinstance(layer.axis, list) else [layer.axis]
    last = len(layer.get_build_config()["input_shape"]) - 1
    if len(axes) != 1 or axes[0] not in (-1, last):
        raise UserError(f"a layer normalisation's axis must be the last one, not {layer.axis}", where=where)
    if layer.rms_scaling:
        raise UserError("a layer normalisation's rms_scaling must be off", where=where)


def stage_values(layer: Any, x: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """The values of a float layer's stages, by name.

    Of the root only those of rows whose variance exceeds a sixteenth of epsilon, if there are any: in the others, such
    as padding, the result is below a quarter whatever it is, and its format should not stretch for them.
    """
    values = np.asarray(x, dtype=np.float64)
    mean = values.mean(axis=-1, keepdims=True)
    deviation = values - mean
    variance = np.square(deviation).mean(axis=-1, keepdims=True)
    inverse = 1 / np.sqrt(variance + layer.epsilon)
    spread = variance > layer.epsilon / _NEGLIGIBLE
    stages = (values, mean, deviation, variance, inverse[spread] if spread.any() else inverse)
    return {f"{layer.name}/{stage}": found for stage, found in zip(STAGES, stages, strict=True)}


def quantised_layer_norm(builder: Builder, layer: Any) -> Replacement:
    """A QLayerNormalization with the formats of the plan."""
    weights = {w.name: keras.ops.convert_to_numpy(w) for w in layer.weights}
    formats = {f"{stage}_quantizer": builder.fmt(f"{layer.name}/{stage}") for stage in STAGES}
    if layer.scale:
        formats["gamma_quantizer"] = builder.weight(f"{layer.name}/gamma", weights["gamma"])
    if layer.center:
        formats["beta_quantizer"] = builder.bias(f"{layer.name}/beta", weights["beta"], [layer.name])
    result = builder.fmt(layer.name)
    made: list[Loaded] = []

    def call(x: Any, **_: Any) -> Any:
        known = builder.known(x)
        if not made:
            if known is not None and known.width <= formats["input_quantizer"].width:
                formats["input_quantizer"] = known
            quantised = QLayerNormalization(
                **formats,
                output_quantizer=result,
                error=root_error(formats["inverse_quantizer"]),
                epsilon=layer.epsilon,
                scale=layer.scale,
                center=layer.center,
                name=layer.name,
            )
            quantised.design(x.shape[-1])  # too wide stages: now, not later
            made.append(Loaded(quantised, layer.get_weights()))
        return builder.note(made[0](x), result)

    return call


def root_error(fmt: Format) -> float | None:
    """One LSB of the root, or the least error that a table holds over all of its format."""
    return None if fmt.width <= MAX_ADDRESS_BITS else fmt.max * 2.0**-MAX_ADDRESS_BITS
