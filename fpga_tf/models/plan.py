"""Which tensors of a simplified float model get a format, and of how many bits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import keras

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, bits_format
from fpga_tf.layers import QMultiHeadAttention
from fpga_tf.models.graph import LayerCall, calls, consumers
from fpga_tf.models.layer_norm import STAGES, VARIANCE_BITS
from fpga_tf.models.simplify import LINEAR, MOVING
from fpga_tf.models.sites import Site

_MASKS = ("mask", "attention_mask", "query_mask", "value_mask", "key_mask")
# What brings its input into a format by itself, so that the tensor before it needs no quantiser of its own.
_TABLES = (keras.layers.Softmax, keras.layers.Activation)  # simplified, an Activation is a sigmoid
_ROUNDING = (keras.layers.ReLU, *_TABLES)


_STEP_BITS = 10  # of the exponent of a softmax, with one format for everything


@dataclass(frozen=True)
class Budget:
    """Bits per tensor.

    Attributes:
        weight_bits, bias_bits: of the weights.
        input_bits, activation_bits: of model inputs and of tensors between layers.
        attention_bits: of the weights after the softmax of an attention.
        headroom_bits: integer bits on top of the best choice.
    """

    weight_bits: int
    bias_bits: int
    input_bits: int
    activation_bits: int
    attention_bits: int
    headroom_bits: int


@dataclass(frozen=True)
class OneFormat:
    """One format for every tensor and one for every weight: what a scan of widths varies.

    Attributes:
        integer: integer bits, without the sign.
        fraction: fraction bits of tensors.
        weight_fraction: fraction bits of weights.
    """

    integer: int
    fraction: int
    weight_fraction: int

    def tensor(self, *, signed: bool) -> Format:
        """Of a tensor; one that is never negative has no sign bit."""
        return _rounded(signed, self.integer, self.fraction)

    def scores(self, scale: float) -> Format:
        """Of what a softmax reads before it is scaled.

        The fraction is cut where a step of the exponent is 2**-10: with 2**14 entries, an exp table for an error of
        2**-10 takes no finer steps (`fpga_tf.fixedpoint.design_softmax`; up to 1023 scores in a row).
        """
        return _rounded(True, self.integer, min(self.fraction, max(_STEP_BITS + math.floor(math.log2(scale)), 1)))

    @property
    def share(self) -> Format:
        """Of probabilities, from zero up to just below one: they need no integer bits."""
        return _rounded(False, 0, self.fraction)

    @property
    def weight(self) -> Format:
        """Of kernels, biases, scales and shifts."""
        return _rounded(True, self.integer, self.weight_fraction)


def _rounded(signed: bool, integer: int, fraction: int) -> Format:
    return bits_format(integer + fraction + int(signed), integer, signed=signed)


@dataclass
class Plan:
    """What to quantise.

    Attributes:
        budget: bits.
        one: the format of everything, in place of the budget's bits; None: each tensor gets its own.
        sites: tensors by name.
        absorbed: layers whose exact output goes straight into layers that round by themselves, with those sites.
    """

    budget: Budget
    one: OneFormat | None = None
    sites: dict[str, Site] = field(default_factory=dict)
    absorbed: dict[str, list[str]] = field(default_factory=dict)

    def add(
        self, name: str, bits: int, *, signed: bool, fixed: bool = False, softmax_scale: float | None = None
    ) -> None:
        """A site; `fixed` ones hold probabilities, from zero up to just below one.

        Args:
            softmax_scale: of scores that a softmax reads: the factor that it puts on them.
        """
        known = self.sites.get(name)
        if known is not None:  # a shared layer
            known.signed = known.signed or signed
            known.fixed = known.fixed if fixed or softmax_scale else self._stated(known.signed)
            return
        fmt = self._share(bits) if fixed else self._stated(signed, softmax_scale)
        self.sites[name] = Site(name, bits, signed, 0 if fixed else self.budget.headroom_bits, fmt)

    def _stated(self, signed: bool, softmax_scale: float | None = None) -> Format | None:
        if self.one is None:
            return None
        return self.one.scores(softmax_scale) if softmax_scale else self.one.tensor(signed=signed)

    def _share(self, bits: int) -> Format:
        return bits_format(bits, 0, signed=False) if self.one is None else self.one.share


def make_plan(model: keras.Model, budget: Budget, one: OneFormat | None = None) -> Plan:
    """Plan the quantisation of a simplified model.

    Args:
        one: the format of everything, in place of the budget's bits.

    Raises:
        UserError: a mask that the hardware cannot honour.
    """
    plan = Plan(budget, one)
    positive: set[int] = set()
    for tensor in model.inputs:
        _plan_input(model, tensor, plan)
    made = calls(model)
    for layer in {id(c.layer): c.layer for c in made}.values():
        if isinstance(layer, (*LINEAR, keras.layers.Add)) and (readers := _rounding_readers(model, layer)):
            plan.absorbed[layer.name] = readers
    for call in made:
        _check_masks(call)
        if _never_negative(call, positive):
            positive.update(id(t) for t in call.outputs)
        if call.layer.name not in plan.absorbed:
            _plan_call(plan, call, signed=id(call.outputs[0]) not in positive)
    return plan


def _plan_input(model: keras.Model, tensor: Any, plan: Plan) -> None:
    if tensor.dtype != "bool":
        plan.add(tensor._keras_history.operation.name, plan.budget.input_bits, signed=True)


def _plan_call(plan: Plan, call: LayerCall, *, signed: bool) -> None:
    layer, budget = call.layer, plan.budget
    if isinstance(layer, MOVING):
        return
    if isinstance(layer, keras.layers.MultiHeadAttention):
        for stage in quantised_class(layer).stage_names:
            bits = budget.attention_bits if stage == "attention" else budget.activation_bits
            shares = stage == "attention"
            scale = float(layer.get_config()["key_dim"]) ** -0.5 if stage == "scores" else None
            plan.add(f"{layer.name}/{stage}", bits, signed=not shares, fixed=shares, softmax_scale=scale)
        return
    if isinstance(layer, _TABLES):
        plan.add(f"{layer.name}/scores", budget.activation_bits, signed=True, softmax_scale=1.0)
        plan.add(layer.name, budget.activation_bits, signed=False, fixed=True)
        return
    if isinstance(layer, keras.layers.LayerNormalization):
        for stage, negative in STAGES.items():
            bits = budget.activation_bits + (VARIANCE_BITS if stage == "variance" else 0)
            plan.add(f"{layer.name}/{stage}", bits, signed=negative)
    plan.add(layer.name, budget.activation_bits, signed=signed)


def quantised_class(attention: Any) -> type[QMultiHeadAttention]:
    """The class of the layer that takes an attention's place: its own, unless it is Keras's."""
    return type(attention) if isinstance(attention, QMultiHeadAttention) else QMultiHeadAttention


def _never_negative(call: LayerCall, positive: set[int]) -> bool:
    if isinstance(call.layer, _ROUNDING):
        return True
    if isinstance(call.layer, (*LINEAR, keras.layers.MultiHeadAttention, keras.layers.LayerNormalization)):
        return False
    return all(id(t) in positive for t in call.inputs if t.dtype != "bool")


def _rounding_readers(model: keras.Model, layer: Any) -> list[str]:
    """The sites that read a layer's outputs, if all of them belong to layers that round by themselves."""
    outputs = [call.outputs[0] for call in calls(model) if call.layer is layer]
    readers = [c.layer for t in outputs for c in consumers(model, t)]
    if any(t is o for t in outputs for o in model.outputs) or not all(isinstance(r, _ROUNDING) for r in readers):
        return []
    return [f"{r.name}/scores" if isinstance(r, _TABLES) else r.name for r in readers]


def _check_masks(call: LayerCall) -> None:
    where = f"layer {call.layer.name!r}"
    for name in _MASKS:
        mask = call.arguments().get(name)
        if not isinstance(mask, keras.KerasTensor):
            continue
        if isinstance(call.layer, keras.layers.GlobalAveragePooling1D):
            raise UserError(
                "a pooling must not be masked: its divisor would change from sample to sample",
                where=where,
                hint="drop the mask before pooling; padded rows then count as they are",
            )
        if mask.dtype != "bool":
            raise UserError(
                f"a mask must be of dtype bool, not {mask.dtype}", where=where, hint="give it as Input(dtype='bool')"
            )
