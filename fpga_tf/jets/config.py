"""What is generated: beams, jets, tracks and the tracker that sees them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from fpga_tf.errors import UserError

CLASSES = ("b", "c", "light")
"""Jet classes; a label is an index into this tuple."""


@dataclass(frozen=True)
class JetConfig:
    """Physics choices of a sample (GeV, mm, rad, T).

    The defaults follow the set that the published b-tagging transformers were trained on: top pairs at 7 TeV, anti-kT
    jets with R = 0.5, at most 15 tracks with 6 features, classes b, c and light. `extra_smearing` 3 blurs the impact
    parameters until b against light is as hard as published (area under the curve 0.92 to 0.93); 0 is a tracker at
    its nominal resolution.

    Attributes:
        ecm: proton-proton centre-of-mass energy, GeV.
        mpi: simulate multiple parton interactions.
        radius: anti-kT radius parameter.
        jet_pt_min: smallest transverse momentum of a jet, GeV.
        jet_eta_max: largest absolute pseudorapidity of a jet.
        track_pt_min: smallest transverse momentum of a track, GeV.
        track_eta_max: largest absolute pseudorapidity of a track.
        tracks: tracks kept per jet; fewer are padded with zeros.
        order: tracks by falling |significance of d0| or by falling pt.
        field: solenoid field along +z, T.
        extra_smearing: extra Gaussian blur of d0 and z0, in units of the nominal resolution.

    Raises:
        UserError: a value out of its range.
    """

    ecm: float = 7000.0
    mpi: bool = True
    radius: float = 0.5
    jet_pt_min: float = 20.0
    jet_eta_max: float = 2.4
    track_pt_min: float = 0.5
    track_eta_max: float = 2.5
    tracks: int = 15
    order: Literal["significance", "pt"] = "significance"
    field: float = 3.8
    extra_smearing: float = 3.0

    def __post_init__(self) -> None:
        if self.order not in ("significance", "pt"):
            raise UserError(f"order must be 'significance' or 'pt', not {self.order!r}", where="JetConfig")
        if self.extra_smearing < 0:
            raise UserError(f"extra_smearing must be at least 0, not {self.extra_smearing}", where="JetConfig")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("order", "mpi", "extra_smearing") and not value > 0:
                raise UserError(f"{field.name} must be positive, not {value}", where="JetConfig")
