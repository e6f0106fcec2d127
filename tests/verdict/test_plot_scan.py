"""The figure of a scan: what is drawn, and what is said where it can't be."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from fpga_tf.errors import UserError
from fpga_tf.verdict import plot_scan as module
from fpga_tf.verdict.plot_scan import plot_scan
from fpga_tf.verdict.plots.style import check_plot

from .test_scan import POINTS, of, point, scan

MISSING = [name for name in ("matplotlib", "mplhep") if importlib.util.find_spec(name) is None]
drawn = pytest.mark.skipif(bool(MISSING), reason="needs the extra plots")


def figure(**changes: Any) -> Any:
    return module._draw(scan(**changes))


def lines(axes: Any) -> list[tuple[list[float], list[float]]]:
    return [(list(line.get_xdata()), [round(y, 6) for y in line.get_ydata()]) for line in axes.lines]


@drawn
def test_a_panel_per_integer_width_a_line_per_class_the_float_model_and_the_limits() -> None:
    four, five, four_large, five_large, four_decided, five_decided = figure().axes
    assert [axes.get_title() for axes in (four, five)] == ["4 integer bits, 1 sign bit", "5 integer bits, 1 sign bit"]
    assert (
        lines(four)
        == lines(four_large)
        == [
            ([0, 1], [1.0, 1.0]),
            ([2, 6], [round(0.6 / 0.9, 6), round(0.895 / 0.9, 6)]),
            ([0, 1], [round(1 - 0.005 / 0.9, 6)] * 2),
            ([2, 6], [round(0.55 / 0.8, 6), 1.0]),
            ([0, 1], [round(1 - 0.005 / 0.8, 6)] * 2),
        ]
    )
    assert lines(five)[1][0] == [4, 5]  # the refused point is not there
    own = [([0, 1], [0.99, 0.99]), ([0, 1], [0.98, 0.98])]
    assert lines(four_decided) == [([2, 6], [0.95, 0.95]), own[0], ([2, 6], [0.94, 0.94]), own[1]]
    low, high = five_large.get_ylim()
    assert low < 1 - 0.005 / 0.8 and 1 < high < 1.01
    assert four.get_ylim()[0] < 0.55 / 0.8
    assert five_decided.get_xlabel() == "fraction width [bits]"
    assert [axes.get_ylabel() for axes in (four, four_large, four_decided)] == [
        "AUC / AUC float", "the same, enlarged", "AUC, truth: float"
    ]  # fmt: skip


@drawn
def test_a_trained_model_is_the_reference_and_its_float_model_a_line_per_class() -> None:
    found = figure(trained=True, float_=of(0.8, 0.905, 0.81))
    four, _, four_large, _, four_decided, _ = found.axes
    heights = [y[0] for x, y in lines(four_large) if x == [0, 1]]
    b, c = 0.9, 0.8
    floats, limits = [0.905 / b, 0.81 / c], [0.9 / b, 0.805 / c]
    assert heights == [1.0, *(round(y, 6) for pair in zip(floats, limits, strict=True) for y in pair)]
    low, high = four_large.get_ylim()
    assert low < 1 and high > 0.81 / 0.8
    assert four.get_ylabel() == "AUC / AUC as trained"
    assert four_decided.get_ylabel() == "AUC, truth: as trained"
    names = [t.get_text() for t in found.legends[0].get_texts()]
    assert names == ["b", "c", "model as trained", "float model", "loss of 0.005 (limit)"]


@drawn
def test_the_legend_names_all_and_lies_outside_of_the_panels() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    found = figure()
    FigureCanvasAgg(found).draw()
    (legend,) = found.legends
    assert [t.get_text() for t in legend.get_texts()] == ["b", "c", "float model", "loss of 0.005 (limit)"]
    assert legend.get_title().get_text() == "tiny: 400 samples"
    box = legend.get_window_extent()
    assert not any(box.overlaps(axes.get_window_extent()) for axes in found.axes)


@drawn
def test_weights_of_another_width_are_told() -> None:
    from fpga_tf.verdict.scan import Point, Width

    other = Point(Width(4, 2, 8), POINTS[0].truth, POINTS[0].decisions, 0.25, "float32")
    assert module._title(scan(other)) == "tiny: 400 samples, weights with 8 fraction bits"


@drawn
@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_the_same_scan_gives_the_same_file(suffix: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        plot_scan(scan(*POINTS, *(point(i, 3, 0.7, 0.8, 0.7) for i in range(6, 9))), tmp_path / f"{name}.{suffix}")
    raw = (tmp_path / f"a.{suffix}").read_bytes()
    assert raw == (tmp_path / f"b.{suffix}").read_bytes()
    assert raw.startswith({"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[suffix])


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        check_plot(tmp_path / "a.jpg")
    assert caught.value.what == "a plot must be a file that ends with .png, .pdf, .svg, not 'a.jpg'"


@pytest.mark.parametrize("missing", ["matplotlib", "mplhep"])
def test_without_the_extra_it_says_what_to_install(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = lambda name: None if name == missing else object()  # noqa: E731
    monkeypatch.setattr("importlib.util.find_spec", there)
    with pytest.raises(UserError) as caught:
        plot_scan(scan(), tmp_path / "a.png")
    assert (caught.value.what, caught.value.hint) == (
        f"{missing} must be installed to draw a plot", "pip install 'fpga_tf[plots]'",
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []
