"""The device table, and the part numbers that devices are found by."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpga_tf.reports import RESOURCES
from fpga_tf.verdict.devices import DEVICES, Device, available, find_device

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("xcvu13p-flga2577-2-e", "VU13P"),
        ("xcvu13p-fhga2104-2L-e", "VU13P"),
        ("XCVU9P-FLGB2104-2-I", "VU9P (VCU118)"),
        ("xcvu9pflgb2104-2", "VU9P (VCU118)"),
        ("xcku115-flvb2104-2-i", "KU115"),
        ("xcu250-figd2104-2L-e", "Alveo U250"),
        ("xcu280-fsvh2892-2L-e", "Alveo U280"),
        ("xcu55c-fsvh2892-2L-e", "Alveo U55C"),
        ("xczu9eg-ffvb1156-2-e", "ZU9EG (ZCU102)"),
        ("xc7z020-clg400-1", "7Z020 (Pynq-Z2, ZedBoard)"),
        ("xc7z020clg400-1", "7Z020 (Pynq-Z2, ZedBoard)"),
        ("xcvc1902-vsva2197-2MP-e-S", "VC1902 (VCK190)"),
        (" xcvu13p ", "VU13P"),
        ("xcvu37p_CIV-fsvh2892-2-e", "VU37P (VCU128)"),
        ("xqvu37p-fsqh2892-2-e", "VU37P (VCU128)"),
        ("xqrku060-cna1509-1M-m", "KU060"),
        ("xa7a12t-cpg238-2I", "7A12T"),
        ("7a35ti-csg324", "7A35T (Arty, Basys 3)"),
        ("7a35ticsg324-1L", "7A35T (Arty, Basys 3)"),
        ("xc7k325tlffg900-2L", "7K325T (KC705, Genesys 2)"),
        ("xczu3egsbva484-1", "ZU3EG (Ultra96)"),
        ("xck26-sfvc784-2LV-c", "K26 (KV260, KR260)"),
        ("xc7z007sclg225-1", "7Z007S"),
        ("xcvp1802-lsvc4072-2MP-e-S", "VP1802 (VPK180)"),
    ],
)
def test_parts_are_found_by_their_device(part: str, name: str) -> None:
    device = find_device(part)
    assert device is not None and device.name == name


@pytest.mark.parametrize(
    "part",
    [None, "", "xc", "xcvu13", "xcvu13px", "xcvu9p2-flga", "xcu2500-x", "xc7z0200", "xczu7eg-ffvc1156-2-e", "xc7a35"],
)
def test_unknown_parts_have_no_device(part: str | None) -> None:
    assert find_device(part) is None


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.prefix)
def test_a_row_is_whole(device: Device) -> None:
    assert tuple(device.resources) == RESOURCES
    assert device.resources["FF"] == 2 * device.resources["LUT"]
    assert device.source.startswith("AMD DS")
    assert find_device(device.prefix) is device
    for key, count in device.resources.items():
        assert sum(region[key] for region in device.slr_resources) == count, key


def test_rows_are_of_different_devices() -> None:
    assert len({device.prefix for device in DEVICES}) == len({device.name for device in DEVICES}) == len(DEVICES) == 58


@pytest.mark.parametrize("prefix", ["xcvu35p", "xcvu37p", "xcvu47p", "xcu50", "xcu55c", "xcu280"])
def test_the_region_beside_the_memory_has_fewer_dsps(prefix: str) -> None:
    device = find_device(prefix)
    assert device is not None
    first, *others = device.slr_resources
    assert (first["LUT"], first["DSP"]) == (439680, 2880)
    assert {(region["LUT"], region["DSP"]) for region in others} == {(432000, 3072)}


def test_regions() -> None:
    counts = {device.prefix: device.slrs for device in DEVICES if device.slrs > 1}
    two, three, four = (sorted(name for name, count in counts.items() if count == slrs) for slrs in (2, 3, 4))
    assert two == ["xcku115", "xcu50", "xcvu35p", "xcvu7p"]
    assert three == ["xcu200", "xcu280", "xcu55c", "xcvu11p", "xcvu190", "xcvu37p", "xcvu47p", "xcvu9p"]
    assert four == ["xcu250", "xcvp1802", "xcvu13p", "xcvu19p"]


def test_cards_have_the_dies_that_they_are_built_with() -> None:
    for card, die in [("u50", "vu35p"), ("u55c", "vu37p"), ("u280", "vu37p"), ("u200", "vu9p"), ("u250", "vu13p")]:
        one, other = find_device(f"xc{card}"), find_device(f"xc{die}")
        assert one is not None and other is not None
        assert one.slr_resources == other.slr_resources


def test_the_documentation_lists_every_device() -> None:
    text = (DOCS / "vitis.md").read_text()
    assert [device.name for device in DEVICES if device.name not in text] == []


def test_how_many_of_a_resource_a_part_has() -> None:
    assert (available("xcvu13p-flga2577-2-e", "DSP"), available("xc7z020clg400-1", "DSP")) == (12_288, 220)
    assert (available("xcvu13p-flga2577-2-e", "AIE"), available("ep4ce", "DSP"), available(None, "DSP")) == (None,) * 3
