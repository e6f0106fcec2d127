"""Published designs that the estimate is held against: what was built, and what da4ml counts for it beforehand.

Every design takes a sample each cycle, without a DSP or a block RAM. Nobody here ran the vendor's tools: what they
found is as the sources state it.

- JEDI-linear: arXiv 2508.15468v2 and the reports that go with it, github.com/calad0i/JEDI-linear,
  `official_result_reports`. Verilog of da4ml with 2 levels of logic in a stage, out of context on an
  xcvu13p-flga2577-2-e at a target of 2 ns, Vivado 2025.1 after routing. LUT, FF, cycles, achieved period and da4ml's
  cost are theirs. Registers between stages are not stated.
- Transformers: arXiv 2510.24784, table 1, on an XCU250: LUT in thousands and latency in ns; FF, clock and cycles are
  not stated. The models are those of github.com/calad0i/alkaid-ae, which have the published amount of arithmetic
  (EBOPs) and whose recipe asks for 6.5 levels in a stage. Cost, stages and register bits were counted on these files
  as `fpga-tf estimate` counts them (da4ml's own converter gives 1.5 to 3 % more LUTs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["JEDI-linear", "transformer"]


@dataclass(frozen=True, slots=True)
class Published:
    """One design; None is what nobody states.

    Attributes:
        name: short.
        family: which publication.
        levels: levels of logic in a stage.
        cost: da4ml's count of LUTs.
        stages: cycles of latency; of the transformers those of da4ml.
        lut, ff: after implementation.
        period_ns: achieved, where it is published.
        latency_ns: published; of JEDI-linear cycles times period.
        register_bits: between stages at `levels`, counted with da4ml.
        register_bits_2: the same at 2 levels.
        usable: whether the clock is fitted to it.
    """

    name: str
    family: Family
    levels: float
    cost: float
    stages: int
    lut: int
    latency_ns: float
    ff: int | None = None
    period_ns: float | None = None
    register_bits: int | None = None
    register_bits_2: int | None = None
    usable: bool = True

    @property
    def stage_ns(self) -> float:
        """Time for each stage in ns: the achieved period, else the published latency over da4ml's stages."""
        return self.latency_ns / self.stages if self.period_ns is None else self.period_ns


def _jedi(
    particles: int, features: int, invariant: bool, cycles: int, period: float, lut: int, ff: int, cost: float
) -> Published:
    name = f"JEDI-linear {particles}x{features}{' invariant' if invariant else ''}"
    return Published(name, "JEDI-linear", 2.0, cost, cycles, lut, round(cycles * period, 3), ff, period)


def _transformer(
    name: str, lut: int, latency: float, cost: float, stages: int, bits: int, bits_2: int, usable: bool = True
) -> Published:
    return Published(
        name, "transformer", 6.5, cost, stages, lut, latency,
        register_bits=bits, register_bits_2=bits_2, usable=usable,
    )  # fmt: skip


# Particles, features, invariance under permutation, cycles, period in ns, LUT, FF, cost.
JEDI = (
    _jedi(8, 3, False, 19, 2.594, 35_684, 20_016, 34_161.5),
    _jedi(16, 3, False, 19, 2.822, 43_809, 22_438, 42_015.5),
    _jedi(32, 3, False, 19, 3.325, 45_299, 25_668, 45_471.5),
    _jedi(64, 3, False, 20, 3.045, 70_704, 38_305, 69_233.0),
    _jedi(128, 3, False, 21, 3.882, 97_822, 48_231, 100_961.0),
    _jedi(8, 3, True, 24, 3.303, 136_497, 73_345, 129_316.0),
    _jedi(16, 3, True, 23, 3.271, 136_440, 70_797, 127_752.5),
    _jedi(32, 3, True, 24, 3.34, 135_939, 78_715, 126_214.0),
    _jedi(64, 3, True, 24, 3.257, 163_904, 92_662, 158_211.5),
    _jedi(128, 3, True, 28, 4.923, 295_715, 163_087, 301_646.0),
    _jedi(8, 16, False, 19, 2.781, 51_670, 27_626, 47_642.0),
    _jedi(16, 16, False, 20, 2.62, 37_675, 20_106, 34_736.5),
    _jedi(32, 16, False, 21, 2.876, 61_904, 33_131, 58_026.0),
    _jedi(64, 16, False, 22, 3.051, 84_326, 46_736, 82_985.5),
    _jedi(128, 16, False, 22, 3.5, 92_580, 46_023, 91_132.0),
    _jedi(8, 16, True, 21, 3.212, 71_930, 39_918, 69_071.0),
    _jedi(16, 16, True, 22, 3.257, 98_760, 49_831, 91_407.5),
    _jedi(32, 16, True, 24, 3.282, 146_655, 71_289, 132_781.0),
    _jedi(64, 16, True, 25, 3.73, 192_063, 91_667, 169_650.5),
    _jedi(128, 16, True, 26, 4.212, 242_979, 110_726, 218_614.5),
)
# Name, LUT, latency in ns, cost, stages and register bits at 6.5 levels, register bits at 2 levels.
TRANSFORMERS = (
    _transformer("MHA 8", 246_000, 104.0, 236_948.4, 16, 67_223, 219_714),
    _transformer("MHA 16", 279_000, 98.0, 294_723.9, 15, 84_344, 277_181),
    _transformer("MHA 32", 180_000, 83.0, 189_591.2, 12, 58_884, 196_854),
    _transformer("Linformer 8", 230_000, 110.0, 216_727.8, 17, 61_458, 192_157),
    _transformer("Linformer 16", 246_000, 103.0, 232_071.2, 16, 71_936, 221_796),
    # It takes 9.3 ns for each stage, the others 6.4 to 6.9. It is the one that still divides in its softmax.
    # How many cycles the published one took is not known, so that no clock can be told from it.
    _transformer("Linformer 32", 267_000, 140.0, 241_429.0, 15, 82_858, 279_108, usable=False),
)
DESIGNS = (*JEDI, *TRANSFORMERS)
