"""Flavour-tagging jets: generation, features, samples on disk and the reference taggers.

`sample` reads and writes jets (needs h5py only). `generate` makes them and needs the extra `jets` (PYTHIA 8 and
FastJet) from `pythia` and `clustering`; the modules between, `events`, `labels`, `tracks` and `features`, are plain
numpy.

Units everywhere: GeV, mm, rad, tesla. The beam axis is z, the magnetic field points along +z and the primary vertex
is the origin.
"""
