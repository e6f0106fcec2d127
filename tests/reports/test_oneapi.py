"""JSON of Intel's high-level synthesis; damaged and hostile files are refused or say nothing false."""

from __future__ import annotations

import json

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports import json_values, oneapi_loops, oneapi_quartus, oneapi_summary
from fpga_tf.reports.read import read_report, read_source
from fpga_tf.reports.types import Clock, Interval, Latency, Loop, Resource

from .damage import DATA, check_cuts, check_lines, source, told
from .pace import at_most

FOLDER = DATA / "oneapi"
FILES = {path.name: path.read_bytes() for path in FOLDER.iterdir()}


def test_results_of_a_device_image() -> None:
    report = read_report(FOLDER / "quartus.ndjson")
    assert (report.format, report.stage, report.tool) == ("oneapi_quartus", "route", "Quartus")
    assert report.clock_ns == Clock(achieved=1.951)  # 512.60 MHz
    assert report.resources["LUT"] == Resource(2904)
    assert report.resources["FF"] == Resource(9871)
    assert report.resources["DSP"] == Resource(33)
    assert report.resources["BRAM_18K"] == Resource()
    assert report.counts == {"ram": Resource(18), "mlab": Resource(27)}
    assert "the design uses 3017.5 ALMs" in report.notes
    (kernel,) = report.modules
    assert (kernel.top, kernel.kind, kernel.resources["LUT"].used, kernel.counts["alm"].used) == (
        "Lantern",
        "module",
        2890,
        3000,
    )


def test_results_with_a_board() -> None:
    report = read_report(FOLDER / "quartus.json")
    assert report.clock_ns.achieved == 4.32
    assert (report.resources["LUT"].used, report.resources["FF"].used) == (None, 101337)
    assert report.counts["alm"] == Resource(61204)
    assert "resources are those of kernels and board together" in report.notes
    assert "LUT is unknown: ALMs are no LUTs" in report.notes


def test_results_of_the_kernels_are_taken_if_the_board_is_apart() -> None:
    data = json.loads(FILES["quartus.json"])
    whole = data["quartusFitResourceUsageSummary"]["nodes"][0]
    kernels = whole | {"name": "Quartus Fitter: Kernel System", "type": "system", "reg": "41,337"}
    data["quartusFitResourceUsageSummary"]["nodes"].append(kernels)
    report = read_source(source(json.dumps(data)))
    assert report.resources["FF"].used == 41337
    kernels["name"] = "Something else"
    with pytest.raises(UserError, match="one node must be that of the design, not 2"):
        read_source(source(json.dumps(data)))


def test_a_file_before_quartus_ran_is_refused() -> None:
    data = json.loads(FILES["quartus.ndjson"])
    for nodes in data.values():
        nodes["nodes"] = [{key: "TBD" for key in node if key not in ("id", "type")} for node in nodes["nodes"][:1]]
    with pytest.raises(UserError, match="must hold results"):
        read_source(source(json.dumps(data)))


def test_estimates() -> None:
    report = read_report(FOLDER / "summary.ndjson")
    assert (report.format, report.stage) == ("oneapi_summary", "csynth")
    assert report.resources["LUT"] == Resource(2264, 702720)
    assert report.resources["FF"] == Resource(4432, 1405440)
    assert report.resources["DSP"] == Resource(None, 2880)
    assert report.resources["BRAM_18K"] == Resource()
    assert report.counts == {"RAMs": Resource(51, 5120), "MLABs": Resource(40, 17568)}
    assert report.notes[-1] == "DSP is unknown: beside 7 there are 12 that are parts of DSPs"
    assert [(m.top, m.resources["LUT"].used, m.resources["DSP"].used) for m in report.modules] == [
        ("Dense", 1811, None),
        ("Norm", 402, 2),
    ]


def test_estimates_in_one_object_with_other_columns() -> None:
    report = read_report(FOLDER / "summary.json")
    assert report.resources["LUT"] == Resource(63871, 854400)
    assert report.resources["FF"] == Resource(124167, 1708800)
    assert report.resources["DSP"] == Resource(3, 1518)
    assert [module.top for module in report.modules] == ["total"]


def test_a_kernel_that_is_there_twice_without_a_sum_is_left_out() -> None:
    lines = FILES["summary.ndjson"].splitlines(keepends=True)
    lines = [line for line in lines if b"Subtotal" not in line]
    report = read_source(source(b"".join([*lines[:4], lines[3], *lines[4:]])))
    assert report.modules == () and "more than once" in report.notes[0]
    assert report.resources["LUT"].used == 2264


def test_loops() -> None:
    report = read_report(FOLDER / "loop_attr.ndjson")
    assert (report.format, report.stage, report.latency_cycles) == ("oneapi_loops", "csynth", Latency())
    dense, norm = report.modules
    assert (dense.top, dense.kind, norm.top, norm.modules) == ("Dense", "module", "Norm", ())
    block, loop = dense.modules
    assert (block.kind, block.latency_cycles, block.loop) == ("module", Latency(11, None, 11), None)
    assert (loop.kind, loop.interval_cycles, loop.latency_cycles) == ("loop", Interval(2, 2), Latency())
    assert loop.loop == Loop(16, 16, 63, 63)
    assert loop.clock_ns == Clock(estimated=3.125)  # 320 MHz
    (inner,) = loop.modules
    assert (inner.interval_cycles, inner.loop) == (Interval(), Loop(None, None, 7, 7))


def test_loops_in_nested_objects_are_the_same() -> None:
    records = {record["id"]: record for record in map(json.loads, FILES["loop_attr.ndjson"].splitlines())}
    for record in records.values():
        for name in ("children", "nodes"):
            if name in record:
                record[name] = [records[mark] for mark in record[name]]
    report = read_source(source(json.dumps(records[40], indent=1)))
    assert report.modules == read_source(source(FILES["loop_attr.ndjson"])).modules


def test_a_loop_that_is_missing_is_told() -> None:
    data = b"".join(FILES["loop_attr.ndjson"].splitlines(keepends=True)[:-2])
    report = read_source(source(data))
    assert report.notes[-1] == "2 blocks or loops are missing in the file"


@pytest.mark.parametrize(
    "old, new, rule",
    [
        (b'"children":[5]', b'"children":[4]', "in one place, not in two"),
        (b'"id":5', b'"id":3', "to one part, not to two"),
        (b'"type":"bb"', b'"type":"bus"', "must be a kernel, a block or a loop"),
        (b'"nodes":[1, 2]', b'"nodes":2', "must be a list"),
        (b'"lt":"63.000000"', b'"lt":"sixty"', "lt must be a number"),
        (b'"lt":"63.000000"', b'"lt":-63', "lt must be a number"),
    ],
)
def test_broken_loops_are_refused(old: bytes, new: bytes, rule: str) -> None:
    assert old in FILES["loop_attr.ndjson"]
    with pytest.raises(UserError, match=rule):
        read_source(source(FILES["loop_attr.ndjson"].replace(old, new)))


@pytest.mark.parametrize(
    "old, new, rule",
    [
        (b"[1811, 3007", b"[1812, 3007", "must add up to 2213, not 2214"),
        (b"[2264, 4432, 51, 7, 40, 12]", b"[2264, 4432, 51, 7, 40]", "must have 6 values"),
        (b'"MLABs", "Frac. DSPs"]', b'"ALUTs", "Frac. DSPs"]', "one column of a name"),
        (b'"summary_type":"estimatedResources"', b'"summary_type":"others"', "after its table's columns"),
        (b"[2264,", b"[2264.5e3000000000,", "plain JSON"),
    ],
)
def test_broken_estimates_are_refused(old: bytes, new: bytes, rule: str) -> None:
    assert old in FILES["summary.ndjson"]
    with pytest.raises(UserError, match=rule):
        read_source(source(FILES["summary.ndjson"].replace(old, new)))


@pytest.mark.parametrize("name", FILES)
def test_every_cut_and_every_moved_line(name: str) -> None:
    assert check_cuts(FILES[name]) > 0
    check_lines(FILES[name])


@pytest.mark.parametrize("name", FILES)
def test_doubled_and_glued_files(name: str) -> None:
    data = FILES[name]
    assert told(data + data) == told(data)
    for other, content in FILES.items():
        if other != name:
            assert told(data + content) is None, other


@pytest.mark.parametrize(
    "value, rule",
    [
        ("NaN", "plain JSON, not with NaN"),
        ("-Infinity", "plain JSON, not with -Infinity"),
        ("9" * 5000, "a number of 5000 digits"),
        ("1e999", "the number 1e999"),
        ("0." + "1" * 100, "a number of 102 characters"),
        ('{"a": 1, "a": 2}', "'a' given twice in one object"),
        ("[" * 65 + "]" * 65, "at most 64 deep"),
        ("[" * 100_000 + "]" * 100_000, "at most 64 deep"),
        ("[" * 100_000, "at most 64 deep"),
        ('"\\ud800', "complete JSON"),
    ],
)
def test_hostile_json_is_refused(value: str, rule: str) -> None:
    text = '{"loop_attributes": "quartusFitClockSummary"}\n{"quartusFitClockSummary": ' + value + "}"
    with pytest.raises(UserError, match=rule) as caught:
        json_values.read_records(source(text))
    assert (caught.value.where or "").startswith("report:2")


def test_json_of_other_files_is_not_claimed() -> None:
    for text in ('{"name": "x"}', "[]", '{"a": ["quartusFitClockSummary"'):
        found = [module.claims(source(text)) for module in (oneapi_loops, oneapi_summary)]
        assert found == [False, False]
    assert not oneapi_quartus.claims(source('["quartusFitClockSummary"]'))


def test_large_json_takes_little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    brackets = "[" + "[]," * 300_000 + "[]]"
    with at_most(200):
        json_values.read_records(source('{"a": ' + brackets + "}"))
        json_values.read_records(source('{"a": 1}\n' * 100_000))
        with pytest.raises(UserError, match="complete JSON"):
            json_values.read_records(source('{"a": "' + '\\"' * 500_000))
    monkeypatch.setattr(json_values, "MAX_CHARACTERS", 100)
    with pytest.raises(UserError, match="at most 100 characters"):
        json_values.read_records(source("{}" + " " * 100))
