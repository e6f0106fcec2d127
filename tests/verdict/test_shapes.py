"""Shapes side by side: what is shown of each, and which one is taken."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from fpga_tf.reports.types import Clock, Interval, Latency, Resource, SynthesisReport
from fpga_tf.verdict.shapes import ShapeRow, print_shapes

REPORT = SynthesisReport(
    path="p",
    format="estimate",
    stage="estimate",
    clock_ns=Clock(5.0, estimated=30.0),
    latency_cycles=Latency(240, None, 240),
    interval_cycles=Interval(1, 1),
    resources={"LUT": Resource(9_000_000), "FF": Resource(7), "DSP": Resource(0)},
    errors={"latency_cycles.max": 0.36, "clock_ns.estimated": 0.2, "resources.LUT.used": 0.2},
)
BY_ROWS = replace(REPORT, clock_ns=Clock(5.0, estimated=4.0), errors={"interval_cycles.max": 0.15})
LACKING = replace(BY_ROWS, resources={"DSP": Resource(14_000)})
SHAPES = (
    ShapeRow("parallel", REPORT, "fail", ("slr_share.LUT is 2083 ± 417 %, above 100 %",)),
    ShapeRow("dataflow, R = 1", LACKING, "unknown", ("slr_share.LUT is unknown",)),
    ShapeRow("dataflow, R = 2", replace(BY_ROWS, errors=REPORT.errors), "pass", taken=True),
)


def said(*shapes: ShapeRow, quiet: bool = False) -> list[str]:
    """Lines, with single spaces."""
    text = io.StringIO()
    print_shapes(shapes, Console(file=text, width=120, color_system=None), quiet=quiet)
    return [" ".join(line.split()) for line in text.getvalue().splitlines() if line.strip()]


def test_a_row_tells_latency_at_the_believed_clock_and_what_is_unknown() -> None:
    lines = said(*SHAPES)
    assert lines[1] == "shape cycles clock latency interval LUT FF DSP budget"
    # 240 cycles of 30 ns; a design that could run faster than asked for is clocked at 5 ns
    assert lines[3] == "parallel 240 30 ns 7.2 us 1 9,000,000 7 0 no"
    assert lines[4] == "dataflow, R = 1 240 5 ns 1.2 us 1 - - 14,000 unknown"
    assert lines[5] == "dataflow, R = 2 240 5 ns 1.2 us 1 9,000,000 7 0 fits"


def test_the_errors_of_each_kind_stand_once() -> None:
    assert said(*SHAPES)[6:] == [
        "errors of parallel: cycles ± 36 %, clock ± 20 %, LUT ± 20 %",
        "errors of dataflow: cycles ± 36 %, clock ± 20 %, interval ± 15 %, LUT ± 20 %",
        "parallel: slr_share.LUT is 2083 ± 417 %, above 100 %",
        "dataflow, R = 1: slr_share.LUT is unknown",
        "dataflow, R = 2 is the first that surely fits the budget",
    ]


def test_the_nearest_is_told_where_none_surely_fits() -> None:
    (line,) = said(SHAPES[0], replace(SHAPES[1], taken=True), quiet=True)
    assert line == "none surely fits the budget; dataflow, R = 1 is nearest, and what shape: auto takes"


def test_json() -> None:
    assert [(one.to_json()["fits"], one.to_json()["result"]) for one in SHAPES] == [
        (False, "fail"),
        (False, "unknown"),
        (True, "pass"),
    ]
