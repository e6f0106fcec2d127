"""What a detector with perfect energies but finite cells makes of particles.

Charged particles are seen one by one. Photons that fall into one small cell, and neutral hadrons that fall into one
larger cell, become one candidate with their energy and the mean of their directions, weighted by energy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpga_tf.jets.clustering import visible
from fpga_tf.jets.events import Bools, EventRecord, Floats, Ints, charge
from fpga_tf.jets.lhc_config import LhcConfig

ETA_MAX = 3.0
CHARGED_PT_MIN, PHOTON_PT_MIN, NEUTRAL_PT_MIN = 0.3, 0.2, 0.4  # GeV
_PHOTON, _NEUTRAL, _PION = 22, 130, 211  # PDG codes that candidates get
_PION_MASS = 0.1396  # GeV, that of every charged candidate

_Columns = tuple[Ints, Ints, Floats, Floats, Floats]  # event, code, pt, eta, phi


def candidates(events: EventRecord, config: LhcConfig) -> EventRecord:
    """Candidates of the same events, without history or vertices, each event's charged ones first."""
    seen = visible(events) & (np.abs(events.eta) < ETA_MAX)
    charged, photon = charge(events.pid) != 0, events.pid == _PHOTON
    groups = [
        _charged(events, seen & charged & (events.pt > CHARGED_PT_MIN)),
        _merged(events, seen & photon, config.photon_cell, _PHOTON, PHOTON_PT_MIN),
        _merged(events, seen & ~charged & ~photon, config.neutral_cell, _NEUTRAL, NEUTRAL_PT_MIN),
    ]
    event, pid, pt, eta, phi = (np.concatenate(column) for column in zip(*groups, strict=True))
    order = np.argsort(event, kind="stable")
    counts = np.bincount(event, minlength=len(events.offsets) - 1)
    return _record(np.concatenate([[0], np.cumsum(counts)]), pid[order], pt[order], eta[order], phi[order])


def _charged(events: EventRecord, chosen: Bools) -> _Columns:
    k = np.flatnonzero(chosen)
    return events.event[k], np.full(len(k), _PION), events.pt[k], events.eta[k], events.phi[k]


def _merged(events: EventRecord, chosen: Bools, side: float, pid: int, pt_min: float) -> _Columns:
    k = np.flatnonzero(chosen)
    place = [np.floor(angle[k] / side).astype(np.int64) + (1 << 15) for angle in (events.eta, events.phi)]
    cells, cell = np.unique((events.event[k] << 32) + (place[0] << 16) + place[1], return_inverse=True)
    energy = np.bincount(cell, events.energy[k], minlength=len(cells))
    eta, phi = (
        np.bincount(cell, events.energy[k] * angle[k], minlength=len(cells)) / energy
        for angle in (events.eta, events.phi)
    )
    pt: Floats = energy / np.cosh(eta)
    hard = pt > pt_min
    return (cells >> 32)[hard], np.full(int(hard.sum()), pid), pt[hard], eta[hard], phi[hard]


def _record(offsets: Ints, pid: Ints, pt: Floats, eta: Floats, phi: Floats) -> EventRecord:
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    mass = np.where(pid == _PION, _PION_MASS, 0.0)
    none: NDArray[np.int64] = np.zeros(len(pid), np.int64)
    nowhere = np.zeros(len(pid))
    return EventRecord(
        offsets=offsets,
        pid=pid,
        status=np.ones(len(pid), np.int64),
        mother=none,
        first_daughter=none,
        last_daughter=none,
        px=px,
        py=py,
        pz=pz,
        energy=np.sqrt(px**2 + py**2 + pz**2 + mass**2),
        vx=nowhere,
        vy=nowhere,
        vz=nowhere,
    )
