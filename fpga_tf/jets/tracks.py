"""Charged particles as a tracker sees them: perigee of the helix, resolution, lifetime sign.

The resolution has the usual two terms, hits and multiple scattering: sigma(d0) = 20 (+) 70 GeV / (p sin^1.5 theta) um
and sigma(z0) = 40 (+) 100 GeV / (p sin^2.5 theta) um, (+) being addition in quadrature. The numbers are ours, chosen
to be near what CMS measured in Run 1 (JINST 9 (2014) P10009: 25 to 90 um and 45 to 150 um for pt of 1 to 10 GeV). So
are the 1 % in pt and the 3 % of tracks that are three times worse, as if a hit was wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fpga_tf.jets.config import JetConfig
from fpga_tf.jets.events import Bools, EventRecord, Floats, Ints, Jets, charge, delta_phi

D0_MAX = 10.0  # mm; beyond, a track is not taken to come from the jet
Z0_MAX = 20.0  # mm
TAIL_SHARE = 0.03
TAIL_FACTOR = 3.0
PT_RESOLUTION = 0.01
# Reconstruction efficiency against the radius (mm) where the particle is born: pixel layers are missed one by one.
_EFFICIENCY_RADII = (0.0, 20.0, 100.0, 200.0)
_EFFICIENCY = (0.95, 0.93, 0.45, 0.0)


@dataclass(frozen=True)
class Perigee:
    """Point of closest approach of helices to the beam axis, all arrays (n,).

    Attributes:
        nx, ny: unit vector from the beam axis to the helix axis, in the transverse plane.
        d: signed distance of the point from the beam axis along (nx, ny), mm.
        z: its z coordinate, mm.
    """

    nx: Floats
    ny: Floats
    d: Floats
    z: Floats


@dataclass(frozen=True)
class Tracks:
    """Measured tracks, one entry per track in every array (n,); angles are relative to the jet.

    Attributes:
        jet: number of the jet that the track belongs to.
        pt: transverse momentum, GeV.
        d_eta, d_phi: track minus jet, rad.
        d0, z0: impact parameters with lifetime sign, mm.
        sigma_d0, sigma_z0: their resolution, mm.
    """

    jet: Ints
    pt: Floats
    d_eta: Floats
    d_phi: Floats
    d0: Floats
    z0: Floats
    sigma_d0: Floats
    sigma_z0: Floats


def perigee(position: Floats, momentum: Floats, q: Ints, field: float) -> Perigee:
    """Closest approach to the beam axis of particles with charge q (n,) at position (n, 3) mm with momentum (n, 3) GeV.

    The radius is R = pt / (0.3 B q) m (pt in GeV, B in T); a positive charge turns clockwise seen from +z, so the
    helix axis is at r + R q (py, -px) / pt. The arc s from perigee to position gives z = z_r - s pz / pt.
    """
    (x, y, z), (px, py, pz) = position.T, momentum.T
    pt = np.hypot(px, py)
    radius = pt / (0.3e-3 * field)
    cx, cy = x + radius * q * py / pt, y - radius * q * px / pt
    distance = np.hypot(cx, cy)
    nx, ny = cx / distance, cy / distance
    arc = -q * radius * delta_phi(np.arctan2(y - cy, x - cx), np.arctan2(-ny, -nx))
    return Perigee(nx, ny, distance - radius, z - arc * pz / pt)


def resolution(momentum: Floats, extra_smearing: float) -> tuple[Floats, Floats]:
    """Resolution of d0 and z0, mm, each (n,), for momenta (n, 3) GeV; `extra_smearing` is added in quadrature."""
    px, py, pz = momentum.T
    pt = np.hypot(px, py)
    p = np.hypot(pt, pz)
    sine = pt / p
    blur = np.hypot(1.0, extra_smearing)
    sigma_d0 = blur * np.hypot(0.020, 0.070 / (p * sine**1.5))
    sigma_z0 = blur * np.hypot(0.040, 0.100 / (p * sine**2.5))
    return sigma_d0, sigma_z0


def lifetime_sign(measured: Perigee, jx: Floats, jy: Floats) -> Floats:
    """+1 where the perigee lies downstream of the beam axis along the jet's transverse direction (jx, jy), else -1."""
    along = measured.d * (measured.nx * jx + measured.ny * jy)
    return np.where(along >= 0, 1.0, -1.0)


def smear(true: Perigee, sigma_d0: Floats, sigma_z0: Floats, rng: np.random.Generator) -> Perigee:
    """The perigee as measured, with Gaussian errors whose width is three times larger for 3 % of the tracks."""
    n = len(true.d)
    tail = np.where(rng.random(n) < TAIL_SHARE, TAIL_FACTOR, 1.0)
    d = true.d + sigma_d0 * tail * rng.standard_normal(n)
    z = true.z + sigma_z0 * tail * rng.standard_normal(n)
    return Perigee(true.nx, true.ny, d, z)


def _seen(events: EventRecord, particle: Ints, config: JetConfig, rng: np.random.Generator) -> Bools:
    born = np.hypot(events.vx[particle], events.vy[particle])
    found = rng.random(len(particle)) < np.interp(born, _EFFICIENCY_RADII, _EFFICIENCY)
    inside = (events.pt[particle] > config.track_pt_min) & (np.abs(events.eta[particle]) < config.track_eta_max)
    seen: Bools = found & inside & (charge(events.pid[particle]) != 0)
    return seen


def measure(events: EventRecord, jets: Jets, config: JetConfig, rng: np.random.Generator) -> Tracks:
    """Tracks of the jets' charged constituents, in the order of `jets.member`.

    The sign of z0 is positive where the track, displaced in z, leans to the same side as the jet. Direction and
    momentum are those at production, which differ from those at the perigee by much less than the resolution.
    """
    seen = _seen(events, jets.member, config, rng)
    jet, particle = jets.member_jet[seen], jets.member[seen]
    momentum = np.stack([events.px[particle], events.py[particle], events.pz[particle]], axis=1)
    position = np.stack([events.vx[particle], events.vy[particle], events.vz[particle]], axis=1)
    sigma_d0, sigma_z0 = resolution(momentum, config.extra_smearing)
    true = perigee(position, momentum, charge(events.pid[particle]), config.field)
    found = smear(true, sigma_d0, sigma_z0, rng)
    pt = events.pt[particle] * (1 + PT_RESOLUTION * rng.standard_normal(len(particle)))
    d_eta = events.eta[particle] - jets.eta[jet]
    d_phi = delta_phi(events.phi[particle], jets.phi[jet])
    d0 = lifetime_sign(found, jets.px[jet], jets.py[jet]) * np.abs(found.d)
    z0 = np.where(-d_eta * found.z >= 0, 1.0, -1.0) * np.abs(found.z)
    near = (np.abs(d0) < D0_MAX) & (np.abs(z0) < Z0_MAX)
    return Tracks(*(column[near] for column in (jet, pt, d_eta, d_phi, d0, z0, sigma_d0, sigma_z0)))
