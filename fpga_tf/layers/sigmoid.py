"""Sigmoid as the hardware computes it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, SigmoidDesign, design_sigmoid, parse_quantiser
from fpga_tf.layers.codes import codes_of
from fpga_tf.layers.quantise import quantise


@keras.saving.register_keras_serializable(package="fpga_tf")
class QSigmoid(keras.layers.Layer):  # type: ignore[misc]
    """Hardware sigmoid: one table over all codes of the quantised input, elementwise.

    Forward the table's value to the bit, backward the gradient of the true sigmoid of the quantised input.

    Args:
        input_quantizer: brings the input onto the table's grid; at most 14 bits.
        output_quantizer: format of the result; must round half to even and saturate.
    """

    def __init__(
        self,
        input_quantizer: object = "quantized_bits(12,3,alpha=1)",
        output_quantizer: object = "quantized_bits(10,0,keep_negative=0,alpha=1)",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        found = parse_quantiser(input_quantizer), parse_quantiser(output_quantizer)
        if found[0] is None or found[1] is None:
            raise UserError("QSigmoid's quantizers must be given, not None", where=f"layer {self.name}")
        self.input_format: Format = found[0]
        self.output_format: Format = found[1]
        self.design()  # what no table can hold: now, not at the first call

    def design(self) -> SigmoidDesign:
        """The table.

        Raises:
            UserError: the formats cannot be a table's.
        """
        try:
            return design_sigmoid(self.input_format, self.output_format)
        except UserError as error:
            raise UserError(error.what, where=f"layer {self.name}", hint=error.hint) from error

    def call(self, inputs: Any) -> Any:
        design = self.design()

        @ops.custom_gradient
        def forward(x: Any) -> Any:
            def grad(*args: Any, upstream: Any = None) -> Any:
                g = args[0] if upstream is None else upstream
                p = ops.sigmoid(x)
                return ops.multiply(g, ops.multiply(p, ops.subtract(1.0, p)))

            table = ops.convert_to_tensor(np.asarray(design.table, dtype=np.int64))
            address = ops.bitwise_and(codes_of(x, design.input), len(design.table) - 1)
            return ops.multiply(ops.cast(ops.take(table, address, axis=0), x.dtype), design.output.lsb), grad

        return forward(quantise(inputs, self.input_format))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "input_quantizer": str(self.input_format),
            "output_quantizer": str(self.output_format),
        }
