"""A synthesis report in the project decides latency and resources."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ..job import Done, Job

pytestmark = pytest.mark.qkeras

SHAPE = Path(__file__).parent.parent / "reports" / "data" / "vitis_csynth.xml"
DECIDED = {
    "latency_us", "interval_cycles", "device_share.LUT", "device_share.FF", "device_share.DSP",
    "device_share.BRAM_18K", "device_share.URAM", "slr_share.LUT", "timing_met",
}  # fmt: skip
BUDGET = {"latency_us": 2.0, "interval_cycles": 48}
# the report's numbers: 64 cycles of 5 ns, 142,003 of 1,728,000 LUTs in 4 regions
LATENCY, LUT = 0.32, 142003 / 1728000


def report(project: Path, **values: object) -> Path:
    """Put a report where Vitis HLS puts it.

    Args:
        values: texts of tags that differ from the fixture's; each occurrence at the top level is the first in the file.
    """
    text = SHAPE.read_text().replace("tagger", "small")
    for tag, value in values.items():
        name = tag.replace("_", "-") if "case" in tag.lower() or "Interval" in tag else tag
        start = text.index(f"<{name}>") + len(name) + 2
        text = text[:start] + str(value) + text[text.index(f"</{name}>") :]
    path = project / "small_prj" / "solution1" / "syn" / "report" / "csynth.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def gates(done: Done) -> dict[str, dict[str, Any]]:
    """Gates of the budget by name."""
    return {gate["gate"]: gate for gate in done.json["budget"]}


def failed(done: Done) -> set[str]:
    """Names of all gates that fail."""
    return {gate["gate"] for gate in done.json["gates"] + done.json["budget"] if gate["result"] == "fail"}


@pytest.fixture
def synthesised(job: Job) -> Job:
    job.config(budget=BUDGET)
    assert job.run().code == 0
    report(job.project)
    return job


def test_a_report_within_the_budget_passes(synthesised: Job) -> None:
    for done in (synthesised.run("--strict"), synthesised.simulate("--strict")):
        assert (done.code, done.json["verdict"]) == (0, "pass")
        found = gates(done)
        assert set(found) == DECIDED
        assert found["latency_us"]["value"] == LATENCY
        assert found["latency_us"]["unit"] == "us"
        assert found["interval_cycles"]["value"] == 1
        assert found["device_share.LUT"]["value"] == pytest.approx(LUT, abs=1e-15)
        assert found["slr_share.LUT"]["value"] == pytest.approx(4 * LUT, abs=1e-15)
        for gate in found.values():
            assert gate["result"] == "pass"
            assert "csynth" in gate["source"]
        assert not any("older" in note for note in done.json.get("notes", []))
    text = synthesised.main("run", synthesised.folder / "small.yaml", "-q")
    assert text.out.startswith("PASS: ")


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"Worst_caseLatency": 401}, {"latency_us"}),
        ({"Interval_max": 49}, {"interval_cycles"}),
        ({"LUT": 432_001}, {"slr_share.LUT"}),
        ({"LUT": 1_382_401}, {"device_share.LUT", "slr_share.LUT"}),
        ({"URAM": 1025, "DSP": 9831}, {"device_share.URAM", "device_share.DSP"}),
        ({"EstimatedClockPeriod": "5.001"}, {"timing_met"}),
    ],
    ids=["latency", "interval", "slr", "lut", "uram dsp", "clock"],
)
def test_a_report_beyond_the_budget_fails(values: dict[str, object], names: set[str], synthesised: Job) -> None:
    report(synthesised.project, **values)
    done = synthesised.run()
    assert (done.code, done.json["verdict"]) == (1, "fail")
    assert failed(done) == names


def test_exactly_the_limit_passes(synthesised: Job) -> None:
    report(synthesised.project, Worst_caseLatency=400, Interval_max=48, LUT=432_000)
    done = synthesised.run("--strict")
    assert (done.code, failed(done)) == (0, set())
    assert gates(done)["latency_us"]["value"] == 2.0


def test_an_unknown_latency_is_no_pass(synthesised: Job) -> None:
    report(synthesised.project, Worst_caseLatency="undef")
    done = synthesised.run()
    assert (done.code, done.json["verdict"]) == (0, "incomplete")
    assert gates(done)["latency_us"]["result"] == "unknown"
    assert gates(done)["latency_us"]["value"] is None
    assert synthesised.run("--strict").code == 1


@pytest.mark.parametrize("edited", ["firmware/small.cpp", "firmware/nnet_utils/nnet_dense.h"])
def test_a_report_older_than_the_firmware_is_noted(edited: str, synthesised: Job) -> None:
    path = report(synthesised.project)
    newer = path.stat().st_mtime + 10
    os.utime(synthesised.project / edited, (newer, newer))
    done = synthesised.run()
    assert done.code == 0
    assert f"{path} is older than the firmware: synthesise again" in done.json["notes"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<profile>", "csynth.xml"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><profile>&b;</profile>', "csynth.xml"),
        (SHAPE.read_text(), "must be of the top function 'small'"),
    ],
    ids=["cut", "entity", "other design"],
)
def test_a_report_that_cannot_be_read_is_no_verdict(text: str, says: str, synthesised: Job) -> None:
    report(synthesised.project).write_text(text)
    done = synthesised.run()
    assert done.code == 2
    assert says in str(done.json["error"])
    assert not (synthesised.project / "fpga_tf_result.json").exists()  # that of the run before would lie
    report(synthesised.project)
    assert synthesised.run("--strict").code == 0


def test_a_report_for_another_part_decides_nothing(synthesised: Job) -> None:
    report(synthesised.project, Part="xcvu9p-flgb2104-2-e")
    done = synthesised.run()
    assert done.json["verdict"] == "incomplete"
    assert {gate["result"] for gate in done.json["budget"]} == {"unknown"}
