"""True flavour of a jet: which heavy hadron lies within its cone.

The cone label of ATLAS in Run 2: b if a b hadron with pt > 5 GeV that decays without passing on its b quark lies within
dR < 0.3 of the jet axis, else c by the same rule, else light (gluons and hadronic tau decays included).
"""

from __future__ import annotations

import numpy as np

from fpga_tf.jets.events import Bools, EventRecord, Floats, Ints, Jets, delta_phi

HADRON_PT_MIN = 5.0  # GeV
HADRON_CONE = 0.3
LEPTON_PT_MIN = 10.0  # GeV
LEPTON_CONE = 0.4
_W_BOSON = 24
_CHARGED_LEPTONS = (11, 13, 15)


def hadrons_with(pid: Ints, quark: int) -> Bools:
    """Which PDG codes are hadrons that decay through the quark (4 c, 5 b).

    In the PDG numbering n q1 q2 q3 2J+1 it is q2 of a meson (hundreds) or q1 or q2 of a baryon (thousands, hundreds);
    the lighter q3 does not count, so that a B_c is a b hadron. A diquark has q3 = 0, and codes of 1,000,000 and more
    are nuclei and particles beyond the standard model.
    """
    code = np.abs(pid)
    hadron = (code > 100) & (code < 1_000_000) & (code // 10 % 10 != 0)
    contains: Bools = hadron & ((code // 100 % 10 == quark) | (code // 1000 % 10 == quark))
    return contains


def last_hadrons(events: EventRecord, quark: int) -> Bools:
    """Which particles are hadrons with the quark and have no daughter that is one, i.e. decay weakly."""
    hadron = hadrons_with(events.pid, quark)
    before = np.concatenate([[0], np.cumsum(hadron)])
    begin = events.first_daughter + events.first
    end = np.maximum(events.last_daughter, events.first_daughter) + events.first + 1
    size = len(hadron)
    heavy = before[np.minimum(end, size)] - before[np.minimum(begin, size)]
    last: Bools = hadron & ((events.first_daughter == 0) | (heavy == 0))
    return last


def prompt_leptons(events: EventRecord) -> Bools:
    """Which particles are charged leptons (tau included) with pt > 10 GeV straight from a W boson."""
    mother = np.minimum(events.mother + events.first, len(events.pid) - 1)
    from_w = (events.mother > 0) & (np.abs(events.pid[mother]) == _W_BOSON)
    prompt: Bools = from_w & np.isin(np.abs(events.pid), _CHARGED_LEPTONS) & (events.pt > LEPTON_PT_MIN)
    return prompt


def near(events: EventRecord, chosen: Bools, jets: Jets, cone: float) -> Bools:
    """Which jets (n,) have a chosen particle of their own event within dR = hypot(d eta, d phi) < cone."""
    particle = np.flatnonzero(chosen)
    counts = np.bincount(events.event[particle], minlength=len(events.offsets) - 1)
    begin = np.concatenate([[0], np.cumsum(counts)])
    pairs = counts[jets.event]
    jet = np.repeat(np.arange(len(jets)), pairs)
    within = np.arange(len(jet)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    partner = particle[begin[jets.event[jet]] + within]
    distance: Floats = np.hypot(events.eta[partner] - jets.eta[jet], delta_phi(events.phi[partner], jets.phi[jet]))
    hit = np.zeros(len(jets), bool)
    hit[jet[distance < cone]] = True
    return hit


def flavour(events: EventRecord, jets: Jets) -> Ints:
    """Label of each jet (n,), an index into `CLASSES`: 0 b, 1 c, 2 light."""
    hard = events.pt > HADRON_PT_MIN
    has_b = near(events, last_hadrons(events, 5) & hard, jets, HADRON_CONE)
    has_c = near(events, last_hadrons(events, 4) & hard, jets, HADRON_CONE)
    return np.where(has_b, 0, np.where(has_c, 1, 2)).astype(np.int64)
