"""Small models and files for the tests of this folder."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np


def float_model() -> keras.Model:
    """An attention block with a residual sum, pooled, with a dense head."""
    layers = keras.layers
    inputs = layers.Input((5, 4), name="tracks")
    x = layers.Dense(6, activation="relu", name="embed")(inputs)
    attended = layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    x = layers.Add(name="total")([x, attended])
    x = layers.GlobalAveragePooling1D(name="pool")(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="head")(x), name="small")


def spread(model: keras.Model, seed: int = 0, width: float = 0.5) -> keras.Model:
    """Random weights for all layers; variances stay positive."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        found = [rng.normal(0, width, w.shape) for w in layer.get_weights()]
        if isinstance(layer, keras.layers.BatchNormalization):
            found = [np.abs(w) + 0.3 for w in found]
        layer.set_weights(found)
    return model


def data(model: keras.Model, count: int, seed: int = 0) -> np.ndarray:
    """Normal values for a model's only input."""
    return np.random.default_rng(seed).normal(size=(count, *model.inputs[0].shape[1:])).astype(np.float32)


def saved(model: keras.Model, path: Path) -> Path:
    """The model in a file."""
    model.save(path)
    return path


def rewritten(path: Path, change: Callable[[dict[str, Any]], Any], **members: bytes) -> Path:
    """A `.keras` file with its configuration changed in place (or replaced by what `change` returns)."""
    with zipfile.ZipFile(path) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(found["config.json"])
    found["config.json"] = json.dumps(change(config) or config).encode()
    return packed(path, {**found, **members})


def packed(path: Path, members: dict[str, bytes]) -> Path:
    """A zip archive of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def layer_of(config: dict[str, Any], name: str) -> dict[str, Any]:
    """A layer's entry in a functional model's configuration."""
    return next(entry for entry in config["config"]["layers"] if entry["name"] == name)
