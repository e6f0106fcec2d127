"""The reference flavour taggers: small transformers over 15 tracks with 6 features.

All of them are embedding, encoder blocks (attention and a two-layer network, each with a residual sum, no
normalisation), global average pooling and a dense head, the shape of the b-taggers in arXiv 2402.01047 and 2409.05207
with pooling in place of flattening, so that the head stays small when everything is unrolled. Layer names are C
identifiers because they end up as names in the firmware.
"""

from __future__ import annotations

import keras

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
