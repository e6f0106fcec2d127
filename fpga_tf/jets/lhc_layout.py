"""Names and columns of the hls4ml LHC jet set (Pierini et al., Zenodo 3602260; 30, 50 and 100 particles likewise).

A file holds `jetConstituentList` (jets, 150, 16), particles by falling pt, padded with zeros, and `jets` (jets, 59),
whose columns 53 to 57 say which of the five classes a jet is of. `jetFeatureNames` and `particleFeatureNames` name the
columns with the prefixes `j_` and `j1_`; the latter has a 17th name, pdgid, that no column belongs to.
"""

from __future__ import annotations

PARTICLES = "jetConstituentList"
JETS = "jets"
PARTICLE_NAMES = "particleFeatureNames"
JET_NAMES = "jetFeatureNames"

CLASSES = ("g", "q", "w", "z", "t")
"""Gluon, light quark, W boson, Z boson, top quark, in the order of the columns of `jets`."""

COLUMNS = (
    *("px", "py", "pz", "e", "erel", "pt", "ptrel", "eta"),
    *("etarel", "etarot", "phi", "phirel", "phirot", "deltaR", "costheta", "costhetarel"),
)
"""Columns of a particle: GeV and rad; `rel` is relative to the jet, `rot` along and across its axis in (eta, phi)."""

THREE = (5, 8, 11)
"""The columns pt, etarel and phirel, the three features of the published taggers."""

JET_COLUMNS = (
    *("ptfrac", "pt", "eta", "mass"),
    *("tau1_b1", "tau2_b1", "tau3_b1", "tau1_b2", "tau2_b2", "tau3_b2", "tau32_b1", "tau32_b2", "zlogz"),
    *("c1_b0", "c1_b1", "c1_b2", "c2_b1", "c2_b2"),
    *("d2_b1", "d2_b2", "d2_a1_b1", "d2_a1_b2", "m2_b1", "m2_b2", "n2_b1", "n2_b2"),
    *("tau1_b1_mmdt", "tau2_b1_mmdt", "tau3_b1_mmdt", "tau1_b2_mmdt", "tau2_b2_mmdt", "tau3_b2_mmdt"),
    *("tau32_b1_mmdt", "tau32_b2_mmdt", "c1_b0_mmdt", "c1_b1_mmdt", "c1_b2_mmdt", "c2_b1_mmdt", "c2_b2_mmdt"),
    *("d2_b1_mmdt", "d2_b2_mmdt", "d2_a1_b1_mmdt", "d2_a1_b2_mmdt"),
    *("m2_b1_mmdt", "m2_b2_mmdt", "n2_b1_mmdt", "n2_b2_mmdt"),
    *("mass_trim", "mass_mmdt", "mass_prun", "mass_sdb2", "mass_sdm1", "multiplicity"),
    *(*CLASSES, "undef"),
)
"""The 59 columns of a jet."""

FIRST_LABEL = JET_COLUMNS.index("g")
