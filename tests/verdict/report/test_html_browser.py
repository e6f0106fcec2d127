"""The page in a real browser: nothing is fetched, nothing overflows, bars are as long as their values."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fpga_tf.verdict.report import html

from .designs import hostile, large, shown, small, unknown

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome-headless-shell")
ARGUMENTS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
OVERLAPS = """() => {
  const found = [];
  for (const parent of document.querySelectorAll('body, main, article, section, tbody, tr, .grid, ul')) {
    const all = [...parent.children].filter(e => !e.closest('.unseen') && e.getClientRects().length);
    for (let i = 0; i < all.length; i++) for (let j = i + 1; j < all.length; j++) {
      const [a, b] = [all[i].getBoundingClientRect(), all[j].getBoundingClientRect()];
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
          && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1) found.push(all[i].outerHTML.slice(0, 99));
    }
  }
  return found;
}"""
OUTSIDE = """() => [...document.querySelectorAll('td, th, p, svg, li')].filter(e => !e.closest('.unseen')
  && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(e => e.outerHTML.slice(0, 99))"""
CONTRASTS = """() => {
  const part = text => text.match(/[0-9.]+/g).slice(0, 3).map(Number).map(v => v / 255);
  const light = text => part(text).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const back = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('td, th, p, h1, h2, h3, span, caption, a')]
    .filter(e => e.textContent.trim() && !e.closest('.unseen')).map(e => {
      const ink = light(getComputedStyle(e).color);
      return (Math.max(ink, back) + 0.05) / (Math.min(ink, back) + 0.05);
    });
}"""
# From the left end of the total's bar: the line of the budget, and the bar's right end.
BUDGET = """() => {
  const row = document.querySelector('#design-1 .bars tr.total');
  const bar = row.querySelector('rect').getBoundingClientRect();
  const line = row.querySelector('line.budget').getBoundingClientRect();
  return [(line.left + line.right) / 2 - bar.left, bar.width];
}"""
BARS = """() => [...document.querySelector('#design-1 .bars').querySelectorAll('tbody tr')].map(row => {
  const rect = row.querySelector('rect'), box = rect && rect.getBoundingClientRect();
  return {text: row.querySelector('.number').textContent, x: box && box.left, width: box && box.width};
})"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        found = next(filter(None, map(shutil.which, NAMES)), None) or (own if Path(own).is_file() else None)
        if found is None:
            pytest.skip("no Chromium: apt-get install chromium, or playwright install chromium")
        sandbox = [] if os.geteuid() else ["--no-sandbox"]  # Chromium refuses its sandbox as root
        browser = playwright.chromium.launch(executable_path=found, args=[*ARGUMENTS, *sandbox])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    shows = {"designs": shown(large(), small(), unknown(), errors=True), "hostile": shown(hostile(), small())}
    for name, what in shows.items():
        (folder / f"{name}.html").write_text(html.render(what), "utf-8")
    return {name: folder / f"{name}.html" for name in shows}


def looked_at(chromium: Any, file: Path, width: int, **options: Any) -> Any:
    """The page, open: nothing is fetched or complained of, overflows or overlaps; `options` are those of a new page."""
    page = chromium.new_page(viewport={"width": width, "height": 900}, **options)
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    assert [url for url in requests if not url.startswith("data:")] == [file.as_uri()]
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERLAPS) == []
    return page


def printed(chromium: Any, file: Path) -> Any:
    """The page as on paper, open: nothing lies outside or overlaps."""
    page = chromium.new_page(viewport={"width": 688, "height": 1000})  # A4 within its margins
    page.emulate_media(media="print")
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 688
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(OVERLAPS) == []
    return page


@pytest.mark.parametrize("name", ["designs", "hostile"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page(chromium: Any, pages: dict[str, Path], name: str, width: int) -> None:
    page = looked_at(chromium, pages[name], width)
    page.close()


@pytest.mark.parametrize("name", ["designs", "hostile"])
def test_paper(chromium: Any, pages: dict[str, Path], name: str) -> None:
    page = printed(chromium, pages[name])
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out(chromium: Any, pages: dict[str, Path], scheme: str) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page.goto(pages["designs"].as_uri())
    ratios = page.evaluate(CONTRASTS)
    assert len(ratios) > 100
    assert min(ratios) >= 4.5  # WCAG 2.1, level AA
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_budget_stands_where_its_value_does(chromium: Any, pages: dict[str, Path], width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(pages["designs"].as_uri())
    line, total = page.evaluate(BUDGET)
    assert line == pytest.approx(total * 400 / 510, abs=1.5)
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_bars_are_as_long_as_their_values(chromium: Any, pages: dict[str, Path], width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(pages["designs"].as_uri())
    known = [(float(bar["text"][:-3]), bar) for bar in page.evaluate(BARS) if bar["text"] != "unknown"]
    assert [value for value, _ in known] == [60, 240, 110, 100, 510]
    scale, start = known[-1][1]["width"] / 510, 0.0
    for value, bar in known[:-1]:
        assert bar["width"] == pytest.approx(value * scale, abs=0.5)
        assert bar["x"] - known[0][1]["x"] == pytest.approx(start * scale, abs=0.5)
        start += value
    page.close()
