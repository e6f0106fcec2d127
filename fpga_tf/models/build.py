"""The quantised layers that take the place of a simplified float model's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from qkeras import QActivation, QDense

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, quantiser_text
from fpga_tf.layers import QEinsumDense, QLinformerAttention, QScaleShift
from fpga_tf.layers.linformer import TOKENS
from fpga_tf.models.activations import quantised_sigmoid, quantised_softmax, softmax_error
from fpga_tf.models.graph import calls, consumers
from fpga_tf.models.layer_norm import quantised_layer_norm
from fpga_tf.models.plan import Plan, quantised_class
from fpga_tf.models.rebuild import Loaded, Replacement, copy_layer
from fpga_tf.models.simplify import MOVING, Names
from fpga_tf.models.sites import TensorFormat, best_format, covering_format, judged

_SCALE_BITS = 16
_GUARD_BITS = 4  # of a bias, below the last bit that its sum is rounded to


_PROJECTIONS = ("query", "key", "value", "output")


class Builder:
    """Makes each layer's replacement, and remembers the formats of what was made.

    Args:
        model: simplified.
        plan: its sites have seen all values.
        masked: layers whose input carries a mask. QActivation drops masks, so these quantise their output themselves.

    Attributes:
        chosen: every format, of tensors and of weights.
    """

    def __init__(self, model: keras.Model, plan: Plan, masked: set[str]) -> None:
        self.chosen: dict[str, TensorFormat] = {name: site.choice() for name, site in plan.sites.items()}
        self._plan, self._masked = plan, masked
        self._names = Names(layer.name for layer in model.layers)
        self._fused = _fused(model, masked)
        self._formats: dict[int, Format] = {}
        self._alive: list[Any] = []  # so that no id is used twice

    def enter(self, name: str, tensor: Any) -> Any:
        """What stands for a model input: its quantiser's output."""
        return self._quantiser(name)(tensor) if name in self.chosen else tensor

    def replace(self, layer: Any) -> Replacement:
        """What stands for a layer in all its calls."""
        if isinstance(layer, MOVING):
            return self._moving(layer)
        return _MAKERS[type(layer)](self, layer)

    def fmt(self, site: str) -> Format:
        """The format chosen for a site."""
        return self.chosen[site].format

    def weight(self, name: str, values: NDArray[Any]) -> Format:
        """The format of a kernel, by least error."""
        if self._plan.one is not None:
            return self._stated(name, values, self._plan.one.weight)
        self.chosen[name] = best_format(name, values, self._plan.budget.weight_bits)
        return self.fmt(name)

    def bias(self, name: str, values: NDArray[Any], sites: Sequence[str]) -> Format:
        """The format of a bias whose sums are rounded at these sites: its range, and no bits far below the rounding."""
        if self._plan.one is not None:
            return self._stated(name, values, self._plan.one.weight)
        most = covering_format(name, values, self._plan.budget.bias_bits)
        fraction = max(self.fmt(s).fraction for s in sites) + _GUARD_BITS
        bits = min(max(most.format.integer + fraction + 1, 2), most.format.width)
        self.chosen[name] = covering_format(name, values, bits)
        return self.fmt(name)

    def factor(self, name: str, values: NDArray[Any]) -> Format:
        """The format of a scale or a shift, by its range."""
        if self._plan.one is not None:
            return self._stated(name, values, self._plan.one.weight)
        self.chosen[name] = covering_format(name, values, _SCALE_BITS)
        return self.fmt(name)

    def _stated(self, name: str, values: NDArray[Any], fmt: Format) -> Format:
        self.chosen[name] = judged(name, values, fmt)
        return fmt

    def rounded_at(self, layer: Any) -> list[str]:
        """The sites where a layer's exact output is rounded."""
        return self._plan.absorbed.get(layer.name, [layer.name])

    def known(self, tensor: Any) -> Format | None:
        """The format of a tensor that was made, None where it is exact."""
        return self._formats.get(id(tensor))

    def note(self, tensor: Any, fmt: Format | None) -> Any:
        """Remember a tensor's format."""
        self._alive.append(tensor)
        if fmt is not None:
            self._formats[id(tensor)] = fmt
        return tensor

    def quantised(self, layer: Any, made: Replacement) -> Replacement:
        """`made`, followed by the quantiser ``<name>_q`` unless what comes next rounds by itself."""
        if layer.name in self._plan.absorbed:
            return made
        after = self._quantiser(layer.name)
        return lambda x, **_: after(made(x))

    def own_quantiser(self, layer: Any) -> Format | None:
        """The format that a layer must bring its output into itself, because a mask travels through it."""
        site = self._fused.get(layer.name, layer.name)
        return self.fmt(site) if layer.name in self._masked else None

    def is_fused(self, layer: Any) -> bool:
        """True for a ReLU that the layer before it does."""
        return layer.name in self._fused.values()

    def _quantiser(self, site: str) -> Replacement:
        layer = QActivation(quantiser_text(self.fmt(site)), name=self._names.fresh(f"{site}_q"))
        return lambda x: self.note(layer(x), self.fmt(site))

    def _moving(self, layer: Any) -> Replacement:
        made = copy_layer(layer)

        def call(x: Any, **_: Any) -> Any:
            fmt = self.known(x)
            if isinstance(layer, keras.layers.Masking) and fmt is not None and not fmt.codes_of(layer.mask_value)[1]:
                raise UserError(
                    f"a mask_value must be a value of the input's format {fmt}, not {layer.mask_value}",
                    where=f"layer {layer.name!r}",
                    hint="use 0.0",
                )
            return self.note(made(x), fmt)

        return call


def _fused(model: keras.Model, masked: set[str]) -> dict[str, str]:
    """The ReLU that a layer on a mask's way does itself, by that layer's name."""
    found = {}
    for call in calls(model):
        if call.layer.name in masked and isinstance(call.layer, keras.layers.Dense):
            takers = consumers(model, call.outputs[0])
            if len(takers) == 1 and isinstance(takers[0].layer, keras.layers.ReLU):
                found[call.layer.name] = takers[0].layer.name
    return found


def _dense(builder: Builder, layer: Any) -> Replacement:
    kernel, *bias = (np.asarray(w) for w in layer.get_weights())
    own = builder.own_quantiser(layer)
    bias_format = builder.bias(f"{layer.name}/bias", bias[0], builder.rounded_at(layer)) if bias else None
    made = QDense(
        layer.units,
        use_bias=layer.use_bias,
        kernel_initializer="zeros",
        kernel_quantizer=quantiser_text(builder.weight(f"{layer.name}/kernel", kernel)),
        bias_quantizer=None if bias_format is None else quantiser_text(bias_format),
        activation=None if own is None else quantiser_text(own),
        name=layer.name,
    )
    loaded = Loaded(made, layer.get_weights())
    return builder.quantised(layer, loaded) if own is None else lambda x, **_: builder.note(loaded(x), own)


def _einsum(builder: Builder, layer: Any) -> Replacement:
    kernel, *bias = (np.asarray(w) for w in layer.get_weights())
    config = {k: v for k, v in layer.get_config().items() if k in ("equation", "output_shape", "bias_axes", "name")}
    made = QEinsumDense(
        **config,
        kernel_quantizer=builder.weight(f"{layer.name}/kernel", kernel),
        bias_quantizer=builder.bias(f"{layer.name}/bias", bias[0], builder.rounded_at(layer)) if bias else None,
    )
    return builder.quantised(layer, Loaded(made, layer.get_weights()))


def _scale_shift(builder: Builder, layer: Any) -> Replacement:
    scale, shift = (np.asarray(w) for w in layer.get_weights())
    own = builder.own_quantiser(layer)
    factor = builder.factor(f"{layer.name}/scale", scale)
    offset = builder.factor(f"{layer.name}/shift", shift)
    made = Loaded(QScaleShift(factor, offset, own, name=layer.name), [scale, shift])
    return builder.quantised(layer, made) if own is None else lambda x, **_: builder.note(made(x), own)


def _attention(builder: Builder, layer: Any) -> Replacement:
    parts = (layer.query_dense, layer.key_dense, layer.value_dense, layer.output_dense)
    kernels = np.concatenate([keras.ops.convert_to_numpy(p.kernel).ravel() for p in parts])
    biases = [keras.ops.convert_to_numpy(p.bias).ravel() for p in parts if p.bias is not None]
    sums = [f"{layer.name}/{stage}" for stage in _PROJECTIONS]
    made = quantised_class(layer)
    formats = {f"{stage}_quantizer": builder.fmt(f"{layer.name}/{stage}") for stage in made.stage_names}
    config = {
        **layer.get_config(),
        "kernel_quantizer": builder.weight(f"{layer.name}/kernel", kernels),
        "bias_quantizer": builder.bias(f"{layer.name}/bias", np.concatenate(biases), sums) if biases else None,
        **(_token_kernels(builder, layer) if isinstance(layer, QLinformerAttention) else {}),
        **formats,
        "softmax_error": softmax_error(formats["attention_quantizer"]),
    }
    loaded = Loaded(made.from_config(config), layer.get_weights())

    def call(*args: Any, **kwargs: Any) -> Any:
        if not isinstance(layer, made):
            kwargs.pop("query_mask", None)  # Keras's layer takes no explicit one
        outputs = loaded(*args, **kwargs)
        value = args[1] if len(args) > 1 else kwargs["value"]
        loaded.layer.design(loaded.layer.keys_per_query(value.shape))  # too wide scores: now, not later
        stages = ("output", "attention")
        for tensor, stage in zip(keras.tree.flatten(outputs), stages, strict=False):
            builder.note(tensor, formats[f"{stage}_quantizer"])
        return outputs

    return call


def _token_kernels(builder: Builder, layer: QLinformerAttention) -> dict[str, Format]:
    """Formats of a Linformer attention's matrices."""
    return {
        f"{TOKENS[s]}_projection_quantizer": builder.weight(f"{layer.name}/{s}_kernel", keras.ops.convert_to_numpy(w))
        for s, w in layer.token_variables().items()
    }


def _relu(builder: Builder, layer: Any) -> Replacement:
    if builder.is_fused(layer):
        return lambda x, **_: x
    fmt = builder.fmt(layer.name)
    made = QActivation(quantiser_text(fmt), name=layer.name)
    return lambda x, **_: builder.note(made(x), fmt)


def _plain(builder: Builder, layer: Any) -> Replacement:
    return builder.quantised(layer, copy_layer(layer))


def _concatenate(builder: Builder, layer: Any) -> Replacement:
    """Left as it is where the narrowest format that holds all inputs is within the budget."""
    made = copy_layer(layer)
    after = builder.quantised(layer, lambda x: x)

    def call(x: Any, **_: Any) -> Any:
        formats = [builder.known(t) for t in x]
        joined = made(x)
        if None not in formats:
            union = _union([f for f in formats if f is not None])
            if union.width <= builder.fmt(layer.name).width:
                return builder.note(joined, union)
        return after(joined)

    return call


def _union(formats: list[Format]) -> Format:
    """The narrowest format on whose grid all the others lie."""
    first = formats[0]
    integer, fraction = max(f.integer for f in formats), max(f.fraction for f in formats)
    return Format(any(f.signed for f in formats), integer, fraction, first.rounding, first.overflow)


_MAKERS: dict[type, Callable[[Builder, Any], Replacement]] = {
    keras.layers.Dense: _dense,
    keras.layers.EinsumDense: _einsum,
    QScaleShift: _scale_shift,
    keras.layers.MultiHeadAttention: _attention,
    QLinformerAttention: _attention,
    keras.layers.LayerNormalization: quantised_layer_norm,
    keras.layers.Softmax: quantised_softmax,
    keras.layers.Activation: quantised_sigmoid,
    keras.layers.ReLU: _relu,
    keras.layers.Add: _plain,
    keras.layers.GlobalAveragePooling1D: _plain,
    keras.layers.Concatenate: _concatenate,
}
