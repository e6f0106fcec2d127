"""What is shipped: the sample and what it says about itself."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from fpga_tf.jets.config import CLASSES, JetConfig
from fpga_tf.jets.features import FEATURES
from fpga_tf.jets.sample import JetSample, read_sample

SHIPPED = Path(__file__).parents[2] / "configs/data/flavour.h5"


@pytest.fixture(scope="module", params=["eval", "calib"])
def part(request: pytest.FixtureRequest) -> JetSample:
    return read_sample(SHIPPED, f"x_{request.param}", f"y_{request.param}")


def test_size() -> None:
    assert SHIPPED.stat().st_size <= 2_000_000
    with h5py.File(SHIPPED) as file:
        assert sorted(file) == ["x_calib", "x_eval", "y_calib", "y_eval"]
        assert len(file["y_eval"]) >= 12_000
        assert len(file["y_calib"]) >= 4_000


def test_layout(part: JetSample) -> None:
    assert part.x.shape == (len(part), 15, 6)
    assert part.classes == CLASSES
    assert part.features == FEATURES
    share = np.bincount(part.y, minlength=3) / len(part)
    np.testing.assert_allclose(share, [0.35, 0.12, 0.52], atol=0.02)


def test_padding_is_zero_and_follows_the_tracks(part: JetSample) -> None:
    empty = (part.x == 0).all(axis=2)
    assert not empty[:, 0].any()
    assert (np.diff(empty.astype(int), axis=1) >= 0).all()
    assert 0.4 < empty.mean() < 0.6


def test_features_are_standardised_over_tracks(part: JetSample) -> None:
    tracks = part.x[~(part.x == 0).all(axis=2)]
    np.testing.assert_allclose(tracks.mean(axis=0), 0.0, atol=0.03)
    np.testing.assert_allclose(tracks.std(axis=0), 1.0, atol=0.03)
    assert np.abs(part.x).max() < 8


def test_tracks_are_ordered_by_significance(part: JetSample) -> None:
    with h5py.File(SHIPPED) as file:
        mean, std = (np.asarray(file.attrs[name])[FEATURES.index("sd0")] for name in ("mean", "std"))
    size = np.abs(part.x[..., FEATURES.index("sd0")] * std + mean)
    size[(part.x == 0).all(axis=2)] = 0
    assert (np.diff(size, axis=1) <= 4e-3).all()  # float16 storage


def test_evaluation_and_calibration_share_no_jet() -> None:
    evaluation, calibration = (read_sample(SHIPPED, f"x_{p}", f"y_{p}") for p in ("eval", "calib"))
    jets = [{jet.tobytes() for jet in part.x} for part in (evaluation, calibration)]
    assert len(jets[0]) == len(evaluation)
    assert not jets[0] & jets[1]


def test_provenance() -> None:
    with h5py.File(SHIPPED) as file:
        config = json.loads(file.attrs["config"])
        assert file.attrs["generator"] == "pythia8mc 8.317.2, fastjet 3.5.2.0"
        seed = int(file.attrs["seed"])
    seeds = config.pop("seeds")
    assert JetConfig(**config) == JetConfig()
    assert seeds == {"train": seed, "eval": seed + 1, "calib": seed + 2}


def test_lifetime_tells_the_classes_apart(part: JetSample) -> None:
    largest = part.x[..., FEATURES.index("sd0")].max(axis=1)
    mean = [largest[part.y == label].mean() for label in range(3)]
    assert mean[0] > mean[1] + 0.3
    assert mean[1] > mean[2] + 0.05
