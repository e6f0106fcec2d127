"""A small but complete tagger: dense, attention, mean, dense, softmax."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.hls.convert import Target, convert
from fpga_tf.hls.manifest import Manifest
from fpga_tf.hls.project import write_project
from tests.conformance.proof import manifest_of, samples, vectors_of

NAME = "tagger"


def tiny_model(seed: int = 0) -> Any:
    """The model, with random weights."""
    import keras
    from qkeras import QActivation, QDense

    from fpga_tf.layers import QMultiHeadAttention, QSoftmax

    weight, signed = "quantized_bits(6,1,alpha=1)", "quantized_bits(8,3,alpha=1)"
    weights = {"kernel_quantizer": weight, "bias_quantizer": weight}
    stages = {f"{s}_quantizer": signed for s in ("query", "key", "value", "context", "output")}
    x = inputs = keras.Input((3, 4), name="tracks")
    x = QActivation(signed, name="tracks_q")(x)
    x = QDense(4, **weights, activation="quantized_relu(7,3)", name="embed")(x)
    x = QMultiHeadAttention(
        1,
        2,
        **weights,
        **stages,
        scores_quantizer="quantized_bits(9,4,alpha=1)",
        attention_quantizer="quantized_bits(8,0,keep_negative=0,alpha=1)",
        name="attention",
    )(x, x)
    x = keras.layers.GlobalAveragePooling1D(name="pool")(x)
    x = QActivation(signed, name="pool_q")(x)
    x = QDense(3, **weights, name="logits")(x)
    model = keras.Model(inputs, QSoftmax(name="probabilities")(x))
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.8, w.shape) for w in model.weights])
    return model


def write_tiny(model: Any, folder: Path, backend: str = "Vitis") -> tuple[Any, Manifest, list[NDArray[Any]]]:
    """Convert the model and write its project with test vectors."""
    target = Target(NAME, folder, backend)
    converted = convert(model, target)
    inputs = samples(converted.inputs, np.random.default_rng(1), each=100)
    manifest = manifest_of(model, converted, target)
    return converted, write_project(converted, target, manifest, vectors_of(model, converted, manifest, inputs)), inputs
