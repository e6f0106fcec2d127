"""Weights in a `.h5` file of Keras 2: ``model_weights/<layer>/<scope>/<part>/kernel:0``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.models.archive import checked_hdf5

if TYPE_CHECKING:
    import h5py

Weights = dict[str, NDArray[np.float32]]

_DEPTH = 4  # scope, part of an attention, variable, and one scope more


def read_weights(path: Path, layers: set[str]) -> dict[str, Weights]:
    """The weights of each layer that has any, by ``kernel``, ``bias``, ``query/kernel`` and so on.

    Args:
        path: a file that `fpga_tf.models.archive.read_config` has found sound.
        layers: names that may occur.

    Raises:
        UserError: weights of another layer, of another type, or twice.
    """
    found: dict[str, Weights] = {}
    with checked_hdf5(path) as file:
        group = _group(file.get("model_weights"), f"{path}:model_weights")
        for name in group:
            if name == "top_level_model_weights" and not len(group[name]):
                continue
            if name not in layers:
                raise UserError("weights must belong to a layer of the model", where=f"{path}:{name[:100]}")
            weights: Weights = {}
            _collect(_group(group[name], f"{path}:{name}"), (), weights, f"{path}:{name}")
            if weights:
                found[name] = weights
    return found


def _group(found: Any, where: str) -> h5py.Group:
    import h5py

    if not isinstance(found, h5py.Group):
        raise UserError("a model file of Keras 2 must have a group of weights for each layer", where=where)
    return found


def _collect(group: h5py.Group, above: tuple[str, ...], weights: Weights, where: str) -> None:
    import h5py

    if len(above) > _DEPTH:
        raise UserError("weights must be a small tree, not endless groups", where=where)
    for name in group:
        found = group[name]
        if isinstance(found, h5py.Group):
            _collect(found, (*above, name), weights, where)
            continue
        key = "/".join((*above[1:], name)).removesuffix(":0")  # the first scope is the layer's name once more
        if not isinstance(found, h5py.Dataset) or found.dtype.kind != "f" or found.dtype.itemsize > 8:
            raise UserError("weights must be floating-point arrays", where=f"{where}/{key[:100]}")
        if key in weights:
            raise UserError("weights must be there once", where=f"{where}/{key[:100]}")
        with np.errstate(over="ignore"):  # what becomes infinite is refused with the layer's name
            weights[key] = np.asarray(found[()], dtype=np.float64).astype(np.float32)
