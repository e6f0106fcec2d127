"""What is shown and judged of RTL: counted values as they are, estimates with their error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.reports.estimate import Counts, estimate
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.agreement import Agreement, combine, compare
from fpga_tf.verdict.rtl import RtlResult, cost_rows, depth_rows, opinions, rows, rtl_gates
from fpga_tf.verdict.show import summary
from fpga_tf.verdict.verdict import RunResult

PART = "xcvu13p-flga2577-2-e"


def believed(levels: float = 2, stages: int = 40, clock: float = 5.0, part: str = PART) -> SynthesisReport:
    return estimate(Counts(100_000, 50_000, stages, levels), top="t", part=part, clock_ns=clock, path="p")


def agreement(wrong: int = 0) -> Agreement:
    model = np.arange(20, dtype=np.int64).reshape(10, 2)
    rtl = model.copy()
    rtl[:wrong, 0] += 3
    return combine([compare(model, rtl, name="evaluation")])


def result(**changes: object) -> RtlResult:
    whole = RtlResult("out/t_rtl", (), agreement(), 40, 1, 1000.0, (), 2.0, believed())
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_counted_values_have_no_error_and_estimates_have_theirs() -> None:
    assert rows(result()) == [
        ("latency", "40 cycles, 200 ns at 5 ns", "RTL simulation"),
        ("interval", "1 cycle", "RTL simulation"),
        ("clock period", "3.29 ± 0.66 ns", "estimate, 2 levels of logic in a stage"),
        ("LUT", "104,465 ± 11 %", "estimate, 6.05 % of the device, 24.2 % of an SLR"),
        ("FF", "35,330 ± 42 %", "estimate, 1.02 % of the device, 4.09 % of an SLR"),
        ("DSP", "0", "estimate, 0 % of the device"),
        ("BRAM_18K", "0", "estimate, 0 % of the device"),
        ("URAM", "0", "estimate, 0 % of the device"),
    ]


def test_without_a_simulation_cycles_are_the_pipelines() -> None:
    found = rows(result(agreement=None, latency_cycles=None, interval_cycles=None, missing="too large"))
    assert found[0] == ("latency", "40 cycles, 200 ns at 5 ns", "stages of the pipeline")
    assert found[1] == ("interval", "1 cycle", "stages of the pipeline")


def test_a_slow_pipeline_counts_at_the_period_that_is_believed() -> None:
    slow = believed(levels=8, stages=10)
    assert slow.clock_ns.estimated == pytest.approx(0.74692 + 8 * 0.55926 + 1.42642, abs=1e-3)
    assert rows(result(estimate=slow, latency_cycles=10))[0][1] == "10 cycles, 66.47 ns at 6.647 ns"


def test_on_an_unknown_part_shares_and_period_are_left_out() -> None:
    found = {name: source for name, _, source in rows(result(estimate=believed(part="xc7a200tfbg484-2")))}
    assert "clock period" not in found
    assert found["LUT"].startswith("estimate, ")
    unknown = {name: source for name, _, source in rows(result(estimate=believed(part="xcnone-1")))}
    assert unknown["LUT"] == "estimate"


def test_gates_fail_on_any_output_any_problem_and_any_edit() -> None:
    def results(one: RtlResult) -> dict[str, tuple[float | int | None, str]]:
        return {gate.gate: (gate.value, gate.result) for gate in rtl_gates(one)}

    assert set(results(result()).values()) == {(0, "pass")}
    assert results(result(agreement=agreement(3)))["rtl_agreement"] == (3, "fail")
    assert results(result(problems=("a sample came out twice",)))["rtl_cycles"] == (1, "fail")
    assert results(result(edited=("src/t.v",)))["rtl_sources"] == (1, "fail")
    (first, second) = rtl_gates(result(agreement=None, missing="too large"))
    assert (first.gate, first.result, first.missing) == ("rtl_agreement", "unknown", "too large")
    assert (second.gate, second.result) == ("rtl_sources", "pass")


def test_nothing_compared_is_no_agreement() -> None:
    nothing = combine([compare(np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64), name="evaluation")])
    assert rtl_gates(result(agreement=nothing))[0].result == "fail"


def test_the_last_line_tells_of_both_faces() -> None:
    def said(one: RtlResult | None, csim: Agreement | None) -> str:
        gates = () if one is None else tuple(rtl_gates(one))
        return summary(RunResult("p", csim, gates, rtl=one))

    assert said(result(), agreement()) == (
        "0 of 20 outputs differ in C-simulation, 0 in RTL; latency 40 cycles, 200 ns at 5 ns; all 3 gates pass"
    )
    assert said(result(), None).startswith("0 of 20 outputs differ in RTL; latency")
    assert said(result(agreement=agreement(4)), agreement()) == "4 of 20 outputs differ of the RTL, largest by 3 LSB"
    assert said(result(agreement=None, missing="too large"), agreement()).endswith("gates unknown: too large")


def test_depths_stand_at_the_fastest_clock_that_is_believed() -> None:
    depths = {levels: believed(levels, int(80 / levels)) for levels in (1.0, 2.0, 4.0)}
    shown = depth_rows(result(depths=depths))
    assert [row[0] for row in shown] == ["1", "2 *", "4"]
    period = round(0.74692 + 4 * 0.55926 + 1.42642, 3) * 1.2
    assert shown[2][1:4] == [f"{period:.2f} ns", "20", f"{20 * period:.0f} ns"]
    plain = result(depths=depths).to_json()["depths"]
    assert [one["cycles"] for one in plain] == [80, 40, 20]
    assert plain[2]["clock_ns"] == pytest.approx(period)


def test_costs_stand_by_layer_with_what_they_are_mostly_of() -> None:
    costs = {"embed": {"additions": 30.0}, "scores": {"additions": 10.0, "multiplications": 60.0}}
    assert cost_rows(result(costs=costs)) == [
        ["embed", "30", "30.0 %", "additions (100 %)"],
        ["scores", "70", "70.0 %", "multiplications (86 %)"],
    ]
    assert result(costs=costs).to_json()["costs"] == costs


def test_what_yosys_counts_is_shown_as_its_own() -> None:
    from fpga_tf.reports.yosys_stat import mapped

    stages = {"t_core_stage0": {"LUT6": 5, "LUT2": 3, "CARRY4": 2}}
    report = mapped(
        stages, {"t_core_stage0": 6}, flip_flops=9, flip_flops_chained=4, shift_registers=1,
        version="0.70", booth=True, top="t", part=PART, path=str(Path("x")),
    )  # fmt: skip
    found = {name: (value, source) for name, value, source in opinions(report)}
    assert found["LUT"][0].startswith("8") and found["LUT"][1].startswith("Yosys 0.70")
