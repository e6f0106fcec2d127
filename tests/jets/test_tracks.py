"""Perigee against circles worked out by hand, resolution, efficiency and lifetime sign."""

from __future__ import annotations

import numpy as np
import pytest

from fpga_tf.jets.config import JetConfig
from fpga_tf.jets.tracks import Perigee, lifetime_sign, measure, perigee, resolution, smear

from .records import displaced_pair

FIELD = 3.8
RADIUS = 100.0  # mm
PT = 0.3e-3 * FIELD * RADIUS  # GeV


@pytest.mark.parametrize("q", [1, -1])
@pytest.mark.parametrize("axis", [150.0, 60.0])
def test_perigee_of_a_circle(q: int, axis: float) -> None:
    # Circle of radius 100 mm around (axis, 0): its point nearest to the origin is (axis - 100, 0), at angle pi.
    arc = np.array([-1.0, -0.3, 0.0, 0.2, 1.2])  # rad flown since the perigee
    angle = np.pi - q * arc  # a positive charge turns clockwise
    position = np.stack([axis + RADIUS * np.cos(angle), RADIUS * np.sin(angle), np.full(5, 7.0)], axis=1)
    pz = 0.4
    momentum = np.stack([q * PT * np.sin(angle), -q * PT * np.cos(angle), np.full(5, pz)], axis=1)
    found = perigee(position, momentum, np.full(5, q), FIELD)
    np.testing.assert_allclose(found.d, axis - RADIUS, atol=1e-9)
    np.testing.assert_allclose(found.nx, 1.0)
    np.testing.assert_allclose(found.ny, 0.0, atol=1e-12)
    np.testing.assert_allclose(found.z, 7.0 - arc * RADIUS * pz / PT, rtol=1e-12)


def test_perigee_of_a_stiff_track_is_that_of_a_line() -> None:
    position = np.array([[3.0, 2.0, 1.0]])
    found = perigee(position, np.array([[1e7, 0.0, 5e6]]), np.array([1]), FIELD)
    # the line y = 2 passes the beam axis at (0, 2), 3 mm of transverse flight before the vertex
    np.testing.assert_allclose(found.d * np.array([found.nx, found.ny]).ravel(), [0.0, 2.0], atol=1e-5)
    np.testing.assert_allclose(found.z, 1.0 - 3.0 * 0.5, atol=1e-6)


def test_a_track_from_the_origin_has_no_impact_parameter() -> None:
    found = perigee(np.zeros((1, 3)), np.array([[0.6, -0.8, 0.5]]), np.array([-1]), FIELD)
    np.testing.assert_allclose([found.d[0], found.z[0]], 0.0, atol=1e-9)


def test_lifetime_sign() -> None:
    # A perigee at +x is downstream of a jet along +x and upstream of one along -x, whichever way (nx, ny) points.
    outward = Perigee(np.array([1.0]), np.array([0.0]), np.array([0.1]), np.zeros(1))
    inward = Perigee(np.array([-1.0]), np.array([0.0]), np.array([-0.1]), np.zeros(1))
    for point in (outward, inward):
        assert lifetime_sign(point, np.array([30.0]), np.array([5.0])) == 1
        assert lifetime_sign(point, np.array([-30.0]), np.array([5.0])) == -1


def test_resolution_by_hand() -> None:
    # p = 10 GeV at 90 degrees: hypot(20, 7) and hypot(40, 10) um; at 30 degrees sin is 1/2
    central, forward = [10.0, 0.0, 0.0], [5.0, 0.0, 10.0 * np.sqrt(0.75)]
    d0, z0 = resolution(np.array([central, forward]), 0.0)
    np.testing.assert_allclose(d0, [np.hypot(0.020, 0.007), np.hypot(0.020, 0.007 * 2**1.5)])
    np.testing.assert_allclose(z0, [np.hypot(0.040, 0.010), np.hypot(0.040, 0.010 * 2**2.5)])


def test_extra_smearing_adds_in_quadrature() -> None:
    momentum = np.array([[2.0, 1.0, 0.3]])
    for nominal, blurred in zip(resolution(momentum, 0.0), resolution(momentum, 3.0), strict=True):
        np.testing.assert_allclose(blurred, nominal * np.sqrt(10.0))


def test_smearing_has_the_width_and_the_tails_asked_for() -> None:
    n = 200_000
    true = Perigee(np.ones(n), np.zeros(n), np.full(n, 0.5), np.full(n, -2.0))
    found = smear(true, np.full(n, 0.03), np.full(n, 0.07), np.random.default_rng(5))
    pull = (found.d - 0.5) / 0.03
    # variance 0.97 + 0.03 * 9; the share beyond 4 sigma comes from the tail: 0.03 * P(|g| > 4/3)
    np.testing.assert_allclose(pull.var(), 1.24, rtol=0.02)
    np.testing.assert_allclose(np.mean(np.abs(pull) > 4), 0.03 * 0.1824 + 0.97 * 6.3e-5, rtol=0.1)
    np.testing.assert_allclose((found.z + 2.0).std() / 0.07, np.sqrt(1.24), rtol=0.02)


def test_measured_tracks_of_a_displaced_decay() -> None:
    events, jets = displaced_pair(copies=4000)
    tracks = measure(events, jets, JetConfig(extra_smearing=0.0), np.random.default_rng(3))
    assert len(tracks.pt) / (2 * 4000) == pytest.approx(
        0.95, abs=0.02
    )  # efficiency near the beam axis; photons are unseen
    assert np.mean(tracks.d0 > 0) > 0.97
    # flight 2 mm along the jet, tracks at +-0.3 rad: the lines pass the beam axis at 2 sin(0.3) mm
    assert np.median(tracks.d0) == pytest.approx(2 * np.sin(0.3), abs=0.01)
    np.testing.assert_allclose(np.abs(tracks.d_phi), 0.3)


def test_measurement_is_determined_by_the_seed() -> None:
    events, jets = displaced_pair(copies=50)
    first, second, other = (measure(events, jets, JetConfig(), np.random.default_rng(s)) for s in (1, 1, 2))
    assert first.d0.tobytes() == second.d0.tobytes()
    assert first.pt.tobytes() == second.pt.tobytes()
    assert first.d0.tobytes() != other.d0.tobytes()
