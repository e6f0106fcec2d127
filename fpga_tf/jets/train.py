"""Short training of a reference tagger of any size, from a seed: the same weights again on the same machine."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf

from fpga_tf.jets.sample import JetSample
from fpga_tf.jets.taggers import KEY_DIM, WIDTH, Shape, float_tagger

_BATCH, _RATE = 512, 3e-3


def train_tagger(path: Path, jets: JetSample, *, width: int | None, heads: int | None, epochs: int, seed: int) -> None:
    """Train a float tagger of one block and save it.

    Args:
        path: the `.keras` file to write.
        jets: trained on; they decide the tokens, features and classes.
        width: channels between the layers, 16 if not given; the two-layer network has twice as many.
        heads: of the attention, each with 8 channels; 1 if not given.
        epochs: passes over the jets.
        seed: of weights and of the order of jets.
    """
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    channels = width or WIDTH
    tokens, features = jets.x.shape[1:]
    shape = Shape(
        width=channels,
        hidden=2 * channels,
        heads=heads or 1,
        key_dim=KEY_DIM,
        value_dim=KEY_DIM,
        blocks=1,
        tracks=int(tokens),
        features=int(features),
        classes=len(jets.classes),
    )
    model = float_tagger(shape)
    steps = epochs * -(-len(jets) // _BATCH)
    rate = keras.optimizers.schedules.CosineDecay(_RATE, steps, alpha=0.01)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(jets.x, jets.y, batch_size=_BATCH, epochs=epochs, verbose=0)
    model.save(path)
