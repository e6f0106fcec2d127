"""A trained quantised model with other widths: one format in place of all that it was trained with.

What the model states beside its widths stays: signs, rounding, overflow, and what is left exact. Weights are those that
the model was trained to compute with, behind its own quantisers: more bits then bring it back to what it was, which the
values before them would not. Tables of softmax and layer normalisation are designed anew for the new formats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, parse_quantiser, quantiser_text, sigmoid_input
from fpga_tf.layers import QMultiHeadAttention, QSoftmax
from fpga_tf.models.frontend import describe, family
from fpga_tf.models.graph import LayerCall, calls
from fpga_tf.models.keras2_formats import scores_format, softmax_error
from fpga_tf.models.layer_norm import root_error
from fpga_tf.models.plan import OneFormat
from fpga_tf.models.read import as_functional
from fpga_tf.models.rebuild import Loaded, Replacement, rebuild

# What a key of a layer's configuration is a quantiser of. A tensor's and a weight's get the new widths as they are.
_TENSOR, _WEIGHT, _SHARE = "tensor", "weight", "share"
_SCORES, _SIGMOID, _SQUARES = "scores", "what a sigmoid reads", "mean of squares"
_WEIGHTS = {"kernel_quantizer": _WEIGHT, "bias_quantizer": _WEIGHT}
_ATTENTION = {
    **_WEIGHTS,
    **{f"{stage}_quantizer": _TENSOR for stage in ("query", "key", "value", "context", "output")},
    "scores_quantizer": _SCORES,
    "attention_quantizer": _SHARE,
}
_LINFORMER = {
    **_ATTENTION,
    **{f"{role}_projection_quantizer": _WEIGHT for role in ("key", "value")},
    **{f"{role}_tokens_quantizer": _TENSOR for role in ("key", "value")},
}
_NORM = {
    **{f"{stage}_quantizer": _TENSOR for stage in ("input", "mean", "deviation", "inverse", "output")},
    "variance_quantizer": _SQUARES,
    **{f"{w}_quantizer": _WEIGHT for w in ("gamma", "beta")},
}
_ROLES: dict[str, dict[str, str]] = {
    "QActivation": {"activation": _TENSOR},
    "QDense": {**_WEIGHTS, "activation": _TENSOR},
    "QEinsumDense": {**_WEIGHTS, "output_quantizer": _TENSOR},
    "QScaleShift": {"scale_quantizer": _WEIGHT, "shift_quantizer": _WEIGHT, "output_quantizer": _TENSOR},
    "QMultiHeadAttention": _ATTENTION,
    "QLinformerAttention": _LINFORMER,
    "QSoftmax": {"input_quantizer": _SCORES, "output_quantizer": _SHARE},
    "QSigmoid": {"input_quantizer": _SIGMOID, "output_quantizer": _SHARE},
    "QLayerNormalization": _NORM,
}


@dataclass(frozen=True)
class _Widths:
    """The new widths of a stated format; its sign and modes stay."""

    one: OneFormat

    def of(self, fmt: Format, role: str, key_dim: int) -> Format:
        if role == _SHARE:  # up to one: integer bits above the first would always be zero
            return replace(fmt, integer=min(max(fmt.integer, 0), 1), fraction=self.one.fraction)
        fraction = self.one.weight_fraction if role == _WEIGHT else self.one.fraction
        times = 2 if role == _SQUARES else 1
        found = replace(fmt, integer=times * self.one.integer, fraction=times * fraction)
        if role == _SIGMOID:
            return sigmoid_input(found, self.one.share)
        return found if role != _SCORES else self._scores(scores_format(found, key_dim), key_dim)

    def _scores(self, fmt: Format, key_dim: int) -> Format:
        """Finer steps than an exp table takes would cost its error."""
        return replace(fmt, fraction=min(fmt.fraction, self.one.scores(key_dim**-0.5).fraction))


def requantised(model: keras.Model, one: OneFormat) -> keras.Model:
    """A quantised model in which every quantiser has the same integer and fraction bits.

    Tensors and weights get those of `one`, without sign where their own format has none; weights are rounded from what
    their own quantisers make of them. The others:

    * probabilities (attention weights, results of a softmax or sigmoid) keep their one integer bit or none;
    * a variance has twice the bits, as a mean of squares;
    * scores of an attention have the integer and fraction bits that give them the range and step of a tensor behind the
      factor 1/sqrt(key_dim), but no finer steps than `OneFormat.scores`;
    * what a sigmoid reads has the bits that `sigmoid_input` leaves of a tensor's.

    The error of a softmax's tables is the smallest that they can meet, from one LSB of the probabilities upwards.

    Args:
        model: of QKeras's and our layers, functional or Sequential. It is left as it is.
        one: the widths.

    Returns:
        A functional model of the same layers and names.

    Raises:
        UserError: the model is not quantised, or by HGQ2; it has a layer or a quantiser that is not known here; or
            no softmax table can be had for such formats.
    """
    model = as_functional(model, "model to requantise")
    found = describe(model)
    if found != "qkeras":
        raise UserError(_REFUSED[found], where=model.name)
    lengths = _lengths(model)
    return rebuild(model, lambda layer: _replaced(layer, _Widths(one), lengths.get(id(layer), 1)))


_REFUSED = {
    "float": "a model to requantise must be a quantised one, not a float one: quantise that",
    "hgq2": "a model to requantise must be of QKeras or fpga_tf, not HGQ2, where each value has a width of its own",
}


def _lengths(model: keras.Model) -> dict[int, int]:
    """How many scores a row of each softmax has, by the layer's id; of a shared layer the most."""
    found: dict[int, int] = {}
    for call in calls(model):
        if isinstance(call.layer, QMultiHeadAttention | QSoftmax):
            found[id(call.layer)] = max(_length(call), found.get(id(call.layer), 1))
    return found


def _length(call: LayerCall) -> int:
    layer = call.layer
    if isinstance(layer, QSoftmax):
        shape = call.inputs[0].shape
        return math.prod(int(shape[axis]) for axis in layer.axes(len(shape)))
    return int(layer.keys_per_query(call.arguments()["value"].shape))


def _replaced(layer: Any, widths: _Widths, length: int) -> Replacement | None:
    """A fresh layer with new quantisers; None keeps one that has none."""
    if family(layer) != "qkeras":
        return None
    where, kind = f"layer {layer.name!r}", type(layer).__name__
    if kind not in _ROLES:
        raise UserError(f"a layer to requantise must be one of {', '.join(_ROLES)}, not {kind}", where=where)
    saved = keras.saving.serialize_keras_object(layer)
    config, key_dim = saved["config"], layer.get_config().get("key_dim", 1)
    own = {key: fmt for key in _ROLES[kind] if (fmt := _stated(layer, config, key, where)) is not None}
    formats = {key: widths.of(fmt, _ROLES[kind][key], key_dim) for key, fmt in own.items()}
    config.update({k: quantiser_text(f) if kind in _QKERAS else str(f) for k, f in formats.items()})
    config.update(_ERRORS[kind](formats, length, key_dim) if kind in _ERRORS else {})
    weights = [_behind(own.get(_key_of(variable.name)), variable) for variable in layer.weights]
    return Loaded(keras.saving.deserialize_keras_object(saved, safe_mode=True), weights)


def _behind(fmt: Format | None, variable: Any) -> NDArray[Any]:
    """A weight behind its own quantiser."""
    values: NDArray[Any] = keras.ops.convert_to_numpy(variable)
    return values if fmt is None else fmt.dequantise(fmt.quantise(values)).astype(values.dtype)


def _key_of(variable: str) -> str:
    """The key of a layer's configuration that has a weight's quantiser."""
    return f"{variable.replace('_tokens_kernel', '_projection')}_quantizer"


_QKERAS = ("QActivation", "QDense")  # QKeras's own, which read no ap_fixed types


def _stated(layer: Any, config: dict[str, Any], key: str, where: str) -> Format | None:
    """The format that a layer states under a key of its configuration, None without one."""
    spec = config.get(key)
    if key == "activation":
        spec = layer.activation  # QKeras does not save all of a quantiser
        if getattr(spec, "__name__", spec) == "linear":
            return None
    try:
        return parse_quantiser(spec)
    except UserError as error:
        raise UserError(f"{key}: {error.what}", where=where, hint=error.hint) from error


def _attention_error(formats: dict[str, Format], length: int, key_dim: int) -> dict[str, Any]:
    if "scores_quantizer" not in formats:
        return {}
    scores, result = formats["scores_quantizer"], formats["attention_quantizer"]
    return {"softmax_error": softmax_error(scores, result, length, key_dim)}


def _softmax_error(formats: dict[str, Format], length: int, key_dim: int) -> dict[str, Any]:
    return {"error": softmax_error(formats["input_quantizer"], formats["output_quantizer"], length)}


def _norm_error(formats: dict[str, Format], length: int, key_dim: int) -> dict[str, Any]:
    return {"error": root_error(formats["inverse_quantizer"])} if "inverse_quantizer" in formats else {}


_ERRORS: dict[str, Callable[[dict[str, Format], int, int], dict[str, Any]]] = {
    "QMultiHeadAttention": _attention_error,
    "QLinformerAttention": _attention_error,
    "QSoftmax": _softmax_error,
    "QLayerNormalization": _norm_error,
}
