"""Datasets of a model, found by shape and name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from fpga_tf.cli.main import main
from fpga_tf.errors import UserError
from fpga_tf.flow.init import project_name
from fpga_tf.flow.init_data import Found, contents, find

X: dict[str, tuple[int, ...]] = {"x_train": (9, 4, 3), "x_eval": (7, 4, 3), "x_calib": (5, 4, 3), "wide": (7, 4, 6)}
Y: dict[str, tuple[int, ...]] = {"y_train": (9,), "y_eval": (7,), "y_calib": (5,)}


def file(path: Path, arrays: dict[str, tuple[int, ...]], **attributes: Any) -> Path:
    with h5py.File(path, "w") as made:
        for name, shape in arrays.items():
            kind = np.int8 if name.startswith(("y", "truth")) else np.float32
            made[name] = np.zeros(shape, kind)
        made.attrs.update({"features": ["a", "b", "c"], **attributes})
    return path


def found(tmp_path: Path, arrays: dict[str, tuple[int, ...]], **attributes: Any) -> Found:
    return find(contents(file(tmp_path / "d.h5", arrays, **attributes)), [(4, 3)], (2,), Path("m.keras"))


def test_the_parts_of_our_own_layout(tmp_path: Path) -> None:
    got = found(tmp_path, X | Y | {"truth": (7,)}, classes=["b", "light"])
    assert (got.x.name, got.y.name, got.calibration.name) == ("x_eval", "y_eval", "x_calib")
    assert (got.classes, got.names) == (None, ("b", "light"))
    assert got.why["calibration_x"] == "5 jets, apart from the evaluation"


def test_other_names_are_found_by_shape(tmp_path: Path) -> None:
    got = found(tmp_path, {"jets": (8, 4, 3), "truth": (8,), "other": (8, 5, 3)})
    assert (got.x.name, got.y.name, got.calibration.name) == ("jets", "truth", "jets")
    assert got.classes == ("class_0", "class_1")
    assert got.why["calibration_x"] == "8 jets, the only inputs of that shape: also evaluated on"


@pytest.mark.parametrize(
    ("arrays", "attributes", "what"),
    [
        (
            {"jets": (8, 4, 6)}, {},
            "--data must hold floats of shape (jets, 4, 3), as the model's input, not only jets (8, 4, 6)",
        ),
        (
            {"x_eval": (8, 4, 3), "y_one": (8,), "y_two": (8,)}, {},
            "--data must hold one dataset of 8 integer labels for x_eval, not y_one, y_two",
        ),
        (
            X | Y, {"classes": ["a", "b", "c"]},
            "the model's first output must have 3 scores, one for each class, not 2",
        ),
        (
            X | Y, {"features": ["a"]},
            "the attribute `features` of --data must name the 3 features, not be 1 names",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(tmp_path: Path, arrays: Any, attributes: Any, what: str) -> None:
    with pytest.raises(UserError) as told:
        found(tmp_path, arrays, **attributes)
    assert told.value.what == what
    assert told.value.where == str(tmp_path / "d.h5")


def test_a_model_without_classes_takes_no_data(tmp_path: Path) -> None:
    held = contents(file(tmp_path / "d.h5", X | Y))
    with pytest.raises(UserError, match=r"scores of 2 classes and more, not of shape \(1,\)\n  at   m\.keras"):
        find(held, [(4, 3)], (1,), Path("m.keras"))
    with pytest.raises(UserError, match=r"the model must not have 2\n  at   m\.keras"):
        find(held, [(4, 3), (4, 3)], (2,), Path("m.keras"))


@pytest.mark.parametrize(
    ("name", "part", "told"),
    [
        ("m.pkl", "xcvu13p-flga2577-2-e", "MODEL must be a .keras or .h5 file"),
        ("m.keras", "a part", "--part must be an AMD part number such as xcvu13p-flga2577-2-e, not 'a part'"),
    ],
)
def test_what_is_wrong_is_told_before_tensorflow_is_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, part: str, told: str
) -> None:
    (tmp_path / name).write_bytes(b"0")
    assert main(["init", str(tmp_path / name), "--out", str(tmp_path / "m.yaml"), "--part", part, "-q"]) == 2
    assert capsys.readouterr().err.splitlines()[0] == told


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("my tagger-v2.keras", "my_tagger_v2"),
        ("2nd.h5", "model_2nd"),
        ("class.keras", "class_top"),
        ("é.keras", "model"),
    ],
)
def test_names_of_projects(file_name: str, name: str) -> None:
    assert project_name(Path(file_name)) == name
