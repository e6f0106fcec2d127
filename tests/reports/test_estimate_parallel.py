"""The estimate of unrolled designs: its numbers are those of a fit, and two designs that it has not seen agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fpga_tf.errors import InternalError
from fpga_tf.reports import estimate_parallel as told
from fpga_tf.reports import estimate_parallel_fit
from fpga_tf.reports.estimate import LUT_ERROR, LUT_RATIO
from fpga_tf.reports.estimate_data import TRANSFORMERS
from fpga_tf.reports.estimate_parallel import Operations, estimate_parallel
from fpga_tf.reports.estimate_parallel_fit import (
    COUNTED,
    TAGGER_LEVELS,
    Counted,
    Fit,
    ff_bounds,
    fit,
    level_bounds,
    lut,
    lut_errors,
)
from fpga_tf.reports.types import Clock, Interval, Latency, Resource, SynthesisReport
from tests.docs.pages import DOCS

PART = "xcvu13p-flga2577-2-e"
TAGGER = Operations(constant=242_825, variable=41_400, wide=0, depth=13)
HGQ2_TAGGER = Counted(236_364, 194_400, 12)


def estimated(operations: Operations = TAGGER, part: str = PART, clock_ns: float = 5.0) -> SynthesisReport:
    return estimate_parallel(operations, top="tagger", part=part, clock_ns=clock_ns, path="m.keras")


def stale(found: Fit) -> list[str]:
    """What is declared otherwise than a fit finds it: coefficients to 5 digits, errors to the percent above."""
    pairs = {
        "LUT with weights": (told.LUT_CONSTANT, found.lut[0]),
        "LUT of two tensors": (told.LUT_VARIABLE, found.lut[1]),
        "FF": (told.FF_RATIO, found.ff),
        "levels": (told.LEVELS, found.levels),
    }
    errors = {
        "LUT error": (told.LUT_ERROR, found.lut_error),
        "FF error": (told.FF_ERROR, found.ff_error),
        "levels error": (told.LEVELS_ERROR, found.levels_error),
    }
    wrong = [name for name, (declared, refit) in pairs.items() if abs(declared - refit) > 0.5e-5]
    return wrong + [name for name, (declared, refit) in errors.items() if not 0 <= declared - refit < 0.01]


def test_what_is_declared_is_what_the_fit_and_its_cross_validation_find() -> None:
    assert stale(fit()) == []
    totals = [counted.constant + counted.variable for counted in COUNTED.values()]
    assert (min(totals), max(totals)) == told.OPERATIONS


def test_a_design_that_is_changed_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = (replace(TRANSFORMERS[0], lut=400_000, stages=40, register_bits_2=400_000), *TRANSFORMERS[1:])
    monkeypatch.setattr(estimate_parallel_fit, "TRANSFORMERS", changed)
    assert {"LUT with weights", "LUT of two tensors", "LUT error", "FF", "FF error"} <= {*stale(fit())}


def test_numpy_finds_the_same_luts() -> None:
    rows = np.array([[c.constant, c.variable] for c in COUNTED.values()])
    wanted = np.array([{d.name: d.lut for d in TRANSFORMERS}[name] for name in COUNTED])

    def solved(keep: np.ndarray) -> np.ndarray:
        return np.asarray(np.linalg.lstsq(rows[keep] / wanted[keep, None], np.ones(keep.sum()), rcond=None)[0])

    assert fit().lut == pytest.approx(solved(np.ones(len(wanted), bool)), rel=1e-9)
    off = [abs(wanted[i] / (rows[i] @ solved(np.arange(len(wanted)) != i)) - 1) for i in range(len(wanted))]
    assert list(lut_errors().values()) == pytest.approx(off, rel=1e-9)
    assert max(lut_errors(), key=lambda name: lut_errors()[name]) == "Linformer 32"


def test_bounds_are_within_the_declared_errors() -> None:
    for (low, high), middle, error in (
        (ff_bounds(), told.FF_RATIO, told.FF_ERROR),
        (level_bounds(), told.LEVELS, told.LEVELS_ERROR),
    ):
        assert middle * (1 - error) < low < high < middle * (1 + error)
    assert level_bounds() == (6.0, 163 / 13)


def test_the_generated_taggers_are_met_that_the_fit_has_not_seen() -> None:
    # da4ml counts 222,878 and 471,826 LUTs in their Verilog
    for counted, cost, off in ((Counted(242_825, 41_400, 13), 222_878, 0.0116), (HGQ2_TAGGER, 471_826, 0.047)):
        believed = lut(fit().lut, counted)
        assert believed / (LUT_RATIO * cost) - 1 == pytest.approx(off, abs=5e-4)
        assert off < LUT_ERROR
    # and the HGQ2 one passes 96 levels in 12 layers
    assert abs(96 / (told.LEVELS * HGQ2_TAGGER.depth) - 1) < told.LEVELS_ERROR


def test_one_coefficient_for_all_products_would_be_off_by_half() -> None:
    ratios = {d.name: d.lut / (COUNTED[d.name].constant + COUNTED[d.name].variable) for d in TRANSFORMERS}
    mean = float(np.exp(np.mean(np.log(list(ratios.values())))))
    assert max(abs(ratio / mean - 1) for ratio in ratios.values()) == pytest.approx(0.215, abs=1e-3)
    total = HGQ2_TAGGER.constant + HGQ2_TAGGER.variable
    assert LUT_RATIO * 471_826 / (mean * total) - 1 == pytest.approx(0.459, abs=1e-3)


def test_the_tagger() -> None:
    report = estimated()
    assert report.resources == {
        "LUT": Resource(235_532), "FF": Resource(144_725), "DSP": Resource(0), "BRAM_18K": Resource(0),
        "URAM": Resource(0),
    }  # fmt: skip
    # two levels in a stage: 9.26923 * 13 / 2 stages, where its Verilog has 82
    assert report.latency_cycles == Latency(61, 61, 61)
    assert abs(TAGGER_LEVELS / 2 / 61 - 1) < told.LEVELS_ERROR
    assert (report.interval_cycles, report.clock_ns) == (Interval(1, 1), Clock(5.0, estimated=4.007))
    assert dict(report.errors) == {
        "resources.LUT.used": 0.20, "resources.FF.used": 0.86, "clock_ns.estimated": 0.20,
        "latency_cycles.min": 0.36, "latency_cycles.max": 0.36,
    }  # fmt: skip
    assert (report.stage, report.format, report.tool, report.pipeline) == ("estimate", "estimate", "fpga_tf", "yes")
    assert report.notes == (
        "estimated from the model's products, by published transformers; their constant matrices share sums (da4ml)",
    )


def test_wide_products_may_take_dsps() -> None:
    report = estimated(replace(TAGGER, wide=7))
    assert (report.resources["DSP"].used, report.errors["resources.DSP.used"]) == (4, 1.0)
    assert "resources.DSP.used" not in estimated().errors


def test_a_clock_that_is_too_fast_is_in_doubt() -> None:
    report = estimated(clock_ns=2.0)
    assert (report.latency_cycles.max, report.clock_ns.estimated) == (121, 3.448)  # one level in a stage


def test_a_slower_clock_takes_fewer_cycles() -> None:
    assert [estimated(clock_ns=clock).latency_cycles.max for clock in (6.0, 10.0)] == [41, 14]


def test_on_another_family_clock_and_latency_are_unknown() -> None:
    report = estimated(part="xc7vx690tffg1927-2")
    assert (report.clock_ns, report.latency_cycles) == (Clock(5.0), Latency())
    assert set(report.errors) == {"resources.LUT.used", "resources.FF.used"}
    assert "not on a part like this one: clock and latency are unknown" in report.notes[1]


def test_what_lies_outside_the_published_designs_is_told() -> None:
    assert (
        "extrapolated: published designs have 211,756 to 355,289 bit operations"
        in estimated(replace(TAGGER, variable=200_000)).notes
    )
    empty = estimated(Operations(0, 0, 0, 0))
    assert (empty.resources["LUT"].used, empty.latency_cycles.max) == (0, 0)


@pytest.mark.parametrize("name", ["constant", "variable", "wide", "depth"])
def test_counts_are_not_negative(name: str) -> None:
    with pytest.raises(InternalError, match="numbers from 0"):
        replace(TAGGER, **{name: -1})


def test_the_page_states_what_is_estimated() -> None:
    page = (DOCS / "shape_auto.md").read_text("utf-8")
    for design in TRANSFORMERS:
        counted = COUNTED[design.name]
        believed = estimated(Operations(counted.constant, counted.variable, 0, counted.depth)).resources["LUT"].used
        assert believed is not None
        off = f"{(design.lut / believed - 1) * 100:+.1f}".replace("-", "−")
        row = f"{counted.constant:,} | {counted.variable:,} | {believed:,} | {design.lut:,} published | {off} %"
        assert f"| {design.name} | {row} |" in page
    hgq2 = Operations(HGQ2_TAGGER.constant, HGQ2_TAGGER.variable, 0, HGQ2_TAGGER.depth)
    for operations, known, off in ((TAGGER, 232_830, "−1.1"), (hgq2, 492_893, "−4.5")):
        believed = estimated(operations).resources["LUT"].used
        assert f"| {believed:,} | {known:,} ± 11 % estimated of its Verilog | {off} % |" in page
    for coefficient in (told.LUT_CONSTANT, told.LUT_VARIABLE, told.FF_RATIO):
        assert f"{coefficient} for each" in page
    for error in (told.LUT_ERROR, told.FF_ERROR, told.LEVELS_ERROR):
        assert f"| {error:.0%} |".replace("%", " %") in page


def test_one_coefficient_for_all_products_is_far_off() -> None:
    """As the fit's description and the page say: least squares of the same errors."""
    shares = [(COUNTED[one.name].constant + COUNTED[one.name].variable) / one.lut for one in TRANSFORMERS]
    one = sum(shares) / sum(share**2 for share in shares)
    assert round(max(abs(1 / share / one - 1) for share in shares), 2) == 0.25
    assert round(492_893 / one / (HGQ2_TAGGER.constant + HGQ2_TAGGER.variable) - 1, 2) == 0.50
    assert "off by 50 % on the HGQ2 tagger" in (DOCS / "shape_auto.md").read_text("utf-8")
