"""Batch normalisation and noise layers at inference: folded, or a scale and a shift."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, bits_format
from fpga_tf.layers import QScaleShift
from fpga_tf.models.frontend import NOISE, describe
from fpga_tf.models.graph import LayerCall, calls, consumers, producer
from fpga_tf.models.rebuild import Loaded, Replacement, rebuild

_BITS = 16
Vector = NDArray[np.float64]


def fold_batch_norms(model: keras.Model) -> tuple[keras.Model, list[str]]:
    """The model without batch normalisation and without layers that only act in training.

    In a float model a BatchNormalization is folded into the Dense or EinsumDense before it (exact algebra in
    float64), where that is linear and used by nothing else; otherwise it becomes an unquantised QScaleShift. In a
    QKeras model it becomes a QScaleShift of 16 bits with the same name. An HGQ2 model has its own layers for it.

    Returns:
        The new model, and one sentence per BatchNormalization on what became of it.

    Raises:
        UserError: a BatchNormalization over another axis than the last, one in an HGQ2 model, or a layer that is
            asked to act as in training.
    """
    frontend = describe(model)
    model = rebuild(model, lambda layer: _dropped(layer.name) if type(layer) in NOISE else None)
    norms = [layer for layer in model.layers if type(layer) is keras.layers.BatchNormalization]
    plan: dict[int, Replacement] = {}
    notes: list[str] = []
    for norm in norms:
        _check(norm, frontend)
        _check_axis(norm, model)
        scale, shift = scale_and_shift(norm)
        host = _host(model, norm) if frontend == "float" else None
        if host is not None:
            plan[id(host)] = _folded(host, scale, shift)
            plan[id(norm)] = _dropped(norm.name)
            notes.append(f"{norm.name} is folded into {host.name}")
        elif frontend == "float":
            plan[id(norm)] = _alone(norm, scale, shift, (None, None))
            notes.append(f"{norm.name} becomes a scale and a shift")
        else:
            formats = _format(scale), _format(shift)
            plan[id(norm)] = _alone(norm, scale, shift, formats)
            notes.append(_note(norm.name, scale, formats[0]))
    return (rebuild(model, lambda layer: plan.get(id(layer))) if norms else model), notes


def refused_norms(model: keras.Model) -> list[UserError]:
    """What `fold_batch_norms` refuses of single normalisations of a model that is not HGQ2's, all at once."""
    found = []
    for norm in model.layers:
        if type(norm) is keras.layers.BatchNormalization:
            try:
                _check_axis(norm, model)
            except UserError as error:
                found.append(error)
    return found


def scale_and_shift(norm: Any) -> tuple[Vector, Vector]:
    """What a BatchNormalization multiplies by and adds at inference, each of shape (channels,), in float64.

    Raises:
        UserError: a variance is negative, so that no root is a number.
    """
    mean, variance = _float64(norm.moving_mean), _float64(norm.moving_variance)
    gamma = _float64(norm.gamma) if norm.scale else np.ones_like(mean)
    beta = _float64(norm.beta) if norm.center else np.zeros_like(mean)
    if (variance + norm.epsilon <= 0).any():
        raise UserError(
            f"a batch normalisation's variances must not be negative, not {variance.min():g}",
            where=f"layer {norm.name!r}",
            hint="moving_variance is no variance: was the file changed after the training?",
        )
    scale = gamma / np.sqrt(variance + norm.epsilon)
    return scale, beta - mean * scale


def _float64(variable: Any) -> Vector:
    return np.asarray(keras.ops.convert_to_numpy(variable), dtype=np.float64)


def _check(norm: Any, frontend: str) -> None:
    if frontend == "hgq2":
        raise UserError(
            "an HGQ2 model's normalisation must be HGQ2's own, not Keras's BatchNormalization",
            where=f"layer {norm.name!r}",
            hint="use QBatchNormalization or QBatchNormDense",
        )


def _check_axis(norm: Any, model: keras.Model) -> None:
    rank = next(len(call.inputs[0].shape) for call in calls(model) if call.layer is norm)
    axis = norm.axis[0] if isinstance(norm.axis, list | tuple) else norm.axis
    if axis not in (-1, rank - 1):
        raise UserError(
            f"a BatchNormalization must be over the last axis, not {norm.axis}",
            where=f"layer {norm.name!r}",
            hint="put a Permute before and after it",
        )


def _inference(name: str, kwargs: dict[str, Any]) -> None:
    if kwargs.get("training"):
        raise UserError("a layer must be called as at inference, not with training=True", where=f"layer {name!r}")


def _dropped(name: str) -> Replacement:
    def call(x: Any, **kwargs: Any) -> Any:
        _inference(name, kwargs)
        return x

    return call


def _host(model: keras.Model, norm: Any) -> Any:
    """The linear layer that `norm` can be folded into, or None."""
    uses = [call for call in calls(model) if call.layer is norm]
    tensor = uses[0].inputs[0]
    maker = producer(model, tensor)
    if len(uses) != 1 or maker is None or len(consumers(model, tensor)) != 1 or any(t is tensor for t in model.outputs):
        return None
    shared = sum(call.layer is maker.layer for call in calls(model)) != 1
    return None if shared or not _foldable(maker) else maker.layer


def _foldable(call: LayerCall) -> bool:
    layer = call.layer
    if type(layer) not in (keras.layers.Dense, keras.layers.EinsumDense):
        return False
    if layer.activation not in (None, keras.activations.linear):
        return False
    if type(layer) is keras.layers.Dense:
        return True
    kernel, output = _labels(layer)
    return output[-1] in kernel and (layer.bias_axes is None or output[-1] in layer.bias_axes)


def _labels(layer: Any) -> tuple[str, str]:
    """Labels of the kernel and of the output in an einsum equation."""
    left, output = layer.equation.replace(" ", "").split("->")
    return left.split(",")[1], output


def _folded(layer: Any, scale: Vector, shift: Vector) -> Replacement:
    config = layer.get_config()
    kernel = _float64(layer.kernel)
    bias = 0.0 if layer.bias is None else _float64(layer.bias)
    if type(layer) is keras.layers.Dense:
        config["use_bias"] = True
        kernel = kernel * scale
    else:
        labels, output = _labels(layer)
        config["bias_axes"] = config["bias_axes"] or output[-1]
        kernel = kernel * scale.reshape([-1 if label == output[-1] else 1 for label in labels])
    weights = [kernel.astype(np.float32), (bias * scale + shift).astype(np.float32)]
    return Loaded(type(layer).from_config(config), weights)


def _alone(norm: Any, scale: Vector, shift: Vector, formats: tuple[Format | None, Format | None]) -> Replacement:
    layer = QScaleShift(*formats, name=norm.name)
    loaded = Loaded(layer, [scale.astype(np.float32), shift.astype(np.float32)])

    def call(x: Any, **kwargs: Any) -> Any:
        _inference(norm.name, kwargs)
        return loaded(x)

    return call


def _format(values: Vector) -> Format:
    """16 bits, with as few integer bits as let no value saturate."""
    largest = float(np.abs(values).max())
    integer = math.floor(math.log2(largest)) + 1 if largest > 0 else 0
    fmt = bits_format(_BITS, integer)
    return fmt if largest <= fmt.max + fmt.lsb / 2 else bits_format(_BITS, integer + 1)


def _note(name: str, scale: Vector, fmt: Format) -> str:
    kept = fmt.dequantise(fmt.quantise(scale))
    nonzero = scale != 0.0
    change = float(np.abs(kept[nonzero] / scale[nonzero] - 1.0).max()) if nonzero.any() else 0.0
    return f"{name} becomes a scale and a shift of {_BITS} bits: a scale changes by at most {change:.2g} of itself"
