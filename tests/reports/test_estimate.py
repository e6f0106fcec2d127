"""The estimate: its numbers are those of a fit to the published designs, and it is as wrong as it says, no more."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpga_tf.errors import InternalError, UserError
from fpga_tf.reports import estimate as told
from fpga_tf.reports import estimate_fit
from fpga_tf.reports.estimate import PUBLISHED, Counts, DelayModel, estimate, levels_for, of_family
from fpga_tf.reports.estimate_check import comparisons, transformers
from fpga_tf.reports.estimate_data import DESIGNS, JEDI, TRANSFORMERS, Published
from fpga_tf.reports.estimate_fit import Fit, fit, lut_errors, solve
from fpga_tf.reports.types import Clock, Interval, Latency, Resource

PART = "xcvu13p-flga2577-2-e"
TAGGER = Counts(cost=251_520, register_bits=85_000, stages=20, levels=5)


def stale(found: Fit) -> list[str]:
    """What is declared otherwise than a fit finds it: coefficients to 5 digits, errors to the percent above."""
    pairs = {
        "LUT": (told.LUT_RATIO, found.lut),
        "FF": (told.FF_RATIO, found.ff),
        **{f"period {i}": pair for i, pair in enumerate(zip(told.PERIOD, found.period, strict=True))},
    }
    errors = {
        "LUT error": (told.LUT_ERROR, found.lut_error),
        "FF error": (told.FF_ERROR, found.ff_error),
        "period error": (told.PERIOD_ERROR, found.period_error),
    }
    wrong = [name for name, (declared, refit) in pairs.items() if abs(declared - refit) > 0.5e-5]
    return wrong + [name for name, (declared, refit) in errors.items() if not 0 <= declared - refit < 0.01]


def test_what_is_declared_is_what_the_fit_and_its_cross_validation_find() -> None:
    assert stale(fit()) == []
    assert lut_errors() == pytest.approx({"one design": 0.0974, "one publication": 0.1043}, abs=5e-5)


def test_a_design_that_is_changed_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    worse = (replace(JEDI[0], lut=50_000, ff=10_000, period_ns=5.5), *JEDI[1:])
    monkeypatch.setattr(estimate_fit, "JEDI", worse)
    monkeypatch.setattr(estimate_fit, "DESIGNS", (*worse, *TRANSFORMERS))
    assert {"LUT", "FF", "period 2", "LUT error", "FF error", "period error"} <= {*stale(fit())}


def test_ff_lie_between_the_bounds() -> None:
    least = min((design.ff or 0) / design.cost for design in JEDI) / (279_108 / 241_429)
    assert (round(least, 3), round(told.FF_RATIO * (1 - told.FF_ERROR), 3)) == (0.413, 0.410)
    assert round(told.FF_RATIO * (1 + told.FF_ERROR), 3) == 1.003
    assert abs(33_095 / (told.FF_RATIO * 35_386) - 1) < told.FF_ERROR, "what Yosys keeps of a transformer"


def test_numpy_finds_the_same_period() -> None:
    timed = [design for design in DESIGNS if design.usable]
    rows = np.array([[1, design.levels, (design.cost / 1e5) ** 0.5] for design in timed])
    wanted = np.array([design.stage_ns for design in timed])

    def solved(keep: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(rows[keep] / wanted[keep, None], np.ones(keep.sum()), rcond=None)[0]

    assert fit().period == pytest.approx(solved(np.ones(len(timed), bool)), rel=1e-9)
    off = [wanted[i] / (rows[i] @ solved(np.arange(len(timed)) != i)) - 1 for i in range(len(timed))]
    assert fit().period_error == pytest.approx(max(map(abs, off)), rel=1e-9)


def test_a_system_is_solved_with_a_zero_on_its_diagonal() -> None:
    assert solve([[0.0, 2.0], [4.0, 1.0]], [6.0, 7.0]) == [1.0, 3.0]
    with pytest.raises(ZeroDivisionError):
        solve([[1.0, 2.0], [2.0, 4.0]], [1.0, 2.0])


def test_every_published_value_is_inside_but_the_one_that_is_left_out() -> None:
    rows = comparisons()
    assert [(row.design, row.quantity) for row in rows if not row.inside] == [("Linformer 32", "latency")]
    assert [row.design for row in rows if not row.fitted] == ["Linformer 32"]
    assert [row.quantity for row in rows].count("LUT") == 26
    assert [row.quantity for row in rows].count("period") == 20
    assert [row.quantity for row in rows].count("latency") == 26
    assert {row.error for row in rows} == {told.LUT_ERROR, told.PERIOD_ERROR}
    mine = {(row.design, row.quantity): row for row in transformers()}
    assert len(mine) == 12
    mha = mine["MHA 16", "LUT"]
    assert (round(mha.estimated), mha.published, round(mha.off, 4)) == (307883, 279_000, -0.0938)


def test_the_page_of_benchmarks_shows_these_numbers() -> None:
    page = (Path(__file__).parents[2] / "benchmarks" / "README.md").read_text("utf-8")
    shown = [
        line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith(("| JEDI", "| MHA", "| Lin"))
    ]
    assert len(shown) == len(DESIGNS)
    found = {(row.design, row.quantity): row for row in comparisons()}
    for name, *cells in shown:
        lut, latency = found[name, "LUT"], found[name, "latency"]
        outside = "" if latency.inside else " (outside)"
        assert cells == [
            *(f"{lut.estimated:,.0f}", f"{lut.published:,.0f}", f"{lut.off * 100:+.1f} %"),
            *(f"{latency.estimated:.1f}", f"{latency.published:.1f}", f"{latency.off * 100:+.1f} %{outside}"),
        ]


def test_the_data_are_those_of_the_sources() -> None:
    largest = next(design for design in JEDI if design.name == "JEDI-linear 128x3 invariant")
    assert largest == Published(
        "JEDI-linear 128x3 invariant", "JEDI-linear", 2.0, 301_646.0, 28, 295_715, 137.844, 163_087, 4.923
    )
    assert (len(JEDI), len(TRANSFORMERS)) == (20, 6)
    # sums over the summaries as they are published
    assert sum(design.lut for design in JEDI) == 2_242_355
    assert sum(design.ff or 0 for design in JEDI) == 1_170_317
    assert sum(design.stages for design in JEDI) == 443
    assert sum(design.cost for design in JEDI) == 2_131_029.0
    assert sum(design.period_ns or 0 for design in JEDI) == pytest.approx(66.283, abs=1e-9)
    assert (min(d.cost for d in DESIGNS), max(d.cost for d in DESIGNS)) == told.COSTS
    assert (min(d.levels for d in DESIGNS), max(d.levels for d in DESIGNS)) == told.LEVELS


def test_the_depth_is_the_largest_that_meets_the_clock_with_the_error() -> None:
    assert [levels_for(clock, 251_520) for clock in (4.29, 5.0, 6.0, 10.0, 100.0)] == [1.0, 2.0, 3.0, 9.0, 10.0]
    assert PUBLISHED.period_ns(2, 251_520) == 4.128
    assert PUBLISHED.surely_ns(2, 251_520) == Decimal("4.9536")
    assert levels_for(4.9536, 251_520) == 2.0
    assert levels_for(4.9535, 251_520) == 1.0


def test_a_clock_that_no_depth_meets_is_refused_with_the_fastest_that_is_believed() -> None:
    with pytest.raises(UserError, match=r"at least 4\.29 ns to be believed, not 4 ns \(3\.57 ns ± 20 % with one level"):
        levels_for(4.0, 251_520)


@given(st.floats(1, 40), st.floats(0, 40), st.floats(0, 5e6), st.floats(0, 5e6))
def test_slower_clocks_allow_more_and_larger_designs_less(clock: float, more: float, cost: float, grown: float) -> None:
    def depth(clock: float, cost: float) -> float:
        try:
            return levels_for(clock, cost)
        except UserError:
            return 0.0

    assert depth(clock, cost) <= depth(clock + more, cost)
    assert depth(clock, cost) >= depth(clock, cost + grown)
    assert all(term > 0 for term in told.PERIOD)


def test_an_estimate_states_all_and_how_wrong_each_may_be() -> None:
    found = estimate(TAGGER, top="tagger", part=PART, clock_ns=5.0, path="tagger_rtl")
    assert (found.stage, found.top, found.part, found.path) == ("estimate", "tagger", PART, "tagger_rtl")
    assert found.clock_ns == Clock(5.0, estimated=5.805)
    assert (found.latency_cycles, found.interval_cycles) == (Latency(20, 20, 20), Interval(1, 1))
    used = {"LUT": 262_750, "FF": 60_062, "DSP": 0, "BRAM_18K": 0, "URAM": 0}
    assert found.resources == {name: Resource(count) for name, count in used.items()}
    assert found.errors == {"resources.LUT.used": 0.11, "resources.FF.used": 0.42, "clock_ns.estimated": 0.20}
    assert len(found.notes) == 1
    assert found.to_json()["errors"]["resources.LUT.used"] == 0.11


def test_an_estimate_says_where_nothing_was_published() -> None:
    large = estimate(replace(TAGGER, cost=1e6, levels=1), top="t", part=None, clock_ns=5.0, path="p")
    assert [note.partition(":")[0] for note in large.notes[1:]] == ["extrapolated", "extrapolated"]
    other = estimate(TAGGER, top="t", part="xc7a200tfbg484-2", clock_ns=5.0, path="p")
    assert other.clock_ns.estimated is None
    assert "clock_ns.estimated" not in other.errors
    assert "not on a part like this one: the clock period is unknown" in other.notes[1]


def test_a_delay_of_the_users_own_is_taken_on_any_part() -> None:
    own = DelayModel(1.0, 0.5, error=0.1)
    found = estimate(TAGGER, top="t", part="xc7a200tfbg484-2", clock_ns=5.0, path="p", model=own)
    assert (found.clock_ns.estimated, found.errors["clock_ns.estimated"]) == (3.5, 0.1)
    assert levels_for(3.85, 1e9, own) == 5.0
    assert DelayModel(1.0, 0.5, 2.0).period_ns(2, 400_000) == 6.0


@pytest.mark.parametrize("part", [PART, "XCU250-figd2104-2L-e", "xczu7ev-ffvc1156-2-e", "xck26-sfvc784-2LV-c", "vu9p"])
def test_parts_of_the_family(part: str) -> None:
    assert of_family(part)


@pytest.mark.parametrize("part", ["xc7z020clg400-1", "xcku115-flvb2104-2-i", "xcvc1902-vsva2197-2MP-e-S", "10AX115"])
def test_parts_of_another_family(part: str) -> None:
    assert not of_family(part)


def test_nonsense_is_refused() -> None:
    for terms in ((-1.0, 0.5), (float("nan"), 0.5), (0.0, 0.0), (1.0, float("inf"))):
        with pytest.raises(UserError, match="the terms of a delay must be"):
            DelayModel(*terms)
    for error in (-0.1, 1.0, float("nan")):
        with pytest.raises(UserError, match="the error of a delay must be"):
            DelayModel(1.0, 0.5, error=error)
    for change in ({"cost": -1.0}, {"cost": float("nan")}, {"register_bits": -1}, {"stages": -1}, {"levels": 0.0}):
        with pytest.raises(InternalError):
            replace(TAGGER, **change)  # type: ignore[arg-type]
