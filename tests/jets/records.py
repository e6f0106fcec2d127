"""Event records made by hand."""

from __future__ import annotations

import numpy as np

from fpga_tf.jets.events import EventRecord, Jets


def record(events: list[list[dict[str, float]]]) -> EventRecord:
    """An event record from particles given as dicts; what is left out is 0, the energy is the momentum."""
    particles = [particle for event in events for particle in event]

    def column(name: str, dtype: type) -> np.ndarray:
        return np.array([particle.get(name, 0) for particle in particles], dtype)

    px, py, pz = (column(name, np.float64) for name in ("px", "py", "pz"))
    return EventRecord(
        offsets=np.cumsum([0, *map(len, events)]),
        pid=column("pid", np.int64),
        status=column("status", np.int64),
        mother=column("mother", np.int64),
        first_daughter=column("first_daughter", np.int64),
        last_daughter=column("last_daughter", np.int64),
        px=px,
        py=py,
        pz=pz,
        energy=np.sqrt(px**2 + py**2 + pz**2),
        vx=column("vx", np.float64),
        vy=column("vy", np.float64),
        vz=column("vz", np.float64),
    )


def displaced_pair(copies: int) -> tuple[EventRecord, Jets]:
    """Each event: a B0 that flies 2 mm along +x and decays to stiff pions at +-0.3 rad and a photon, all in one jet."""
    pt = 500.0
    legs = [
        {"pid": pid, "status": 1, "mother": 1, "px": pt * np.cos(phi), "py": pt * np.sin(phi), "vx": 2.0}
        for pid, phi in ((211, 0.3), (-211, -0.3), (22, 0.0))
    ]
    system = {"pid": 90, "status": -11}
    hadron = {"pid": 511, "status": -2, "px": 3 * pt, "first_daughter": 2, "last_daughter": 4}
    events = record([[system, hadron, *legs]] * copies)
    number = np.arange(copies)
    return events, Jets(
        event=number,
        px=np.full(copies, 3 * pt),
        py=np.zeros(copies),
        pz=np.zeros(copies),
        member_jet=np.repeat(number, 3),
        member=(5 * number[:, None] + np.array([2, 3, 4])).ravel(),
    )
