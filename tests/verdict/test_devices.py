"""The device table, and the spellings of part numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fpga_tf.reports import RESOURCES
from fpga_tf.verdict.devices import DEVICES, find_device, same_part

TRUTH = Path(__file__).parents[3] / "shared" / "reports" / "truth.json"


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("xcvu13p-flga2577-2-e", "VU13P"),
        ("xcvu13p-fhga2104-2L-e", "VU13P"),
        ("XCVU9P-FLGB2104-2-I", "VU9P"),
        ("xcvu9pflgb2104-2", "VU9P"),
        ("xcku115-flvb2104-2-i", "KU115"),
        ("xcu250-figd2104-2L-e", "Alveo U250"),
        ("xcu280-fsvh2892-2L-e", "Alveo U280"),
        ("xcu55c-fsvh2892-2L-e", "Alveo U55C"),
        ("xczu9eg-ffvb1156-2-e", "ZU9EG (ZCU102)"),
        ("xc7z020-clg400-1", "7Z020 (Pynq-Z2)"),
        ("xc7z020clg400-1", "7Z020 (Pynq-Z2)"),
        ("xcvc1902-vsva2197-2MP-e-S", "VC1902 (VCK190)"),
        (" xcvu13p ", "VU13P"),
    ],
)
def test_parts_are_found_by_their_device(part: str, name: str) -> None:
    device = find_device(part)
    assert device is not None and device.name == name


@pytest.mark.parametrize(
    "part", [None, "", "xc", "xcvu13", "xcvu13px", "xcvu9p2-flga", "xcu2500-x", "xc7z0200", "xcvu37p-fsvh2892-2-e"]
)
def test_unknown_parts_have_no_device(part: str | None) -> None:
    assert find_device(part) is None


def test_rows_are_whole() -> None:
    assert len({device.prefix for device in DEVICES}) == len(DEVICES) == 9
    for device in DEVICES:
        assert tuple(device.resources) == RESOURCES
        assert device.resources["FF"] == 2 * device.resources["LUT"]
        assert all(count % device.slrs == 0 for count in device.resources.values()), device.name
        assert device.source.startswith("AMD DS")


def test_spellings_of_a_part_are_one_part() -> None:
    assert same_part("xc7z007sclg225-1", "xc7z007s-clg225-1")
    assert same_part("xcvu13p-flga2577-2-E", "xcvu13p-flga2577-2-e")
    assert not same_part("xcvu13p-flga2577-2-e", "xcvu13p-flga2577-1-e")


@pytest.mark.skipif(not TRUTH.is_file(), reason="the collection of real reports is not here")
def test_the_table_equals_what_the_tools_call_available() -> None:
    checked = set()
    for row in json.loads(TRUTH.read_text()):
        truth = row["truth"]
        part = truth.get("part")
        device = find_device(part) if isinstance(part, str) else None
        if device is None or not ("avail" in truth or ("Available" in truth and "cols" in truth)):
            continue
        cells = truth.get("avail") or dict(zip(truth["cols"].split("|"), truth["Available"].split("|"), strict=True))
        available = {key.replace("DSP48E", "DSP"): int(text) for key, text in cells.items()}
        assert available == {key: device.resources[key] for key in available}, row["file"]
        checked.add(device.prefix)
    assert checked >= {"xcvu13p", "xcvu9p", "xcku115", "xcu250", "xcu280", "xczu9eg", "xc7z020"}
