"""The particles of many events and the jets found in them, as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Charge in units of e of the particle, not the antiparticle, of every kind that lives long enough to leave a track.
_CHARGES = {11: -1, 13: -1, 211: 1, 321: 1, 2212: 1, 3112: -1, 3222: 1, 3312: -1, 3334: -1}
NEUTRINOS = (12, 14, 16)


def delta_phi(a: Floats, b: Floats) -> Floats:
    """a - b brought into [-pi, pi), rad."""
    difference: Floats = (a - b + np.pi) % (2 * np.pi) - np.pi
    return difference


def pseudorapidity(px: Floats, py: Floats, pz: Floats) -> Floats:
    """asinh(pz / pt); along the beam axis a large finite number with the sign of pz."""
    pt = np.maximum(np.hypot(px, py), 1e-9)
    eta: Floats = np.arcsinh(pz / pt)
    return eta


def charge(pid: Ints) -> Ints:
    """Charge in units of e for PDG codes (n,); 0 for everything that leaves no track."""
    size = np.abs(pid)
    result = np.zeros(len(pid), np.int64)
    for code, value in _CHARGES.items():
        result[size == code] = value
    return result * np.sign(pid)


class Momenta:
    """Where momenta point, for classes with components `px`, `py` and `pz` in GeV."""

    px: Floats
    py: Floats
    pz: Floats

    @cached_property
    def pt(self) -> Floats:
        """Transverse momentum, GeV."""
        return np.hypot(self.px, self.py)

    @cached_property
    def eta(self) -> Floats:
        """Pseudorapidity."""
        return pseudorapidity(self.px, self.py, self.pz)

    @cached_property
    def phi(self) -> Floats:
        """Azimuth, rad."""
        angle: Floats = np.arctan2(self.py, self.px)
        return angle


@dataclass(frozen=True)
class EventRecord(Momenta):
    """Particles of `len(offsets) - 1` events, one after the other; every other array has one entry per particle.

    Attributes:
        offsets: first particle of each event, and the number of particles at the end.
        pid: PDG code.
        status: positive for particles that reach the detector.
        mother: index within the event of the first mother, 0 for none.
        first_daughter, last_daughter: range of daughters within the event, 0 for none.
        px, py, pz, energy: momentum at production, GeV.
        vx, vy, vz: production vertex, mm.
    """

    offsets: Ints
    pid: Ints
    status: Ints
    mother: Ints
    first_daughter: Ints
    last_daughter: Ints
    px: Floats
    py: Floats
    pz: Floats
    energy: Floats
    vx: Floats
    vy: Floats
    vz: Floats

    @cached_property
    def event(self) -> Ints:
        """Event number of each particle."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    @cached_property
    def first(self) -> Ints:
        """Index of the first particle of each particle's event."""
        return self.offsets[self.event]


@dataclass(frozen=True)
class Jets(Momenta):
    """Jets of many events and what they are made of.

    Attributes:
        event: event number of each jet (n,).
        px, py, pz: momentum of each jet (n,), GeV.
        member_jet, member: pairs of jet number and particle index into the `EventRecord`, one per constituent.
    """

    event: Ints
    px: Floats
    py: Floats
    pz: Floats
    member_jet: Ints
    member: Ints

    def __len__(self) -> int:
        return len(self.event)
