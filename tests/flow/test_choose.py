"""The decision of `shape: auto`: what is chosen, in which order shapes are tried, and every word that is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fpga_tf.flow.choose import HEADS, REUSE, Choice, choose, taken
from fpga_tf.flow.config_sections import BudgetConfig
from fpga_tf.hls.shapes import LayerShape
from fpga_tf.reports.types import Clock, Interval, Latency, Resource, SynthesisReport

PART = "xcvu13p-flga2577-2-e"  # 1,728,000 LUT, 432,000 in a region, 12,288 DSP
ERRORS = {
    "resources.LUT.used": 0.2,
    "resources.DSP.used": 0.3,
    "latency_cycles.max": 0.1,
    "interval_cycles.max": 0.1,
    "clock_ns.estimated": 0.25,
}
BUDGET = BudgetConfig.model_validate(
    {"latency_us": 2.0, "interval_cycles": 48, "device_share": {"LUT": 0.8, "DSP": 0.5}, "slr_share": {"LUT": 1.0}}
)


def report(lut: int, dsp: int = 0, latency: int = 60, interval: int = 1, **change: Any) -> SynthesisReport:
    """An estimate at 5 ns."""
    given: dict[str, Any] = {
        "path": "p", "format": "estimate", "stage": "estimate", "part": PART,
        "clock_ns": Clock(5.0, estimated=4.0), "latency_cycles": Latency(latency, latency, latency),
        "interval_cycles": Interval(interval, interval), "resources": {"LUT": Resource(lut), "DSP": Resource(dsp)},
        "errors": ERRORS,
    }  # fmt: skip
    return SynthesisReport(**given | change)


def decided(
    parallel: SynthesisReport | None,
    dataflow: Callable[[LayerShape], SynthesisReport] = lambda shape: report(1),
    budget: BudgetConfig = BUDGET,
    **options: Any,
) -> Choice:
    return choose(parallel, dataflow, budget, part=PART, clock_ns=5.0, **options)


def shared(dsp: int, latency: int) -> Callable[[LayerShape], SynthesisReport]:
    """A design whose multipliers are divided by the reuse, and whose cycles grow with it."""

    def estimate(shape: LayerShape) -> SynthesisReport:
        turns = 2 if shape.heads == "in_turn" else 1
        return report(
            100_000, dsp // shape.reuse_factor // turns, latency * shape.reuse_factor, shape.reuse_factor * turns
        )

    return estimate


def never(shape: LayerShape) -> SynthesisReport:
    raise AssertionError(f"{shape} need not be estimated")


def test_what_is_tried() -> None:
    assert REUSE == (1, 2, 4, 8, 16, 32, 64)
    assert HEADS == ("parallel", "in_turn")
    choice = decided(report(10**7), lambda shape: report(10**7))
    assert [(c.shape.shape, c.shape.reuse_factor, c.shape.heads) for c in choice.candidates] == [
        ("parallel", 1, "parallel"),
        *(("dataflow", reuse, heads) for reuse in REUSE for heads in HEADS),
    ]


# 360,000 LUT and 20 % are 432,000: a whole region
@pytest.mark.parametrize("lut", [1, 360_000])
def test_parallel_is_chosen_where_it_surely_fits(lut: int) -> None:
    choice = decided(report(lut), never)
    assert choice.shape == LayerShape("parallel", 1, "parallel")
    assert choice.told() == ("shape: auto chose parallel: its estimate surely fits the budget",)


def test_within_the_error_is_not_surely() -> None:
    choice = decided(report(360_001))
    assert choice.shape == LayerShape("dataflow", 1, "parallel")
    assert choice.told() == (
        "shape: auto chose dataflow with a reuse factor of 1: its estimate surely fits the budget, and none that "
        "shares less does",
        "shape: auto refused parallel: slr_share.LUT is 83.33 ± 17 %, perhaps above 100 %",
    )


@pytest.mark.parametrize(
    ("parallel", "told"),
    [
        (report(600_000), "slr_share.LUT is 138.9 ± 28 %, above 100 %"),
        (report(1, 9000), "device_share.DSP is 73.24 ± 22 %, above 50 %"),
        (report(1, latency=500), "latency_us is 2.5 ± 0.25 us, above 2 us"),
        (report(1, latency=380), "latency_us is 1.9 ± 0.19 us, perhaps above 2 us"),
        (report(1, interval=50), "interval_cycles is 50 ± 5 cycles, perhaps above 48 cycles"),
        (
            report(2_000_000, 9000, 500),
            "latency_us is 2.5 ± 0.25 us, above 2 us; device_share.LUT is 115.7 ± 23 %, above 80 %; "
            "device_share.DSP is 73.24 ± 22 %, above 50 %; slr_share.LUT is 463 ± 93 %, above 100 %",
        ),
        (
            report(1, resources={"DSP": Resource(0)}),
            "device_share.LUT is unknown: it needs the number of LUT used: the report does not count it; "
            "slr_share.LUT is unknown: it needs the number of LUT used: the report does not count it",
        ),
        (
            report(1, clock_ns=Clock(5.0)),
            "latency_us is unknown: it needs a clock period: the report has no target, or no period that is "
            "achieved or estimated",
        ),
    ],
)
def test_every_limit_that_parallel_breaks_is_told(parallel: SynthesisReport, told: str) -> None:
    choice = decided(parallel)
    assert choice.shape.shape == "dataflow"
    assert choice.told()[1] == f"shape: auto refused parallel: {told}"


def test_whether_the_clock_is_met_is_not_asked() -> None:
    assert decided(report(1, clock_ns=Clock(5.0, estimated=5.5)), never).shape.shape == "parallel"


def test_a_resource_that_the_part_has_none_of() -> None:
    part = "xc7z020clg400-1"
    budget = BudgetConfig.model_validate({"latency_us": None, "device_share": {"URAM": 0.8}, "slr_share": {}})
    used = report(1, part=part, resources={"URAM": Resource(1)})
    choice = choose(used, lambda shape: used, budget, part=part, clock_ns=5.0)
    assert choice.candidates[0].missed == ("device_share.URAM is above 80 %, as the part has none",)
    assert choice.shape == LayerShape()


# 6,144 DSP are half of the device: 4,726 and 30 % are 6,143.8
@pytest.mark.parametrize(
    ("dsp", "reuse", "heads"),
    [
        (4726, 1, "parallel"), (4727, 1, "in_turn"), (9453, 1, "in_turn"), (9454, 2, "in_turn"), (18_907, 2, "in_turn"),
        (18_908, 4, "in_turn"),
    ],
)  # fmt: skip
def test_the_least_sharing_that_fits_is_chosen(dsp: int, reuse: int, heads: Any) -> None:
    choice = decided(report(10**6), shared(dsp, 10))
    assert choice.shape == LayerShape("dataflow", reuse, heads)
    assert choice.candidates[-1].shape == choice.shape
    assert all(one.missed for one in choice.candidates[:-1]) and not choice.candidates[-1].missed


def test_one_head_has_no_turns() -> None:
    choice = decided(report(10**6), shared(9000, 10), heads=("parallel",))
    assert choice.shape == LayerShape("dataflow", 2, "parallel")
    assert choice.told()[1:] == (
        "shape: auto refused parallel: slr_share.LUT is 231.5 ± 46 %, above 100 %",
        "shape: auto refused dataflow with a reuse factor of 1: device_share.DSP is 73.24 ± 22 %, above 50 %",
    )


def test_rows_that_enter_one_after_another_leave_parallel_out() -> None:
    choice = decided(None)
    assert choice.shape == LayerShape("dataflow", 1, "parallel")
    assert len(choice.told()) == len(choice.candidates) == 1


def test_where_none_fits_the_nearest_is_chosen_and_what_it_misses_told() -> None:
    # with a reuse factor of 8 there are perhaps 1.47 times as many DSP as allowed; with 16 the latency is surely above
    choice = decided(report(10**6), shared(55_400, 30), heads=("parallel",))
    assert choice.shape == LayerShape("dataflow", 8, "parallel")
    assert choice.reason == (
        "shape: auto chose dataflow with a reuse factor of 8, which is nearest: no shape surely fits the budget, and "
        "of this one device_share.DSP is 56.36 ± 17 %, perhaps above 50 %"
    )
    assert len(choice.told()) == len(choice.candidates) == 1 + len(REUSE)
    assert choice.told()[5] == (
        "shape: auto refused dataflow with a reuse factor of 16: latency_us is 2.4 ± 0.24 us, above 2 us"
    )


def test_what_may_fit_is_nearer_than_what_surely_does_not() -> None:
    # parallel: 0.9 to 1.35 times a region; dataflow: 1.06 to 1.29 times the latency
    choice = decided(report(486_000), lambda shape: report(1, latency=470))
    assert choice.shape == LayerShape()
    assert choice.candidates[0].distance[0] is False
    assert choice.candidates[1].distance[0] is True


def test_a_shape_that_may_fit_is_neither_refused_nor_passed() -> None:
    # 360,000 LUT and 20 % are a region; less than 360,000 it surely fits, from 540,001 on it surely does not
    choice = decided(report(540_001), lambda shape: report(360_000 + (shape.reuse_factor == 1)))
    assert [one.result for one in choice.candidates] == ["fail", "unknown", "unknown", "pass"]
    assert taken(choice.candidates).shape == choice.shape == LayerShape("dataflow", 2, "parallel")
    assert taken(choice.candidates[:3]) is choice.candidates[1]


def test_the_worst_value_decides_which_is_nearest() -> None:
    # all surely break a limit: one of them far, and nothing else; the others two, less far
    choice = decided(None, lambda shape: report(10**6) if shape.reuse_factor == 1 else report(800_000, 10_000, 520))
    assert choice.shape == LayerShape("dataflow", 2, "parallel")
    assert [len(one.missed) for one in choice.candidates[:4]] == [1, 1, 3, 3]


def test_parallel_may_be_nearest() -> None:
    choice = decided(report(600_000), lambda shape: report(10**6))
    assert choice.shape == LayerShape()
    assert choice.reason == (
        "shape: auto chose parallel, which is nearest: no shape surely fits the budget, and of this one "
        "slr_share.LUT is 138.9 ± 28 %, above 100 %"
    )


def test_among_equals_the_first_is_chosen() -> None:
    assert decided(None, lambda shape: report(10**6)).shape == LayerShape("dataflow", 1, "parallel")


def test_an_unknown_value_is_farther_than_any_known_one() -> None:
    def estimate(shape: LayerShape) -> SynthesisReport:
        unknown: Mapping[str, Resource] = {"LUT": Resource(), "DSP": Resource(0)}
        return report(430_000) if shape.reuse_factor == 4 else report(1, resources=unknown)

    assert decided(None, estimate).shape == LayerShape("dataflow", 4, "parallel")


def test_a_budget_without_limits_is_met_by_parallel() -> None:
    budget = BudgetConfig.model_validate({"latency_us": None, "device_share": {}, "slr_share": {}})
    assert decided(report(10**8), never, budget).shape == LayerShape()


def test_an_estimate_of_another_design_is_no_ground() -> None:
    choice = decided(report(1, part="xcvu9p-flga2577-2-e"))
    assert choice.shape.shape == "dataflow"
    assert "no report for xcvu13p-flga2577-2-e" in choice.told()[1]
