"""Constants measured block by block equal those of numpy on everything at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.jets.normalise import Scale, measure, moments, quantiles

RNG = np.random.default_rng(8)
# heavy tails, both signs, many equal values, a feature on a grid, tiny numbers
VALUES = np.stack(
    [
        RNG.standard_cauchy(10_001),
        np.where(RNG.random(10_001) < 0.6, 0.0, RNG.normal(size=10_001)),
        RNG.integers(-3, 4, 10_001),
        RNG.normal(size=10_001) * 1e-40,
    ],
    axis=1,
).astype(np.float32)


def blocks(values: np.ndarray = VALUES) -> Iterator[np.ndarray]:
    yield values[:1]
    yield values[1:1]
    yield values[1:4000]
    yield values[4000:]


@pytest.mark.parametrize("rows", [1, 2, 10, 20, 10_000, 10_001])
def test_quantiles_are_exact(rows: int) -> None:
    levels = (0.0, 0.05, 0.25, 0.5, 0.95, 1.0)
    found = quantiles(lambda: blocks(VALUES[:rows]), 4, levels)
    wanted = np.quantile(VALUES[:rows].astype(np.float64), levels, axis=0)
    # the two differ in how they round the interpolation between two order statistics
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-50)


def test_order_statistics_are_exact() -> None:
    """At levels that fall on a value there is no rounding at all."""
    levels = [k / 10_000 for k in (0, 1, 17, 5000, 9999, 10_000)]
    (found,) = (np.array(quantiles(blocks, 4, levels)),)
    ranks = [int(level * 10_000) for level in levels]
    np.testing.assert_array_equal(found[:, 2], np.sort(VALUES[:, 2])[ranks])


def test_moments() -> None:
    mean, std = moments(blocks(), 4)
    double = VALUES.astype(np.float64)
    np.testing.assert_allclose(mean, double.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(std, double.std(axis=0), rtol=1e-12)


def test_moments_of_a_small_spread_around_a_large_mean() -> None:
    values = (1e6 + RNG.normal(size=(5000, 1))).astype(np.float32)
    _, std = moments(iter(np.split(values, 10)), 1)
    np.testing.assert_allclose(std, values.astype(np.float64).std(axis=0), rtol=1e-10)


JETS = RNG.normal(3.0, 2.0, (200, 5, 2)).astype(np.float32)
JETS[:, 3:] = 0


@pytest.mark.parametrize("kind", ["standard", "robust"])
def test_padding(kind: Any) -> None:
    rows = JETS.reshape(-1, 2)
    counted = {"normalised": rows, "zero": rows[(rows != 0).all(axis=1)]}
    for padding, values in counted.items():
        scale = measure(lambda: iter([rows[:300], rows[300:]]), ("a", "b"), kind, padding)  # type: ignore[arg-type]
        double = values.astype(np.float64)
        low, median, high = np.percentile(double, (5, 50, 95), axis=0)
        wanted = (double.mean(axis=0), double.std(axis=0)) if kind == "standard" else (median, high - low)
        np.testing.assert_allclose((scale.subtract, scale.divide), wanted, rtol=1e-12)
        found = scale.apply(JETS)
        free = 0.0 if padding == "zero" else -scale.subtract / scale.divide
        np.testing.assert_array_equal(found[:, 3:], np.broadcast_to(np.float32(free), (200, 2, 2)))
        np.testing.assert_array_equal(found[:, :3], ((JETS[:, :3] - wanted[0]) / wanted[1]).astype(np.float32))


def test_none_changes_nothing() -> None:
    scale = measure(lambda: iter([]), ("a", "b"), "none", "normalised")
    np.testing.assert_array_equal(scale.apply(JETS), JETS)


@pytest.mark.parametrize("kind", ["standard", "robust"])
def test_a_feature_without_spread(kind: Any) -> None:
    rows = np.ones((50, 2), np.float32)
    rows[:, 0] = np.arange(50)
    with pytest.raises(UserError, match=r"feature b must have a spread to be normalised, not 0.0") as caught:
        measure(lambda: iter([rows]), ("a", "b"), kind, "normalised")
    assert caught.value.hint is not None and f"--normalise {kind}" not in caught.value.hint


def test_scale_is_per_feature() -> None:
    scale = Scale(np.array([1.0, 2.0]), np.array([2.0, 4.0]), "zero")
    x = np.array([[[3.0, 10.0], [0.0, 0.0], [0.0, 2.0]]], np.float32)
    assert scale.apply(x).tolist() == [[[1.0, 2.0], [0.0, 0.0], [-0.5, 0.0]]]
