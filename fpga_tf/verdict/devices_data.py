"""The figures of the devices.

The sources name AMD's data sheet and what the figures were held against: `reports` are the rows 'Available' of C
synthesis and of Vivado, `parts` is the part database of Vivado 2025.2 with the sites of every region.
"""

from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    """What a device, or one region of it, holds; `bram_18k` are 18 Kb blocks, two to a 36 Kb tile."""

    lut: int
    ff: int
    dsp: int
    bram_18k: int
    uram: int


class Row(NamedTuple):
    """A device.

    Attributes:
        name: as people say it, with boards that carry it.
        prefix: how its part numbers begin.
        counts: of the whole device.
        regions: the number of its super logic regions if all are equal, else what each has, from SLR0 upwards.
        source: AMD's data sheet, and what the figures were held against.
    """

    name: str
    prefix: str
    counts: Counts
    regions: int | tuple[Counts, ...]
    source: str


# The dies with HBM have fewer DSPs and more LUTs in SLR0, next to the HBM.
_VU35P = (Counts(439680, 879360, 2880, 1344, 320), Counts(432000, 864000, 3072, 1344, 320))
_VU37P = (*_VU35P, _VU35P[1])
_VP1802 = (Counts(900224, 1800448, 3984, 2682, 677), *[Counts(820224, 1640448, 3456, 2400, 624)] * 3)

# fmt: off
ROWS = (
    # Virtex and Kintex UltraScale+        LUT      FF       DSP    BRAM_18K URAM
    Row("VU3P", "xcvu3p",           Counts(394080,  788160,   2280, 1440,  320), 1, "DS890; parts"),
    Row("VU7P", "xcvu7p",           Counts(788160,  1576320,  4560, 2880,  640), 2, "DS890; parts"),
    Row("VU9P (VCU118)", "xcvu9p",  Counts(1182240, 2364480,  6840, 4320,  960), 3, "DS890; reports, parts"),
    Row("VU11P", "xcvu11p",         Counts(1296000, 2592000,  9216, 4032,  960), 3, "DS890; parts"),
    Row("VU13P", "xcvu13p",         Counts(1728000, 3456000, 12288, 5376, 1280), 4, "DS890; reports, parts"),
    Row("VU19P", "xcvu19p",         Counts(4085760, 8171520,  3840, 4320,  320), 4, "DS890; parts"),
    Row("VU33P", "xcvu33p",         Counts(439680,  879360,   2880, 1344,  320), 1, "DS890; parts"),
    Row("VU35P", "xcvu35p",         Counts(871680,  1743360,  5952, 2688,  640), _VU35P, "DS890; parts"),
    Row("VU37P (VCU128)", "xcvu37p", Counts(1303680, 2607360, 9024, 4032,  960), _VU37P, "DS890; parts"),
    Row("VU47P", "xcvu47p",         Counts(1303680, 2607360,  9024, 4032,  960), _VU37P, "DS890; parts"),
    Row("KU3P", "xcku3p",           Counts(162720,  325440,   1368,  720,   48), 1, "DS890; reports, parts"),
    Row("KU5P (KCU116)", "xcku5p",  Counts(216960,  433920,   1824,  960,   64), 1, "DS890; parts"),
    Row("KU11P", "xcku11p",         Counts(298560,  597120,   2928, 1200,   80), 1, "DS890; parts"),
    Row("KU15P", "xcku15p",         Counts(522720,  1045440,  1968, 1968,  128), 1, "DS890; parts"),
    # Alveo cards
    Row("Alveo U50", "xcu50",       Counts(871680,  1743360,  5952, 2688,  640), _VU35P, "DS965; reports, parts"),
    Row("Alveo U55C", "xcu55c",     Counts(1303680, 2607360,  9024, 4032,  960), _VU37P, "DS978; parts"),
    Row("Alveo U200", "xcu200",     Counts(1182240, 2364480,  6840, 4320,  960), 3, "DS962; parts"),
    Row("Alveo U250", "xcu250",     Counts(1728000, 3456000, 12288, 5376, 1280), 4, "DS962; reports, parts"),
    Row("Alveo U280", "xcu280",     Counts(1303680, 2607360,  9024, 4032,  960), _VU37P,
        "DS963; reports, sums over the clock regions of each SLR"),
    # Virtex and Kintex UltraScale
    Row("VU095 (VCU108)", "xcvu095", Counts(537600, 1075200,   768, 3456, 0), 1, "DS890; parts"),
    Row("VU190", "xcvu190",         Counts(1074240, 2148480,  1800, 7560, 0), 3, "DS890; parts"),
    Row("KU040 (KCU105)", "xcku040", Counts(242400, 484800,   1920, 1200, 0), 1, "DS890; reports, parts"),
    Row("KU060", "xcku060",         Counts(331680,  663360,   2760, 2160, 0), 1, "DS890; parts"),
    Row("KU095", "xcku095",         Counts(537600,  1075200,   768, 3360, 0), 1, "DS890; parts"),
    Row("KU115", "xcku115",         Counts(663360,  1326720,  5520, 4320, 0), 2, "DS890; reports, parts"),
    # Zynq UltraScale+
    Row("ZU3EG (Ultra96)", "xczu3eg",  Counts(70560,  141120,  360,  432,   0), 1, "DS891; reports, parts"),
    Row("ZU4EV", "xczu4ev",            Counts(87840,  175680,  728,  256,  48), 1, "DS891; parts"),
    Row("ZU5EV", "xczu5ev",            Counts(117120, 234240, 1248,  288,  64), 1, "DS891; parts"),
    Row("ZU7EV (ZCU104, ZCU106)", "xczu7ev", Counts(230400, 460800, 1728, 624, 96), 1, "DS891; parts"),
    Row("ZU9EG (ZCU102)", "xczu9eg",   Counts(274080, 548160, 2520, 1824,   0), 1, "DS891; reports, parts"),
    Row("ZU11EG", "xczu11eg",          Counts(298560, 597120, 2928, 1200,  80), 1, "DS891; parts"),
    Row("ZU15EG", "xczu15eg",          Counts(341280, 682560, 3528, 1488, 112), 1, "DS891; parts"),
    Row("ZU19EG", "xczu19eg",          Counts(522720, 1045440, 1968, 1968, 128), 1, "DS891; parts"),
    Row("K26 (KV260, KR260)", "xck26", Counts(117120, 234240, 1248,  288,  64), 1, "DS987; reports, parts"),
    Row("ZU28DR (ZCU111)", "xczu28dr", Counts(425280, 850560, 4272, 2160,  80), 1, "DS889; parts"),
    Row("ZU47DR", "xczu47dr",          Counts(425280, 850560, 4272, 2160,  80), 1, "DS889; parts"),
    Row("ZU48DR (RFSoC4x2)", "xczu48dr", Counts(425280, 850560, 4272, 2160, 80), 1, "DS889; parts"),
    Row("ZU49DR (ZCU216)", "xczu49dr", Counts(425280, 850560, 4272, 2160,  80), 1, "DS889; parts"),
    # Zynq-7000
    Row("7Z007S", "xc7z007s",          Counts(14400,   28800,   66,  100, 0), 1, "DS190; reports, parts"),
    Row("7Z010 (Zybo)", "xc7z010",     Counts(17600,   35200,   80,  120, 0), 1, "DS190; parts"),
    Row("7Z020 (Pynq-Z2, ZedBoard)", "xc7z020", Counts(53200, 106400, 220, 280, 0), 1, "DS190; reports, parts"),
    Row("7Z030", "xc7z030",            Counts(78600,  157200,  400,  530, 0), 1, "DS190; parts"),
    Row("7Z045 (ZC706)", "xc7z045",    Counts(218600, 437200,  900, 1090, 0), 1, "DS190; reports, parts"),
    Row("7Z100", "xc7z100",            Counts(277400, 554800, 2020, 1510, 0), 1, "DS190; parts"),
    # 7 series. Vivado does not place anything in 200 slices of the 7A200T: reports after placement have 133800 LUTs.
    Row("7A12T", "xc7a12t",            Counts(8000,    16000,   40,   40, 0), 1, "DS180; reports"),
    Row("7A35T (Arty, Basys 3)", "xc7a35t", Counts(20800, 41600, 90, 100, 0), 1, "DS180; reports"),
    Row("7A100T (Arty, Nexys A7)", "xc7a100t", Counts(63400, 126800, 240, 270, 0), 1, "DS180; reports"),
    Row("7A200T", "xc7a200t",          Counts(134600, 269200,  740,  730, 0), 1, "DS180; reports before placement"),
    Row("7K325T (KC705, Genesys 2)", "xc7k325t", Counts(203800, 407600, 840, 890, 0), 1, "DS180; reports"),
    Row("7VX485T (VC707)", "xc7vx485t", Counts(303600, 607200, 2800, 2060, 0), 1, "DS180; reports"),
    Row("7VX690T", "xc7vx690t",        Counts(433200, 866400, 3600, 2940, 0), 1, "DS180; reports"),
    # Versal
    Row("VC1902 (VCK190)", "xcvc1902", Counts(899840,  1799680, 1968, 1934, 463), 1, "DS950; reports, parts"),
    Row("VC2802", "xcvc2802",          Counts(520704,  1041408, 1312, 1200, 264), 1, "DS950; parts"),
    Row("VE2302", "xcve2302",          Counts(150272,  300544,   464,  310, 155), 1, "DS950; parts"),
    Row("VE2802 (VEK280)", "xcve2802", Counts(520704,  1041408, 1312, 1200, 264), 1, "DS950; parts"),
    Row("VM1802 (VMK180)", "xcvm1802", Counts(899840,  1799680, 1968, 1934, 463), 1, "DS950; parts"),
    Row("VP1202 (VPK120)", "xcvp1202", Counts(900224,  1800448, 3984, 2682, 677), 1, "DS950; parts"),
    Row("VP1802 (VPK180)", "xcvp1802", Counts(3360896, 6721792, 14352, 9882, 2549), _VP1802, "DS950; parts"),
)
# fmt: on
