"""`fpga-tf init` and `fpga-tf explain` with the shipped HGQ2 tagger."""

from __future__ import annotations

import re
from pathlib import Path

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
