"""The page of a run: what it says, that names stay text, and how it looks in a real browser."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fpga_tf.verdict.plots.resources import Resources, Usage
from fpga_tf.verdict.plots.waterfall import Span, Waterfall
from fpga_tf.verdict.report.run_page import render_run, resource_chart, waterfall_chart, width_rows

from .runs import run_page, unknown
from .test_html_browser import CONTRASTS, chromium, looked_at, printed

__all__ = ["chromium"]
MISSING = [name for name in ("matplotlib", "mplhep") if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason="needs the extra plots")
# what stands behind an axis label or in a legend must be in the picture
SPILLED = """() => [...document.querySelectorAll('figure svg')].filter(svg => {
  const box = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('use, path, image')].some(e => {
    const r = e.getBoundingClientRect();
    return r.width && !e.closest('defs, clipPath') && (r.left < box.left - 2 || r.right > box.right + 2);
  });
}).length"""
BARS = """name => [...document.querySelectorAll('.bars')].find(t => t.caption.textContent.startsWith(name))
  .querySelectorAll('tbody tr').values().map(row => {
    const box = row.querySelector('rect').getBoundingClientRect();
    const line = row.querySelector('line'), at = line && line.getBoundingClientRect();
    return [box.left, box.width, at && (at.left + at.right) / 2];
  }).toArray()"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    shows = {"run": run_page(), "evil": run_page(evil=True, differing=True), "unknown": unknown()}
    for name, what in shows.items():
        (folder / f"{name}.html").write_text(render_run(what), "utf-8")
    return {name: folder / f"{name}.html" for name in shows}


def test_the_same_run_gives_the_same_page() -> None:
    assert render_run(run_page()) == render_run(run_page())


def test_the_verdict_comes_first_and_all_is_said() -> None:
    text = render_run(run_page())
    body = text[text.index("<body>") :]
    assert body.index("FAIL") < body.index("latency_us 0.51 us above 0.4 us") < body.index("Gates")
    order = [
        "Gates",
        "Agreement of model",
        "Physics of 200 samples",
        "Timing",
        "Resources",
        "Formats",
        "Softmax",
        "Notes",
    ]
    places = [body.index(f"<h3>{word}") for word in (*order, "Steps", "Versions and digests")]
    assert places == sorted(places)
    assert "Unknown slr_share.LUT: no report" in body
    assert "the budget of 400 ns" in body and "102 cycles, 510 ns" in body
    assert "/home/me" not in body  # the same page wherever the project lies
    auc = re.findall(r'aria-label="ROC curves\. Each class against all others; areas: b float (0\.\d{4})', body)
    assert auc == [f"{run_page().roc.classes[0].auc:.4f}"]  # type: ignore[union-attr]
    assert body.count("<figure role") == 3


def test_names_stay_text() -> None:
    text = render_run(run_page(evil=True))
    assert "<script" not in text and "<img" not in text and "\x1b" not in text
    assert "&lt;script&gt;" in text
    assert "onerror" not in re.sub(r">[^<]*<|\"[^\"]*\"", "", text)  # never outside text and quoted attributes


def test_what_is_not_known_is_said() -> None:
    text = render_run(unknown())
    assert "When each layer is at work is not known." in text and "Resources of the layers are not known." in text
    assert "<figure" not in text


def test_a_firmware_that_differs_has_no_curve_and_a_reason() -> None:
    text = render_run(run_page(differing=True))
    assert "the firmware differs" in text
    assert "b quantised 0." in text and "b firmware" not in text


def test_bars_of_times_lie_on_one_scale_with_the_budget() -> None:
    chart = waterfall_chart(Waterfall((Span("a", 0, 10), Span("b", 5, 30)), 30, 2.0, 100.0))
    unit = 1000 / 102
    assert [(bar.name, bar.x, bar.width, bar.kind) for bar in chart.bars] == [
        ("a", 0, 20 * unit, "layer"), ("b", 10 * unit, 50 * unit, "layer"), ("whole design", 0, 60 * unit, "total")
    ]  # fmt: skip
    assert {bar.lines for bar in chart.bars} == {(("budget", 100 * unit),)}
    late = waterfall_chart(Waterfall((Span("a", 0, 60),), 60, 2.0, 100.0))
    assert late.bars[-1].kind == "total over"


def test_bars_of_resources_have_shares() -> None:
    chart = resource_chart(Resources("LUT", "s", (Usage("a", {"x": 30.0}), Usage("b", {"y": 10.0})), 3))
    assert [bar.text for bar in chart.bars] == ["30 (75.0 %)", "10 (25.0 %)"]
    assert chart.remarks == ("Of 40 in all: x 75 %, y 25 %.", "3 more use none or are unknown.")


def test_formats_lie_about_one_point() -> None:
    first, *_ = width_rows(run_page().widths)
    assert (first["format"], first["cells"]) == ("1 + 2 . 5", ["17", "5", ""])
    assert (first["sign"], first["point"], first["value"]) == (0, 375, (125, 875))


@pytest.mark.parametrize("name", ["run", "evil", "unknown"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (390, "light")])
def test_the_page(chromium: Any, pages: dict[str, Path], name: str, width: int, scheme: str) -> None:
    page = looked_at(chromium, pages[name], width, color_scheme=scheme)
    assert page.evaluate(SPILLED) == 0
    assert min(page.evaluate(CONTRASTS)) >= 4.5
    page.close()


def test_a_phone_shows_all_columns(chromium: Any, pages: dict[str, Path]) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 900})
    page.goto(pages["run"].as_uri())
    hidden = page.evaluate("[...document.querySelectorAll('.scroll')].map(e => e.scrollWidth - e.clientWidth)")
    assert hidden and max(hidden) == 0
    page.close()


@pytest.mark.parametrize("name", ["run", "evil"])
def test_paper(chromium: Any, pages: dict[str, Path], name: str) -> None:
    page = printed(chromium, pages[name])
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_bars_are_as_long_as_their_times(chromium: Any, pages: dict[str, Path], width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(pages["run"].as_uri())
    bars = page.evaluate(BARS, "When")
    left, whole, budget = bars[-1]
    assert budget - left == pytest.approx(whole * 400 / 510, abs=1.5)
    for number, (x, long, _) in enumerate(bars[:-1]):
        assert x - left == pytest.approx(whole * 30 * number / 102, abs=0.5)
        assert long == pytest.approx(whole * 40 / 102, abs=0.5)
    page.close()


def test_a_page_without_labels_has_no_physics() -> None:
    given = run_page()
    assert "Physics" not in render_run(replace(given, roc=None, result=replace(given.result, physics={})))
