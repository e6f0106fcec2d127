"""What is generated for the five classes of the hls4ml LHC jet set: collisions, jets and a detector's cells."""

from __future__ import annotations

from dataclasses import dataclass, fields

from fpga_tf.errors import UserError
from fpga_tf.jets.config import JetConfig

_HADRONS = "1 2 3 4 5"  # W and Z bosons decay to quarks
_PROCESSES = {
    "g": ("HardQCD:gg2gg=on", "HardQCD:qqbar2gg=on"),
    "q": ("HardQCD:qq2qq=on", "HardQCD:gg2qqbar=on", "HardQCD:nQuarkNew=3", "HardQCD:qqbar2qqbarNew=on"),
    "t": ("Top:gg2ttbar=on", "Top:qqbar2ttbar=on"),
}
_BOSONS = {"w": 24, "z": 23}
_GRAVITON = 5100039


@dataclass(frozen=True)
class LhcConfig:
    """Physics choices of a five-class sample (GeV).

    The defaults come close to the published set in multiplicity, mass and momentum of its jets: proton-proton
    collisions at 13 TeV, pairs of quarks, gluons or tops with 1.00 to 1.06 TeV each, and W or Z pairs from a narrow
    bulk graviton of 2.05 TeV, which are longitudinal as those of a heavy resonance; anti-kT jets with R = 0.5.

    Attributes:
        mpi: simulate multiple parton interactions.
        pt_hat_min, pt_hat_max: transverse momentum of the hard process, for quarks, gluons and tops, GeV.
        graviton_mass: of the resonance that gives W and Z pairs, GeV.
        radius: anti-kT radius parameter.
        jet_pt_min: smallest transverse momentum of a jet, GeV.
        jet_eta_max: largest absolute pseudorapidity of a jet.
        photon_cell, neutral_cell: side of the cells in (eta, phi) that photons and neutral hadrons merge in.

    Raises:
        UserError: a value out of its range.
    """

    mpi: bool = True
    pt_hat_min: float = 1000.0
    pt_hat_max: float = 1060.0
    graviton_mass: float = 2050.0
    radius: float = 0.5
    jet_pt_min: float = 850.0
    jet_eta_max: float = 2.6
    photon_cell: float = 0.006
    neutral_cell: float = 0.022

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "mpi" and not value > 0:
                raise UserError(f"{field.name} must be positive, not {value}", where="LhcConfig")
        if self.pt_hat_max <= self.pt_hat_min:
            raise UserError(
                f"pt_hat_max must be above pt_hat_min, not {self.pt_hat_max} and {self.pt_hat_min}", where="LhcConfig"
            )

    @property
    def clustering(self) -> JetConfig:
        """Radius and smallest momentum in the form that `clustering.cluster` takes."""
        return JetConfig(ecm=13000.0, radius=self.radius, jet_pt_min=self.jet_pt_min)

    def settings(self, name: str, seed: int) -> list[str]:
        """PYTHIA's settings for one of `lhc_layout.CLASSES`; particles decay if they live less than 10 mm / c."""
        return [
            "Print:quiet=on",
            "Random:setSeed=on",
            f"Random:seed={seed}",
            "Beams:eCM=13000.",
            f"PartonLevel:MPI={'on' if self.mpi else 'off'}",
            "ParticleDecays:limitTau0=on",
            "ParticleDecays:tau0Max=10",
            *(f"{boson}:onMode=off" for boson in (23, 24)),
            *(f"{boson}:onIfAny={_HADRONS}" for boson in (23, 24)),
            *(self._graviton(_BOSONS[name]) if name in _BOSONS else self._pairs(name)),
        ]

    def _pairs(self, name: str) -> list[str]:
        window = [f"PhaseSpace:pTHatMin={self.pt_hat_min}", f"PhaseSpace:pTHatMax={self.pt_hat_max}"]
        return [*_PROCESSES[name], *window]

    def _graviton(self, boson: int) -> list[str]:
        mass, particle = self.graviton_mass, _GRAVITON
        return [
            *("ExtraDimensionsG*:gg2G*=on", "ExtraDimensionsG*:SMinBulk=on", "ExtraDimensionsG*:VLVL=on"),
            *("ExtraDimensionsG*:kappaMG=0.1", "ExtraDimensionsG*:GWW=1", "ExtraDimensionsG*:GZZ=1"),
            *(f"{particle}:m0={mass}", f"{particle}:mMin={mass - 100}", f"{particle}:mMax={mass + 100}"),
            *(f"{particle}:doForceWidth=on", f"{particle}:mWidth=1"),
            *(f"{particle}:onMode=off", f"{particle}:onIfAny={boson}"),
        ]
