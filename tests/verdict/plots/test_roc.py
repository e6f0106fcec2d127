"""ROC curves: exact under ties, with the areas and working points that a run states."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

from fpga_tf.verdict.physics import physics
from fpga_tf.verdict.plots.roc import FIRMWARE, FLOAT, QUANTISED, Evaluated, Roc, curves, draw_backgrounds, roc, visible

MISSING = [name for name in ("matplotlib", "mplhep") if importlib.util.find_spec(name) is None]
drawn = pytest.mark.skipif(bool(MISSING), reason="needs the extra plots")
CLASSES = ("b", "c$", "light")


def sample(seed: int, logits: bool) -> tuple[Evaluated, Any]:
    """Scores of few values, so that many tie."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, 400)
    scores = np.round(rng.normal(size=(400, 3)) + 1.2 * np.eye(3)[labels], 1)
    return Evaluated(
        scores if logits else np.round(np.exp(scores) / np.exp(scores).sum(1, keepdims=True), 2), logits
    ), labels


def found(logits: bool = False) -> tuple[Roc, Evaluated, Any]:
    given, labels = sample(3, logits)
    other = Evaluated(given.scores + (0.0 if logits else 0.001), logits)
    return curves({FLOAT: other, QUANTISED: given, FIRMWARE: given}, labels, CLASSES, "b", ["why"]), given, labels


def test_a_curve_by_hand() -> None:
    score = np.array([0.9, 0.5, 0.5, 0.5, 0.1, 0.9])
    positive = np.array([True, True, False, True, False, False])
    kept, passed = roc(score, positive, ~positive)
    assert kept.tolist() == [0, 1 / 3, 1, 1]
    assert passed.tolist() == [0, 1 / 3, 2 / 3, 1]


@pytest.mark.parametrize("logits", [False, True])
def test_the_area_below_a_curve_is_the_auc_of_the_run(logits: bool) -> None:
    drawn_, given, labels = found(logits)
    run = physics(given.scores, labels, CLASSES, "b", logits=logits)
    quantised = [curve for curve in drawn_.classes if curve.stage == QUANTISED]
    assert [curve.name for curve in quantised] == list(CLASSES)
    for curve in (*drawn_.classes, *drawn_.backgrounds):
        area = float(np.trapezoid(curve.kept, curve.passed))
        assert area == pytest.approx(curve.auc, abs=1e-12)
        assert (np.diff(curve.kept) >= 0).all() and (np.diff(curve.passed) >= 0).all()
    assert {curve.name: curve.auc for curve in quantised} == run.auc


def test_working_points_are_those_of_the_run_and_lie_on_the_curve() -> None:
    drawn_, given, labels = found()
    run = physics(given.scores, labels, CLASSES, "b", logits=False)
    quantised = {curve.name: curve for curve in drawn_.backgrounds if curve.stage == QUANTISED}
    assert {name: curve.points for name, curve in quantised.items()} == run.working_points
    for curve in quantised.values():
        for point in curve.points.values():
            assert point.efficiency is not None and point.rejection is not None
            place = int(np.searchsorted(curve.kept, point.efficiency))
            assert curve.passed[place] == pytest.approx(1 / point.rejection)


def test_a_class_that_is_absent_has_no_curve() -> None:
    given, labels = sample(1, False)
    drawn_ = curves({QUANTISED: given}, np.minimum(labels, 1), CLASSES, "b")
    assert [curve.name for curve in drawn_.classes] == ["b", "c$"]
    assert [curve.name for curve in drawn_.backgrounds] == ["c$"]


def test_what_a_logarithm_shows_loses_nothing_that_is_seen() -> None:
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 3, 20_000)
    scores = rng.random((20_000, 3)) + 0.5 * np.eye(3)[labels]
    curve = curves({FLOAT: Evaluated(scores, False)}, labels, CLASSES, "b").classes[0]
    kept, passed = visible(curve)
    assert passed[0] > 0 and (kept[-1], passed[-1]) == (1, 1)
    assert len(kept) < len(curve.kept) / 5
    seen = curve.passed > 0
    across = np.abs(curve.kept[seen][:, None] - kept)
    up = np.abs(np.log10(curve.passed[seen])[:, None] - np.log10(passed))
    assert np.maximum(across * 800, up * 200).min(axis=1).max() <= 1  # each point has one that is drawn beside it


@drawn
def test_what_is_drawn() -> None:
    figure = draw_backgrounds(found()[0])
    (axes,) = figure.axes
    assert axes.get_yscale() == "log" and axes.get_xlim() == (0, 1)
    least = min(curve.passed[curve.passed > 0].min() for curve in found()[0].backgrounds)
    assert axes.get_ylim()[0] == least / 2  # no empty decade below
    lines = [line for line in axes.lines if line.get_marker() == "None"]
    assert [line.get_linestyle() for line in lines] == ["--", "--", "-", "-", "--", "--"]  # matplotlib's for any dashes
    assert [line.get_linewidth() for line in lines] == [1.2, 1.2, 1.4, 1.4, 3.2, 3.2]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    curve = found()[0].backgrounds[0]
    assert texts[0].startswith(r"c\$: ") and f"{curve.auc:.4f}" in texts[0]
    rings = [line for line in axes.lines if line.get_marker() == "o"]
    assert len(rings) == 2 * 2 * 2  # backgrounds, efficiencies, model and firmware
    point = found()[0].backgrounds[2].points["0.5"]
    assert (rings[0].get_xdata()[0], rings[0].get_ydata()[0]) == (point.efficiency, 1 / (point.rejection or 0))
