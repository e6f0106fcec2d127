"""The quantised flavour tagger: the float one with a fixed-point format on every tensor that the hardware holds.

Weights have one format everywhere; each activation has its own integer bits, chosen from the values that the float
tagger takes. Widths are small enough that every sum before its rounding has less than 24 bits, so that float32
arithmetic is exact and Keras itself is the reference. Needs the extra `qkeras`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.jets.taggers import CLASSES, FEATURES, HEADS, HIDDEN, KEY_DIM, TRACKS, WIDTH
from fpga_tf.layers import QMultiHeadAttention, QSoftmax

# Share of a tensor's values that its format holds; the few beyond saturate.
COVERED = 0.9995


@dataclass(frozen=True)
class Widths:
    """Bits of each kind of tensor, signs included.

    Attributes:
        kernel, bias: weights; kernels lie within +-1, biases too.
        rectified: outputs behind a rectifier, unsigned.
        signed: inputs, outputs of projections, of sums and of the pooling.
        scores, attention: products of queries and keys, and the weights made of them, unsigned.
        logits, probability: input and output of the last softmax, the output unsigned.
    """

    kernel: int = 6
    bias: int = 8
    rectified: int = 8
    signed: int = 8
    scores: int = 10
    attention: int = 8
    logits: int = 10
    probability: int = 10


def quantised_tagger(integers: Mapping[str, int], widths: Widths | None = None, blocks: int = 2) -> keras.Model:
    """QKeras tagger, input `tracks` (15, 6), output `probabilities` (3,), untrained.

    Layers are named as those of `float_tagger`; a quantiser that is a layer of its own ends in `_q`.

    Args:
        integers: integer bits without sign by tensor, as `integer_bits` finds them.
        widths: bits of each kind of tensor.
        blocks: number of encoder blocks.

    Raises:
        UserError: the extra `qkeras` is not installed.
    """
    make = _Maker(integers, widths or Widths())
    inputs = keras.layers.Input((TRACKS, FEATURES), name="tracks")
    x = make.dense("embed", WIDTH)(make.quantiser("tracks")(inputs))
    for i in range(1, blocks + 1):
        attended = make.attention(f"attention{i}")(x, x)
        x = make.total(f"attention{i}_sum", x, attended)
        back = make.dense(f"back{i}", WIDTH, rectified=False)(make.dense(f"hidden{i}", HIDDEN)(x))
        x = make.total(f"hidden{i}_sum", x, back)
    x = make.quantiser("pool")(keras.layers.GlobalAveragePooling1D(name="pool")(x))
    x = make.dense("head2", 16)(make.dense("head1", 32)(x))
    outputs = make.softmax("probabilities", "logits")(make.logits("logits")(x))
    return keras.Model(inputs, outputs, name="flavour")


class _Maker:
    """Makes layers whose quantisers follow from their names."""

    def __init__(self, integers: Mapping[str, int], widths: Widths) -> None:
        self.integers, self.widths, self.qkeras = integers, widths, _qkeras()
        self.kernel, self.bias = (f"quantized_bits({bits},0,alpha=1)" for bits in (widths.kernel, widths.bias))

    def signed(self, tensor: str, bits: int | None = None) -> str:
        return f"quantized_bits({bits or self.widths.signed},{self.integers[tensor]},alpha=1)"

    def quantiser(self, tensor: str) -> Any:
        return self.qkeras.QActivation(self.signed(tensor), name=f"{tensor}_q")

    def dense(self, name: str, units: int, rectified: bool = True) -> Any:
        relu = f"quantized_relu({self.widths.rectified},{self.integers[name]})"
        return self._dense(name, units, relu if rectified else self.signed(name))

    def logits(self, name: str) -> Any:
        return self._dense(name, CLASSES, None)

    def _dense(self, name: str, units: int, activation: str | None) -> Any:
        weights = {"kernel_quantizer": self.kernel, "bias_quantizer": self.bias}
        return self.qkeras.QDense(units, activation=activation, name=name, **weights)

    def attention(self, name: str) -> Any:
        stages: dict[str, Any] = {
            f"{stage}_quantizer": self.signed(f"{name}/{stage}")
            for stage in ("query", "key", "value", "context", "output")
        }
        return QMultiHeadAttention(
            HEADS,
            KEY_DIM,
            kernel_quantizer=self.kernel,
            bias_quantizer=self.bias,
            scores_quantizer=self.signed(f"{name}/scores", self.widths.scores),
            attention_quantizer=f"quantized_bits({self.widths.attention},0,keep_negative=0)",
            name=name,
            **stages,
        )

    def total(self, name: str, *terms: Any) -> Any:
        return self.quantiser(name)(keras.layers.Add(name=name)(list(terms)))

    def softmax(self, name: str, source: str) -> Any:
        scores = self.signed(source, self.widths.logits)
        result = f"quantized_bits({self.widths.probability},0,keep_negative=0)"
        return QSoftmax(input_quantizer=scores, output_quantizer=result, name=name)


def integer_bits(float_model: keras.Model, x: NDArray[np.float32]) -> dict[str, int]:
    """Integer bits that hold nearly all values (`COVERED`) of each tensor of a float tagger.

    Args:
        float_model: made by `float_tagger`.
        x: jets (n, 15, 6).

    Returns:
        Bits by layer name, by ``layer/stage`` within an attention, and of the input by its name.
    """
    return {name: _integer(np.abs(values)) for name, values in _tensors(float_model, x)}


def _integer(magnitudes: NDArray[np.float32]) -> int:
    return int(np.ceil(np.log2(max(1.0, float(np.quantile(magnitudes, COVERED))))))


def _tensors(float_model: keras.Model, x: NDArray[np.float32]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    layers = [layer for layer in float_model.layers if not isinstance(layer, keras.layers.InputLayer)]
    values = keras.Model(float_model.input, {layer.name: layer.output for layer in layers})(x)
    yield "tracks", x
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
