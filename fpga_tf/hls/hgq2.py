"""HGQ2 models: hls4ml's own handlers and bit-exact pass, with what they miss put right.

hls4ml 1.3 registers HGQ2's attention under a module that hgq2 0.2 has renamed, so the lookup misses and a default-on
fallback compiles something else. Here the handlers are registered under the names that the installed hgq2 has, the
fallbacks are off, and a mask, which the handler would ignore, is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hls4ml.converters.keras_v3_to_hls import parse_keras_v3_model, v3_layer_handlers
from hls4ml.model import ModelGraph

from fpga_tf.errors import InternalError, UserError
from fpga_tf.fixedpoint import Format, Overflow, Rounding
from fpga_tf.hls.convert import Converted, Target, check_input_names, hls_configuration
from fpga_tf.lower.context import Conversion, LayerDict, Tap
from fpga_tf.lower.inputs import InputPort
from fpga_tf.models.graph import calls, consumers
from fpga_tf.models.quantisers import stable_quantisers

_RENAMED = {
    "hgq.layers.attn.mha.QMultiHeadAttention": "hgq.layers.multi_head_attention.QMultiHeadAttention",
    "hgq.layers.attn.linformer.QLinformerAttention": "hgq.layers.linformer_attention.QLinformerAttention",
}
_QUANTISER = "FixedPointQuantizer"


def convert_hgq2(model: Any, target: Target) -> Converted:
    """Convert a functional HGQ2 model.

    Raises:
        UserError: a layer has no handler, or its options cannot be honoured.
    """
    _check_attention(model)
    _check_outputs(model)
    with _aliases():
        _check_known(model)
        try:
            layers, inputs, outputs, _ = parse_keras_v3_model(model, allow_da_fallback=False, allow_v2_fallback=False)
            graph = ModelGraph.from_layer_list(_configuration(model, target, layers), layers, inputs, outputs)
        except (AssertionError, NotImplementedError, ValueError) as error:
            said = str(error).strip().splitlines()
            raise UserError(
                f"hls4ml must be able to convert the model, but says: {said[0] if said else error!r}"
            ) from error
    _assert_graph(graph, layers)
    _check_reshapes(model, graph, layers)
    check_input_names(graph, target)
    state = Conversion(classes={node.name: node.class_name for node in graph.get_layers()})
    state.taps = _taps(model, graph, layers)
    state.widest = {node.name: _widest(node) for node in graph.get_layers()}
    ports = [
        InputPort(v.name, _format(v.type.precision), tuple(v.shape), raw=True, mask=False)
        for v in graph.get_input_variables()
    ]
    return Converted(graph, state, ports, [_format(v.type.precision) for v in graph.get_output_variables()])


@contextmanager
def _aliases() -> Iterator[None]:
    added = {new: v3_layer_handlers[old] for new, old in _RENAMED.items() if new not in v3_layer_handlers}
    v3_layer_handlers.update(added)
    try:
        yield
    finally:
        for name in added:
            del v3_layer_handlers[name]


def _check_known(model: Any) -> None:
    for layer in model.layers:
        kind = type(layer)
        if f"{kind.__module__}.{kind.__name__}" not in v3_layer_handlers and kind.__name__ not in v3_layer_handlers:
            raise UserError(
                f"a layer must be one that hls4ml 1.3 converts, not {kind.__module__}.{kind.__name__}",
                where=f"layer {layer.name}",
                hint="use HGQ2's QDense, QMultiHeadAttention, QAdd and the like",
            )


def _check_attention(model: Any) -> None:
    for call in calls(model):
        if "Attention" not in type(call.layer).__name__:
            continue
        given = call.arguments()
        ignored = [k for k, v in given.items() if k.endswith("mask") and v is not None and v is not False]
        if ignored or given.get("return_attention_scores"):
            raise UserError(
                f"HGQ2's attention must be called without {ignored[0] if ignored else 'return_attention_scores'}: "
                "hls4ml would ignore it",
                where=f"layer {call.layer.name}",
                hint="use fpga_tf.layers.QMultiHeadAttention, which honours masks and returns scores",
            )


def _check_outputs(model: Any) -> None:
    """hls4ml keeps of an output that another layer reads only the bits which that layer needs."""
    for tensor in model.outputs:
        if consumers(model, tensor):
            raise UserError(
                "an output of an HGQ2 model must not be read by another layer: hls4ml would drop some of its bits",
                where=f"layer {tensor._keras_history.operation.name}",
                hint="let the model end there, or give only its last layers as outputs",
            )


def _check_reshapes(model: Any, graph: Any, layers: Sequence[LayerDict]) -> None:
    """hls4ml fuses a quantiser into a reshape before it, which is no hardware: what it reads must be its alone."""
    made = {conf["output_keras_tensor_names"][0]: conf for conf in layers}
    present = {node.name for node in graph.get_layers()}
    readers: dict[str, int] = {}
    for conf in layers:
        for name in conf["input_keras_tensor_names"]:
            readers[name] = readers.get(name, 0) + 1
    owner = {t.name: str(c.layer.name) for c in calls(model) for t in c.outputs}
    for conf in layers:
        if conf["class_name"] != _QUANTISER or conf["name"] in present:
            continue
        tensor = conf["input_keras_tensor_names"][0]
        while tensor in made and made[tensor]["class_name"] == "Reshape":
            source = made[tensor]["input_keras_tensor_names"][0]
            if readers[source] > 1:
                raise UserError(
                    "what an HGQ2 model flattens or reshapes must not be read by another layer: "
                    "hls4ml would drop the quantiser behind it",
                    where=f"layer {owner.get(tensor, made[tensor]['name'])}",
                    hint="put a layer of its own before the reshape, a QDense for example",
                )
            tensor = source


def _configuration(model: Any, target: Target, layers: Sequence[LayerDict]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "Model": {"Precision": "ap_fixed<1,0>", "ReuseFactor": 1, "Strategy": "Latency"},
        "LayerName": {conf["name"]: {"Trace": True} for conf in layers},
    }
    settings["Model"]["BitExact"] = True
    return hls_configuration(model, target, settings)


def _assert_graph(graph: Any, layers: Sequence[LayerDict]) -> None:
    """Nodes may vanish (a quantiser into its producer), none may appear or change its class."""
    given = {conf["name"]: conf["class_name"] for conf in layers}
    for node in graph.get_layers():
        kind = given.get(node.name)
        if kind is None:
            raise InternalError(f"hls4ml must keep to the nodes it is given, not add {node.name} ({node.class_name})")
        if "DACombinational" in (kind, node.class_name):
            raise InternalError(f"hls4ml must not fall back to combinational logic for {node.name}")


def _taps(model: Any, graph: Any, layers: Sequence[LayerDict]) -> list[Tap]:
    """Nodes whose value is a tensor of the Keras graph, or one behind a quantiser that reads it."""
    owner = {t.name: str(c.layer.name) for c in calls(model) for t in c.outputs}
    readers: dict[str, list[LayerDict]] = {}
    for conf in layers:
        for name in conf["input_keras_tensor_names"]:
            readers.setdefault(name, []).append(conf)
    present = {node.name: node for node in graph.get_layers()}
    quantisers = stable_quantisers(model)
    taps = []
    for conf in layers:
        node = present.get(conf["name"])
        if node is None or conf["class_name"] in ("InputLayer", "Reshape"):
            continue
        tensor, behind = _value(conf, readers, present, owner)
        if tensor in owner and all(name in quantisers for name in behind):
            variable = node.get_output_variable()
            key = "|".join([tensor, *(quantisers[name] for name in behind)])
            taps.append(Tap(node.name, owner[tensor], key, _format(variable.type.precision), tuple(variable.shape)))
    return taps


def _value(
    conf: LayerDict, readers: dict[str, list[LayerDict]], present: dict[str, Any], owner: dict[str, str]
) -> tuple[str, list[str]]:
    """The tensor that a node gives, and the quantisers that it is already behind."""
    if conf["class_name"] == _QUANTISER:
        return conf["input_keras_tensor_names"][0], [conf["name"]]
    tensor = conf["output_keras_tensor_names"][0]
    if tensor not in owner and _only_fused(readers.get(tensor, []), present):
        tensor = readers[tensor][0]["output_keras_tensor_names"][0]  # the layer's own output quantiser
    if _only_fused(readers.get(tensor, []), present):
        return tensor, [readers[tensor][0]["name"]]
    return tensor, []


def _only_fused(found: Sequence[LayerDict], present: dict[str, Any]) -> bool:
    return len(found) == 1 and _fused(found[0], present)


def _fused(conf: LayerDict, present: dict[str, Any]) -> bool:
    return bool(conf["class_name"] == _QUANTISER and conf["name"] not in present)


def _format(precision: Any) -> Format:
    return Format(
        bool(precision.signed),
        int(precision.integer) - int(bool(precision.signed)),
        int(precision.width) - int(precision.integer),
        Rounding(str(precision.rounding_mode.name) if precision.rounding_mode else "TRN"),
        Overflow(str(precision.saturation_mode.name) if precision.saturation_mode else "WRAP"),
    )


def _widest(node: Any) -> int:
    accum = node.attributes.get("accum_t")
    width: Callable[[Any], int] = lambda t: int(getattr(t.precision, "width", 0))  # noqa: E731
    return max(width(node.get_output_variable().type), 0 if accum is None else width(accum))
