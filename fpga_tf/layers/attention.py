"""Multi-head attention with a quantiser on every tensor that the hardware holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, ClassVar

import keras
from keras import ops

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, SoftmaxDesign, design_softmax, parse_quantiser
from fpga_tf.fixedpoint.tables import inverse_sqrt
from fpga_tf.layers.quantise import add_bias, quantise
from fpga_tf.layers.softmax import hardware_softmax, softmax_output_format

STAGES = ("query", "key", "value", "scores", "attention", "context", "output")


@keras.saving.register_keras_serializable(package="fpga_tf")
class QMultiHeadAttention(keras.layers.MultiHeadAttention):  # type: ignore[misc]
    """``keras.layers.MultiHeadAttention`` as the hardware computes it.

    Takes all arguments of the Keras layer (``use_gate`` and ``flash_attention`` must stay off) and:

    Args:
        kernel_quantizer, bias_quantizer: of the four projections.
        query_quantizer, key_quantizer, value_quantizer: of the projected tensors, shapes (B, T, heads, key_dim),
            (B, S, heads, key_dim) and (B, S, heads, value_dim).
        scores_quantizer: of the raw products key . query (B, heads, T, S), before the factor 1/sqrt(key_dim), which
            the exp table holds.
        attention_quantizer: of the weights after the softmax (B, heads, T, S); rounds half to even and saturates.
        context_quantizer: of the weighted sums (B, T, heads, value_dim).
        output_quantizer: of the result; None leaves it exact.
        softmax_error: largest absolute error of a weight before its rounding; one LSB of attention_quantizer if None.

    Quantisers are QKeras quantisers, their strings, or ap_fixed types. Without any quantiser at all the layer is
    exactly its Keras parent, so that a float model can be profiled stage by stage.

    Attributes:
        stage_names: the tensors that the hardware holds, in order.
    """

    stage_names: ClassVar[tuple[str, ...]] = STAGES

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        *args: Any,
        kernel_quantizer: object = None,
        bias_quantizer: object = None,
        query_quantizer: object = None,
        key_quantizer: object = None,
        value_quantizer: object = None,
        scores_quantizer: object = None,
        attention_quantizer: object = None,
        context_quantizer: object = None,
        output_quantizer: object = None,
        softmax_error: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_heads, key_dim, *args, **kwargs)
        where = f"layer {self.name}"
        if self._use_gate or self._flash_attention:
            raise UserError("QMultiHeadAttention's use_gate and flash_attention must be off", where=where)
        self.kernel_format = parse_quantiser(kernel_quantizer)
        self.bias_format = parse_quantiser(bias_quantizer)
        given = (
            query_quantizer,
            key_quantizer,
            value_quantizer,
            scores_quantizer,
            attention_quantizer,
            context_quantizer,
            output_quantizer,
        )
        self.formats: dict[str, Format | None] = {s: parse_quantiser(q) for s, q in zip(STAGES, given, strict=True)}
        if (self.formats["scores"] is None) != (self.formats["attention"] is None):
            raise UserError("scores_quantizer and attention_quantizer must be given together", where=where)
        if self.formats["attention"] is not None:
            softmax_output_format(self.formats["attention"], where)
        self.softmax_error = softmax_error

    def needed(self) -> dict[str, Format | None]:
        """Formats that hardware must have, by what they are of."""
        return {"kernel": self.kernel_format, **{s: f for s, f in self.formats.items() if s != "output"}}

    @property
    def quantised(self) -> bool:
        """Whether there is any quantiser at all."""
        return any(f is not None for f in (*self.needed().values(), self.bias_format, self.formats["output"]))

    def keys_per_query(self, keys: Sequence[int]) -> int:
        """How many weights a query has, for keys of a shape with the batch; the layer must be built."""
        return prod(keys[axis] for axis in self._attention_axes)

    def design(self, length: int) -> SoftmaxDesign:
        """The softmax's tables for `length` keys per query.

        Raises:
            UserError: the layer has no scores_quantizer.
        """
        scores, attention = self.formats["scores"], self.formats["attention"]
        if scores is None or attention is None:
            raise UserError(
                "attention must have scores_quantizer and attention_quantizer to be hardware",
                where=f"layer {self.name}",
                hint="give every stage a quantiser, or let the `quantise` section choose them",
            )
        return design_softmax(scores, attention, length, inverse_sqrt(self._key_dim), self.softmax_error)

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        masked = self.masked(
            query,
            value,
            key,
            query_mask=query_mask,
            value_mask=value_mask,
            key_mask=key_mask,
            attention_mask=attention_mask,
            use_causal_mask=use_causal_mask,
        )
        stages = self.stages(*masked, training=training)
        if return_attention_scores:
            return stages["output"], stages["attention"]
        return stages["output"]

    def compute_output_spec(self, query: Any, value: Any, key: Any = None, *args: Any, **options: Any) -> Any:
        """Shapes of the results. (Keras gives the returned scores the query's length twice.)"""
        spec = super().compute_output_spec(query, value, key, *args, **options)
        if not isinstance(spec, tuple):
            return spec
        keys = value if key is None else key
        operands, product = self._dot_product_equation.split("->")
        shapes = ((*x.shape[:-1], self._num_heads, self._key_dim) for x in (keys, query))
        sizes = {
            a: n
            for axes, shape in zip(operands.split(","), shapes, strict=True)
            for a, n in zip(axes, shape, strict=True)
        }
        return spec[0], keras.KerasTensor(tuple(sizes[axis] for axis in product), dtype=spec[1].dtype)

    def masked(self, query: Any, value: Any, key: Any, **masks: Any) -> tuple[Any, Any, Any, Any]:
        """What `stages` takes: query, value and key, and all masks of a call joined (None: every score counts)."""
        return query, value, key, self._compute_attention_mask(query, value, **masks)

    def stages(
        self, query: Any, value: Any, key: Any = None, mask: Any = None, training: bool | None = None
    ) -> dict[str, Any]:
        """Every tensor that the hardware holds, by stage name, in order."""
        key = value if key is None else key
        out: dict[str, Any] = {}
        out["query"] = self._project(self._query_dense, query, "query")
        out["key"] = self._project(self._key_dense, key, "key")
        out["value"] = self._project(self._value_dense, value, "value")
        out["scores"] = quantise(
            ops.einsum(self._dot_product_equation, out["key"], out["query"]), self.formats["scores"]
        )
        out["attention"] = self._weights(out["scores"], mask)
        weights = self._dropout_layer(out["attention"], training=training)
        context = ops.einsum(self._combine_equation, weights, out["value"])
        out["context"] = quantise(context, self.formats["context"])
        out["output"] = self._project(self._output_dense, out["context"], "output")
        return out

    def projections(self) -> dict[str, Any]:
        """The EinsumDense sublayers, by stage name."""
        return {
            "query": self._query_dense,
            "key": self._key_dense,
            "value": self._value_dense,
            "output": self._output_dense,
        }

    def quantised_weights(self, dense: Any) -> tuple[Any, Any]:
        """Kernel and bias (or None) of a projection as the hardware holds them."""
        kernel = quantise(ops.copy(dense.kernel), self.kernel_format)
        bias = None if dense.bias is None else quantise(ops.copy(dense.bias), self.bias_format)
        return kernel, bias

    def _project(self, dense: Any, x: Any, stage: str) -> Any:
        kernel, bias = self.quantised_weights(dense)
        y = ops.einsum(dense.equation, x, kernel)
        return quantise(add_bias(y, bias), self.formats[stage])

    def _weights(self, scores: Any, mask: Any) -> Any:
        axes = len(self._attention_axes)
        if mask is not None:
            for _ in range(len(scores.shape) - len(mask.shape)):
                mask = ops.expand_dims(mask, axis=-axes * 2 - 1)
        if self.formats["scores"] is None:
            return self._softmax(ops.multiply(scores, self._inverse_sqrt_key_dim), mask=mask)
        shape = ops.shape(scores)
        length = 1
        for size in scores.shape[-axes:]:
            length *= size
        if mask is not None:
            mask = ops.reshape(ops.broadcast_to(mask, shape), (*shape[:-axes], length))
        flat = ops.reshape(scores, (*shape[:-axes], length))
        return ops.reshape(hardware_softmax(flat, self.design(length), self._inverse_sqrt_key_dim, mask), shape)

    def get_config(self) -> dict[str, Any]:
        text: Callable[[Format | None], str | None] = lambda f: None if f is None else str(f)  # noqa: E731
        return {
            **super().get_config(),
            "kernel_quantizer": text(self.kernel_format),
            "bias_quantizer": text(self.bias_format),
            **{f"{stage}_quantizer": text(fmt) for stage, fmt in self.formats.items()},
            "softmax_error": self.softmax_error,
        }
