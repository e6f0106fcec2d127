"""Post-training quantisation: from a plain Keras model to the quantised one that becomes hardware."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import InternalError, UserError
from fpga_tf.models.frontend import describe
from fpga_tf.models.names import check_names
from fpga_tf.models.plan import Budget, OneFormat, Plan, make_plan
from fpga_tf.models.profile import masked_attentions, profile, run
from fpga_tf.models.read import as_functional
from fpga_tf.models.rebuild import rebuild
from fpga_tf.models.simplify import simplify
from fpga_tf.models.sites import TensorFormat

_BIAS_BITS = 16
_MASK_SAMPLES = 2  # that show which attentions a mask reaches
_RANGES = {"weight_bits": (2, 16), "activation_bits": (2, 20), "attention_bits": (2, 20), "input_bits": (2, 20)}


@dataclass(frozen=True)
class QuantisationReport:
    """What quantisation chose.

    Attributes:
        tensors: one entry per quantised tensor and weight, in the model's order.
        samples: calibration samples used.
        notes: what became of normalisation layers, and where masked rows differ from Keras's.
    """

    tensors: tuple[TensorFormat, ...]
    samples: int
    notes: tuple[str, ...]

    def format_of(self, name: str) -> TensorFormat:
        """The entry of a tensor, e.g. ``embed``, ``embed/kernel`` or ``attention1/scores``.

        Raises:
            KeyError: there is none.
        """
        for entry in self.tensors:
            if entry.name == name:
                return entry
        raise KeyError(name)


def quantise(
    model: keras.Model,
    calibration_data: Any,
    *,
    weight_bits: int = 8,
    activation_bits: int = 10,
    attention_bits: int | None = None,
    headroom_bits: int = 0,
    input_bits: int | None = None,
    max_samples: int = 2000,
) -> keras.Model:
    """The quantised model of a plain Keras model, without training.

    Every tensor and weight gets the format, of its number of bits, with the smallest mean squared error over the
    calibration data. A layer keeps its name; the quantiser behind it is called ``<name>_q``. Biases get 16 bits.

    Args:
        model: functional or Sequential, of Keras's layers (Dense, EinsumDense, MultiHeadAttention, Softmax, ReLU,
            Activation, Add, Concatenate, Flatten, Reshape, Permute, GlobalAveragePooling1D, BatchNormalization,
            LayerNormalization, Dropout, Masking), and QLinformerAttention without quantisers.
        calibration_data: an array (samples, ...), or one per input in a list or by name; finite.
        weight_bits: of kernels.
        activation_bits: of tensors between layers.
        attention_bits: of attention weights; `activation_bits` if None.
        headroom_bits: integer bits added to every tensor's best choice, at the cost of fraction bits.
        input_bits: of model inputs; `activation_bits` if None.
        max_samples: samples used, evenly spaced over the data.

    Returns:
        A functional model of QDense, QActivation (QKeras's), QEinsumDense, QMultiHeadAttention, QLinformerAttention,
        QSoftmax, QLayerNormalization and QScaleShift.

    Raises:
        UserError: a layer or option that is not supported, unsuitable data, or bits out of range.
    """
    quantised, _ = quantise_with_report(
        model,
        calibration_data,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        attention_bits=attention_bits,
        headroom_bits=headroom_bits,
        input_bits=input_bits,
        max_samples=max_samples,
    )
    return quantised


def quantise_with_report(
    model: keras.Model,
    calibration_data: Any,
    *,
    weight_bits: int = 8,
    activation_bits: int = 10,
    attention_bits: int | None = None,
    headroom_bits: int = 0,
    input_bits: int | None = None,
    max_samples: int = 2000,
) -> tuple[keras.Model, QuantisationReport]:
    """As `quantise`, and what was chosen."""
    budget = Budget(
        weight_bits=_bits("weight_bits", weight_bits),
        bias_bits=max(_BIAS_BITS, weight_bits),
        activation_bits=_bits("activation_bits", activation_bits),
        input_bits=_bits("input_bits", activation_bits if input_bits is None else input_bits),
        attention_bits=_bits("attention_bits", activation_bits if attention_bits is None else attention_bits),
        headroom_bits=headroom_bits,
    )
    if not 0 <= headroom_bits < activation_bits or max_samples < 1:
        raise UserError("headroom_bits must be 0 or more and below activation_bits, max_samples at least 1")
    model = _float(model)
    data = calibration(model, calibration_data, max_samples)
    simple, notes = simplify(model)
    plan = make_plan(simple, budget)
    profile(simple, plan, data)
    quantised, chosen, more = _build(model, simple, plan, data)
    return quantised, QuantisationReport(chosen, len(data[0]), (*notes, *more))


def quantise_to(model: keras.Model, calibration_data: Any, one: OneFormat) -> tuple[keras.Model, list[str]]:
    """The quantised model with one format for every tensor and one for every weight, biases among them.

    Tensors that are never negative have that format without its sign bit, probabilities without its integer bits, and
    what a softmax reads no more fraction bits than its table has steps (`OneFormat.scores`).

    Args:
        model: as `quantise` takes it.
        calibration_data: as `quantise` takes it; only tells how masks travel, no format depends on it.
        one: the formats.

    Returns:
        The model, and the notes of `QuantisationReport`.

    Raises:
        UserError: as `quantise`.
    """
    model = _float(model)
    data = calibration(model, calibration_data, _MASK_SAMPLES)
    simple, notes = simplify(model)
    bits = one.tensor(signed=True).width
    budget = Budget(one.weight.width, one.weight.width, bits, bits, one.share.width, headroom_bits=0)
    quantised, _, more = _build(model, simple, make_plan(simple, budget, one), data)
    return quantised, [*notes, *more]


def _float(model: keras.Model) -> keras.Model:
    """The functional form of a float model."""
    model = as_functional(model, "model to quantise")
    check_names(layer.name for layer in model.layers)
    if describe(model) != "float":
        raise UserError(f"a model to quantise must be a float one, not {describe(model)}", where=model.name)
    return model


def _build(
    model: keras.Model, simple: keras.Model, plan: Plan, data: list[NDArray[Any]]
) -> tuple[keras.Model, tuple[TensorFormat, ...], list[str]]:
    """The quantised model of a finished plan, what was chosen, and notes on masks."""
    first = [x[:_MASK_SAMPLES] for x in data]
    builder = _builder_class()(simple, plan, {s.call.layer.name for s in run(simple, first) if s.masks})
    quantised = rebuild(simple, builder.replace, builder.enter)
    return quantised, tuple(builder.chosen.values()), _same_masks(model, quantised, first)


def _bits(name: str, value: int) -> int:
    low, high = _RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UserError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return value


def _builder_class() -> Any:
    try:
        return importlib.import_module("fpga_tf.models.build").Builder
    except ImportError as error:
        raise UserError(
            f"quantisation must have QKeras, not fail to import it ({str(error).splitlines()[0][:200]})",
            hint="pip install 'fpga_tf[qkeras]', in another environment than the extra hgq2",
        ) from error


def calibration(model: keras.Model, data: Any, max_samples: int) -> list[NDArray[Any]]:
    """The calibration arrays, one per model input, cut down to evenly spaced samples.

    Raises:
        UserError: a wrong number of arrays, a wrong shape, no samples, or a value that is not finite.
    """
    names = [t._keras_history.operation.name for t in model.inputs]
    arrays = _arrays(names, data)
    count = len(arrays[0]) if arrays[0].ndim else 0
    for name, tensor, x in zip(names, model.inputs, arrays, strict=True):
        where = f"calibration data of input {name!r}"
        if x.dtype.kind not in "fiub" or x.shape != (count, *tensor.shape[1:]) or not count:
            expected = ", ".join(map(str, tensor.shape[1:]))
            raise UserError(
                f"calibration data must be numbers of shape ({count or 'n'}, {expected}), not {x.dtype} {x.shape}",
                where=where,
            )
        if not np.isfinite(x).all():
            bad = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
            raise UserError(f"calibration data must be finite, not {x[bad]}", where=f"{where}, index {bad}")
    keep = np.unique(np.linspace(0, count - 1, min(count, max_samples)).astype(np.int64))
    return [x[keep] for x in arrays]


def _arrays(names: Sequence[str], data: Any) -> list[NDArray[Any]]:
    if isinstance(data, Mapping):
        if set(data) != set(names):
            raise UserError(
                f"calibration data must have the inputs {', '.join(names)}, not {', '.join(map(str, data))}"
            )
        return [np.asarray(data[name]) for name in names]
    given = list(data) if isinstance(data, list | tuple) and len(names) > 1 else [data]
    if len(given) != len(names):
        raise UserError(f"calibration data must be one array for each of {len(names)} inputs, not {len(given)}")
    return [np.asarray(x) for x in given]


def _same_masks(model: keras.Model, quantised: keras.Model, batch: list[NDArray[Any]]) -> list[str]:
    """Masks that travel unseen must reach the same attentions as before: a quantiser may have dropped one.

    Returns:
        A note for each attention whose queries are masked.
    """
    before, after = masked_attentions(model, batch), masked_attentions(quantised, batch)
    if len(before) != len(after):
        raise InternalError("quantisation must keep all attention calls")
    for was, now in zip(sorted(before), sorted(after), strict=True):
        if was != now:
            raise UserError(
                f"a mask must reach the attention as in the float model ({', '.join(was[1]) or 'none'}), "
                f"not {', '.join(now[1]) or 'none'}",
                where=f"layer {was[0]!r}",
                hint="give the mask as Input(dtype='bool') and pass it as attention_mask",
            )
    return [f"{n}: a masked query gets zeros, where Keras may average over all keys" for n, m in before if "query" in m]
