"""Models that a sweep has to train: the reference tagger, or what a user's own function makes. Kept in the store."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.files import sha256_file
from fpga_tf.flow.config import Config
from fpga_tf.flow.config_sweep import TrainConfig
from fpga_tf.flow.quiet import quiet_stderr
from fpga_tf.jets.sample import JetSample, read_sample

DATA = "data.h5"
_STEM = "model"
_ENTRY = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,199}:[A-Za-z_][A-Za-z0-9_]{0,99}")
_NO_TRAINING = "a sweep of tokens, attention_heads or width must train models"


def recipe(config: Config, builder: str | None) -> dict[str, str]:
    """What decides a trained model beside its sizes; empty where nothing is trained.

    Args:
        builder: `module:function`, as the user has asked for it.

    Raises:
        UserError: nothing says how models are trained, or there is no such function.
    """
    assert config.sweep is not None
    axes = config.sweep.axes()
    if not {"tokens", "attention_heads", "width"} & set(axes):
        if builder is not None:
            raise UserError("--builder must be left out where no axis trains a model: tokens, attention_heads, width")
        return {}
    if builder is not None:
        return {"builder": builder, "source": sha256_file(_source(builder))}
    train = config.sweep.train
    if train is None:
        hint = "add sweep.train with a file of training jets, or ask for a function of your own with --builder"
        raise UserError(_NO_TRAINING, where=config.where("sweep"), hint=hint)
    return {"train": train.model_dump_json(exclude={"path"}), "jets": sha256_file(train.path)}


def make_model(
    folder: Path, config: Config, train: TrainConfig | None, sizes: Mapping[str, int], builder: str | None
) -> None:
    """Fill an empty folder with a model `model.*` and, if fewer tokens are kept, the data `data.h5`.

    Raises:
        UserError: the training jets, or what the user's function gave.
    """
    if "tokens" in sizes:
        _cut_data(config, sizes["tokens"], folder / DATA)
    if builder is not None:
        made = _called(builder, sizes)
        shutil.copyfile(made, folder / f"{_STEM}{made.suffix}")
        return
    assert train is not None
    with quiet_stderr():
        from fpga_tf.jets.train import train_tagger
    classes = None if config.data is None else config.data.classes
    jets = read_sample(train.path, train.x, train.y, classes=classes)
    if train.max_samples is not None:
        jets = replace(jets, x=jets.x[: train.max_samples], y=jets.y[: train.max_samples])
    if "tokens" in sizes:
        jets = _cut(jets, sizes["tokens"])
    train_tagger(
        folder / f"{_STEM}.keras",
        jets,
        width=sizes.get("width"),
        heads=sizes.get("attention_heads"),
        epochs=train.epochs,
        seed=train.seed,
    )


def files_of(entry: Path) -> tuple[Path, Path | None]:
    """The model and the data of an entry of the store."""
    data = entry / DATA
    return next(entry.glob(f"{_STEM}.*")), data if data.exists() else None


def _cut(jets: JetSample, tokens: int) -> JetSample:
    if tokens > jets.x.shape[1]:
        raise UserError(f"sweep.tokens must be at most {jets.x.shape[1]}, as many as the jets have, not {tokens}")
    return replace(jets, x=jets.x[:, :tokens])


def _cut_data(config: Config, tokens: int, path: Path) -> None:
    """Evaluation and calibration jets with the first tokens only, under the names that the configuration has."""
    import h5py

    from fpga_tf.jets.untrusted import numbers, opened

    data = config.data
    assert data is not None
    jets = _cut(read_sample(data.path, data.x, data.y, classes=data.classes), tokens)
    with opened(data.path) as source, h5py.File(path, "w") as made:
        made[data.x], made[data.y] = jets.x, jets.y
        if data.calibration_x in source and data.calibration_x != data.x:
            made[data.calibration_x] = numbers(source, data.calibration_x, where=str(data.path))[:, :tokens]
        made.attrs["classes"], made.attrs["features"] = list(jets.classes), list(jets.features)


def _source(builder: str) -> Path:
    """The file of the user's module, which is looked for in the current folder, too."""
    if not _ENTRY.fullmatch(builder):
        raise UserError(f"--builder must be MODULE:FUNCTION, not {builder[:80]!r}")
    with _current_folder():
        try:
            spec = importlib.util.find_spec(builder.partition(":")[0])
        except ImportError:
            spec = None
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        raise UserError(f"--builder must name a module that can be imported, not {builder.partition(':')[0]!r}")
    return Path(spec.origin)


def _called(builder: str, sizes: Mapping[str, int]) -> Path:
    """The file that the user's function gives for these sizes."""
    module, _, name = builder.partition(":")
    with _current_folder():
        function: Callable[[dict[str, int]], Any] | None = getattr(importlib.import_module(module), name, None)
    if not callable(function):
        raise UserError(f"--builder must name a function of {module}, not {name!r}")
    try:
        made = function(dict(sizes))
    except Exception as error:
        raise UserError(f"{builder} must give a model, not fail: {type(error).__name__}: {error}") from error
    if not isinstance(made, str | Path) or not Path(made).is_file():
        raise UserError(f"{builder} must give the path of a model file, not {str(made)[:200]!r}")
    return Path(made)


@contextlib.contextmanager
def _current_folder() -> Iterator[None]:
    """Imports find the current folder, as with `python -m`."""
    added = str(Path.cwd())
    sys.path.insert(0, added)
    try:
        yield
    finally:
        sys.path.remove(added)
