"""Makes tagger.keras: a small tagger with an attention over four tracks. (A real one is trained here.)"""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
from qkeras import QActivation, QDense

from fpga_tf.layers import QMultiHeadAttention, QSoftmax

WEIGHTS = "quantized_bits(5,1,alpha=1)"
TENSORS = "quantized_bits(6,2,alpha=1)"
POOLED = "quantized_bits(6,2,alpha=1)"


def tagger() -> Any:
    """The model, with weights that are the same each time."""
    weights = {"kernel_quantizer": WEIGHTS, "bias_quantizer": WEIGHTS}
    stages = {f"{stage}_quantizer": TENSORS for stage in ("query", "key", "value", "scores", "context", "output")}
    tracks = keras.Input((4, 3), name="tracks")
    x = QActivation(TENSORS, name="tracks_q")(tracks)
    x = QDense(4, activation="quantized_relu(6,2)", name="embed", **weights)(x)
    attention = QMultiHeadAttention(
        2, 2, attention_quantizer="quantized_bits(6,0,keep_negative=0)", name="attention", **stages, **weights
    )
    x = keras.layers.Add(name="sum")([x, attention(x, x)])
    x = QActivation(POOLED, name="pool_q")(keras.layers.GlobalAveragePooling1D(name="pool")(x))
    x = QDense(3, name="logits", **weights)(x)
    softmax = QSoftmax(
        input_quantizer=TENSORS, output_quantizer="quantized_bits(8,0,keep_negative=0)", name="probabilities"
    )
    model = keras.Model(tracks, softmax(x), name="tagger")
    rng = np.random.default_rng(3)
    model.set_weights([rng.normal(0, 0.7, weight.shape) for weight in model.weights])
    return model


if __name__ == "__main__":
    tagger().save("tagger.keras")
