"""Which datasets of an HDF5 file are a model's inputs and labels, found without Keras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fpga_tf.errors import UserError

# What the names of parts contain, the best first.
_EVALUATION = ("eval", "test", "valid", "val", "")
_CALIBRATION = ("calib", "valid", "val", "train")
_LISTED = 20


@dataclass(frozen=True)
class Dataset:
    """A dataset in the root of a file: its name, shape, and numpy's letter for its kind of numbers."""

    name: str
    shape: tuple[int, ...]
    kind: str


@dataclass(frozen=True)
class Contents:
    """What a file holds.

    Attributes:
        datasets: in its root, by name.
        classes, features: its attributes; None: it has none.
    """

    path: Path
    datasets: tuple[Dataset, ...]
    classes: tuple[str, ...] | None
    features: tuple[str, ...] | None


@dataclass(frozen=True)
class Found:
    """What the section `data` says, and why.

    Attributes:
        x, y, calibration: datasets.
        classes: names to be stated; None: the file has them.
        names: of the classes.
        why: a reason for each key of the section.
    """

    x: Dataset
    y: Dataset
    calibration: Dataset
    classes: tuple[str, ...] | None
    names: tuple[str, ...]
    why: dict[str, str]


def contents(path: Path) -> Contents:
    """What an HDF5 file holds.

    Raises:
        UserError: it is no readable HDF5 file, or its attributes are no names.
    """
    import h5py

    from fpga_tf.jets.untrusted import names, opened

    with opened(path) as file:
        roots = ((str(name), file.get(name, getlink=True), file.get(name)) for name in sorted(file))
        found = tuple(
            Dataset(name, tuple(map(int, item.shape)), str(item.dtype.kind))
            for name, link, item in roots
            if isinstance(link, h5py.HardLink) and isinstance(item, h5py.Dataset) and item.shape is not None
        )
        classes, features = (
            names(file, attribute, where=str(path)) if attribute in file.attrs else None
            for attribute in ("classes", "features")
        )
    return Contents(path, found, classes, features)


def find(held: Contents, inputs: Sequence[tuple[int, ...]], outputs: tuple[int, ...], model: Path) -> Found:
    """Choose inputs, labels and calibration inputs.

    Args:
        inputs: shapes of the model's inputs that are no masks, without the batch.
        outputs: shape of the model's first output.
        model: its file, for errors.

    Raises:
        UserError: the file has no datasets that fit the model.
    """
    if len(inputs) != 1:
        raise UserError(f"data can feed one input of features, the model must not have {len(inputs)}", where=str(model))
    if len(outputs) != 1 or outputs[0] < 2:
        raise UserError(
            "data has one label per jet, so the model's first output must be scores of 2 classes and more, "
            f"not of shape {outputs}",
            where=str(model),
            hint="without --data a model with quantisers is compared on random inputs",
        )
    x = _best(_inputs(held, inputs[0]), _EVALUATION)
    y = _labels(held, x)
    names = _classes(held, outputs[0])
    _check_features(held, inputs[0])
    candidates = [one for one in _inputs(held, inputs[0]) if _rank(one, _CALIBRATION) is not None]
    calibration = _best(candidates, _CALIBRATION) if candidates else x
    apart = "apart from the evaluation" if calibration != x else "the only inputs of that shape: also evaluated on"
    why = {
        "x": f"{x.shape[0]:,} jets, in the shape of the model's input",
        "y": "integers, one per jet of x",
        "calibration_x": f"{calibration.shape[0]:,} jets, {apart}",
        "classes": "the file does not name them: give them their names, in the order of the labels",
        "signal": f"the first class; the others are {', '.join(names[1:])}",
    }
    return Found(x, y, calibration, None if held.classes is not None else names, names, why)


def _inputs(held: Contents, shape: tuple[int, ...]) -> list[Dataset]:
    found = [one for one in held.datasets if one.kind == "f" and one.shape[1:] == shape and one.shape[0] > 0]
    if len(shape) != 2 or not found:
        raise UserError(
            f"--data must hold floats of shape (jets, {', '.join(map(str, shape))}), as the model's input, not only "
            f"{_listed(held)}",
            where=str(held.path),
            hint="an input with data has two axes, tracks and features" if len(shape) != 2 else "see `fpga-tf data`",
        )
    return found


def _labels(held: Contents, x: Dataset) -> Dataset:
    fitting = [one for one in held.datasets if one.kind in "iu" and one.shape == x.shape[:1]]
    partner = [one for one in fitting if x.name.startswith("x") and one.name == f"y{x.name[1:]}"]
    if partner:
        return partner[0]
    if len(fitting) == 1:
        return fitting[0]
    what = "not " + ", ".join(one.name for one in fitting) if fitting else f"not only {_listed(held)}"
    raise UserError(
        f"--data must hold one dataset of {x.shape[0]:,} integer labels for {x.name}, {what}",
        where=str(held.path),
        hint="call it y_eval for x_eval; one-hot labels become integers with argmax",
    )


def _classes(held: Contents, count: int) -> tuple[str, ...]:
    if held.classes is None:
        return tuple(f"class_{i}" for i in range(count))
    if len(held.classes) != count:
        raise UserError(
            f"the model's first output must have {len(held.classes)} scores, one for each class, not {count}",
            where=str(held.path),
            hint="the classes are " + ", ".join(held.classes),
        )
    return held.classes


def _check_features(held: Contents, shape: tuple[int, ...]) -> None:
    if held.features is None or len(held.features) != shape[-1]:
        found = "missing" if held.features is None else f"{len(held.features)} names"
        raise UserError(
            f"the attribute `features` of --data must name the {shape[-1]} features, not be {found}",
            where=str(held.path),
            hint='file.attrs["features"] = [...] with h5py; `fpga-tf data` writes it',
        )


def _rank(one: Dataset, parts: Sequence[str]) -> int | None:
    return next((i for i, part in enumerate(parts) if part in one.name.lower()), None)


def _best(found: Sequence[Dataset], parts: Sequence[str]) -> Dataset:
    return min(found, key=lambda one: (len(parts) if (rank := _rank(one, parts)) is None else rank, one.name))


def _listed(held: Contents) -> str:
    return ", ".join(f"{one.name} {one.shape}" for one in held.datasets[:_LISTED]) or "nothing"
