"""Five-class jets from collisions, in the layout of the hls4ml LHC jet set (needs the extra `jets`)."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.jets.cells import candidates
from fpga_tf.jets.clustering import cluster
from fpga_tf.jets.events import Bools, EventRecord, Floats, Jets, delta_phi
from fpga_tf.jets.features import pad
from fpga_tf.jets.hdf5 import new_file
from fpga_tf.jets.lhc_config import LhcConfig
from fpga_tf.jets.lhc_layout import (
    CLASSES,
    COLUMNS,
    JET_COLUMNS,
    JET_NAMES,
    JETS,
    PARTICLE_NAMES,
    PARTICLES,
)
from fpga_tf.jets.pythia import initialised, next_events

SLOTS = 150
EVENTS_PER_BATCH = 250
_SHUFFLE_STREAM = 11


@dataclass(frozen=True)
class LhcJets:
    """Jets in the layout's two arrays.

    Attributes:
        particles: (n, 150, 16), the columns of `COLUMNS`.
        jets: (n, 59), the columns of `JET_COLUMNS`; of these only pt, eta, mass, zlogz, multiplicity and the classes
            are computed, all others are 0.
    """

    particles: NDArray[np.float32]
    jets: NDArray[np.float32]


def leading(jets: Jets, per_event: int = 2) -> Bools:
    """Which jets are among the hardest of their event."""
    order = np.lexsort((-jets.pt, jets.event))
    event = jets.event[order]
    rank = np.arange(len(event)) - np.searchsorted(event, event)
    chosen = np.zeros(len(jets), bool)
    chosen[order[rank < per_event]] = True
    return chosen


def describe(seen: EventRecord, jets: Jets, name: str) -> LhcJets:
    """All jets in the layout's columns, each labelled with the class `name`."""
    count = len(jets)
    jet_energy = np.bincount(jets.member_jet, seen.energy[jets.member], minlength=count).astype(np.float64)
    columns = _columns(seen, jets, jet_energy)
    particles, _ = pad(jets.member_jet, columns[:, COLUMNS.index("pt")], columns, count, SLOTS)
    momentum = np.sqrt(jets.px**2 + jets.py**2 + jets.pz**2)
    fraction = columns[:, COLUMNS.index("ptrel")]
    values = {
        "pt": jets.pt,
        "eta": jets.eta,
        "mass": np.sqrt(np.maximum(jet_energy**2 - momentum**2, 0.0)),
        "zlogz": np.bincount(jets.member_jet, fraction * np.log(fraction), minlength=count),
        "multiplicity": np.bincount(jets.member_jet, minlength=count),
        name: 1.0,
    }
    table = np.zeros((count, len(JET_COLUMNS)), np.float32)
    for column, value in values.items():
        table[:, JET_COLUMNS.index(column)] = value
    return LhcJets(particles.astype(np.float32), table)


def _columns(seen: EventRecord, jets: Jets, jet_energy: Floats) -> Floats:
    """The 16 columns of each constituent, (constituents, 16)."""
    jet, k = jets.member_jet, jets.member
    d_eta, d_phi = seen.eta[k] - jets.eta[jet], delta_phi(seen.phi[k], jets.phi[jet])
    angle = principal_angle(jet, seen.pt[k], d_eta, d_phi, len(jets))[jet]
    cosine = seen.pz[k] / np.sqrt(seen.pt[k] ** 2 + seen.pz[k] ** 2)
    jet_cosine = jets.pz / np.sqrt(jets.pt**2 + jets.pz**2)
    columns = {
        "px": seen.px[k],
        "py": seen.py[k],
        "pz": seen.pz[k],
        "e": seen.energy[k],
        "erel": seen.energy[k] / jet_energy[jet],
        "pt": seen.pt[k],
        "ptrel": seen.pt[k] / jets.pt[jet],
        "eta": seen.eta[k],
        "etarel": d_eta,
        "etarot": -d_eta * np.sin(angle) + d_phi * np.cos(angle),
        "phi": seen.phi[k],
        "phirel": d_phi,
        "phirot": d_eta * np.cos(angle) + d_phi * np.sin(angle),
        "deltaR": np.hypot(d_eta, d_phi),
        "costheta": cosine,
        "costhetarel": cosine - jet_cosine[jet],
    }
    return np.stack([columns[name] for name in COLUMNS], axis=1)


def principal_angle(jet: NDArray[np.int64], pt: Floats, d_eta: Floats, d_phi: Floats, count: int) -> Floats:
    """Angle in (eta, phi) of each jet's long axis (count,), from second moments weighted by pt, in (-pi/2, pi/2]."""
    see, spp, sep = (
        np.bincount(jet, pt * product, minlength=count) for product in (d_eta * d_eta, d_phi * d_phi, d_eta * d_phi)
    )
    angle: Floats = 0.5 * np.arctan2(2 * sep, see - spp)
    return angle


def _select(jets: Jets, chosen: Bools) -> Jets:
    """The chosen jets, with their constituents."""
    number = np.cumsum(chosen) - 1
    kept = chosen[jets.member_jet]
    return Jets(
        jets.event[chosen],
        jets.px[chosen],
        jets.py[chosen],
        jets.pz[chosen],
        number[jets.member_jet[kept]],
        jets.member[kept],
    )


def generate_class(
    config: LhcConfig, name: str, seed: int, count: int, progress: Callable[[int], None] | None = None
) -> LhcJets:
    """Make `count` jets of one class: the two hardest jets of each collision, if they are in acceptance.

    Args:
        config: physics choices.
        name: one of `CLASSES`.
        seed: of PYTHIA, 1 to 900,000,000.
        count: number of jets.
        progress: told the number of jets made so far after every batch of collisions.

    Raises:
        UserError: the extra `jets` is missing, or count or seed is out of range.
    """
    if count < 1:
        raise UserError(f"the number of jets must be at least 1, not {count}")
    generator = initialised(config.settings(name, seed), seed)
    parts: list[LhcJets] = []
    made = 0
    while made < count:
        seen = candidates(next_events(generator, EVENTS_PER_BATCH), config)
        jets = cluster(seen, config.clustering)
        multiplicity = np.bincount(jets.member_jet, minlength=len(jets))
        good = leading(jets) & (np.abs(jets.eta) < config.jet_eta_max) & (multiplicity > 1)
        parts.append(describe(seen, _select(jets, good), name))
        made += len(parts[-1].jets)
        if progress is not None:
            progress(min(made, count))
    return LhcJets(
        np.concatenate([part.particles for part in parts])[:count],
        np.concatenate([part.jets for part in parts])[:count],
    )


def generate_mixed(
    config: LhcConfig, seed: int, per_class: int, progress: Callable[[int], None] | None = None
) -> LhcJets:
    """Make as many jets of each class, in random order; equal arguments give equal bytes.

    Args:
        config: physics choices.
        seed: that of the first class; each further class has the next one.
        per_class: jets of each class.
        progress: told the number of jets made so far.

    Raises:
        UserError: the extra `jets` is missing, or per_class or seed is out of range.
    """
    parts = []
    for i, name in enumerate(CLASSES):
        done = i * per_class
        report = None if progress is None else lambda made, done=done: progress(done + made)
        parts.append(generate_class(config, name, seed + i, per_class, report))
    order = np.random.default_rng([seed, _SHUFFLE_STREAM]).permutation(len(CLASSES) * per_class)
    return LhcJets(
        np.concatenate([part.particles for part in parts])[order], np.concatenate([part.jets for part in parts])[order]
    )


def layout_bytes(jets: LhcJets) -> bytes:
    """The HDF5 file of some jets; equal jets are equal bytes (with the same HDF5 library)."""
    options = {"compression": "gzip", "compression_opts": 4, "shuffle": True, "track_times": False}
    memory = io.BytesIO()
    with new_file(memory) as file:
        chunk = (min(1000, len(jets.jets)), *jets.particles.shape[1:])
        file.create_dataset(PARTICLES, data=jets.particles, chunks=chunk, **options)
        file.create_dataset(JETS, data=jets.jets, **options)
        for key, prefix, names in ((JET_NAMES, "j_", JET_COLUMNS), (PARTICLE_NAMES, "j1_", (*COLUMNS, "pdgid"))):
            file.create_dataset(key, data=np.array([prefix + name for name in names], "S"), track_times=False)
    return memory.getvalue()
