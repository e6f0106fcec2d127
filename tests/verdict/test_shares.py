"""Shares of devices and of their regions, equal and unequal ones."""

from __future__ import annotations

import pytest

from fpga_tf.reports.types import Resource, SynthesisReport
from fpga_tf.verdict.budget import Budget, decide_budget
from fpga_tf.verdict.finding import Finding
from fpga_tf.verdict.shares import device_share, region_share

U50 = "xcu50-fsvh2104-2-e"


def report(resource: str, used: int | None, available: int | None = None, part: str | None = U50) -> SynthesisReport:
    resources = {resource: Resource(used, available)}
    return SynthesisReport("p/csynth.xml", "csynth_xml", "csynth", part=part, resources=resources)


@pytest.mark.parametrize(
    ("used", "value", "missing"),
    [
        (1440, 0.5, None),  # in both regions
        (1441, 1441 / 2880, "the region (SLR) it goes to: they have 2880 or 3072 DSP"),
        (1536, 1536 / 2880, "the region (SLR) it goes to: they have 2880 or 3072 DSP"),
        (1537, 1537 / 2880, None),  # in none
    ],
)
def test_unequal_regions(used: int, value: float, missing: str | None) -> None:
    assert region_share(report("DSP", used, 5952), "DSP", U50, 0.5) == Finding(value, missing)


def test_gates_of_unequal_regions() -> None:
    results = []
    for used in (1440, 1500, 1537):
        budget = Budget(slr_share={"DSP": 0.5})
        (gate,) = decide_budget(budget, report("DSP", used, 5952), part=U50, clock_ns=None)
        results.append((gate.gate, gate.result))
    assert results == [("slr_share.DSP", "pass"), ("slr_share.DSP", "unknown"), ("slr_share.DSP", "fail")]


def test_the_smallest_region_can_be_another_one_for_another_resource() -> None:
    assert region_share(report("LUT", 432000), "LUT", U50, 1.0) == Finding(1.0)
    assert region_share(report("LUT", 432001), "LUT", U50, 1.0).missing == (
        "the region (SLR) it goes to: they have 432000 or 439680 LUT"
    )
    assert region_share(report("URAM", 320), "URAM", U50, 1.0) == Finding(1.0)


def test_equal_regions_are_a_part_of_the_device() -> None:
    vu9p = report("LUT", 197040, 1182240, "xcvu9p-flgb2104-2-i")
    assert device_share(vu9p, "LUT", None) == Finding(1 / 6)
    assert region_share(vu9p, "LUT", None, 0.4) == Finding(0.5)


def test_one_region_is_the_device_less_what_the_report_says_is_taken() -> None:
    left = report("LUT", 400000, 800000, "xcvc1902-vsva2197-2MP-e-S")
    assert region_share(left, "LUT", None, 1.0) == device_share(left, "LUT", None) == Finding(0.5)


def test_a_shell_takes_an_unknown_part_of_each_region() -> None:
    left = report("LUT", 100, 1000000, "xcu250-figd2104-2L-e")
    assert device_share(left, "LUT", None) == Finding(0.0001)
    assert region_share(left, "LUT", None, 1.0) == Finding(
        missing="how many of the 1000000 LUT available each region (SLR) has"
    )


def test_a_device_without_the_resource_takes_no_use_of_it() -> None:
    part = "xcku115-flvb2104-2-i"
    assert region_share(report("URAM", 0, 0, part), "URAM", part, 1.0) == Finding(0.0)
    assert region_share(report("URAM", 1, 0, part), "URAM", part, 1.0) == Finding(None, over=True)


@pytest.mark.parametrize("region", [False, True])
def test_unknown_counts_and_devices(region: bool) -> None:
    def share(found: SynthesisReport, part: str | None) -> Finding:
        return region_share(found, "DSP", part, 1.0) if region else device_share(found, "DSP", part)

    missing = "the number of DSP used: the report does not count it"
    assert share(report("DSP", None), U50) == share(report("LUT", 1), U50) == Finding(missing=missing)
    what = "regions (SLRs)" if region else "DSP"
    for part, name in [(None, "the part"), ("xc9z1-abc123-1", "xc9z1-abc123-1")]:
        found = share(report("DSP", 1, part=None), part)
        assert found == Finding(missing=f"the number of {what} of {name}: the device table lacks it")
