"""Lowers a model layer by layer past what is refused, so that every layer is told of. What lowers is done once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fpga_tf.errors import InternalError, UserError

if TYPE_CHECKING:
    from fpga_tf.fixedpoint import Format
    from fpga_tf.lower.context import Conversion
    from fpga_tf.lower.operators.call import Call

# What may happen behind a refused layer, where the formats are guesses.
_GUESSED = (InternalError, LookupError, ValueError, TypeError, ArithmeticError, AssertionError)


def told(check: Callable[..., Any], *arguments: Any) -> list[UserError]:
    """What a check refuses: one error or none."""
    try:
        check(*arguments)
    except UserError as error:
        return [error]
    return []


def of_hgq2(model: Any) -> list[UserError]:
    """What the conversion of an HGQ2 model refuses."""
    from fpga_tf.hls.hgq2 import lower_hgq2

    first = told(lower_hgq2, model)
    return first and (layers_of_hgq2(model) or first)


def of_qkeras(model: Any, declared: Format | None) -> list[UserError]:
    """What the lowering of a QKeras model refuses."""
    from fpga_tf.lower.walk import lower

    first = told(lower, model, declared)
    return first and (layers_of_qkeras(model, declared) or first)


def layers_of_hgq2(model: Any) -> list[UserError]:
    """What is refused of the inputs and the single layers of an HGQ2 model, whatever the others are."""
    from fpga_tf.hls.hgq2_attention import attention, check_attention
    from fpga_tf.hls.hgq2_inputs import input_ports
    from fpga_tf.hls.hgq2_layers import handler_of
    from fpga_tf.hls.hgq2_lower import Lowering
    from fpga_tf.hls.hgq2_ranges import full_range
    from fpga_tf.lower.context import Conversion

    low = Lowering(model, Conversion(outputs=frozenset(t.name for t in model.outputs)))

    def lowered(call: Call) -> None:
        handler = handler_of(call.layer)
        if handler is attention:
            check_attention(call)
        handler(low, call)

    def fill(call: Call) -> None:
        _fill(low.state, call)
        for tensor in call.outputs:
            if tensor.name not in low.ranges:
                low.ranges[tensor.name] = full_range(low.state.shapes[tensor.name], low.state.formats[tensor.name])

    ports = told(input_ports, low)
    inputs, others = _calls(model)
    for call in inputs:
        fill(call)
    return _joined(ports, _walked(others, lowered, fill, guessed=bool(ports)))


def layers_of_qkeras(model: Any, declared: Format | None) -> list[UserError]:
    """What is refused of the masks and the single layers of a QKeras model, whatever the others are.

    Normalisation and noise are left out: they are folded or dropped before.
    """
    from fpga_tf.lower.context import Conversion
    from fpga_tf.lower.operators import pooling
    from fpga_tf.lower.walk import HANDLERS, POOLING, begin
    from fpga_tf.models.frontend import goes_away, is_operation
    from fpga_tf.models.graph import consumers
    from fpga_tf.models.masks import implicit_masks

    def lowered(call: Call) -> None:
        kind = type(call.layer).__name__
        if is_operation(call.layer):
            if not masks:  # one that travels brings operations of its own
                raise UserError(f"a layer must be one that is hardware, not the operation {kind}", hint="use a layer")
        elif kind == POOLING:
            pooling.global_average(state, call, consumers(model, call.output))
        elif kind in HANDLERS:
            HANDLERS[kind](state, call)
        elif not goes_away(call.layer):
            raise UserError(f"a layer must be one that is hardware, not {kind}", hint="replace the layer")

    masks, failed = told(implicit_masks, model), bool(told(begin, model, declared))
    state = Conversion(outputs=frozenset(t.name for t in model.outputs)) if failed else begin(model, declared)[0]
    inputs, others = _calls(model)
    return _joined(masks, _walked([*inputs, *others], lowered, lambda call: _fill(state, call), guessed=failed))


def _calls(model: Any) -> tuple[list[Call], list[Call]]:
    """The inputs of a model, and the calls of its layers in order."""
    from fpga_tf.lower.operators.call import Call
    from fpga_tf.models.graph import calls

    inputs = [Call(t._keras_history.operation, (), (t,), {}) for t in model.inputs]
    return inputs, [Call(c.layer, c.inputs, c.outputs, c.arguments()) for c in calls(model)]


def _walked(
    calls: Iterable[Call], lowered: Callable[[Call], None], fill: Callable[[Call], None], *, guessed: bool
) -> list[UserError]:
    """Every layer's refusal. Behind a refused layer the others are looked at with a guess in its output's place.

    Args:
        guessed: whether the inputs' formats are guesses already.
    """
    from fpga_tf.lower.context import located

    found: list[UserError] = []
    for call in calls:
        try:
            with located(f"layer {call.name}"):
                lowered(call)
        except UserError as error:
            found.append(error)
        except _GUESSED:
            if not (guessed or found):
                raise
        fill(call)
    return found


def _joined(first: Sequence[UserError], layers: Sequence[UserError]) -> list[UserError]:
    """All of them, each once: a layer that is called twice is refused twice, and its mask or port is no news."""
    places = {error.where for error in layers}
    found = [*(error for error in first if error.where not in places), *layers]
    return list({(error.where, error.what): error for error in found}.values())


def _fill(state: Conversion, call: Call) -> None:
    """Formats for outputs that a refused layer left without: that of its input, if it has one."""
    from fpga_tf.fixedpoint import Format
    from fpga_tf.lower.inputs import BIT

    known = [state.formats[t.name] for t in call.inputs if t.name in state.formats]
    for tensor in call.outputs:
        if tensor.name not in state.formats:
            state.formats[tensor.name] = BIT if tensor.dtype == "bool" else known[0] if known else Format(True, 3, 4)
            state.shapes[tensor.name] = tuple(int(s) for s in tensor.shape[1:])
