"""Which points of a sweep no other beats, which one is picked, and how they are drawn and printed."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fpga_tf.verdict.gates import PhysicsLimits
from fpga_tf.verdict.physics import Physics
from fpga_tf.verdict.show_sweep import render_sweep
from fpga_tf.verdict.sweep import Cost, Point, Sweep, label_of


def physics(auc: float | None) -> Physics:
    return Physics(100, 0.7, {"b": auc, "c": auc}, "b", {"c": {}})


def cost(lut: int, ns: float | None, **changes: Any) -> Cost:
    resources = {"LUT": lut, "FF": 1, "DSP": 0, "BRAM_18K": 0, "URAM": 0}
    return replace(Cost("rows", None if ns is None else int(ns), 1, 1.0, ns, resources, {"LUT": 0.5}), **changes)


def made(*points: tuple[float | None, int, float | None], **changes: Any) -> Sweep:
    found = [
        Point(n, {"clock_ns": 5.0, "reuse_factor": n} if n else {}, physics(auc), cost(lut, ns))
        for n, (auc, lut, ns) in enumerate(points)
    ]
    axes = {"clock_ns": (5.0,), "reuse_factor": (1, 2, 3)}
    return replace(Sweep("small", ("b", "c"), axes, physics(0.9), PhysicsLimits(0.01, 0.1), tuple(found)), **changes)


def test_points_that_no_other_beats() -> None:
    sweep = made((0.90, 100, 10.0), (0.90, 100, 11.0), (0.90, 90, 12.0), (0.90, 100, 10.0), (0.95, 999, 99.0))
    assert sweep.best == {0, 2, 3, 4}  # equals do not beat each other
    assert made((0.9, 100, None), (None, 1, 1.0), (0.8, 100, 10.0)).best == {
        2
    }  # what is unknown neither beats nor is best


def test_picks() -> None:
    sweep = made((0.90, 100, 10.0), (0.895, 50, 10.0), (0.88, 10, 10.0), (0.90, 90, 10.0))
    assert [sweep.pick(what).number for what in ("auc", "lut", "2") if sweep.pick(what)] == [3, 1, 2]  # type: ignore[union-attr]
    assert sweep.loss(sweep.points[1]) == pytest.approx(0.005) and sweep.keeps(sweep.points[2]) is False
    tight = replace(sweep.points[1], cost=cost(50, 10.0, missed=("latency_us is 3, above 2",)))
    assert replace(sweep, points=(sweep.points[0], tight)).pick("lut").number == 0  # type: ignore[union-attr]
    assert sweep.pick("7") is None
    assert made((0.5, 1, 1.0)).pick("lut") is None
    refused = Point(0, refused="no")
    assert replace(sweep, points=(refused,)).pick("0") is None


def test_labels() -> None:
    values = {"clock_ns": 2.5, "shape": "dataflow", "heads": "in_turn", "reuse_factor": 4, "weight_fraction_bits": 3}
    assert label_of(values) == "2.5 ns, dataflow, heads in turn, R 4, weights 3"
    assert label_of({}) == "as configured"


def test_a_point_is_stored_and_read() -> None:
    from dataclasses import asdict

    value = {"physics": physics(0.9).to_json(), "cost": asdict(cost(5, 6.0, missed=("x",))), "refused": None}
    value["cost"]["missed"] = ["x"]  # as JSON gives it
    point = Point.from_stored(1, {"reuse_factor": 2}, value)
    assert point.cost == cost(5, 6.0, missed=("x",)) and point.objectives == (0.9, 6.0, 5)


def test_text() -> None:
    sweep = made((0.90, 100, 10.0), (0.88, 1234, 20.0))
    lost = Point(2, {"reuse_factor": 3}, lost="its worker died 4 times")
    out = io.StringIO()
    render_sweep(replace(sweep, points=(*sweep.points, lost)), Console(file=out, width=100, color_system=None))
    lines = out.getvalue().splitlines()
    (row,) = [line.split() for line in lines if line.strip().startswith("1: R 1")]
    assert row == ["1:", "R", "1", "0.8800", "0.0200", "20", "1", "1,234", "0", "no", "yes"]
    assert "note: point 2: unknown: its worker died 4 times" in lines
    assert "errors of what was estimated row by row: LUT ± 50 %" in {line.strip() for line in lines}


def test_a_plot_is_the_same_twice(tmp_path: Path) -> None:
    pytest.importorskip("mplhep")
    from fpga_tf.verdict.plot_sweep import plot_sweep

    sweep = made((0.90, 100, 10.0), (0.88, 1234, 20.0), (None, 1, 1.0), name="a$b")
    for name in ("one.svg", "two.svg"):
        plot_sweep(sweep, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    plot_sweep(made((None, 1, None)), tmp_path / "empty.png")
    assert (tmp_path / "empty.png").read_bytes().startswith(b"\x89PNG")


def draw_sweep(sweep: Sweep) -> Any:
    from fpga_tf.verdict.plot_sweep import draw

    return draw(sweep)


def inside(axis: Any) -> list[str]:
    """Labels of an axis that are seen."""
    low, high = axis.get_view_interval()
    return [axis.get_major_formatter()(tick) for tick in axis.get_majorticklocs() if low <= tick <= high]


def test_both_scales_have_round_numbers_however_wide_they_are() -> None:
    pytest.importorskip("mplhep")
    plot = draw_sweep(made((0.90, 210_000, 610.0), (0.88, 480_000, 700.0)))
    axes, bar = plot.axes
    assert inside(bar.yaxis) == ["600", "650", "700"]
    assert {"200,000", "400,000", "600,000"} <= set(inside(axes.xaxis))
    axes, bar = draw_sweep(made((0.90, 2_000, 90.0), (0.88, 480_000, 2100.0))).axes
    assert inside(bar.yaxis) == ["100", "200", "500", "1,000", "2,000"]
    assert {"1,000", "10,000", "200,000"} <= set(inside(axes.xaxis))
    assert bar.get_ylabel() == "latency [ns] (estimated)"


def test_no_marker_in_the_legend_has_the_colour_of_a_latency() -> None:
    pytest.importorskip("mplhep")
    from matplotlib.colors import to_hex as color_of

    (legend,) = draw_sweep(made((0.90, 100, 10.0), (0.88, 1234, 20.0))).legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["row by row", "no other beats it", "as configured"]
    colors = [[color_of(color) for color in handle.get_facecolors()] for handle in legend.legend_handles]
    assert colors == [["#717581"], [], []]
