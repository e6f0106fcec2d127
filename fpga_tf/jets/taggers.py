"""The reference flavour taggers: small transformers over 15 tracks with 6 features.

All of them are embedding, encoder blocks (attention and a two-layer network, each with a residual sum, no
normalisation), global average pooling and a dense head, the shape of the b-taggers in arXiv 2402.01047 and 2409.05207
with pooling in place of flattening, so that the head stays small when everything is unrolled. Layer names are C
identifiers because they end up as names in the firmware.
"""

from __future__ import annotations

import importlib
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError

TRACKS = 15
FEATURES = 6
CLASSES = 3
WIDTH = 16
HIDDEN = 32
HEADS = 2
KEY_DIM = 8


def float_tagger(blocks: int = 2) -> keras.Model:
    """Plain Keras tagger, input `tracks` (15, 6), output probabilities (3,).

    Args:
        blocks: number of encoder blocks.
    """
    layers = keras.layers
    inputs = layers.Input((TRACKS, FEATURES), name="tracks")
    x = layers.Dense(WIDTH, activation="relu", name="embed")(inputs)
    for i in range(1, blocks + 1):
        attended = layers.MultiHeadAttention(HEADS, KEY_DIM, name=f"attention{i}")(x, x)
        x = layers.Add(name=f"attention{i}_sum")([x, attended])
        hidden = layers.Dense(HIDDEN, activation="relu", name=f"hidden{i}")(x)
        x = layers.Add(name=f"hidden{i}_sum")([x, layers.Dense(WIDTH, name=f"back{i}")(hidden)])
    x = layers.GlobalAveragePooling1D(name="pool")(x)
    x = layers.Dense(32, activation="relu", name="head1")(x)
    x = layers.Dense(16, activation="relu", name="head2")(x)
    x = layers.Dense(CLASSES, name="logits")(x)
    return keras.Model(inputs, layers.Softmax(name="probabilities")(x), name="flavour_float")


def hgq2_tagger(beta: float) -> Any:
    """HGQ2 tagger with one encoder block, input `tracks` (15, 6), output `logits` (3,); needs the extra `hgq2`.

    Every tensor has one bit width of its own, every weight too; both are trained. Inputs saturate at +-8 standard
    deviations. The other tensors wrap, so `trace` must fix their ranges after training.

    Args:
        beta: price of one effective bit operation in the loss.

    Raises:
        UserError: the extra is not installed.
    """
    layers, config = _hgq("hgq.layers"), _hgq("hgq.config")
    scope, quantiser = config.QuantizerConfigScope, config.QuantizerConfig
    with (
        config.LayerConfigScope(beta0=beta),
        scope(place="datalane", f0=5, i0=3, heterogeneous_axis=(), homogeneous_axis=None),
        scope(place="weight", b0=7, i0=1),
        scope(place="bias", b0=8, i0=2),
    ):
        saturating = quantiser(place="datalane", overflow_mode="SAT", i0=3, ic=_fixed(3))
        inputs = keras.layers.Input((TRACKS, FEATURES), name="tracks")
        x = layers.QDense(WIDTH, activation="relu", iq_conf=saturating, name="embed")(inputs)
        x = layers.QAdd(name="attention_sum")([x, layers.QMultiHeadAttention(HEADS, KEY_DIM, name="attention")(x, x)])
        hidden = layers.QDense(HIDDEN, activation="relu", name="hidden")(x)
        x = layers.QAdd(name="hidden_sum")([x, layers.QDense(WIDTH, name="back")(hidden)])
        x = layers.QGlobalAveragePooling1D(name="pool")(x)
        x = layers.QDense(16, activation="relu", name="head")(x)
        outputs = layers.QDense(CLASSES, name="logits")(x)
    return keras.Model(inputs, outputs, name="flavour_hgq2")


def _fixed(value: float) -> Any:
    return _hgq("hgq.constraints").MinMax(value, value)


def _hgq(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UserError(
            f"an HGQ2 tagger must have the package hgq, not an environment without it ({error})",
            hint="pip install 'fpga_tf[hgq2]' in an environment without QKeras",
        ) from error


def trace(model: Any, x: NDArray[np.float32]) -> int:
    """Set the integer bits of an HGQ2 tagger's tensors to what inputs x (n, 15, 6) need; must precede saving.

    Returns:
        Effective bit operations (EBOPs), HGQ2's measure of size.
    """
    return int(_hgq("hgq.utils").trace_minmax(model, x, batch_size=2048, verbose=False))
