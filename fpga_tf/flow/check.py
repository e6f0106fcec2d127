"""What can be said of a configuration without Keras, TensorFlow or hls4ml: the files it names hold what it says."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fpga_tf.errors import UserError
from fpga_tf.flow.config import Config
from fpga_tf.flow.config_sections import DataConfig
from fpga_tf.flow.detect import Detected, detect_frontend

if TYPE_CHECKING:
    import h5py


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found.

    Attributes:
        config: the checked configuration.
        frontend: keras, qkeras or hgq2: as configured, or as found in the model file.
        shapes: dataset name → shape, of those that the run will read; None without data.
        classes: names of the classes, if the config or the file gives them.
    """

    config: Config
    frontend: Detected
    shapes: dict[str, tuple[int, ...]] | None
    classes: tuple[str, ...] | None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "ok": True,
            "name": self.config.name,
            "model": str(self.config.model.path),
            "frontend": self.frontend,
            "data": None if self.shapes is None else {name: list(shape) for name, shape in self.shapes.items()},
            "classes": None if self.classes is None else list(self.classes),
            "project": str(self.config.project),
        }


def check(config: Config) -> Checked:
    """Look into the model and the data file of a configuration.

    Raises:
        UserError: the model file is damaged or from an unknown package, or doesn't fit the sections
            quantise and requantise; the data file is no HDF5, or lacks a dataset.
    """
    frontend = frontend_of(config)
    if config.data is None:
        return Checked(config, frontend, None, None)
    shapes, classes = _datasets(config, config.data)
    return Checked(config, frontend, shapes, config.data.classes or classes)


def frontend_of(config: Config) -> Detected:
    """The frontend that the configuration names, or else the one found in the model file.

    Raises:
        UserError: the file is damaged, unknown, of another frontend than stated, or doesn't fit the sections quantise
            and requantise.
    """
    found, stated = detect_frontend(config.model.path), config.model.frontend
    if stated not in ("auto", found) and found != "unknown":
        raise UserError(
            f"model.frontend must be {found} for this file, not {stated}",
            where=config.where("model", "frontend"),
            hint="write auto: the file says who made it",
        )
    if stated == "auto" and found == "unknown":
        raise UserError(
            "a model must consist of layers of Keras, QKeras, HGQ2 or fpga_tf, not of another package",
            where=str(config.model.path),
            hint="rebuild it with the layers of fpga_tf.layers, or state model.frontend",
        )
    frontend: Detected = found if stated == "auto" else stated
    _check_quantisation(config, frontend)
    return frontend


_REQUANTISED = {
    "keras": "a float model is quantised with the section quantise",
    "hgq2": "an HGQ2 model has a width for each value; train it with others",
}


def _check_quantisation(config: Config, frontend: Detected) -> None:
    if config.quantise is not None and frontend != "keras":
        raise UserError(
            f"quantise must be left out with a quantised model, not given for a model of {frontend}",
            where=config.where("quantise"),
            hint="a quantised model is converted as it is: remove the section",
        )
    if config.requantise is not None and frontend != "qkeras":
        raise UserError(
            f"requantise must be given with a model that QKeras has quantised, not with one of {frontend}",
            where=config.where("requantise"),
            hint=_REQUANTISED.get(frontend),
        )


def _datasets(config: Config, data: DataConfig) -> tuple[dict[str, tuple[int, ...]], tuple[str, ...] | None]:
    import h5py

    wanted = ["x", "y"] + (["calibration_x"] if config.quantise is not None else [])
    try:
        with h5py.File(data.path, "r") as file:
            shapes = {getattr(data, key): _shape(config, data, file, key) for key in wanted}
            classes = file.attrs.get("classes")
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"data must be an HDF5 file, not a damaged or another one ({error})", where=config.where("data", "path")
        ) from error
    if data.signal and classes is not None and data.classes is None and data.signal not in map(_text, classes):
        raise UserError(
            f"data.signal must be one of {', '.join(map(_text, classes))}, not {data.signal!r}",
            where=config.where("data", "signal"),
        )
    return shapes, None if classes is None else tuple(map(_text, classes))


def _shape(config: Config, data: DataConfig, file: h5py.File, key: str) -> tuple[int, ...]:
    name = getattr(data, key)
    import h5py

    found = file.get(name)
    if isinstance(found, h5py.Dataset):
        return tuple(int(size) for size in found.shape)
    there = [str(other) for other in file if isinstance(file.get(other), h5py.Dataset)]
    near = difflib.get_close_matches(name, there, n=1)
    raise UserError(
        f"data.{key} must be a dataset of {data.path.name}, not {name!r}",
        where=config.where("data", key),
        hint=f"did you mean {near[0]}?" if near else "datasets in it: " + (", ".join(there[:20]) or "none"),
    )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
