"""The device table against what the tools call available in the collection of real reports."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fpga_tf.verdict.devices import Device, find_device

TRUTH = Path(__file__).parents[3] / "shared" / "reports" / "truth.json"
pytestmark = pytest.mark.skipif(not TRUTH.is_file(), reason="the collection of real reports is not here")

SITES = {"LUTs": "LUT", "Registers": "FF", "DSPs": "DSP", "RAMB18": "BRAM_18K", "URAM": "URAM"}
# Before it had a column for them, Vivado did not count slices as available that nothing may be placed in.
PROHIBITED = {"xc7a200t": {"LUT": 800, "FF": 1600}}
CHECKED = {
    "xc7a12t", "xc7a200t", "xc7a35t", "xc7vx485t", "xc7vx690t", "xc7z007s", "xc7z020", "xc7z045", "xck26", "xcku040",
    "xcku115", "xcku3p", "xcu250", "xcu280", "xcu50", "xcvc1902", "xcvu13p", "xcvu9p", "xczu3eg", "xczu9eg",
}  # fmt: skip


def rows() -> list[tuple[str, dict[str, Any], Device]]:
    """File, truth and device of every report that names a part."""
    found = []
    for row in json.loads(TRUTH.read_text()):
        part = row["truth"].get("part")
        for one in [part] if isinstance(part, str) else part or []:
            device = find_device(one)
            assert device is not None, f"{one} of {row['file']} is not in the table"
            found.append((row["file"], row["truth"], device))
    return found


def test_every_part_is_in_the_table_and_equals_what_is_available() -> None:
    checked: Counter[str] = Counter()
    for file, truth, device in rows():
        available = _of_hls(truth) or _of_vivado(truth, device) or _of_accelerator(truth)
        assert available == {key: device.resources[key] for key in available}, file
        checked[device.prefix] += bool(available)
    assert set(+checked) == CHECKED
    assert checked.total() == 118


def test_regions_have_the_mean_that_the_tools_state() -> None:
    checked: Counter[str] = Counter()
    for file, truth, device in rows():
        for key, text in _cells(truth, "Available SLR").items():
            assert int(text) * device.slrs == sum(region[key] for region in device.slr_resources), file
            checked[device.prefix] += 1
    assert checked == {"xcku115": 5, "xcu250": 185, "xcu280": 5, "xcu50": 5, "xcvu13p": 10, "xcvu9p": 5}


def _cells(truth: dict[str, Any], row: str) -> dict[str, str]:
    if row not in truth or "cols" not in truth:
        return {}
    cells = zip(truth["cols"].split("|"), truth[row].split("|"), strict=True)
    return {key.replace("DSP48E", "DSP"): text for key, text in cells}


def _of_hls(truth: dict[str, Any]) -> dict[str, int]:
    cells = truth.get("avail") or _cells(truth, "Available")
    return {key.replace("DSP48E", "DSP"): int(text) for key, text in cells.items()}


def _of_vivado(truth: dict[str, Any], device: Device) -> dict[str, int]:
    """The column 'Available' of a utilisation report, and what nothing may be placed in."""
    columns = (truth.get("cols") or "").split("|")
    if truth["kind"] != "vivado util" or "Available" not in columns:
        return {}
    counts = {}
    for line in truth["rows"]:
        site, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        name = SITES.get(site.rstrip("*").removeprefix("CLB ").removeprefix("Slice "))
        if name is not None and len(cells) == len(columns):
            counts[name] = int(cells[columns.index("Available")])
    lost = {} if truth["state"] == "Synthesized" else PROHIBITED.get(device.prefix, {})
    return {name: count + lost.get(name, 0) for name, count in counts.items()}


def _of_accelerator(truth: dict[str, Any]) -> dict[str, int]:
    """What the platform takes and what it leaves: FF, LUT, LUT as memory, block RAM tiles, URAM, DSP."""
    if truth["kind"] != "accelerator util":
        return {}
    lines = {cells[0]: cells[1:] for cells in ([c.strip() for c in line.split("|")[1:-1]] for line in truth["rows"])}
    pairs = zip(lines["Platform"], lines["User Budget"], strict=True)
    ff, lut, _, tiles, uram, dsp = (sum(int(cell.split()[0]) for cell in pair) for pair in pairs)
    return {"LUT": lut, "FF": ff, "DSP": dsp, "BRAM_18K": 2 * tiles, "URAM": uram}
