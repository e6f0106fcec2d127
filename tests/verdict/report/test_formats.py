"""What each format promises, whatever the names in a report are; three designs letter by letter."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from rich.console import Console

from fpga_tf.reports.types import AbsoluteLatency
from fpga_tf.verdict.report import csv_, html, junit, markdown, text
from fpga_tf.verdict.report.document import document
from fpga_tf.verdict.report.files import short_names
from fpga_tf.verdict.report.judged import Shown
from fpga_tf.verdict.report.pareto import pareto

from .designs import EVIL, hostile, large, shown, small, unknown

GOLDEN = Path(__file__).parent / "golden"
EVERYTHING = shown(large(), small(), unknown(), hostile(), errors=True)


def as_text(found: Shown) -> str:
    out = io.StringIO()
    text.render(found, Console(file=out, width=100, color_system=None, highlight=False, emoji=False))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


FORMATS: dict[str, Callable[[Shown], str]] = {
    "text.txt": as_text,
    "markdown.md": markdown.render,
    "table.csv": csv_.render,
    "junit.xml": junit.render,
}


@pytest.mark.parametrize("name", FORMATS)
def test_three_designs(name: str) -> None:
    found = FORMATS[name](shown(large(), small(), unknown(), errors=True))
    assert found == (GOLDEN / name).read_bytes().decode()


def test_the_document_is_strict_json() -> None:
    design = small()
    odd = replace(design, report=replace(design.report, latency_ns=AbsoluteLatency(None, math.nan)))
    found = json.loads(json.dumps(document(shown(odd, large(), unknown())), allow_nan=False))
    assert found["designs"][0]["report"]["latency_ns"]["max"] is None
    assert [one["pareto"]["optimal"] for one in found["designs"]] == [True, False, None]
    assert found["designs"][2]["pareto"]["unknown"] == ["latency_ns", "interval_cycles", "FF"]
    assert document(shown(small()))["designs"][0]["pareto"] is None


def test_csv_has_a_row_for_a_design_and_runs_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_.render(EVERYTHING))))
    assert [row["design"][:2] for row in rows] == ["la", "sm", "un", "'="]
    assert (rows[2]["latency_max_cycles"], rows[2]["FF_used"], rows[2]["URAM_used"]) == ("", "", "0")
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for row in rows for cell in row.values())


def test_markdown_is_inert() -> None:
    found = markdown.render(shown(hostile(), hostile()))
    assert not any(text in found for text in ("<script", "\x1b", "@all", "[x]("))


@pytest.mark.parametrize("strict", [False, True])
def test_junit_has_the_shape_that_ci_servers_read(strict: bool) -> None:
    root = fromstring(junit.render(EVERYTHING, strict=strict))
    outcomes = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    for suite in root:
        assert suite.tag == "testsuite" and int(suite.get("tests", "")) == len(suite.findall("testcase"))
        for name, tag in outcomes.items():
            assert int(suite.get(name, "")) == len(suite.findall(f"testcase/{tag}"))
        assert all({"classname", "name", "time"} == set(case.keys()) for case in suite)
    assert (root.get("skipped"), root.get("errors")) == (("0", "3") if strict else ("2", "1"))


def test_the_page_runs_nothing() -> None:
    found = html.render(EVERYTHING)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found
    assert not any(text in found for text in ("<script", EVIL, "url(", "@import", "\x1b", "<img", " src="))


def test_pareto_marks() -> None:
    marks = pareto([large(), small(), unknown(), small("twin")])
    assert [str(mark) for mark in marks] == [
        "no (beaten by small and 1 more)", "yes", "unknown (latency_ns, interval_cycles, FF)", "yes",
    ]  # fmt: skip
    assert pareto([small()]) == [None]


def test_short_names_are_unique() -> None:
    found = short_names(["a/b/c.xml", "x/b/c.xml", "d.rpt"])
    assert found == {"a/b/c.xml": "a/b/c.xml", "x/b/c.xml": "x/b/c.xml", "d.rpt": "d.rpt"}
