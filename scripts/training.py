"""What the training scripts have in common: fixed seeds, one recipe, one report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.jets.sample import JetSample
from fpga_tf.verdict.physics import auc, physics

if TYPE_CHECKING:
    import keras

SEED = 20_240
BATCH = 512


def deterministic() -> None:
    """Fix every seed, the kernels' order of summation and the number of threads."""
    import keras
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(2)
    tf.config.threading.set_intra_op_parallelism_threads(2)
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()


def cosine(rate: float, epochs: int, jets: int, batch: int) -> Any:
    """Learning rate that falls from `rate` to nearly nothing over the training."""
    import keras

    steps = epochs * -(-jets // batch)
    return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.01)


def fit(
    model: keras.Model,
    train: tuple[NDArray[Any], NDArray[Any]],
    held_back: tuple[NDArray[Any], NDArray[Any]],
    loss: Any,
    rate: float,
    epochs: int,
    batch: int = BATCH,
) -> None:
    """Train in place on inputs and targets; those held back are only watched."""
    import keras

    model.compile(keras.optimizers.Adam(cosine(rate, epochs, len(train[0]), batch)), loss, metrics=["accuracy"])
    model.fit(*train, batch_size=batch, epochs=epochs, validation_data=held_back, verbose=2)


def report(model: keras.Model, sample: JetSample, pairs: Sequence[tuple[int, int]] = ()) -> None:
    """Print size, accuracy and areas under ROC curves; two classes of a pair are told apart by their ratio."""
    is_logits = not model.layers[-1].__class__.__name__.endswith("Softmax")
    scores = model.predict(sample.x, batch_size=2000, verbose=0).astype(np.float64)
    found = physics(scores, sample.y, sample.classes, sample.classes[0], logits=is_logits)
    print(f"{model.name}: {model.count_params():,} variables, {found.n:,} evaluation jets")
    print(f"  accuracy            {found.accuracy:.4f}")
    for name, area in found.auc.items():
        print(f"  AUC {name:5} v rest    {area:.4f}")
    for name, levels in found.rejection.items():
        print(f"  rejection of {name:5}  " + ", ".join(f"{r:.1f} at {e}" for e, r in levels.items() if r is not None))
    logits = scores if is_logits else np.log(np.maximum(scores, np.finfo(np.float64).tiny))
    for i, j in pairs:
        pair = (sample.y == i) | (sample.y == j)
        area = auc(logits[pair, i] - logits[pair, j], sample.y[pair] == i)
        print(f"  AUC {sample.classes[i]:5} v {sample.classes[j]:5}   {area:.4f}")


def save(model: keras.Model, path: Path) -> None:
    """Save what is needed to predict: loading and saving again drops the state of the optimiser."""
    import keras

    model.save(path)
    keras.saving.load_model(path, compile=False).save(path)
    print(f"wrote {path} ({path.stat().st_size / 1e3:.0f} kB)")
