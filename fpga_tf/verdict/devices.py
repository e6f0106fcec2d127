"""What the devices hold that designs are judged against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Device:
    """A device (die and its cards), without package and speed grade.

    Attributes:
        name: as people say it.
        prefix: how its part numbers begin.
        resources: LUT, FF, DSP, BRAM_18K (18 Kb blocks, two to a 36 Kb tile), URAM.
        slrs: super logic regions; 1 is a monolithic die.
        source: where the numbers were read, and what they were checked against.
    """

    name: str
    prefix: str
    resources: Mapping[str, int]
    slrs: int
    source: str


def _device(
    name: str, prefix: str, lut: int, ff: int, dsp: int, bram_18k: int, uram: int, slrs: int, source: str
) -> Device:
    resources = {"LUT": lut, "FF": ff, "DSP": dsp, "BRAM_18K": bram_18k, "URAM": uram}
    return Device(name, prefix, MappingProxyType(resources), slrs, source)


_HLS = "equals the 'Available' row of HLS reports"
_HLS_SLR = "equals the 'Available' and 'Available SLR' rows of HLS reports"

# fmt: off
DEVICES = (
    #       name                prefix      LUT      FF       DSP    BRAM_18K URAM SLRs
    _device("VU13P",            "xcvu13p",  1728000, 3456000, 12288, 5376, 1280, 4, f"AMD DS890; {_HLS}"),
    _device("VU9P",             "xcvu9p",   1182240, 2364480,  6840, 4320,  960, 3, f"AMD DS890; {_HLS_SLR}"),
    _device("KU115",            "xcku115",   663360, 1326720,  5520, 4320,    0, 2, f"AMD DS890; {_HLS_SLR}"),
    _device("Alveo U250",       "xcu250",   1728000, 3456000, 12288, 5376, 1280, 4, f"AMD DS962; {_HLS_SLR}"),
    _device("Alveo U280",       "xcu280",   1303680, 2607360,  9024, 4032,  960, 3, f"AMD DS963; {_HLS_SLR}"),
    _device("Alveo U55C",       "xcu55c",   1303680, 2607360,  9024, 4032,  960, 3,
            "AMD DS978; agrees with the percentages of a routed utilisation report"),
    _device("ZU9EG (ZCU102)",   "xczu9eg",   274080,  548160,  2520, 1824,    0, 1, f"AMD DS891; {_HLS}"),
    _device("7Z020 (Pynq-Z2)",  "xc7z020",    53200,  106400,   220,  280,    0, 1, f"AMD DS190; {_HLS}"),
    _device("VC1902 (VCK190)",  "xcvc1902",  899840, 1799680,  1968, 1934,  463, 1,
            "AMD DS950; equals platform plus user budget of a placed utilisation report"),
)
# fmt: on

# What may follow the device in a part number: nothing, `-flga2577-2-e`, or without the dash as in `flga2577-2-e`.
_PACKAGE = re.compile(r"(-.*|[a-z]{2,4}[0-9]{3,4}.*)?", re.DOTALL)


def find_device(part: str | None) -> Device | None:
    """Look up a device by part number, such as `xcvu13p-flga2577-2-e`; None if it is not in the table."""
    if part is None:
        return None
    text = part.strip().lower()
    for device in DEVICES:
        if text.startswith(device.prefix) and _PACKAGE.fullmatch(text[len(device.prefix) :]):
            return device
    return None


def same_part(one: str, other: str) -> bool:
    """Whether two spellings mean one part: tools differ in dashes (`xcvu9pflgb2104-2`) and case."""
    return _plain(one) == _plain(other)


def _plain(part: str) -> str:
    return part.strip().lower().replace("-", "")
