"""Anti-kT jets with FastJet (needs the extra `jets`).

Anti-kT: Cacciari, Salam, Soyez, JHEP 04 (2008) 063, arXiv 0802.1189. FastJet: arXiv 1111.6097.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fpga_tf.jets.config import JetConfig
from fpga_tf.jets.events import NEUTRINOS, Bools, EventRecord, Floats, Jets
from fpga_tf.jets.extra import require

ETA_MAX = 4.5  # end of the calorimeters
PT_MIN = 0.1  # GeV


def visible(events: EventRecord) -> Bools:
    """Which particles are clustered: final, no neutrino, |eta| < 4.5, pt > 0.1 GeV."""
    final = (events.status > 0) & ~np.isin(np.abs(events.pid), NEUTRINOS)
    seen: Bools = final & (np.abs(events.eta) < ETA_MAX) & (events.pt > PT_MIN)
    return seen


def cluster(events: EventRecord, config: JetConfig) -> Jets:
    """Jets with pt above `config.jet_pt_min` of all events, four-vectors added (E scheme).

    Raises:
        UserError: the extra is missing.
    """
    ak, fastjet = require("awkward"), require("fastjet")
    particle = np.flatnonzero(visible(events))
    counts = np.bincount(events.event[particle], minlength=len(events.offsets) - 1)
    columns = {"px": events.px, "py": events.py, "pz": events.pz, "E": events.energy}
    flat = ak.zip({name: values[particle] for name, values in columns.items()}, with_name="Momentum4D")
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, config.radius)
    sequence = fastjet.ClusterSequence(ak.unflatten(flat, counts), definition)
    found = sequence.inclusive_jets(min_pt=config.jet_pt_min)
    members = sequence.constituent_index(min_pt=config.jet_pt_min)

    def floats(values: Any) -> Floats:
        return np.asarray(ak.to_numpy(ak.flatten(values)), np.float64)

    event = np.repeat(np.arange(len(counts)), ak.to_numpy(ak.num(found.px)))
    sizes = ak.to_numpy(ak.num(ak.flatten(members, axis=1)))
    member_jet = np.repeat(np.arange(len(event)), sizes)
    begin = (np.cumsum(counts) - counts)[event[member_jet]]
    member = particle[ak.to_numpy(ak.flatten(members, axis=None)) + begin]
    return Jets(event, floats(found.px), floats(found.py), floats(found.pz), member_jet, member)
