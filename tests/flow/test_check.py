"""What `check` sees in the files that a config names."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest

from fpga_tf.errors import UserError
from fpga_tf.flow.check import check
from fpga_tf.flow.config import load_config

from .conftest import Write, save_archive


def complaint(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        check(load_config(path))
    return str(caught.value)


def test_what_is_found(job: Write, tmp_path: Path) -> None:
    assert check(load_config(job(project="p"))).to_json() == {
        "ok": True,
        "name": "tiny",
        "model": str(tmp_path / "model.keras"),
        "frontend": "keras",
        "data": {"x_eval": [7, 15, 6], "y_eval": [7]},
        "classes": ["b", "c", "light"],
        "project": str(tmp_path / "p"),
    }
    assert "x_calib" in check(load_config(job(quantise={}))).shapes


def test_a_stated_frontend_must_be_the_files(job: Write, tmp_path: Path) -> None:
    path = job(model={"path": "model.keras", "frontend": "qkeras"})
    assert complaint(path) == (
        "model.frontend must be keras for this file, not qkeras\n"
        f"  at   {path}:4:13\n"
        "  hint write auto: the file says who made it"
    )
    save_archive(tmp_path / "model.keras", "other.layers")
    assert check(load_config(path)).frontend == "qkeras"
    assert complaint(job()).startswith(
        "a model must consist of layers of Keras, QKeras, HGQ2 or fpga_tf, not of another"
    )


def test_only_a_float_model_is_quantised(job: Write, tmp_path: Path) -> None:
    save_archive(tmp_path / "model.keras", "hgq.layers")
    path = job(quantise={"weight_bits": 8})
    told = "quantise must be left out with a quantised model, not given for a model of hgq2"
    assert complaint(path).startswith(f"{told}\n  at   {path}:7:3\n")


@pytest.mark.parametrize(
    ("module", "frontend", "hint"),
    [
        ("keras.layers", "keras", "a float model is quantised with the section quantise"),
        ("hgq.layers", "hgq2", "an HGQ2 model has a width for each value; train it with others"),
    ],
)
def test_only_a_model_of_qkeras_gets_other_widths(
    job: Write, tmp_path: Path, module: str, frontend: str, hint: str
) -> None:
    path = job(requantise={"integer_bits": 3, "fraction_bits": 5})
    save_archive(tmp_path / "model.keras", "qkeras.qlayers")
    assert check(load_config(path)).frontend == "qkeras"
    save_archive(tmp_path / "model.keras", module)
    told = complaint(path).splitlines()
    assert told[0] == f"requantise must be given with a model that QKeras has quantised, not with one of {frontend}"
    assert told[-1] == f"  hint {hint}"


def test_datasets_must_exist(job: Write, tmp_path: Path) -> None:
    path = job(data={"path": "data.h5", "x": "x_evl"})
    assert complaint(path) == (
        f"data.x must be a dataset of data.h5, not 'x_evl'\n  at   {path}:6:6\n  hint did you mean x_eval?"
    )
    path = job(data={"path": "data.h5", "y": "/"})
    assert complaint(path).endswith("\n  hint datasets in it: x_calib, x_eval, y_eval")
    (tmp_path / "data.h5").write_bytes((tmp_path / "data.h5").read_bytes()[:700])
    path = job()
    assert complaint(path).startswith("data must be an HDF5 file, not a damaged or another one (")


def test_the_signal_must_be_a_class_of_the_file(job: Write, tmp_path: Path) -> None:
    path = job(data={"path": "data.h5", "signal": "tau"})
    assert complaint(path) == f"data.signal must be one of b, c, light, not 'tau'\n  at   {path}:6:11"
    with h5py.File(tmp_path / "data.h5", "a") as file:
        del file.attrs["classes"]
    assert check(load_config(path)).classes is None
