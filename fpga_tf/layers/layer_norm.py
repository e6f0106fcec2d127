"""Layer normalisation as the hardware computes it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, LayerNormDesign, NormFormats, design_layer_norm, parse_quantiser
from fpga_tf.layers.codes import codes_of, mean_codes, requantise, shifted
from fpga_tf.layers.quantise import quantise

STAGES = ("input", "mean", "deviation", "variance", "inverse", "gamma", "beta", "output")


@keras.saving.register_keras_serializable(package="fpga_tf")
class QLayerNormalization(keras.layers.LayerNormalization):  # type: ignore[misc]
    """``keras.layers.LayerNormalization`` over the last axis, with a quantiser for each stage of the hardware.

    With all quantisers, forward the hardware's arithmetic to the bit (`fpga_tf.fixedpoint.layer_norm`), backward the
    gradient of the true layer normalisation of the quantised input. Without any it is exactly its Keras parent.

    Args:
        input_quantizer: brings the values onto a grid.
        mean_quantizer, variance_quantizer: round half to even or truncate; the variance is unsigned.
        deviation_quantizer: of the values less their mean.
        inverse_quantizer: of the reciprocal square root; unsigned.
        gamma_quantizer, beta_quantizer: of the weights, where `scale` and `center` make them.
        output_quantizer: of the result.
        error: largest absolute error of the root before its rounding; one LSB of `inverse_quantizer` if None.
        others: as in Keras.
    """

    def __init__(
        self,
        input_quantizer: object = None,
        mean_quantizer: object = None,
        deviation_quantizer: object = None,
        variance_quantizer: object = None,
        inverse_quantizer: object = None,
        gamma_quantizer: object = None,
        beta_quantizer: object = None,
        output_quantizer: object = None,
        error: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        sums = (input_quantizer, mean_quantizer, deviation_quantizer, variance_quantizer, inverse_quantizer)
        given = (*sums, gamma_quantizer, beta_quantizer, output_quantizer)
        self.formats: dict[str, Format | None] = {
            stage: parse_quantiser(spec) for stage, spec in zip(STAGES, given, strict=True)
        }
        self.error = error
        if self.quantised:
            self._check()

    @property
    def quantised(self) -> bool:
        """Whether it is hardware, not its float parent."""
        return any(fmt is not None for fmt in self.formats.values())

    @property
    def input_format(self) -> Format | None:
        """The format that the input is brought into first."""
        return self.formats["input"]

    def _check(self) -> None:
        """All quantisers or none; and nothing that hardware lacks."""
        where = f"layer {self.name}"
        unused = {stage for stage, used in (("gamma", self.scale), ("beta", self.center)) if not used}
        for stage, fmt in self.formats.items():
            if stage in unused and fmt is not None:
                raise UserError(f"{stage}_quantizer must be None where there is no {stage}, not {fmt}", where=where)
            if stage not in unused and fmt is None:
                raise UserError(
                    f"{stage}_quantizer must be given, not None",
                    where=where,
                    hint="give all quantisers, or none of them for a float layer",
                )
        if self.rms_scaling:
            raise UserError("a layer normalisation's rms_scaling must be off in hardware", where=where)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        axes = self.axis if isinstance(self.axis, list) else [self.axis]
        if self.quantised and (len(axes) != 1 or axes[0] not in (-1, len(input_shape) - 1)):
            raise UserError(
                f"a layer normalisation's axis must be the last one in hardware, not {self.axis}",
                where=f"layer {self.name}",
                hint="move the axis with a Permute layer",
            )
        super().build(input_shape)

    def design(self, length: int | None) -> LayerNormDesign:
        """Table and formats for rows of `length` values.

        Raises:
            UserError: there are no quantisers, or they are too wide.
        """
        if not self.quantised:
            raise UserError("a layer normalisation must have quantisers to be hardware", where=f"layer {self.name}")
        if length is None:
            raise UserError(
                "a layer normalisation must have a fixed length to be hardware, not None", where=f"layer {self.name}"
            )
        formats = NormFormats(**self.formats)  # type: ignore[arg-type]  # checked: only gamma and beta may be None
        return design_layer_norm(formats, int(length), float(self.epsilon), self.error)

    @property
    def quantised_gamma(self) -> Any:
        """The scale that the hardware holds, shape (length,), or None."""
        return None if self.gamma is None else quantise(ops.copy(self.gamma), self.formats["gamma"])

    @property
    def quantised_beta(self) -> Any:
        """The shift that the hardware holds, shape (length,), or None."""
        return None if self.beta is None else quantise(ops.copy(self.beta), self.formats["beta"])

    def call(self, inputs: Any) -> Any:
        if not self.quantised:
            return super().call(inputs)
        design = self.design(inputs.shape[-1])
        x = quantise(inputs, design.formats.input)
        gamma, beta = self.quantised_gamma, self.quantised_beta
        weights = [None if w is None else ops.cast(w, x.dtype) for w in (gamma, beta)]
        smooth = ops.layer_normalization(x, *weights, axis=-1, epsilon=self.epsilon)
        given = [None if w is None else ops.stop_gradient(w) for w in (x, gamma, beta)]
        return _forward_as(smooth, ops.cast(normalised(design, *given), x.dtype) * design.formats.output.lsb)

    def get_config(self) -> dict[str, Any]:
        text = {f"{s}_quantizer": None if f is None else str(f) for s, f in self.formats.items()}
        return {**super().get_config(), **text, "error": self.error}


def _forward_as(smooth: Any, exact: Any) -> Any:
    """The value of `exact` with the gradient of `smooth`."""

    @ops.custom_gradient
    def forward(t: Any) -> Any:
        def grad(*args: Any, upstream: Any = None) -> Any:
            return args[0] if upstream is None else upstream

        return ops.cast(exact, t.dtype), grad

    return forward(smooth)


def normalised(design: LayerNormDesign, x: Any, gamma: Any, beta: Any) -> Any:
    """Codes of normalised rows: `fpga_tf.fixedpoint.layer_norm_codes`, in int64 tensors.

    Args:
        x, gamma, beta: on the grids of the design's formats; None as there.
    """
    f = design.formats
    codes = codes_of(x, f.input)
    total = ops.sum(codes, axis=-1, keepdims=True)
    mean = mean_codes(total, f.input.fraction, design.length, f.mean)
    finer = max(f.input.fraction, f.mean.fraction)
    difference = ops.subtract(shifted(codes, finer - f.input.fraction), shifted(mean, finer - f.mean.fraction))
    d = requantise(difference, finer, f.deviation)
    squares = ops.sum(ops.multiply(d, d), axis=-1, keepdims=True)
    variance = mean_codes(squares, 2 * f.deviation.fraction, design.length, f.variance)
    y = ops.multiply(d, _inverse(design, variance))
    if f.gamma is not None:
        y = ops.multiply(y, codes_of(gamma, f.gamma))
    y = shifted(y, design.result_fraction - design.product_fraction)
    if f.beta is not None:
        y = ops.add(y, shifted(codes_of(beta, f.beta), design.result_fraction - f.beta.fraction))
    return requantise(y, design.result_fraction, f.output)


def _inverse(design: LayerNormDesign, variance: Any) -> Any:
    """Codes of the reciprocal square roots of variances' codes."""
    argument = ops.add(shifted(variance, design.guard), design.epsilon_code)
    gap = ops.full_like(argument, design.half)
    for position in range(1, design.half + 1):
        gap = ops.subtract(gap, ops.cast(ops.greater_equal(argument, 1 << 2 * position), "int64"))
    normal = ops.left_shift(argument, ops.multiply(gap, 2))
    drop = 2 * design.half - design.address_bits
    upper = ops.right_shift(normal, drop) if drop >= 0 else ops.left_shift(normal, -drop)
    table = ops.convert_to_tensor(np.asarray(design.table, dtype=np.int64))
    entries = ops.take(table, ops.subtract(upper, 1 << design.address_bits), axis=0)
    return requantise(ops.left_shift(entries, gap), design.root_fraction, design.formats.inverse)
