"""All that keeps a model from being hardware, told at once: a run would stop at the first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.flow.config_errors import ConfigError, Problem
from fpga_tf.flow.init_walks import layers_of_hgq2, layers_of_qkeras, told

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
            found += told(check_names, [name])
    return found


def of_float(model: Any) -> list[UserError]:
    """What quantisation refuses of a float model."""
    from fpga_tf.models.normalisation import fold_batch_norms, refused_norms
    from fpga_tf.models.simplify import refused_layers

    return [*refused_layers(model), *refused_norms(model)] or told(fold_batch_norms, model)


def mixed(model: Any) -> list[UserError]:
    """Float layers in a quantised model, and then what is refused of the others."""
    from fpga_tf.models.frontend import family
    from fpga_tf.models.normalisation import refused_norms

    families = {family(layer) for layer in model.layers}
    if "float" not in families or families <= {"float", None}:
        return []
    found = [
        UserError(
            f"a quantised model's layers must be quantised ones, not Keras's {type(layer).__name__}",
            where=f"layer {layer.name}",
            hint=f"use Q{type(layer).__name__}",
        )
        for layer in model.layers
        if family(layer) == "float"
    ]
    others = layers_of_hgq2(model) if "hgq2" in families else [*refused_norms(model), *layers_of_qkeras(model, None)]
    return found + [error for error in others if error.where not in {one.where for one in found}]
