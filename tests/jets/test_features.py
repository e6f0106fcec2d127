"""Features by hand, ordering, padding and standardisation."""

from __future__ import annotations

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.jets.config import JetConfig
from fpga_tf.jets.features import FEATURES, Standard, order_key, pad, signed_log, track_features
from fpga_tf.jets.generate import select
from fpga_tf.jets.tracks import Tracks

from .records import displaced_pair


def tracks() -> Tracks:
    columns = {
        "pt": [10.0, 1.0],
        "d_eta": [0.03, 0.0],
        "d_phi": [-0.04, 0.0],
        "d0": [0.02, -9.0],
        "z0": [-0.04, 0.0],
        "sigma_d0": [0.01, 0.03],
        "sigma_z0": [0.02, 0.1],
    }
    return Tracks(np.array([0, 1]), *(np.array(values) for values in columns.values()))


def test_features_by_hand() -> None:
    expected = [
        [np.log(0.2), np.log(0.051), np.log(2), -np.log(2), np.log(3), -np.log(3)],
        [np.log(0.01), np.log(0.001), -np.log1p(450), 0.0, -np.log(101), 0.0],  # significance -300 is clipped to -100
    ]
    found = track_features(tracks(), np.array([50.0, 100.0]))
    np.testing.assert_allclose(found, expected)
    assert found.shape == (2, len(FEATURES))


def test_order_keys() -> None:
    np.testing.assert_allclose(order_key(tracks(), JetConfig()), [2.0, 300.0])
    np.testing.assert_allclose(order_key(tracks(), JetConfig(order="pt")), [10.0, 1.0])


def test_signed_log_is_odd() -> None:
    x = np.linspace(-5, 5, 11)
    np.testing.assert_array_equal(signed_log(-x, 0.3), -signed_log(x, 0.3))
    assert signed_log(np.zeros(1), 1.0) == 0


def test_padding_sorts_cuts_and_fills_with_zeros() -> None:
    jet = np.array([2, 0, 2, 2, 0, 2])
    key = np.array([1.0, 5.0, 3.0, 2.0, 9.0, 3.0])
    values = np.arange(1.0, 7.0)[:, None]
    padded, counts = pad(jet, key, values, jets=4, slots=3)
    np.testing.assert_array_equal(padded[..., 0], [[5, 2, 0], [0, 0, 0], [3, 6, 4], [0, 0, 0]])
    np.testing.assert_array_equal(counts, [2, 0, 3, 0])


def test_standardisation_ignores_padding() -> None:
    rng = np.random.default_rng(8)
    counts = np.array([3, 1, 2])
    values = rng.normal(4.0, 2.0, (3, 4, 2))
    values[np.arange(4) >= counts[:, None]] = 0.0
    standard = Standard.of(values, counts)
    scaled = standard.apply(values, counts)
    inside = scaled[np.arange(4) < counts[:, None]]
    np.testing.assert_allclose(inside.mean(axis=0), 0.0, atol=1e-3)
    np.testing.assert_allclose(inside.std(axis=0), 1.0, atol=1e-3)
    assert not scaled[np.arange(4) >= counts[:, None]].any()
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, scaled.astype(np.float16))  # storage loses nothing


def test_selected_jets_are_determined_by_the_seed() -> None:
    events, jets = displaced_pair(40)
    config = JetConfig()
    first, second, other = (select(events, jets, config, np.random.default_rng(s)) for s in (1, 1, 2))
    assert first.features.tobytes() == second.features.tobytes()
    assert first.features.tobytes() != other.features.tobytes()
    assert first.features.shape == (len(first.labels), config.tracks, len(FEATURES))
    assert (first.labels == 0).all()
    assert set(first.counts) <= {1, 2}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tracks": 0}, "tracks must be positive, not 0"),
        ({"ecm": float("nan")}, "ecm must be positive, not nan"),
        ({"extra_smearing": -1.0}, "extra_smearing must be at least 0, not -1.0"),
        ({"order": "eta"}, "order must be 'significance' or 'pt', not 'eta'"),
    ],
)
def test_impossible_configurations(change: dict[str, object], message: str) -> None:
    with pytest.raises(UserError) as caught:
        JetConfig(**change)  # type: ignore[arg-type]
    assert caught.value.what == message
