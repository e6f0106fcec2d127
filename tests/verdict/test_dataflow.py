"""What is told of a dataflow design."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from fpga_tf.reports.types import Clock, Interval, Latency, Resource, SynthesisReport
from fpga_tf.verdict.dataflow import DataflowResult, Fifos, fifo_gate, rows
from fpga_tf.verdict.show_dataflow import print_dataflow


def result(fifos: Fifos, unrolled: tuple[str, ...] = ()) -> DataflowResult:
    report = SynthesisReport(
        path="fpga_tf.json",
        format="estimate",
        stage="estimate",
        clock_ns=Clock(5.0, estimated=6.05),
        latency_cycles=Latency(140, None, 146),
        interval_cycles=Interval(37, 37),
        resources={"LUT": Resource(94_887), "DSP": Resource(0)},
        errors={"latency_cycles.max": 0.12, "resources.LUT.used": 0.59},
    )
    return DataflowResult(report, 26, fifos, 226, unrolled)


def test_rows_tell_values_and_errors() -> None:
    assert rows(result(Fifos(40, 0))) == [
        ("latency", "146 cycles, 730 ns at the 5 ns asked for", "estimate ± 12 %"),
        ("interval", "37 cycles", "estimate"),
        ("clock period", "6.05 ns", "estimate"),
        ("LUT", "94,887", "estimate ± 59 %"),
        ("DSP", "0", "estimate"),
        ("FIFOs", "226 rows in all", "as written"),
    ]


def test_what_is_unknown_is_told() -> None:
    known = result(Fifos(40, 0))
    unknown = replace(known.estimate, resources={"LUT": Resource(), "DSP": Resource(14_000)}, errors={})
    assert rows(replace(known, estimate=unknown))[3:5] == [
        ("LUT", "unknown", "estimate"),
        ("DSP", "14,000", "estimate"),
    ]


def test_the_gate_on_fifos() -> None:
    good = fifo_gate(result(Fifos(40, 0)))
    assert (good.result, good.value, good.unit) == ("pass", 0, "outputs")
    wrong = fifo_gate(result(Fifos(40, 3)))
    assert (wrong.result, wrong.value, wrong.unit) == ("fail", 3, "outputs")
    stuck = fifo_gate(result(Fifos(40, 0, "deadlock: query is full;")))
    assert (stuck.result, stuck.value, stuck.unit, stuck.source) == ("fail", 1, "deadlocks", "deadlock: query is full;")


def test_the_table() -> None:
    said = io.StringIO()
    print_dataflow(result(Fifos(40, 0), ("head",)), Console(file=said, width=100, color_system=None))
    text = said.getvalue()
    assert "26 processes; 40 samples with all processes at once: 0 outputs differ" in text
    assert "unrolled between them: head" in text
    said = io.StringIO()
    print_dataflow(result(Fifos(40, 0, "query is full")), Console(file=said, width=100, color_system=None))
    assert "26 processes; query is full" in said.getvalue()


def test_json() -> None:
    data = result(Fifos(40, 2), ("head",)).to_json()
    assert data["fifos"] == {"samples": 40, "differing": 2, "deadlock": None}
    assert (data["processes"], data["fifo_rows"], data["unrolled"]) == (26, 226, ["head"])
    assert data["estimate"]["stage"] == "estimate"
