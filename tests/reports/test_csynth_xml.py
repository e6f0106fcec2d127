"""C-synthesis reports in every shape that Vivado HLS and Vitis HLS write, and files that only look like one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports import RESOURCES, Clock, Interval, Latency, Resource, read_csynth_xml, safe_xml, source
from fpga_tf.reports.facts import facts
from fpga_tf.reports.read import read_report
from fpga_tf.reports.types import AbsoluteLatency, Loop

DATA = Path(__file__).parent / "data"
VIVADO = DATA / "vivado_dataflow_csynth.xml"
VITIS = DATA / "vitis_csynth.xml"
UNKNOWN = DATA / "vitis_unknown_csynth.xml"


def edited(tmp_path: Path, old: str, new: str, origin: Path = VIVADO) -> Path:
    """A copy of a report with one piece of text replaced."""
    text = origin.read_text()
    assert text.count(old) == 1, f"{old!r} must be in {origin.name} once"
    path = tmp_path / "edited_csynth.xml"
    path.write_text(text.replace(old, new))
    return path


def test_vivado_hls_report_is_read_whole() -> None:
    report = read_csynth_xml(VIVADO)
    assert (report.path, report.format, report.stage) == (str(VIVADO), "csynth_xml", "csynth")
    assert (report.tool, report.version, report.part) == ("Vivado HLS", "2019.2", "xcvu9p-flgb2104-2-e")
    assert (report.top, report.status, report.pipeline) == ("tagger", None, "dataflow")
    assert report.clock_ns == Clock(target=4.17, estimated=4.301, uncertainty=0.52)
    assert report.latency_cycles == Latency(min=310, avg=455, max=601)
    assert report.interval_cycles == Interval(min=120, max=288)
    assert report.resources == {
        "LUT": Resource(61002, 1182240),
        "FF": Resource(35001, 2364480),
        "DSP": Resource(402, 6840),
        "BRAM_18K": Resource(77, 4320),
        "URAM": Resource(0, 960),
    }
    assert report.latency_ns == AbsoluteLatency(1293.0, 2506.0)
    (loop,) = report.modules
    assert (loop.top, loop.kind, loop.loop) == ("Loop1", "loop", Loop(15, 15, 3, 3))
    assert loop.latency_cycles == Latency(45, None, 45)


def test_vitis_hls_report_holds_its_modules() -> None:
    report = read_csynth_xml(VITIS)
    assert (report.tool, report.version, report.top) == ("Vitis HLS", "2024.1", "tagger")
    assert report.latency_cycles == Latency(63, 63, 64)
    assert report.resources["DSP"] == Resource(1512, 12288)
    softmax, rows = report.modules
    assert (softmax.top, softmax.tool, softmax.part) == ("softmax_config7_s", "Vitis HLS", "xcvu13p-flga2577-2-e")
    assert softmax.clock_ns == Clock(target=5.0, estimated=3.601, uncertainty=1.35)
    assert (softmax.latency_cycles, softmax.interval_cycles) == (Latency(12, 12, 13), Interval(1, 1))
    assert softmax.resources["BRAM_18K"] == Resource(15, 5376)
    assert softmax.pipeline == "yes"
    assert (rows.latency_cycles, rows.interval_cycles) == (Latency(), Interval(16, 48))
    assert rows.resources["FF"] == Resource(0, 3456000)
    assert rows.resources["LUT"] == Resource(None, 1728000)
    assert rows.resources["URAM"] == Resource(None, None)


def test_what_the_tool_does_not_know_is_none_and_zero_stays_zero() -> None:
    report = read_csynth_xml(UNKNOWN)
    assert report.latency_cycles == Latency(None, None, None)
    assert report.interval_cycles == Interval(None, None)
    assert report.resources["DSP"] == Resource(0, 220)
    assert report.resources["BRAM_18K"].used == 0
    assert report.resources["URAM"] == Resource(None, None)
    assert report.clock_ns.slack is None
    assert report.clock_ns.achieved is None


def test_a_combinational_design_has_zero_cycles(tmp_path: Path) -> None:
    path = edited(tmp_path, "<Best-caseLatency>310<", "<Best-caseLatency>0<")
    assert read_csynth_xml(path).latency_cycles.min == 0


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_a_shell_may_have_written_it_anew(tmp_path: Path, encoding: str) -> None:
    """With a mark in front, line ends of Windows, and a declaration that is not true any more."""
    text = '<?xml version="1.0" encoding="utf-8"?>\n' + VITIS.read_text()
    mark = "\ufeff" if encoding.endswith("e") else ""
    path = tmp_path / "tagger_csynth.xml"
    path.write_bytes((mark + text.replace("\n", "\r\n")).encode(encoding))
    assert facts(read_report(path)) == facts(read_report(VITIS)) != {}


def test_a_share_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="share must be a percentage or unknown, not '~'"):
        read_csynth_xml(edited(tmp_path, "<UTIL_FF>~0<", "<UTIL_FF>~<", VITIS))


def test_json_has_the_documented_keys_and_is_strict() -> None:
    value = read_csynth_xml(VITIS).to_json()
    assert list(value) == [
        *("path", "format", "tool", "version", "part", "top", "stage", "status", "clock_ns", "latency_cycles"),
        *("interval_cycles", "pipeline", "resources", "modules", "kind", "instance", "latency_ns", "percent"),
        *("counts", "regions", "loop", "issues", "timing", "power_w", "transactions", "total_cycles", "date", "notes"),
        "errors",
    ]
    assert list(value["clock_ns"]) == ["target", "estimated", "uncertainty", "achieved", "slack"]
    assert list(value["latency_cycles"]) == ["min", "avg", "max"]
    assert list(value["interval_cycles"]) == ["min", "max"]
    assert list(value["resources"]) == list(RESOURCES)
    assert value["resources"]["LUT"] == {"used": 142003, "available": 1728000}
    assert [list(module) for module in value["modules"]] == [list(value)] * 2
    assert json.loads(json.dumps(value, allow_nan=False)) == value


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("<LUT>61002<", "<LUT>many<", "<LUT> of a C-synthesis report must be a whole number or unknown, not 'many'"),
        ("<LUT>61002<", "<LUT>-5<", "whole number or unknown, not '-5'"),
        ("<LUT>61002<", "<LUT>6.5<", "whole number or unknown, not '6.5'"),
        ("<LUT>61002<", f"<LUT>{'9' * 5000}<", "whole number or unknown"),
        ("<LUT>61002<", "<LUT>٤٢<", "whole number or unknown"),
        ("<LUT>61002</LUT>", "<LUT>61002</LUT><LUT>1</LUT>", "<LUT> of a C-synthesis report must be given once"),
        ("<DSP48E>402</DSP48E>", "<DSP48E>402</DSP48E><DSP>3</DSP>", "<DSP or DSP48E> of a C-synthesis report must be"),
        ("<EstimatedClockPeriod>4.301<", "<EstimatedClockPeriod>nan<", "a period in ns or unknown, not 'nan'"),
        ("<EstimatedClockPeriod>4.301<", "<EstimatedClockPeriod>1e9<", "a period in ns or unknown, not '1e9'"),
        ("<unit>clock cycles<", "<unit>ms<", "<unit> of a C-synthesis report must be 'clock cycles', not 'ms'"),
        ("<Worst-caseLatency>601<", "<Worst-caseLatency>301<", "from the smallest to the largest, not 310, 455, 301"),
        ("<Average-caseLatency>455<", "<Average-caseLatency>45<", "from the smallest to the largest, not 310, 45, 601"),
        ("RealTimeLatency>1.293 us<", "RealTimeLatency>12.93 us<", "from the smallest to the largest, not 12930.0, 25"),
        ("<TopModelName>", "<TopModelName>long_\n", "<TopModelName> of a C-synthesis report must be in one line, not"),
        (
            "<unit>clock cycles<",
            f"<unit>{'m' * 999}<",
            "<unit> of a C-synthesis report must be 'clock cycles', not 'm",
        ),
        ("<Interval-max>288<", "<Interval-max>28<", "must be smallest <= largest, not 120 > 28"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(tmp_path: Path, old: str, new: str, what: str) -> None:
    path = edited(tmp_path, old, new)
    with pytest.raises(UserError) as caught:
        read_csynth_xml(path)
    assert what in caught.value.what
    assert len(caught.value.what) < 400
    assert str(path) in (caught.value.where or "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   \n",
        b"../../solution1/syn/report/csynth.xml",
        b"\x7fELF\x02\x01\x01" + bytes(200),
        VITIS.read_bytes()[:3000],
        VITIS.read_bytes() + b"<more/>",
        b'<?xml version="1.0" encoding="no-such"?><profile/>',
        b'<?xml version="1.0" encoding="utf-16"?><profile/>',
        b"<html><body>404</body></html>",
        b"<profile><RunData/><TimingReport/><AreaReport/></profile>",
    ],
    ids=["empty", "blank", "link", "binary", "cut", "trailing", "encoding", "utf16", "html", "export"],
)
def test_a_file_that_is_no_report_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "csynth.xml"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_csynth_xml(path)
    assert caught.value.exit_code == 2
    assert str(path) in (caught.value.where or "")


def test_every_cut_of_a_report_is_refused(tmp_path: Path) -> None:
    whole = VIVADO.read_bytes().rstrip()
    path = tmp_path / "cut_csynth.xml"
    for length in range(0, len(whole) - 1, 61):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError):
            read_csynth_xml(path)


def test_entities_and_doctypes_are_refused(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    path = tmp_path / "csynth.xml"
    path.write_text(f'<!DOCTYPE profile [<!ENTITY l0 "ha">{laughs}]><profile>&l9;</profile>')
    with pytest.raises(UserError, match="must have no DOCTYPE"):
        read_csynth_xml(path)
    path.write_text('<!DOCTYPE p [<!ENTITY f SYSTEM "file:///etc/hostname">]><profile>&f;</profile>')
    with pytest.raises(UserError, match="must have no DOCTYPE") as caught:
        read_csynth_xml(path)
    assert caught.value.where == f"{path}:1:13"


def test_deep_large_and_crowded_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "csynth.xml"
    path.write_text("<a>" * 200 + "</a>" * 200)
    with pytest.raises(UserError, match="nested at most 100 deep"):
        read_csynth_xml(path)
    monkeypatch.setattr(safe_xml, "MAX_ELEMENTS", 50)
    path.write_text("<a>" + "<b/>" * 50 + "</a>")
    with pytest.raises(UserError, match="at most 50 elements"):
        read_csynth_xml(path)
    monkeypatch.setattr(source, "MAX_BYTES", 1000)
    path.write_text("<profile>" + " " * 1000 + "</profile>")
    with pytest.raises(UserError, match="at most 1000 bytes"):
        read_csynth_xml(path)


def test_parts_that_no_value_is_read_from_are_left_out(tmp_path: Path) -> None:
    ports = "<RtlPorts><InterfaceSummary/></RtlPorts><Name>x</Name>"
    path = edited(tmp_path, "</InterfaceSummary>", f"{ports}</InterfaceSummary>")
    root = safe_xml.parse_xml(source.open_source(path), skip={"InterfaceSummary"})
    assert [child.tag for child in root] == [
        "ReportVersion",
        "UserAssignments",
        "PerformanceEstimates",
        "AreaEstimates",
    ]
    assert read_csynth_xml(path).latency_cycles.max == 601
    path.write_text(path.read_text().replace(ports, "<RtlPorts>"))
    with pytest.raises(UserError, match="must be complete XML"):
        read_csynth_xml(path)


def test_a_missing_file_or_a_folder_is_the_users_mistake(tmp_path: Path) -> None:
    for path in (tmp_path / "csynth.xml", tmp_path, VIVADO / "x"):
        with pytest.raises(UserError, match="must be an existing file"):
            read_csynth_xml(path)


# Reports of real tools beside the checkout; they carry no licence to be copied into it.
SHARED = Path(__file__).parents[3] / "shared" / "reports"


def _truths() -> list[dict[str, Any]]:
    table = SHARED / "truth.json"
    rows = json.loads(table.read_text()) if table.is_file() else []
    return [row for row in rows if row["file"].endswith("csynth.xml")]


def _number(text: str | None) -> float | None:
    return None if text in (None, "undef") else float(text)


@pytest.mark.skipif(not (SHARED / "truth.json").is_file(), reason="the collection of real reports is not here")
def test_every_real_report_is_read_as_a_person_reads_it() -> None:
    truths = _truths()
    assert len(truths) >= 30
    for row in truths:
        report, truth = read_csynth_xml(SHARED / "files" / row["file"]), row["truth"]
        label = row["file"]
        assert (report.version, report.top, report.part) == (truth["version"], truth["top"], truth["part"]), label
        clock = (report.clock_ns.target, report.clock_ns.uncertainty, report.clock_ns.estimated)
        assert clock == tuple(_number(truth[key]) for key in ("clk_target", "clk_unc", "clk_est")), label
        latency = report.latency_cycles
        assert [latency.min, latency.avg, latency.max] == [_number(text) for text in truth["lat"]], label
        interval = report.interval_cycles
        assert [interval.min, interval.max] == [_number(text) for text in truth["ii"]], label
        assert report.pipeline == truth["ptype"], label
        for kind, attribute in (("used", "used"), ("avail", "available")):
            expected = {key.replace("DSP48E", "DSP"): int(text) for key, text in truth[kind].items()}
            found = {name: getattr(resource, attribute) for name, resource in report.resources.items()}
            assert found == {name: expected.get(name) for name in RESOURCES}, label
