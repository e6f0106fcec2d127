"""All that keeps a model from being hardware, told at once: a run would stop at the first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fpga_tf.errors import InternalError, UserError
from fpga_tf.flow.config_errors import ConfigError, Problem

if TYPE_CHECKING:
    from fpga_tf.fixedpoint import Format
    from fpga_tf.lower.context import Conversion
    from fpga_tf.lower.operators.call import Call

_HINTS = {
    "Conv1D": "a kernel of size 1 is a Dense over the last axis; a wider one must be trained away",
    "GRU": "no recurrent layer is hardware: attend over the rows in its place",
    "LSTM": "no recurrent layer is hardware: attend over the rows in its place",
    "Embedding": "look the table up before the hardware, and feed its rows",
    "GlobalMaxPooling1D": "use GlobalAveragePooling1D",
    "AveragePooling1D": "use GlobalAveragePooling1D",
    "LayerNormalization": "use fpga_tf.layers.QLayerNormalization",
    "MultiHeadAttention": "use fpga_tf.layers.QMultiHeadAttention",
    "EinsumDense": "use fpga_tf.layers.QEinsumDense",
    "Dense": "use qkeras.QDense",
    "Softmax": "use fpga_tf.layers.QSoftmax",
    "RMSNormalization": "use LayerNormalization, or BatchNormalization, which is folded away",
    "Lambda": "replace it by a layer",
}
_KIND = re.compile(r"not (?:the operation )?(?:Keras's )?([A-Za-z0-9_.]+)$")
_MOST = 40


def refuse(found: Iterable[UserError], path: Path) -> None:
    """Raise all of them as one error, if there are any.

    Raises:
        ConfigError: every refusal, each with its place and a hint.
    """
    problems = [Problem(one.what, one.where or str(path), None, _hint(one)) for one in found]
    if len(problems) > _MOST:
        problems[_MOST:] = [Problem(f"{len(problems) - _MOST} more layers are refused", str(path), None)]
    if problems:
        raise ConfigError(problems)


def _hint(error: UserError) -> str | None:
    kind = _KIND.search(error.what)
    own = _HINTS.get(kind[1].rpartition(".")[2]) if kind else None
    if own is None and error.hint is None and error.what.startswith("an activation"):
        return "train it again with relu"
    return own or error.hint


def in_the_file(path: Path) -> list[UserError]:
    """What the file's text alone tells: classes that are never built, and names that are no identifiers.

    Raises:
        UserError: the file is damaged.
    """
    from fpga_tf.models.archive import read_config
    from fpga_tf.models.names import check_names
    from fpga_tf.models.references import refused_references

    config = read_config(path)
    found = refused_references(config, str(path))
    inner = config.get("config")
    layers = inner.get("layers") if isinstance(inner, dict) else None
    for layer in layers if isinstance(layers, list) else []:
        own = layer.get("config") if isinstance(layer, dict) else None
        name = own.get("name") if isinstance(own, dict) else None
        if isinstance(name, str):
            found += _told(check_names, [name])
    return found


def _told(check: Callable[..., Any], *arguments: Any) -> list[UserError]:
    try:
        check(*arguments)
    except UserError as error:
        return [error]
    return []


def of_float(model: Any) -> list[UserError]:
    """What quantisation refuses of a float model."""
    from fpga_tf.models.normalisation import fold_batch_norms
    from fpga_tf.models.simplify import refused_layers

    return refused_layers(model) or _told(fold_batch_norms, model)


def mixed(model: Any) -> list[UserError]:
    """Float layers in a quantised model."""
    from fpga_tf.models.frontend import family

    if not any(family(layer) in ("qkeras", "hgq2") for layer in model.layers):
        return []
    return [
        UserError(
            f"a quantised model's layers must be quantised ones, not Keras's {type(layer).__name__}",
            where=f"layer {layer.name}",
            hint=f"use Q{type(layer).__name__}",
        )
        for layer in model.layers
        if family(layer) == "float"
    ]


def of_hgq2(model: Any) -> list[UserError]:
    """What the conversion of an HGQ2 model refuses."""
    from fpga_tf.hls.hgq2 import lower_hgq2
    from fpga_tf.hls.hgq2_layers import handler_of
    from fpga_tf.models.graph import calls

    layers = {id(call.layer): call.layer for call in calls(model)}.values()
    return [error for layer in layers for error in _told(handler_of, layer)] or _told(lower_hgq2, model)


def of_qkeras(model: Any, declared: Format | None) -> list[UserError]:
    """What the lowering of a QKeras model refuses, layer by layer.

    Behind a refused layer the others are looked at with the format of its input in the place of its output.
    """
    from fpga_tf.lower.operators import pooling
    from fpga_tf.lower.operators.call import Call
    from fpga_tf.lower.walk import HANDLERS, POOLING, begin, lower
    from fpga_tf.models.graph import calls, consumers

    def pool(ctx: Conversion, call: Call) -> Any:
        return pooling.global_average(ctx, call, consumers(model, call.output))

    handlers: dict[str, Any] = {**HANDLERS, POOLING: pool}
    state, _ = begin(model, declared)
    made = [Call(t._keras_history.operation, (), (t,), {}) for t in model.inputs]
    made += [Call(c.layer, c.inputs, c.outputs, c.arguments()) for c in calls(model)]
    found: list[UserError] = []
    for call in made:
        found += _of_call(state, call, handlers, guessed=bool(found))
    return found or _told(lower, model, declared)


def _of_call(state: Conversion, call: Call, handlers: dict[str, Any], *, guessed: bool) -> Iterator[UserError]:
    from fpga_tf.lower.context import located

    kind = type(call.layer).__name__
    try:
        with located(f"layer {call.layer.name}"):
            if kind not in handlers:
                raise UserError(f"a layer must be one that is hardware, not {kind}", hint="replace the layer")
            handlers[kind](state, call)
    except UserError as error:
        yield error
    except (InternalError, KeyError):
        if not guessed:
            raise
    _fill(state, call)


def _fill(state: Conversion, call: Call) -> None:
    """Formats for outputs that a refused layer left without."""
    from fpga_tf.fixedpoint import Format
    from fpga_tf.lower.inputs import BIT

    known = [state.formats[t.name] for t in call.inputs if t.name in state.formats]
    for tensor in call.outputs:
        if tensor.name not in state.formats:
            state.formats[tensor.name] = BIT if tensor.dtype == "bool" else known[0] if known else Format(True, 3, 4)
            state.shapes[tensor.name] = tuple(int(s) for s in tensor.shape[1:])
