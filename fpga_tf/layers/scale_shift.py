"""A scale and a shift per channel: what batch normalisation is at inference."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from fpga_tf.fixedpoint import parse_quantiser
from fpga_tf.layers.quantise import quantise


@keras.saving.register_keras_serializable(package="fpga_tf")
class QScaleShift(keras.layers.Layer):  # type: ignore[misc]
    """``y = x * scale + shift`` over the last axis, with quantised scale and shift.

    Args:
        scale_quantizer, shift_quantizer: formats of the two vectors.
        output_quantizer: format of the output; None leaves it exact.
    """

    def __init__(
        self,
        scale_quantizer: object = "quantized_bits(16,3,alpha=1)",
        shift_quantizer: object = "quantized_bits(16,3,alpha=1)",
        output_quantizer: object = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.scale_format = parse_quantiser(scale_quantizer)
        self.shift_format = parse_quantiser(shift_quantizer)
        self.output_format = parse_quantiser(output_quantizer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        width = (input_shape[-1],)
        self.scale = self.add_weight(name="scale", shape=width, initializer="ones")
        self.shift = self.add_weight(name="shift", shape=width, initializer="zeros")

    @property
    def quantised_scale(self) -> Any:
        """The scale that the hardware holds, shape (channels,)."""
        return quantise(ops.copy(self.scale), self.scale_format)

    @property
    def quantised_shift(self) -> Any:
        """The shift that the hardware holds, shape (channels,)."""
        return quantise(ops.copy(self.shift), self.shift_format)

    def call(self, inputs: Any) -> Any:
        return quantise(ops.add(ops.multiply(inputs, self.quantised_scale), self.quantised_shift), self.output_format)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        text = {f"{k}_quantizer": getattr(self, f"{k}_format") for k in ("scale", "shift", "output")}
        return {**super().get_config(), **{k: None if v is None else str(v) for k, v in text.items()}}
