"""The quantised taggers: a float one with a fixed-point format on every tensor that the hardware rounds.

Widths go by kind of tensor; each has its own integer bits, chosen from the values that the float tagger takes. Widths
are small enough that every sum before its rounding has less than 24 bits, so that float32 arithmetic is exact and
Keras itself is the reference. Needs the extra `qkeras`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import InternalError, UserError
from fpga_tf.fixedpoint import Format, bits_format
from fpga_tf.jets.taggers import STUDENT, Shape
from fpga_tf.layers import QMultiHeadAttention, QSoftmax

_INTEGERS = range(-3, 7)  # integer bits that are tried
_PROJECTIONS = ("query", "key", "value")
_INPUTS = ("tracks", "particles")


@dataclass(frozen=True)
class Widths:
    """Bits of each kind of tensor, signs included. Kernels and biases lie within +-1.

    What the attention and the two-layer network add to their inputs is not rounded before the sum.

    Attributes:
        kernel, head_kernel, bias: weights of the encoder, kernels of the head, all biases.
        tracks: inputs.
        rectified, head: outputs behind a rectifier in the encoder and in the head, unsigned.
        signed: outputs of sums and of the pooling.
        query, key, value: outputs of the projections.
        scores, attention, context: products of queries and keys, the weights made of them, unsigned, and the sums
            that they weigh.
        logits, probability: input and output of the last softmax, the output unsigned.
        softmax_error: largest error of an attention weight before its rounding. The training sees the tables, so
            they may be coarse.
    """

    kernel: int = 5
    head_kernel: int = 6
    bias: int = 6
    tracks: int = 7
    rectified: int = 6
    head: int = 7
    signed: int = 8
    query: int = 4
    key: int = 4
    value: int = 5
    scores: int = 4
    attention: int = 4
    context: int = 5
    logits: int = 8
    probability: int = 8
    softmax_error: float | None = 0.5

    def bits(self, tensor: str) -> tuple[int, bool] | None:
        """Bits and sign of an activation by its name, as `integer_bits` has it; None for one that is not rounded."""
        kind = tensor.rpartition("/")[2].rstrip("12")
        if kind in ("embed", "hidden"):
            return self.rectified, False
        if kind == "head":
            return self.head, False
        if kind in _INPUTS:
            return self.tracks, True
        if kind in (*_PROJECTIONS, "scores", "context", "logits"):
            return getattr(self, kind), True
        return (self.signed, True) if kind == "pool" or tensor.endswith("_sum") else None


# W and Z differ by small angles between particles, so inputs are fine. With 4 bits for queries, keys and scores the
# training went astray.
LHC_WIDTHS = Widths(
    kernel=6, tracks=12, rectified=7, signed=9, query=5, key=5, value=6, scores=5, attention=5, context=6
)


def quantised_tagger(
    integers: Mapping[str, int], widths: Widths | None = None, shape: Shape = STUDENT, name: str = "flavour"
) -> keras.Model:
    """QKeras tagger, input (tracks, features), output `probabilities` (classes,), untrained.

    Layers are named as those of `float_tagger`; a quantiser that is a layer of its own ends in `_q`.

    Args:
        integers: integer bits without sign by tensor, as `integer_bits` finds them.
        widths: bits of each kind of tensor.
        shape: sizes.
        name: of the model.

    Raises:
        UserError: the extra `qkeras` is not installed.
    """
    make = _Maker(integers, widths or Widths())
    inputs = keras.layers.Input((shape.tracks, shape.features), name=shape.input)
    x = make.dense("embed", shape.width)(make.quantiser(shape.input)(inputs))
    for i in range(1, shape.blocks + 1):
        x = make.total(f"attention{i}_sum", x, make.attention(f"attention{i}", shape)(x, x))
        back = make.plain(f"back{i}", shape.width)(make.dense(f"hidden{i}", shape.hidden)(x))
        x = make.total(f"hidden{i}_sum", x, back)
    x = make.quantiser("pool")(keras.layers.GlobalAveragePooling1D(name="pool")(x))
    x = make.dense("head2", 16)(make.dense("head1", 32)(x))
    outputs = make.softmax("probabilities", "logits")(make.plain("logits", shape.classes)(x))
    return keras.Model(inputs, outputs, name=name)


class _Maker:
    """Makes layers whose quantisers follow from their names."""

    def __init__(self, integers: Mapping[str, int], widths: Widths) -> None:
        self.integers, self.widths, self.qkeras = integers, widths, _qkeras()

    def text(self, tensor: str) -> str:
        """The quantiser of an activation."""
        found = self.widths.bits(tensor)
        if found is None:
            raise InternalError(f"the quantiser of {tensor} must have a width")
        bits, signed = found
        if signed:
            return f"quantized_bits({bits},{self.integers[tensor]},alpha=1)"
        return f"quantized_relu({bits},{self.integers[tensor]})"

    def quantiser(self, tensor: str) -> Any:
        return self.qkeras.QActivation(self.text(tensor), name=f"{tensor}_q")

    def dense(self, name: str, units: int) -> Any:
        return self.plain(name, units, self.text(name))

    def plain(self, name: str, units: int, activation: str | None = None) -> Any:
        """A dense layer whose output is not rounded, unless by its activation."""
        return self.qkeras.QDense(units, activation=activation, name=name, **self.weights(name))

    def weights(self, name: str) -> dict[str, str]:
        widths = self.widths
        kernel = widths.head_kernel if name.startswith(("head", "logits")) else widths.kernel
        bits = {"kernel_quantizer": kernel, "bias_quantizer": widths.bias}
        return {key: f"quantized_bits({n},0,alpha=1)" for key, n in bits.items()}

    def attention(self, name: str, shape: Shape) -> Any:
        stages = (*_PROJECTIONS, "scores", "context")
        return QMultiHeadAttention(
            shape.heads,
            shape.key_dim,
            value_dim=shape.value_dim,
            attention_quantizer=f"quantized_bits({self.widths.attention},0,keep_negative=0)",
            softmax_error=self.widths.softmax_error,
            name=name,
            **{f"{stage}_quantizer": self.text(f"{name}/{stage}") for stage in stages},
            **self.weights(name),
        )

    def total(self, name: str, *terms: Any) -> Any:
        return self.quantiser(name)(keras.layers.Add(name=name)(list(terms)))

    def softmax(self, name: str, source: str) -> Any:
        result = f"quantized_bits({self.widths.probability},0,keep_negative=0)"
        return QSoftmax(input_quantizer=self.text(source), output_quantizer=result, name=name)


def integer_bits(float_model: keras.Model, x: NDArray[np.float32], widths: Widths | None = None) -> dict[str, int]:
    """Integer bits with which each rounded tensor of a float tagger is met with the least squared error.

    Args:
        float_model: made by `float_tagger`.
        x: jets (n, tracks, features).
        widths: bits of each kind of tensor.

    Returns:
        Bits without sign by layer name, by ``layer/stage`` within an attention, and of the input by its name.
    """
    widths = widths or Widths()
    tensors = ((name, values, widths.bits(name)) for name, values in _tensors(float_model, x))
    return {name: _integer(values, *bits) for name, values, bits in tensors if bits is not None}


def _integer(values: NDArray[np.float32], bits: int, signed: bool) -> int:
    errors = {i: _squared_error(values, bits_format(bits, i, signed=signed)) for i in _INTEGERS}
    return min(errors, key=lambda i: (errors[i], abs(i)))


def _squared_error(values: NDArray[np.float32], fmt: Format) -> float:
    codes = np.clip(np.rint(values * 2.0**fmt.fraction), fmt.min_code, fmt.max_code)
    return float(np.mean(np.square(codes * fmt.lsb - values, dtype=np.float64)))


def _tensors(float_model: keras.Model, x: NDArray[np.float32]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    layers = [layer for layer in float_model.layers if not isinstance(layer, keras.layers.InputLayer)]
    values = keras.Model(float_model.input, {layer.name: layer.output for layer in layers})(x)
    yield float_model.inputs[0].name, x
    for layer in layers:
        yield layer.name, np.asarray(values[layer.name])
        if isinstance(layer, keras.layers.MultiHeadAttention):
            source = values[layer.input[0]._keras_history.operation.name]
            for stage, value in _twin(layer, source.shape).stages(source, source).items():
                yield f"{layer.name}/{stage}", np.asarray(value)


def _twin(attention: keras.layers.MultiHeadAttention, shape: tuple[int, ...]) -> QMultiHeadAttention:
    """The attention without quantisers, which equals the Keras layer and shows its stages."""
    twin: QMultiHeadAttention = QMultiHeadAttention.from_config(attention.get_config())
    twin.build(shape, shape)
    twin.set_weights(attention.get_weights())
    return twin


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Give a quantised tagger the weights of a float one, layer by layer."""
    for layer in source.layers:
        if layer.weights:
            target.get_layer(layer.name).set_weights(layer.get_weights())


def logits_model(tagger: keras.Model) -> keras.Model:
    """The tagger without its softmax, same weights: probabilities may be exactly zero, which no loss can take."""
    return keras.Model(tagger.input, tagger.get_layer("logits").output, name=tagger.name)


def _qkeras() -> Any:
    try:
        return importlib.import_module("qkeras")
    except ImportError as error:
        raise UserError(
            f"a QKeras tagger must have the package qkeras, not an environment without it ({error})",
            hint="pip install 'fpga_tf[qkeras]' in an environment without HGQ2",
        ) from error
