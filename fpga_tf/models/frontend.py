"""Which family a model's layers belong to."""

from __future__ import annotations

from typing import Any, Literal

import keras

from fpga_tf.errors import UserError
from fpga_tf.layers import QLinformerAttention

Frontend = Literal["float", "qkeras", "hgq2"]

# Weights that every family can hold: folded, or a scale and a shift in hardware.
_NEUTRAL = (keras.layers.BatchNormalization,)
# State of a random generator is no weight.
NOISE = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.GaussianNoise,
    keras.layers.GaussianDropout,
    keras.layers.AlphaDropout,
)
_FAMILIES = {"qkeras": "qkeras", "fpga_tf": "qkeras", "hgq": "hgq2"}
_NAMES = {"qkeras": "QKeras or fpga_tf", "hgq2": "HGQ2"}


def is_operation(layer: Any) -> bool:
    """Whether what is called is an operation of `keras.ops`, and no layer."""
    return not isinstance(layer, keras.layers.Layer)


def goes_away(layer: Any) -> bool:
    """Whether a layer is folded or dropped before a model is lowered."""
    return isinstance(layer, (*_NEUTRAL, *NOISE))


def family(layer: Any) -> Frontend | None:
    """The family of one layer, None if every family may have it (input, Add, Flatten, Dropout …).

    A `QLinformerAttention` without quantisers, as Keras has no such layer, may stand in a float model.
    """
    if isinstance(layer, QLinformerAttention) and not layer.quantised:
        return None
    package = type(layer).__module__.partition(".")[0]
    if package in _FAMILIES:
        return "hgq2" if _FAMILIES[package] == "hgq2" else "qkeras"
    if type(layer) in _NEUTRAL or type(layer) in NOISE or not getattr(layer, "weights", ()):
        return None
    return "float"


def describe(model: keras.Model) -> Frontend:
    """The frontend of a model: "float" (Keras layers only), "qkeras" (QKeras's and ours) or "hgq2".

    Raises:
        UserError: layers of families that cannot be converted together.
    """
    found: dict[Frontend, Any] = {}
    for layer in model.layers:
        kind = family(layer)
        if kind is not None:
            found.setdefault(kind, layer)
    if "qkeras" in found and "hgq2" in found:
        raise UserError(
            f"a model must have QKeras's and fpga_tf's layers or HGQ2's, not both ({found['qkeras'].name!r} is "
            f"{type(found['qkeras']).__name__})",
            where=f"layer {found['hgq2'].name!r}",
            hint="the two libraries cannot share an environment: use one of them",
        )
    quantised: Frontend | None = "qkeras" if "qkeras" in found else "hgq2" if "hgq2" in found else None
    if quantised is not None and "float" in found:
        layer = found["float"]
        raise UserError(
            f"a quantised model's layers must come from {_NAMES[quantised]}, not Keras's {type(layer).__name__}",
            where=f"layer {layer.name!r}",
            hint=f"use Q{type(layer).__name__}, or quantise a float model with the `quantise` section",
        )
    return quantised or "float"
