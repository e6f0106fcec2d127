"""Accuracy, AUC and rejection against brute force and known cases; ties above all, as fixed-point scores tie."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpga_tf.errors import UserError
from fpga_tf.verdict.physics import Labels, Physics, Scores, WorkingPoint, auc, physics, top_class_changes

CLASSES = ("b", "c", "light")


def scores(values: object) -> Scores:
    return np.array(values, dtype=np.float64)


def sample(n: int, seed: int = 1, levels: int = 16) -> tuple[Scores, Labels]:
    """Scores that know something of their labels, on a coarse grid."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    values = rng.random((n, 3))
    values[np.arange(n), labels] += 0.5
    return np.floor(values / 1.5 * levels) / levels, labels


def brute_auc(score: list[float], positive: list[bool]) -> Fraction | None:
    pairs = [
        (a, b)
        for a, is_a in zip(score, positive, strict=True)
        if is_a
        for b, is_b in zip(score, positive, strict=True)
        if not is_b
    ]
    if not pairs:
        return None
    return sum((Fraction(a > b) + Fraction(a == b, 2) for a, b in pairs), Fraction()) / len(pairs)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=0, max_size=40))
def test_auc_equals_counting_all_pairs(samples: list[tuple[int, bool]]) -> None:
    score, positive = [float(value) / 4 for value, _ in samples], [flag for _, flag in samples]
    expected = brute_auc(score, positive)
    found = auc(scores(score), np.array(positive, dtype=bool))
    assert found == (None if expected is None else float(expected))


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1), st.integers(2, 200), st.integers(1, 6))
def test_auc_of_reversed_scores_is_the_rest_to_one(seed: int, n: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    score, positive = rng.integers(0, levels + 1, n).astype(float), rng.random(n) < 0.5
    area, reverse = auc(score, positive), auc(-score, positive)
    if area is None or reverse is None:
        assert positive.all() or not positive.any()
    else:
        assert area + reverse == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("score", "positive", "expected"),
    [
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], 1.0),
        ([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0], 0.0),
        ([0.5, 0.5, 0.5], [1, 0, 1], 0.5),
        ([0.0, -0.0], [1, 0], 0.5),
        ([1, 2, 2, 3], [0, 1, 0, 1], 0.875),
        ([1, 2], [1, 1], None),
        ([1, 2], [0, 0], None),
        ([], [], None),
    ],
)
def test_auc_of_known_cases(score: list[float], positive: list[int], expected: float | None) -> None:
    assert auc(scores(score), np.array(positive, dtype=bool)) == expected


def test_accuracy_takes_the_first_of_equal_scores() -> None:
    values = scores([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5], [0.4, 0.6, 0.0], [0.0, 0.0, 0.0]])
    found = physics(values, np.array([0, 2, 0, 1]), CLASSES, "b", logits=False)
    assert (found.n, found.accuracy) == (4, 0.5)


def brute_point(signal: list[float], background: list[float], target: Fraction) -> tuple[Fraction, int]:
    """Of all thresholds that keep the target share of the signal, the largest; then what passes it."""
    passing = [t for t in signal if Fraction(sum(s >= t for s in signal), len(signal)) >= target]
    cut = max(passing)
    return Fraction(sum(s >= cut for s in signal), len(signal)), sum(b >= cut for b in background)


@settings(max_examples=200)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=30),
    st.lists(st.integers(0, 6), min_size=1, max_size=30),
    st.sampled_from(["0.5", "0.7", "0.07", "0.9", "1.0"]),
)
def test_rejection_equals_trying_all_thresholds(signal: list[int], background: list[int], level: str) -> None:
    # two classes whose sum is 8, so that p_s / (p_s + p_b) orders as p_s does
    column = scores(signal + background)
    labels = np.array([0] * len(signal) + [1] * len(background))
    found = physics(np.stack([column, 8 - column], 1), labels, ("s", "b"), "s", logits=False, efficiencies=(level,))
    efficiency, passing = brute_point([float(s) for s in signal], [float(b) for b in background], Fraction(level))
    point = found.working_points["b"][level]
    assert point.efficiency == float(efficiency)
    assert point.rejection == (len(background) / passing if passing else None)
    assert point.lower_bound == (None if passing else len(background))


def test_a_decimal_efficiency_keeps_no_sample_too_many() -> None:
    # 0.07 * 100 is 7.000000000000001 in binary, and would keep an eighth signal sample
    column = np.arange(100, 0, -1) / 128
    values = np.concatenate([np.stack([column, 1 - column], 1), [[column[7], 1 - column[7]]]])
    labels = np.array([0] * 100 + [1])
    found = physics(values, labels, ("s", "b"), "s", logits=False, efficiencies=("0.07",))
    assert found.working_points["b"]["0.07"] == WorkingPoint(0.07, None, 1.0)


def test_rejection_without_a_passing_background_is_a_bound_not_infinity() -> None:
    values = scores([[0.9, 0.1, 0]] * 4 + [[0.1, 0.9, 0]] * 5 + [[0.9, 0.1, 0]] * 2)
    found = physics(values, np.array([0] * 4 + [1] * 5 + [2] * 2), CLASSES, "b", logits=False)
    assert found.working_points["c"]["0.5"] == WorkingPoint(1.0, None, 5.0)
    assert found.rejection == {"c": {"0.5": None, "0.7": None}, "light": {"0.5": 1.0, "0.7": 1.0}}


def test_an_absent_class_has_no_auc_and_no_rejection() -> None:
    values, labels = sample(200)
    kept = labels != 1
    found = physics(values[kept], labels[kept], CLASSES, "b", logits=False)
    assert found.auc["c"] is None and found.auc["b"] is not None
    assert found.working_points["c"]["0.5"] == WorkingPoint()
    no_signal = physics(values[labels != 0], labels[labels != 0], CLASSES, "b", logits=False)
    assert no_signal.working_points["light"]["0.7"] == WorkingPoint()


def test_without_samples_nothing_is_known() -> None:
    found = physics(np.zeros((0, 3)), np.zeros(0, dtype=np.int64), CLASSES, "b", logits=False)
    assert (found.n, found.accuracy, dict(found.auc)) == (0, None, {"b": None, "c": None, "light": None})
    json.dumps(found.to_json(), allow_nan=False)


def test_zero_probability_of_both_is_undecided() -> None:
    values = scores([[0.6, 0.2, 0.2], [0, 0, 1.0], [0.1, 0.9, 0]])
    found = physics(values, np.array([0, 1, 1]), CLASSES, "b", logits=False)
    assert found.working_points["c"]["0.5"] == WorkingPoint(1.0, None, 2.0)
    tied = physics(scores([[0, 0, 1.0], [0, 0, 1.0]]), np.array([0, 1]), CLASSES, "b", logits=False)
    assert tied.working_points["c"]["0.5"] == WorkingPoint(1.0, 1.0, None)
    # one half is more than a tenth, so the undecided background passes
    worse = physics(scores([[0.1, 0.9, 0], [0, 0, 1.0]]), np.array([0, 1]), CLASSES, "b", logits=False)
    assert worse.working_points["c"]["0.5"] == WorkingPoint(1.0, 1.0, None)


def test_logits_give_what_their_softmax_gives() -> None:
    values, labels = sample(300, levels=8)
    logits = values * 5 - 2
    exponential = np.exp(logits)
    probabilities = exponential / exponential.sum(axis=1, keepdims=True)
    found = physics(logits, labels, CLASSES, "b", logits=True)
    expected = physics(np.round(probabilities, 12), labels, CLASSES, "b", logits=False)
    assert (found.accuracy, found.auc) == (expected.accuracy, expected.auc)
    assert found.rejection["light"].keys() == {"0.5", "0.7"}


def test_logits_far_apart_neither_overflow_nor_saturate() -> None:
    values = scores([[2000, 0, 0], [1000, 0, 0], [-1000, 0, 0], [-2000, 0, 0]])
    found = physics(values, np.array([0, 1, 0, 1]), CLASSES, "b", logits=True)
    assert found.auc["b"] == 0.75  # as probabilities both pairs would tie at 1 and at 0


def test_logits_tie_whatever_the_order_of_the_other_classes() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        others = np.round(rng.normal(size=7), 2)
        values = np.array([[1.0, *rng.permutation(others)] for _ in range(8)])
        found = physics(values, np.array([0, 1] * 4), tuple("abcdefgh"), "a", logits=True)
        assert found.auc["a"] == 0.5


def test_shares_of_top_class_changes() -> None:
    one = scores([[1, 0], [0, 1], [0.5, 0.5], [1, 0]])
    assert top_class_changes(one, scores([[1, 0], [1, 0], [1, 0], [0, 1]])) == 0.5
    assert top_class_changes(one, one) == 0.0
    assert top_class_changes(one[:0], one[:0]) is None
    with pytest.raises(UserError, match="must have one shape"):
        top_class_changes(one, one[:2])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": [[0.5, np.nan, 0.1]]}, "scores must be finite"),
        ({"scores": [[0.5, np.inf, 0.1]]}, "scores must be finite"),
        ({"scores": [[0.5, -0.1, 0.1]]}, "probabilities must not be negative"),
        ({"scores": [[0.5, 0.1]]}, "one column for each of 3 classes"),
        ({"labels": [3]}, "labels must be between 0 and 2, not 3"),
        ({"labels": [-1]}, "labels must be between 0 and 2, not -1"),
        ({"labels": [0.0]}, "labels must be 1 integers, not float64"),
        ({"labels": [0, 1]}, "labels must be 1 integers"),
        ({"signal": "top"}, "the signal class must be one of b, c, light, not 'top'"),
        ({"classes": ("b", "b", "c")}, "classes must be two or more different names"),
    ],
)
def test_data_that_does_not_fit_is_refused(change: dict[str, object], message: str) -> None:
    given: dict[str, Any] = {"scores": [[0.5, 0.2, 0.3]], "labels": [0], "classes": CLASSES, "signal": "b", **change}
    with pytest.raises(UserError, match=message):
        physics(scores(given["scores"]), np.array(given["labels"]), given["classes"], given["signal"], logits=False)


def test_json_keeps_everything_and_is_strict() -> None:
    values, labels = sample(500)
    found = physics(values, labels, CLASSES, "b", logits=False)
    value = found.to_json()
    assert list(value)[:3] == ["accuracy", "auc", "rejection"]
    assert value["rejection"].keys() == {"c", "light"}
    again = Physics.from_json(json.loads(json.dumps(value, allow_nan=False)))
    assert again == found
