"""EinsumDense with quantised weights. (The QKeras port has none of its own.)"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import parse_quantiser
from fpga_tf.layers.quantise import add_bias, quantise


@keras.saving.register_keras_serializable(package="fpga_tf")
class QEinsumDense(keras.layers.EinsumDense):  # type: ignore[misc]
    """``keras.layers.EinsumDense`` whose kernel and bias are quantised.

    Args:
        equation, output_shape, bias_axes and the others: as in Keras; ``activation`` must be None.
        kernel_quantizer, bias_quantizer: QKeras quantisers, their strings, or ap_fixed types.
        output_quantizer: format of the output; None leaves it exact.
    """

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        kernel_quantizer: object = None,
        bias_quantizer: object = None,
        output_quantizer: object = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(equation, output_shape, **kwargs)
        if self.activation is not keras.activations.linear:
            raise UserError(
                f"QEinsumDense's activation must be None, not {self.activation.__name__}",
                where=f"layer {self.name}",
                hint="put a QActivation behind it",
            )
        self.kernel_format = parse_quantiser(kernel_quantizer)
        self.bias_format = parse_quantiser(bias_quantizer)
        self.output_format = parse_quantiser(output_quantizer)

    @property
    def quantised_kernel(self) -> Any:
        """The kernel that the hardware holds."""
        return quantise(ops.copy(self.kernel), self.kernel_format)

    @property
    def quantised_bias(self) -> Any:
        """The bias that the hardware holds, or None."""
        return None if self.bias is None else quantise(ops.copy(self.bias), self.bias_format)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return quantise(self.product(inputs), self.output_format)

    def product(self, inputs: Any) -> Any:
        """The exact result, before the output quantiser."""
        return add_bias(ops.einsum(self.equation, inputs, self.quantised_kernel), self.quantised_bias)

    def get_config(self) -> dict[str, Any]:
        text = {f"{k}_quantizer": getattr(self, f"{k}_format") for k in ("kernel", "bias", "output")}
        return {**super().get_config(), **{k: None if v is None else str(v) for k, v in text.items()}}
