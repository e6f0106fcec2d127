"""The choice of formats."""

from __future__ import annotations

import numpy as np
import pytest

from fpga_tf.fixedpoint import Format, bits_format
from fpga_tf.models.sites import Site, best_format, covering, covering_format

SAMPLES = {
    "normal": lambda rng: rng.normal(0, 1, 5000),
    "heavy": lambda rng: rng.standard_t(2, 5000) * 0.3,
    "narrow": lambda rng: rng.normal(0, 0.001, 5000),
    "wide": lambda rng: rng.normal(0, 900, 5000),
    "off_centre": lambda rng: rng.normal(3, 0.1, 5000),
    "outlier": lambda rng: np.append(rng.normal(0, 0.5, 5000), 20.0),
    "positive": lambda rng: np.abs(rng.normal(0, 2, 5000)),
}


def error(fmt: Format, x: np.ndarray) -> float:
    return float(np.mean((fmt.dequantise(fmt.quantise(x)) - x) ** 2))


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("bits", [3, 5, 8, 12])
def test_least_error_of_all_formats(sample: str, bits: int) -> None:
    x = SAMPLES[sample](np.random.default_rng(1))
    signed = sample != "positive"
    site = Site("a", bits, signed)
    for part in np.array_split(x, 7):
        site.see(part)
    for part in np.array_split(x, 7):
        site.judge(part)
    found = site.choice()
    everything = [bits_format(bits, i, signed=signed) for i in range(-14, 20)]
    assert error(found.format, x) == pytest.approx(min(error(f, x) for f in everything), rel=1e-9)
    assert found.error == pytest.approx(np.sqrt(error(found.format, x)), rel=1e-9)
    assert (found.low, found.high) == (x.min(), x.max())
    rounded = np.rint(x / found.format.lsb)
    outside = (rounded < found.format.min_code) | (rounded > found.format.max_code)
    assert found.saturated == pytest.approx(outside.mean())


def test_an_outlier_does_not_cost_everyone_their_bits() -> None:
    x = SAMPLES["outlier"](np.random.default_rng(1))
    assert best_format("a", x, 6).format.integer < 5 == covering_format("a", x, 6).format.integer


def test_headroom_moves_the_point() -> None:
    x = SAMPLES["normal"](np.random.default_rng(2))
    plain, roomy = Site("a", 8, True), Site("a", 8, True, headroom=2)
    for site in (plain, roomy):
        site.see(x)
        site.judge(x)
    assert roomy.choice().format == bits_format(8, plain.choice().format.integer + 2)


def test_fixed_format_is_only_judged() -> None:
    fmt = bits_format(4, 0, signed=False)
    site = Site("a", 4, False, headroom=1, fixed=fmt)
    site.see([0.5, 1.0])
    site.judge([0.5, 1.0])
    assert site.choice().format == fmt
    assert site.choice().saturated == 0.5


@pytest.mark.parametrize("values", [[], [0.0, 0.0]])
def test_nothing_or_zeros(values: list[float]) -> None:
    site = Site("a", 8, True)
    site.see(values)
    site.judge(values)
    found = site.choice()
    assert found.format.width == 8
    assert (found.low, found.high, found.saturated, found.error) == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("low", "high", "integer"),
    [
        (-1.0, 0.99, 0),
        (-1.0, 1.0, 1),
        (-4.0, 3.98, 2),
        (-4.1, 0.0, 3),
        (0.0, 0.2, -2),
        (-0.25, 0.0, -2),
        (0.0, 0.4979, -1),
        (0.0, 0.4999, 0),
        (-1e-9, 1e-9, -12),
    ],
)
def test_covering_up_to_half_a_code(low: float, high: float, integer: int) -> None:
    assert covering(low, high, 8, signed=True) == bits_format(8, integer)


def test_covering_unsigned() -> None:
    assert covering(0.0, 3.99, 8, signed=False) == bits_format(8, 2, signed=False)
    assert covering(0.0, 4.0, 8, signed=False) == bits_format(8, 3, signed=False)
