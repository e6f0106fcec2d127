"""Proton-proton collisions from PYTHIA 8 as `EventRecord`s (needs the extra `jets`).

PYTHIA 8.3, arXiv 2203.11601. The process is top-pair production by strong interaction, a source of b jets (t -> W b),
c jets (W -> cs) and light jets (W -> ud, radiation) at similar momenta.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fpga_tf.errors import InternalError, UserError
from fpga_tf.jets.config import JetConfig
from fpga_tf.jets.events import EventRecord, Floats, Ints
from fpga_tf.jets.extra import require

SEED_MAX = 900_000_000  # PYTHIA's own limit


def settings(config: JetConfig, seed: int) -> list[str]:
    """PYTHIA's settings; particles decay only inside the tracker, a cylinder of 300 mm radius and 3 m half length."""
    return [
        "Print:quiet=on",
        "Random:setSeed=on",
        f"Random:seed={seed}",
        f"Beams:eCM={config.ecm}",
        "Top:gg2ttbar=on",
        "Top:qqbar2ttbar=on",
        "ParticleDecays:limitCylinder=on",
        "ParticleDecays:xyMax=300",
        "ParticleDecays:zMax=3000",
        f"PartonLevel:MPI={'on' if config.mpi else 'off'}",
    ]


def start(config: JetConfig, seed: int) -> Any:
    """An initialised `pythia8mc.Pythia` for top pairs.

    Raises:
        UserError: the extra is missing, the seed is out of range, or PYTHIA refuses the energy.
    """
    return initialised(settings(config, seed), seed)


def initialised(lines: Sequence[str], seed: int) -> Any:
    """A `pythia8mc.Pythia` with the given settings, initialised.

    Raises:
        UserError: the extra is missing, the seed is out of range, or PYTHIA refuses the beams.
    """
    if not 1 <= seed <= SEED_MAX:
        raise UserError(f"seed must be 1 to {SEED_MAX}, not {seed}")
    generator = require("pythia8mc").Pythia("", False)
    for line in lines:
        if not generator.readString(line):
            raise InternalError(f"PYTHIA must know the setting {line!r}", hint="the tested version is 8.317.2")
    if not generator.init():
        (beams,) = (line for line in lines if line.startswith("Beams:eCM="))
        raise UserError(f"PYTHIA must start with the beams given, not refuse {beams} GeV")
    return generator


def next_events(generator: Any, count: int) -> EventRecord:
    """The next `count` collisions.

    Raises:
        InternalError: PYTHIA gave fewer.
    """
    batch = generator.nextBatch(count)
    ak = require("awkward")
    if len(batch) != count:
        raise InternalError(f"PYTHIA must give {count} events, not {len(batch)}")
    particles = batch.prt
    vertex = ak.flatten(particles.vProd, axis=1)

    def ints(values: Any) -> Ints:
        return np.asarray(ak.to_numpy(ak.flatten(values)), np.int64)

    def floats(values: Any) -> Floats:
        return np.asarray(ak.to_numpy(ak.flatten(values)), np.float64)

    def place(axis: str) -> Floats:
        # PYTHIA leaves out the vertex of what is born in the collision itself, which is at the origin.
        return np.asarray(ak.to_numpy(ak.fill_none(vertex[axis], 0.0)), np.float64)

    momentum = particles.p
    return EventRecord(
        offsets=np.concatenate([[0], np.cumsum(ak.to_numpy(ak.num(particles.id)))]).astype(np.int64),
        pid=ints(particles.id),
        status=ints(particles.status),
        mother=ints(particles.mother1),
        first_daughter=ints(particles.daughter1),
        last_daughter=ints(particles.daughter2),
        px=floats(momentum.px),
        py=floats(momentum.py),
        pz=floats(momentum.pz),
        energy=floats(momentum.e),
        vx=place("px"),
        vy=place("py"),
        vz=place("pz"),
    )
