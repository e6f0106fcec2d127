"""HGQ2 models: HGQ2's own handlers for da4ml, layer by layer, with what they get wrong put right or refused."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from da4ml.trace import FixedVariableArray, comb_trace
from da4ml.trace.fixed_variable_array import RetardedFixedVariableArray
from keras import ops

from fpga_tf.errors import InternalError, UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.lower.context import located
from fpga_tf.models.graph import LayerCall, calls, consumers
from fpga_tf.rtl.conversion import convert
from fpga_tf.rtl.hgq2_layers import KERAS, own_layer
from fpga_tf.rtl.hgq2_quantise import Mean, numbers, quantised
from fpga_tf.rtl.numbers import HARDWARE, Numbers, array_of
from fpga_tf.rtl.operators.linear import EXTRA_DEPTH
from fpga_tf.rtl.trace import Traced, check_graph

_DENSE = ("QDense", "QEinsumDense", "QEinsumDenseBatchnorm", "QBatchNormDense", "QBatchNormalization")
_MERGES = ("QAdd", "QSubtract", "QMultiply", "QMaximum", "QMinimum", "QAveragePow2")
_ATTENTIONS = ("QMultiHeadAttention", "QLinformerAttention")
_POOLINGS = ("QGlobalAveragePooling1D", "QGlobalMaxPooling1D")
_OTHERS = ("QUnaryFunctionLUT", "QSoftmax", "QEinsum", "Quantizer")
# Layers whose handlers are right, by package; each is proved in tests/rtl.
KNOWN = {
    "hgq.": frozenset((*_DENSE, *_MERGES, *_ATTENTIONS, *_POOLINGS, *_OTHERS)),
    "keras.src.layers.": frozenset(("Flatten", "Reshape", *KERAS)),
}
# Handlers that quantise what they are given before they look at it.
_QUANTISE_FIRST = frozenset((*_DENSE, *_MERGES, *_POOLINGS, "QUnaryFunctionLUT", "QSoftmax", "Quantizer"))
_HANDLERS = "hgq._dais_tracer.layers"
_QUANTISER = "mirror_quantizer"
# What HGQ2's handlers raise for options that they lack.
_REFUSALS = (AssertionError, AttributeError, KeyError, NotImplementedError, RuntimeError, TypeError, ValueError)
# da4ml finds no step of a constant beyond this many bits of fraction.
_DEEPEST = 30


def trace_hgq2(model: Any, inputs: Sequence[Format], outputs: Sequence[Format]) -> Traced:
    """Trace a functional HGQ2 model.

    Args:
        inputs: formats of the model's inputs at the ports; the model's own quantisers are part of the graph.
        outputs: formats of the ports, which hold every output; what exceeds them wraps, as everywhere.

    Raises:
        UserError: a layer has no handler, its options cannot be honoured, or an exact result is too wide.
    """
    tensors: dict[int, Any] = {id(t): _input(f, t) for t, f in zip(model.inputs, inputs, strict=True)}
    with _exact_quantisers() as handlers:
        for call in calls(model):
            with located(f"layer {call.layer.name}"):
                _check(call)
                results = _traced(call, tensors, handlers)
                _check_results(model, call, results)
            tensors.update({id(t): found for t, found in zip(call.outputs, results, strict=True)})
    ports = [_output(tensors[id(t)], fmt) for t, fmt in zip(model.outputs, outputs, strict=True)]
    given = [numbers(tensors[id(t)]) for t in model.inputs]
    graph = comb_trace(_flat(given), _flat(ports), keep_dead_inputs=True)
    check_graph(graph)
    return Traced(
        graph=graph,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        input_shapes=tuple(array.shape for array in given),
        output_shapes=tuple(array.shape for array in ports),
    )


def _input(fmt: Format, tensor: Any) -> Any:
    """Numbers of a port: whatever its format holds."""
    ones = np.ones(tuple(int(s) for s in tensor.shape[1:]), dtype=np.int64)
    options = {"hard_dc": EXTRA_DEPTH}
    return FixedVariableArray.from_kif(
        ones * int(fmt.signed), ones * fmt.integer, ones * fmt.fraction, hwconf=HARDWARE, solver_options=options
    )


def _output(values: Any, fmt: Format) -> Numbers:
    return array_of((convert(number, fmt) for number in numbers(values).ravel()), values.shape)


def _flat(arrays: Sequence[Numbers]) -> Numbers:
    return np.concatenate([array.ravel() for array in arrays])


@contextmanager
def _exact_quantisers() -> Iterator[dict[type, Any]]:
    """HGQ2's handlers by class of layer, made to use our quantisers meanwhile."""
    modules = [importlib.import_module(f"{_HANDLERS}.{name}") for name in ("_base", "attn", "table")]
    if not all(hasattr(module, _QUANTISER) for module in modules):
        raise InternalError(f"HGQ2's handlers for da4ml must quantise by {_QUANTISER}: this version of hgq2 is another")
    theirs = [getattr(module, _QUANTISER) for module in modules]
    try:
        for module in modules:
            setattr(module, _QUANTISER, quantised)
        yield modules[0]._registry
    finally:
        for module, old in zip(modules, theirs, strict=True):
            setattr(module, _QUANTISER, old)


def _check(call: LayerCall) -> None:
    kind = type(call.layer)
    if not any(kind.__module__.startswith(package) and kind.__name__ in names for package, names in KNOWN.items()):
        known = ", ".join(sorted(name for names in KNOWN.values() for name in names))
        raise UserError(f"a layer must be one of {known} to become RTL, not {kind.__module__}.{kind.__name__}")
    ignored = [name for name, value in call.arguments().items() if _is_ignored(name, value)]
    if ignored:
        raise UserError(
            f"HGQ2's layers must be called without {ignored[0]} to become RTL",
            hint="use fpga_tf.layers.QMultiHeadAttention, which honours masks and returns scores",
        )
    _check_options(call.layer)


def _is_ignored(name: str, value: Any) -> bool:
    asked = name.endswith("mask") or name in ("return_attention_scores", "training")
    return asked and value is not None and value is not False


def _check_options(layer: Any) -> None:
    kind = type(layer).__name__
    if kind in _POOLINGS and layer.data_format != "channels_last":
        raise UserError("a pooling must be channels_last to become RTL")
    for part in layer._flatten_layers():
        for values in _constants(part):
            scaled = np.asarray(ops.convert_to_numpy(values), dtype=np.float64) * 2.0**_DEEPEST
            if not np.array_equal(scaled, np.rint(scaled)):
                raise UserError(f"a quantised weight must have at most {_DEEPEST} bits of fraction to become RTL")


def _constants(part: Any) -> list[Any]:
    if hasattr(part, "qscaler_and_qoffset"):
        return list(part.qscaler_and_qoffset)
    return [part.qkernel, *([] if part.qbias is None else [part.qbias])] if hasattr(part, "qkernel") else []


def _traced(call: LayerCall, tensors: dict[int, Any], handlers: dict[type, Any]) -> tuple[Any, ...]:
    layer, kind = call.layer, type(call.layer).__name__
    args, kwargs = call.filled(tensors)
    if kind in _ATTENTIONS:
        bound = call.arguments()
        args = tuple(None if bound[r] is None else tensors[id(bound[r])] for r in ("query", "value", "key"))
        kwargs = {}
    own = own_layer(layer)
    if own is not None:
        return (own(layer, args[0]),)
    try:
        return tuple(handlers[type(layer)](layer)(*args, **kwargs)["final"])
    except _REFUSALS as error:
        said = str(error).strip().splitlines()
        raise UserError(
            f"HGQ2 must be able to trace a {kind} with da4ml, but says: {said[0][:300] if said else repr(error)}"
        ) from error


def _check_results(model: Any, call: LayerCall, results: Sequence[Any]) -> None:
    for tensor, found in zip(call.outputs, results, strict=True):
        shape = tuple(int(s) for s in tensor.shape[1:])
        if tuple(found.shape) != shape:
            raise InternalError(f"a layer must give shape {shape}, not {tuple(found.shape)}: {call.layer.name}")
        if not isinstance(found, (RetardedFixedVariableArray, Mean)):
            continue
        readers = [reader.layer for reader in consumers(model, tensor)]
        if any(tensor is t for t in model.outputs) or not all(map(_quantises_first, readers)):
            raise UserError(
                "a function, or a mean over rows that are no power of two, must be quantised to become RTL",
                hint="let its layer or the one behind it quantise (enable_oq, enable_iq)",
            )


def _quantises_first(layer: Any) -> bool:
    kind = type(layer).__name__
    return kind in _QUANTISE_FIRST and (kind == "Quantizer" or bool(layer.enable_iq))
