"""Configurations that Keras 2 wrote into `.h5` files, which Keras 3 cannot build: attentions, and QKeras's layers.

Only names, numbers and the graph are taken from them. No class is looked up by a name that the file gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.models.names import check_names

MAX_LAYERS = 1000
MAX_INPUT = 1 << 20  # values per sample

# Decide nothing at inference: initial values, training, and shapes that Keras tells again.
_TRAINING = ("initializer", "regularizer", "constraint", "_range", "_shape")
_COMMON = {"name", "trainable", "dtype"}
_WEIGHTS = {"use_bias", "kernel_quantizer", "bias_quantizer"}
_ATTENTION = {"num_heads", "key_dim", "value_dim", "dropout", "output_shape", "attention_axes"}
_NORM = {"axis", "epsilon", "scale", "center"}
_OPTIONS: dict[str, set[str]] = {
    "InputLayer": {"batch_input_shape", "sparse", "ragged"},
    "Dense": {"units", "activation", "use_bias"},
    "QDense": {"units", "activation", *_WEIGHTS},
    "MultiHeadAttention": {"use_bias", *_ATTENTION},
    "QMultiHeadAttention": {*_WEIGHTS, *_ATTENTION},
    "LayerNormalization": _NORM,
    "QLayerNormalization": {*_NORM, *(f"{part}_quantizer" for part in ("mean", "variance", "gamma", "beta"))},
    "Activation": {"activation"},
    "QActivation": {"activation"},
    "Add": set(),
    "Dropout": {"rate", "noise_shape", "seed"},
    "Flatten": {"data_format"},
}
ATTENTIONS = ("MultiHeadAttention", "QMultiHeadAttention")
_UNREAD = (*ATTENTIONS, "QDense", "QActivation", "QLayerNormalization")  # what Keras 3 does not read by itself


@dataclass(frozen=True)
class Node:
    """A layer and its one call.

    Attributes:
        kind: class name, one of those that are known here.
        name: a C identifier.
        options: what the file says of it, none that is unknown.
        inputs: names of earlier layers; query, value and key of an attention.
    """

    kind: str
    name: str
    options: dict[str, Any]
    inputs: tuple[str, ...]

    @property
    def where(self) -> str:
        """For errors."""
        return f"layer {self.name!r}"


@dataclass(frozen=True)
class Graph:
    """A functional model of Keras 2.

    Attributes:
        name: of the model.
        nodes: each behind those that it takes.
        inputs, outputs: names of layers.
    """

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def quantised(self) -> bool:
        """Whether any layer is one of QKeras's."""
        return any(node.kind.startswith("Q") for node in self.nodes)


def is_keras2(config: Mapping[str, Any]) -> bool:
    """Whether a configuration is Keras 2's, by how it writes calls, and has layers that Keras 3 does not read."""
    return any(kind in _UNREAD for kind in _kinds(config))


def has_qkeras(config: Mapping[str, Any]) -> bool:
    """Whether layers of QKeras are among those of a configuration for which `is_keras2` is true."""
    return any(kind.startswith("Q") for kind in _kinds(config))


def _kinds(config: Mapping[str, Any]) -> list[str]:
    """Class names of the layers that are called as in Keras 2: ``[[[name, 0, 0, {}]]]``, where Keras 3 has a dict."""
    inner = config.get("config")
    layers = inner.get("layers") if isinstance(inner, dict) else None
    found = [
        layer.get("class_name")
        for layer in (layers if isinstance(layers, list) else [])
        if isinstance(layer, dict) and isinstance(_first(layer.get("inbound_nodes")), list)
    ]
    return [kind for kind in found if isinstance(kind, str)]


def _first(found: Any) -> Any:
    return found[0] if isinstance(found, list) and found else None


def read_graph(config: Mapping[str, Any], where: str) -> Graph:
    """The graph of a configuration for which `is_keras2` is true.

    Raises:
        UserError: another kind of model, an unknown layer or option, a layer called more or less than once, or before
            its inputs; a name that cannot be one in C++.
    """
    if config.get("class_name") not in ("Functional", "Model"):
        raise UserError(
            f"a model of Keras 2 must be functional, not {str(config.get('class_name'))[:100]}", where=where
        )
    inner = config["config"]
    layers = inner["layers"]
    if len(layers) > MAX_LAYERS:
        raise UserError(f"a model must have at most {MAX_LAYERS} layers, not {len(layers)}", where=where)
    named = [_named(entry, where) for entry in layers]
    check_names(name for name, _ in named)
    known: set[str] = set()
    nodes = []
    for name, entry in named:
        nodes.append(_node(name, entry, known))
        known.add(name)
    given, results = (_ends(inner.get(key), known, where) for key in ("input_layers", "output_layers"))
    if {n.name for n in nodes if n.kind == "InputLayer"} != set(given):
        raise UserError("a model's input_layers must be its InputLayers", where=where)
    name = inner.get("name")
    check_names([name if isinstance(name, str) else repr(name)])
    return Graph(name, tuple(nodes), given, results)


def _named(entry: Any, where: str) -> tuple[str, dict[str, Any]]:
    if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
        raise UserError("a layer must have a config", where=where)
    name = entry.get("name")
    if not isinstance(name, str) or entry["config"].get("name") != name:
        raise UserError(f"a layer must have one name, not {str(name)[:100]!r} and another", where=where)
    return name, entry


def _node(name: str, entry: dict[str, Any], known: set[str]) -> Node:
    where, kind, options = f"layer {name!r}", entry.get("class_name"), entry["config"]
    if not isinstance(kind, str) or kind not in _OPTIONS:
        raise UserError(
            f"a layer of a Keras 2 file must be one of {', '.join(sorted(_OPTIONS))}, not {str(kind)[:100]}",
            where=where,
            hint="rebuild the model with Keras 3 and fpga_tf.layers",
        )
    kept = {k: v for k, v in options.items() if not k.endswith(_TRAINING) or k in _OPTIONS[kind]}
    unknown = sorted(set(kept) - _OPTIONS[kind] - _COMMON)
    if unknown:
        raise UserError(f"a {kind} must not have the option {unknown[0][:100]!r}", where=where)
    if kept.get("dtype", "float32") != "float32":
        raise UserError(f"a layer's dtype must be float32, not {str(kept['dtype'])[:100]}", where=where)
    inputs = _inputs(kind, entry.get("inbound_nodes"), where)
    for source in inputs:
        if source not in known:
            raise UserError(f"a layer must come after its input {source[:100]!r}", where=where)
    return Node(kind, name, kept, inputs)


def _inputs(kind: str, inbound: Any, where: str) -> tuple[str, ...]:
    """The names in ``[[[name, 0, 0, {...}], ...]]``."""
    if kind == "InputLayer":
        if inbound != []:
            raise UserError("an input must not have inputs", where=where)
        return ()
    if not isinstance(inbound, list) or len(inbound) != 1 or not isinstance(inbound[0], list) or not inbound[0]:
        raise UserError("a layer must be called once", where=where, hint="shared layers are not read from such files")
    names = [_source(one, where) for one in inbound[0]]
    options = [one[3] if len(one) == 4 else {} for one in inbound[0]]
    if kind in ATTENTIONS and len(names) == 1 and isinstance(options[0], dict):
        query, found = names[0], dict(options[0])
        value = _source(found.pop("value", None), where)
        key = _source(found.pop("key"), where) if found.get("key") is not None else value
        options, names = [found], [query, value, key]
    elif kind in ATTENTIONS or (kind != "Add" and len(names) != 1):
        raise UserError(f"a {kind} must have one input", where=where)
    for found in options:
        if not isinstance(found, dict) or any(v is not None for v in found.values()):
            raise UserError("a layer's call must have no arguments but tensors", where=where, hint="masks are not read")
    return tuple(names)


def _source(found: Any, where: str) -> str:
    """The name in ``[name, 0, 0]``, with or without arguments behind it."""
    whole = isinstance(found, list) and len(found) in (3, 4) and isinstance(found[0], str)
    if not whole or found[1:3] != [0, 0]:
        raise UserError("a layer's input must be another layer's only output", where=where)
    return str(found[0])


def _ends(found: Any, known: set[str], where: str) -> tuple[str, ...]:
    if not isinstance(found, list) or not found:
        raise UserError("a model must have inputs and outputs", where=where)
    names = tuple(_source(one, where) for one in found)
    if not set(names) <= known or len(set(names)) != len(names):
        raise UserError("a model's inputs and outputs must be its layers, each once", where=where)
    return names
