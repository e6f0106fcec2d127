"""Whatever the format, an estimate is shown with its error."""

from __future__ import annotations

import csv
import io
import json
from xml.etree.ElementTree import fromstring

import pytest
from jsonschema import Draft202012Validator

from fpga_tf.flow.report_budget import Demand
from fpga_tf.flow.report_judge import judge
from fpga_tf.reports import combine
from fpga_tf.reports.estimate import Counts, estimate
from fpga_tf.reports.rtl_simulation import simulated
from fpga_tf.reports.types import Resource, SynthesisReport
from fpga_tf.verdict.budget import NEAR, Budget
from fpga_tf.verdict.report import csv_, html, junit, markdown
from fpga_tf.verdict.report.document import document
from fpga_tf.verdict.report.judged import Shown
from fpga_tf.verdict.report.schema import report_schema

from .designs import PART, small
from .test_formats import as_text

GUESS = estimate(Counts(251_520, 85_000, 20, 5), top="tagger", part=PART, clock_ns=5.0, path="tagger_rtl")
RUN = simulated(latency=20, interval=1, transactions=9, passed=True, top="tagger", part=PART, clock_ns=5.0, path="run")
ROUTE = SynthesisReport("route.rpt", "some", "route", top="tagger", part=PART, resources={"FF": Resource(90_000)})
BUDGET = Budget(latency_us=0.13, device_share={"LUT": 0.15, "FF": 0.05})
DESIGN = combine("tagger", [GUESS, RUN, ROUTE])
SHOWN = Shown(judge([DESIGN, small()], Demand(BUDGET)))
USED, CLOCK, LATENCY = "262,750 ± 11 %", "5.805 ns ± 20 %", "116.1 ns ± 20 %"


def test_text() -> None:
    text = as_text(SHOWN)
    # used, share of the device, of one region; period, latency
    for shown in (USED, "15.2 % ± 11 %", "60.8 % ± 11 %", CLOCK, LATENCY):
        assert shown in text, shown
    for gate in ("0.1161 ± 0.023 us", "15.21 ± 1.7 %", "5.805 ± 1.2 ns"):
        assert gate in text, gate
    assert f"unknown latency_us, device_share.LUT, timing_met: {NEAR}" in " ".join(text.split())
    compared = text.partition("Comparison")[2]
    assert "262,750 ±" in compared and "116.1 ns" not in compared and "116.1 ±" in compared
    assert "60,062 ± 42 %" in text, "the estimate that routing contradicts"


def test_markdown_and_html() -> None:
    page, summary = html.render(SHOWN), markdown.render(SHOWN)
    for shown in (USED, "15.2 % ± 11 %", "60062 ± 42 %"):
        assert shown in page, shown
        assert shown in summary.replace("&#177;", "±"), shown
    assert CLOCK in page and LATENCY in page and "15.21 ± 1.7 %" in page
    assert f"20 cycles ({LATENCY})" in summary.replace("&#177;", "±")


def test_csv() -> None:
    (row, other) = csv.DictReader(io.StringIO(csv_.render(SHOWN)))
    assert (row["LUT_used"], row["LUT_used_error_percent"]) == ("262750", "11.0")
    assert (row["FF_used"], row["FF_used_error_percent"]) == ("90000", "")
    assert (row["clock_estimated_ns"], row["clock_estimated_error_percent"]) == ("5.805", "20.0")
    assert (row["latency_max_ns"], row["latency_max_ns_error_percent"]) == ("116.1", "20.0")
    assert {value for name, value in other.items() if "error" in (name or "")} == {""}


def test_junit() -> None:
    suites = fromstring(junit.render(SHOWN))
    said = {case.get("name"): case.findtext("system-out") for case in suites[0]}
    assert said["timing_met"] == "value 5.805 ± 1.2 ns, limit 5 ns, source estimate, tagger_rtl"
    assert (suites[0].get("skipped"), suites[0].get("failures")) == ("3", "0")


def test_json() -> None:
    found = json.loads(json.dumps(document(SHOWN), allow_nan=False))
    Draft202012Validator(report_schema()).validate(found)
    one, other = found["designs"]
    assert one["report"]["errors"] == {"resources.LUT.used": 0.11, "clock_ns.estimated": 0.2}
    assert one["sources"]["resources.LUT.used"]["error"] == 0.11
    assert "error" not in one["sources"]["resources.FF.used"]
    assert {gate["gate"]: gate.get("error") for gate in one["gates"]} == {
        "latency_us": 0.02322,
        "device_share.LUT": pytest.approx(0.11 * 262_750 / 1_728_000),
        "device_share.FF": None,
        "timing_met": 1.161,
    }
    assert found["reports"][0]["errors"] == GUESS.errors
    assert other["report"]["errors"] == {}


def test_a_share_that_is_near_all_of_the_device_is_shown() -> None:
    full = estimate(Counts(1_600_000, 85_000, 20, 5), top="t", part=PART, clock_ns=5.0, path="p")
    text = as_text(Shown(judge([combine("t", [full])], Demand(Budget()))))
    assert "96.7 % ± 11 %" in text
