"""What the devices hold that designs are judged against.

On an accelerator card the shell takes a part of the die: less than these counts is left for a design. A report that
says what is available counts before this table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fpga_tf.verdict.devices_data import ROWS, Counts, Row


@dataclass(frozen=True, slots=True)
class Device:
    """A device (die and its cards), without package and speed grade.

    Attributes:
        name: as people say it.
        prefix: how its part numbers begin.
        resources: LUT, FF, DSP, BRAM_18K (18 Kb blocks, two to a 36 Kb tile), URAM.
        slr_resources: the same for each super logic region, from SLR0 upwards; one for a monolithic die.
        source: where the numbers were read, and what they were checked against.
    """

    name: str
    prefix: str
    resources: Mapping[str, int]
    slr_resources: tuple[Mapping[str, int], ...]
    source: str

    @property
    def slrs(self) -> int:
        """The number of super logic regions; 1 is a monolithic die."""
        return len(self.slr_resources)


def _device(row: Row) -> Device:
    regions = row.regions
    if isinstance(regions, int):
        regions = (Counts(*(count // regions for count in row.counts)),) * regions
    return Device(row.name, row.prefix, _named(row.counts), tuple(map(_named, regions)), f"AMD {row.source}")


def _named(counts: Counts) -> Mapping[str, int]:
    return MappingProxyType(
        {"LUT": counts.lut, "FF": counts.ff, "DSP": counts.dsp, "BRAM_18K": counts.bram_18k, "URAM": counts.uram}
    )


DEVICES = tuple(map(_device, ROWS))

# Commercial, automotive, defence and space parts are one die. Vivado leaves `xc` out of some names.
_GRADE = re.compile(r"^(xc|xa|xqr|xq)")
# What may follow the device in a part number: `i` or `l` (low power) or `_CIV`, then nothing, `-flga2577-2-e`, or the
# same without the dash as in `flga2577-2-e`.
_REST = re.compile(r"([il]|_civ)?(-.*|[a-z]{2,4}[0-9]{3,4}.*)?", re.DOTALL)


def available(part: str | None, resource: str) -> int | None:
    """How many of a resource a part has; None if the table lacks it."""
    device = find_device(part)
    return None if device is None else device.resources.get(resource)


def find_device(part: str | None) -> Device | None:
    """Look up a device by part number, such as `xcvu13p-flga2577-2-e`; None if it is not in the table."""
    if part is None:
        return None
    text = _GRADE.sub("", part.strip().lower())
    for device in DEVICES:
        die = device.prefix.removeprefix("xc")
        if text.startswith(die) and _REST.fullmatch(text[len(die) :]):
            return device
    return None
