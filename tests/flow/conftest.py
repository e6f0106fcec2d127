"""A small complete job: a model file by name only, a data file, and the config that names them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml

Write = Callable[..., Path]


def save_archive(path: Path, *modules: str, text: str | None = None) -> None:
    """A `.keras` archive that names these modules."""
    layers = [{"module": module, "class_name": "Layer", "registered_name": None} for module in modules]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        archive.writestr("config.json", json.dumps({"layers": layers}) if text is None else text)


@pytest.fixture
def job(tmp_path: Path) -> Write:
    """Writes the config of a small job, with the given sections changed, and returns its path."""
    save_archive(tmp_path / "model.keras", "keras.layers")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x_eval"], file["y_eval"] = np.zeros((7, 15, 6), np.float32), np.zeros(7, np.int8)
        file["x_calib"] = np.zeros((5, 15, 6), np.float32)
        file.attrs["classes"] = ["b", "c", "light"]

    def write(**changes: Any) -> Path:
        config = {"name": "tiny", "model": {"path": "model.keras"}, "data": {"path": "data.h5"}} | changes
        path = tmp_path / "tiny.yaml"
        path.write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
        return path

    return write
