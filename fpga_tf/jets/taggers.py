"""The reference taggers: small transformers over 15 tracks with 6 features, or over 16 particles with 3.

All of them are embedding, encoder blocks (attention and a two-layer network, each with a residual sum, no
normalisation), global average pooling and a dense head, the shape of the b-taggers in arXiv 2402.01047 and 2409.05207
with pooling in place of flattening, so that the head stays small when everything is unrolled. Layer names are C
identifiers because they end up as names in the firmware.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import keras

TRACKS = 15
FEATURES = 6
CLASSES = 3
WIDTH = 16
HIDDEN = 32
HEADS = 2
KEY_DIM = 8


@dataclass(frozen=True)
class Shape:
    """Sizes of a tagger; the head is the same for all.

    Attributes:
        width: channels of a track between the layers.
        hidden: units of the two-layer network within a block.
        heads, key_dim, value_dim: of the attention; queries and keys have `key_dim` channels per head.
        blocks: number of encoder blocks.
        tracks, features: rows and columns of the input.
        classes: of the output.
        input: name of the input.
    """

    width: int = WIDTH
    hidden: int = HIDDEN
    heads: int = HEADS
    key_dim: int = KEY_DIM
    value_dim: int = KEY_DIM
    blocks: int = 2
    tracks: int = TRACKS
    features: int = FEATURES
    classes: int = CLASSES
    input: str = "tracks"


# Small enough that every multiplication has hardware of its own within one super logic region.
STUDENT = Shape(width=12, hidden=24, heads=1, key_dim=4, value_dim=6, blocks=1)
# Five classes from the 16 hardest particles: one to learn from, and one as small as the student.
LHC_TEACHER = Shape(width=32, hidden=64, tracks=16, features=3, classes=5, input="particles")
LHC_STUDENT = replace(STUDENT, tracks=16, features=3, classes=5, input="particles")


def float_tagger(shape: Shape | None = None, name: str = "flavour_float") -> keras.Model:
    """Plain Keras tagger, input (tracks, features), output probabilities (classes,).

    Args:
        shape: sizes; those of `Shape` by default.
        name: of the model.
    """
    size, layers = shape or Shape(), keras.layers
    inputs = layers.Input((size.tracks, size.features), name=size.input)
    x = layers.Dense(size.width, activation="relu", name="embed")(inputs)
    for i in range(1, size.blocks + 1):
        attention = layers.MultiHeadAttention(size.heads, size.key_dim, value_dim=size.value_dim, name=f"attention{i}")
        x = layers.Add(name=f"attention{i}_sum")([x, attention(x, x)])
        hidden = layers.Dense(size.hidden, activation="relu", name=f"hidden{i}")(x)
        x = layers.Add(name=f"hidden{i}_sum")([x, layers.Dense(size.width, name=f"back{i}")(hidden)])
    x = layers.GlobalAveragePooling1D(name="pool")(x)
    x = layers.Dense(32, activation="relu", name="head1")(x)
    x = layers.Dense(16, activation="relu", name="head2")(x)
    x = layers.Dense(size.classes, name="logits")(x)
    return keras.Model(inputs, layers.Softmax(name="probabilities")(x), name=name)
