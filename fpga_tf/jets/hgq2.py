"""The HGQ2 flavour tagger: the float one with one encoder block, its bit widths trained along with its weights.

Needs the extra `hgq2`. HGQ2: arXiv 2405.00645 and 2510.24784.
"""

from __future__ import annotations

import importlib
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.jets.taggers import CLASSES, FEATURES, HEADS, HIDDEN, KEY_DIM, TRACKS, WIDTH

INPUT_BITS = 3  # integer bits of the inputs without sign: they saturate at 8 standard deviations


def hgq2_tagger(beta: float) -> keras.Model:
    """HGQ2 tagger, input `tracks` (15, 6), output `logits` (3,), untrained; layers are named as in `float_tagger`.

    Every tensor has one bit width of its own, and so has every single weight. Apart from the inputs all tensors wrap,
    so `trace` must fix their ranges after training.

    Args:
        beta: price of one effective bit operation in the loss.

    Raises:
        UserError: the extra `hgq2` is not installed.
    """
    config = _hgq("hgq.config")
    scope = config.QuantizerConfigScope
    with (
        config.LayerConfigScope(beta0=beta),
        scope(place="datalane", f0=3, i0=3, heterogeneous_axis=(), homogeneous_axis=None),
        scope(place="weight", b0=4, i0=1),
        scope(place="bias", b0=6, i0=2),
    ):
        return _build()


def _build() -> keras.Model:
    layers = _hgq("hgq.layers")
    fixed = _hgq("hgq.constraints").MinMax(INPUT_BITS, INPUT_BITS)
    saturating = _hgq("hgq.config").QuantizerConfig(place="datalane", overflow_mode="SAT", i0=INPUT_BITS, ic=fixed)
    inputs = keras.layers.Input((TRACKS, FEATURES), name="tracks")
    x = layers.QDense(WIDTH, activation="relu", iq_conf=saturating, name="embed")(inputs)
    attended = layers.QMultiHeadAttention(HEADS, KEY_DIM, name="attention1")(x, x)
    x = layers.QAdd(name="attention1_sum")([x, attended])
    hidden = layers.QDense(HIDDEN, activation="relu", name="hidden1")(x)
    x = layers.QAdd(name="hidden1_sum")([x, layers.QDense(WIDTH, name="back1")(hidden)])
    x = layers.QGlobalAveragePooling1D(name="pool")(x)
    x = layers.QDense(32, activation="relu", name="head1")(x)
    x = layers.QDense(16, activation="relu", name="head2")(x)
    return keras.Model(inputs, layers.QDense(CLASSES, name="logits")(x), name="flavour_hgq2")


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Give an HGQ2 tagger the kernels and biases of a float one with one block, by layer and name.

    HGQ2's attention has no bias for the keys: it adds the same to all scores of a query, which the softmax takes out.
    """
    for layer in source.layers:
        if not layer.weights:
            continue
        variables = {_name(variable): variable for variable in target.get_layer(layer.name).weights}
        for weight in layer.weights:
            if _name(weight) != "key/bias":
                variables[_name(weight)].assign(weight.numpy())


def _name(variable: Any) -> str:
    """`query/kernel` for the variable `attention1/query/kernel`."""
    return str(variable.path).split("/", 1)[1]


def trace(model: keras.Model, x: NDArray[np.float32]) -> int:
    """Set the integer bits of all tensors to what the inputs x (n, 15, 6) need; must precede saving.

    Returns:
        Effective bit operations (EBOPs), HGQ2's measure of size.

    Raises:
        UserError: the extra `hgq2` is not installed.
    """
    return int(_hgq("hgq.utils").trace_minmax(model, x, batch_size=2048, verbose=False))


def _hgq(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UserError(
            f"an HGQ2 tagger must have the package hgq, not an environment without it ({error})",
            hint="pip install 'fpga_tf[hgq2]' in an environment without QKeras",
        ) from error
