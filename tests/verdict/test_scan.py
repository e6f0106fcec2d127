"""What is made of a scan's points: limits, the pick, JSON, CSV and the table."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from fpga_tf.verdict.gates import PhysicsLimits
from fpga_tf.verdict.physics import Physics, physics
from fpga_tf.verdict.scan import Point, Scan, Width
from fpga_tf.verdict.show_scan import render_scan

CLASSES = ("b", "c")
REASON = "a softmax must have fewer bits"


def of(accuracy: float, b: float, c: float | None) -> Physics:
    return Physics(400, accuracy, {"b": b, "c": c}, "b", {})


def point(integer: int, fraction: int, accuracy: float, b: float, c: float | None) -> Point:
    return Point(Width(integer, fraction, fraction), of(accuracy, b, c), of(0.9, 0.95, 0.94), 0.25, "float32")


POINTS = (
    point(4, 2, 0.50, 0.60, 0.55),
    point(4, 6, 0.79, 0.895, 0.80),  # the AUC of b loses exactly the limit
    point(5, 4, 0.80, 0.89, 0.80),
    point(5, 5, 0.80, 0.90, 0.80),
    Point(Width(5, 12, 12), refused=REASON),
)


def scan(*points: Point, auc: float = 0.005, accuracy: float = 0.01, **options: Any) -> Scan:
    limits = PhysicsLimits(auc, accuracy)
    return Scan("tiny", CLASSES, of(0.80, 0.90, 0.80), of(1.0, 0.99, 0.98), limits, points or POINTS, **options)


def trained(float_: Physics | None = None) -> Scan:
    return scan(trained=True, float_=float_)


def test_losses_are_held_against_the_limits() -> None:
    found = scan()
    assert [found.keeps(p) for p in found.points] == [False, True, False, True, None]
    assert [scan(auc=0.0, accuracy=0.0).keeps(p) for p in POINTS] == [False, False, False, True, None]
    assert scan(accuracy=0.009).keeps(POINTS[1]) is False
    unknown = point(4, 6, 0.80, 0.90, None)
    assert scan(unknown).keeps(unknown) is None


def test_the_pick_has_the_fewest_bits_and_then_the_least_loss() -> None:
    assert scan().picked() is POINTS[3]  # both of 11 bits
    assert scan(POINTS[0], POINTS[2], POINTS[4]).picked() is None
    smaller = point(3, 6, 0.795, 0.897, 0.80)
    assert scan(*POINTS, smaller).picked() is smaller
    assert scan(point(4, 1, 0.80, 0.90, None), POINTS[3]).picked() is POINTS[3]  # unknown is no pass


def test_ratios_are_to_the_reference() -> None:
    assert scan().ratio(POINTS[2], "b") == 0.89 / 0.90
    assert scan().ratio(POINTS[4], "b") is None


def test_losses_of_a_trained_model_are_counted_from_its_float_model() -> None:
    higher = trained(of(0.80, 0.905, 0.80))
    assert higher.ratio(POINTS[2], "b") == 0.89 / 0.90
    assert [trained().keeps(p) for p in POINTS] == [False, True, False, True, None]
    assert [higher.keeps(p) for p in POINTS] == [False, False, False, True, None]
    assert [(s.label, s.section) for s in (scan(), higher)] == [("float", "quantise"), ("as trained", "requantise")]


def test_json_has_all_and_unknown_is_null() -> None:
    value = json.loads(json.dumps(scan().to_json(), allow_nan=False))
    assert value["limits"] == {"max_auc_loss": 0.005, "max_accuracy_loss": 0.01}
    own = {"accuracy": 0.8, "auc": {"b": 0.9, "c": 0.8}}
    assert (value["reference"], value["float"], value["as_trained"]) == ("float", own, None)
    assert value["decision_auc"] == {"b": 0.99, "c": 0.98}
    for found, beside in ((trained(), None), (trained(of(0.8, 0.9, 0.8)), own)):
        other = found.to_json()
        assert (other["reference"], other["float"], other["as_trained"]) == ("as_trained", beside, own)
        assert other["points"] == value["points"]
    assert (value["samples"], len(value["points"])) == (400, 5)
    assert value["points"][3] == {
        "integer": 5, "fraction": 5, "weight_fraction": 5, "bits": 11, "accuracy": 0.8,
        "auc": {"b": 0.9, "c": 0.8}, "auc_ratio": {"b": 1.0, "c": 1.0}, "agreement": 0.9,
        "decision_auc": {"b": 0.95, "c": 0.94}, "largest_difference": 0.25, "within_limits": True,
        "exact": "float32", "refused": None,
    }  # fmt: skip
    refused = value["points"][4]
    assert (refused["accuracy"], refused["auc"], refused["within_limits"]) == (None, {"b": None, "c": None}, None)
    assert refused["refused"] == REASON


def test_csv_has_a_line_per_point() -> None:
    rows = list(csv.DictReader(io.StringIO(scan().to_csv())))
    assert [row["fraction"] for row in rows] == ["2", "6", "4", "5", "12"]
    assert rows[3]["auc.b"] == "0.9" and rows[3]["auc_ratio.c"] == "1.0"
    assert rows[4]["auc.b"] == "" and rows[4]["refused"] == REASON


def test_a_stored_point_is_the_same_again() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]])
    found = physics(scores, np.array([0, 1, 0, 1]), CLASSES, "b", logits=False)
    whole = Point(Width(4, 2, 8), found, found, 0.125, "float64")
    for one in (whole, POINTS[4]):
        assert Point.from_stored(one.width, json.loads(json.dumps(one.stored()))) == one


def shown(value: Scan, *, quiet: bool = False) -> str:
    out = io.StringIO()
    render_scan(value, Console(file=out, width=100, color_system=None), quiet)
    return out.getvalue()


def test_the_table_has_a_row_per_point() -> None:
    lines = [line.split() for line in shown(scan()).splitlines()]
    headings = "integer fraction accuracy AUC b AUC c ratio same truth apart within"
    assert headings.split() in lines
    assert ["float", "0.8000", "0.9000", "0.8000", "0.9800"] in lines
    assert ["4", "2", "0.5000", "0.6000", "0.5500", "0.6667", "0.9000", "0.9400", "0.2500", "no"] in lines
    assert ["5", "5", "0.8000", "0.9000", "0.8000", "1.0000", "0.9000", "0.9400", "0.2500", "yes"] in lines
    assert ["5", "12", *"-------", "refused"] in lines
    assert shown(scan(), quiet=True) == f"note: integer 5, fraction 12: no hardware: {REASON}\n"


def test_the_table_of_a_trained_model_has_a_row_for_each_reference() -> None:
    lines = [line.split() for line in shown(trained(of(0.81, 0.905, 0.80))).splitlines()]
    first = lines.index(["float", "0.8100", "0.9050", "0.8000"])
    assert lines[first + 1] == ["trained", "0.8000", "0.9000", "0.8000", "0.9800"]
    assert "float" not in [line[0] for line in map(str.split, shown(trained()).splitlines()) if line]


def test_the_table_of_many_classes_has_the_worst_alone() -> None:
    names = tuple(f"class{i}" for i in range(9))
    many = Physics(10, 0.5, {name: 0.5 + 0.01 * i for i, name in enumerate(names)}, names[0], {})
    points = (Point(Width(1, 2, 2), many, many, 0.5, "float32"),)
    value = Scan("many", names, many, many, PhysicsLimits(0.1, 0.1), points)
    text = shown(value)
    assert "class0" not in text and ["1", "2", "0.5000", "1.0000", "0.5000", "0.5000", "0.5000", "yes"] in [
        r.split() for r in text.splitlines()
    ]


@pytest.mark.parametrize(("width", "bits"), [(Width(4, 2, 2), 7), (Width(0, 1, 8), 2)])
def test_bits_count_the_sign(width: Width, bits: int) -> None:
    assert width.bits == bits
