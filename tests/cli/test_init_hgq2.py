"""`fpga-tf init` and `fpga-tf explain` with the shipped HGQ2 tagger."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ..job import Job

pytestmark = pytest.mark.hgq2
CONFIGS = Path(__file__).parents[2] / "configs"


def test_the_shipped_tagger(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir(mode=0o700)
    job = Job(tmp_path, CONFIGS, tmp_path / "store")
    model, out = CONFIGS / "models" / "flavour_hgq2.keras", tmp_path / "tagger.yaml"
    done = job.main("init", model, "--data", CONFIGS / "data" / "flavour.h5", "--out", out)
    assert done.code == 0, done.err
    written = re.sub(r" +", " ", out.read_text("utf-8"))
    assert "\n shape: parallel # each value of an HGQ2 model has a format of its own, so no two share a" in written
    assert "quantise:" not in written
    assert job.main("check", out).code == 0
    done = job.main("explain", out, "--json", "-q")
    assert done.code == 0, done.err
    layers = {layer["name"]: layer for layer in done.json["layers"]}
    assert all([shape["name"] for shape in one["shapes"]] in ([], ["parallel"]) for one in layers.values())
    texts = [sentence["text"] for layer in layers.values() for sentence in layer["sentences"]]
    assert any(
        re.fullmatch(r"Brings each of \d+ values into a format of its own, \d+ to \d+ bits; .*", t) for t in texts
    )
    assert any("HGQ2's two tables" in text for text in texts)


def problems(job: Job, behind: list[Any]) -> dict[str, str]:
    """What is refused of a model with three layers that can't be hardware and these."""
    import keras
    from hgq.layers import QDense

    x = inputs = keras.layers.Input((4, 3), name="tracks")
    wrong = [
        QDense(4, activation="tanh", name="curved"),
        keras.layers.ReLU(max_value=6, name="capped"),
        keras.layers.Permute((2, 1), name="turned"),
        QDense(4, activation="sigmoid", name="bent"),
    ]
    for layer in [*wrong, *behind]:
        x = layer(x)
    path = job.folder / "model.keras"
    keras.Model(inputs, x).save(path)
    done = job.main("init", path, "--format", "json")
    assert done.code == 2
    return {problem["where"]: problem["what"] for problem in done.json["error"]["problems"]}


def test_every_layer_that_cannot_be_hardware(tmp_path: Path) -> None:
    from keras import layers

    (tmp_path / "store").mkdir(mode=0o700)
    job = Job(tmp_path, CONFIGS, tmp_path / "store")
    bad = ["layer curved", "layer capped", "layer bent"]
    found = problems(job, [])
    assert list(found) == bad
    assert found["layer capped"].endswith("must be relu or linear without options to be exact, not relu with options")
    assert list(problems(job, [layers.MaxPooling1D(2, name="largest")])) == [*bad, "layer largest"]
    assert list(problems(job, [layers.LSTM(3, name="memory")])) == ["layer memory", *bad]
