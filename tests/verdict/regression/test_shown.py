"""Every form that a regression is shown in: table, Markdown, JUnit, GitHub's and GitLab's annotations, JSON."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from fpga_tf.verdict.regression import annotations, junit, markdown
from fpga_tf.verdict.regression.baseline import Limits
from fpga_tf.verdict.regression.rows import Regression
from fpga_tf.verdict.regression.show import render

from ...docs.pages import DOCS, blocks, rows
from .made import FILE, compared, digest, made

EVIL = "x|`@a`\n::error::y\x1b[2J<b>,:%"


@pytest.fixture(autouse=True)
def no_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)


def failing() -> Regression:
    return compared(
        layers__1__codes=digest("a"),
        sets__evaluation__outputs=digest("b"),
        cost__LUT__value=60,
        cost__FF__value=61,
        physics__firmware__auc__b=0.8,
        versions={"numpy": "2.2", "python": "3.11.2"},
    )


def text_of(found: Regression, *, quiet: bool = False) -> str:
    out = io.StringIO()
    render(found, Console(file=out, width=100, color_system=None, highlight=False), quiet)
    return out.getvalue()


def squeezed(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_table() -> None:
    lines = squeezed(text_of(failing()))
    assert lines[0] == "Moved since tagger.baseline.json"
    assert lines[1] == "what baseline now change limit result"
    for line in (
        "cost.LUT 50 60 +20 % +5 % FAIL",
        "cost.FF 60 61 +1.67 % +5 % within",
        "physics.firmware AUC b 0.9 0.8 -0.1 -0.002 FAIL",
        "versions.numpy 2.1 2.2 told",
        "codes differ since layer logits (2 of 3)",
        "unknown then and now: physics: float; gates: latency_us",
        "FAIL: 4 of 45 guarded values moved beyond their limits; 36 as in the baseline; 1 within limits; 2 told; "
        "2 unknown as before",
        "hint if this is meant: fpga-tf baseline CONFIG --out tagger.baseline.json --update",
    ):
        assert line in lines, line
    assert lines.index("cost.LUT 50 60 +20 % +5 % FAIL") < lines.index("cost.FF 60 61 +1.67 % +5 % within")


def test_quiet_is_one_line() -> None:
    assert text_of(failing(), quiet=True).startswith("FAIL: 4 of 45 guarded values")
    assert squeezed(text_of(compared(), quiet=True)) == ["PASS: 42 as in the baseline; 1 told; 2 unknown as before"]


def test_markdown() -> None:
    text = markdown.render(failing())
    assert text.startswith("## fail: `tagger` against its baseline\n\n4 of 45 guarded values moved")
    assert "| `cost.LUT` | 50 | 60 | +20 % | +5 % | **FAIL** |" in text
    assert "* codes differ since layer logits (2 of 3)" in text
    assert "`fpga-tf baseline CONFIG --out tagger.baseline.json --update`, and commit" in text
    assert markdown.render(compared()).startswith("## pass: `tagger`")


def test_junit() -> None:
    root = ElementTree.fromstring(junit.render(failing()))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "45", "failures": "4", "errors": "0", "skipped": "2",
    }  # fmt: skip
    cases = {(case.get("classname"), case.get("name")): case for case in root.iter("testcase")}
    assert len(cases) == 45
    failure = cases["tagger.cost", "LUT"].find("failure")
    assert failure is not None
    assert failure.get("message") == "LUT from 50 to 60 (+20 %); a growth of 5 % is allowed"
    assert "codes differ since layer logits" in (failure.text or "")
    assert cases["tagger.physics", "float"].find("skipped") is not None
    assert cases["tagger.versions", "numpy"].findtext("system-out") == "numpy from 2.1 to 2.2"
    assert len(cases["tagger.cost", "DSP"]) == 0


def test_github() -> None:
    lines = annotations.github(failing())
    text = made().to_text().splitlines()
    pattern = re.compile(r"::(error|warning) file=tagger\.baseline\.json,line=(\d+),title=fpga-tf%3A ([^:,]+)::(.+)")
    found = {match[3]: match for match in map(pattern.fullmatch, lines) if match}
    assert len(found) == len(lines) == 6
    assert text[int(found["cost.LUT"][2]) - 1].strip() == '"value": 50'
    assert found["cost.LUT"][1] == "error"
    assert found["cost.LUT"][4] == "LUT from 50 to 60 (+20 %25); a growth of 5 %25 is allowed"
    assert found["codes.evaluation"][4] == (
        "output codes of set evaluation differ; codes differ since layer logits (2 of 3)"
    )
    assert found["versions.numpy"][1] == "warning"
    assert text[int(found["versions.numpy"][2]) - 1].strip() == '"numpy": "2.1",'


def test_github_shows_ten_of_a_kind_and_names_the_rest() -> None:
    lines = annotations.github(compared(versions={f"package{i}": "1" for i in range(12)}))
    assert len(lines) == 10
    assert ",title=fpga-tf%3A 6 more::versions.package" in lines[-1]


def test_gitlab() -> None:
    issues = json.loads(annotations.gitlab(failing()))
    assert [issue["severity"] for issue in issues].count("major") == 4
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 6
    (one,) = [issue for issue in issues if issue["check_name"] == "fpga-tf.cost.LUT"]
    assert one["location"]["path"] == FILE
    assert made().to_text().splitlines()[one["location"]["lines"]["begin"] - 1].strip() == '"value": 50'
    assert {issue["fingerprint"] for issue in issues} == {
        i["fingerprint"] for i in json.loads(annotations.gitlab(failing()))
    }
    assert json.loads(annotations.gitlab(compared(made(gates={}), gates={}))) == []


@pytest.mark.parametrize("name", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_paths_count_from_the_checkout(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "taggers").mkdir()
    monkeypatch.chdir(tmp_path / "taggers")
    monkeypatch.setenv(name, str(tmp_path))
    assert json.loads(annotations.gitlab(failing()))[0]["location"]["path"] == f"taggers/{FILE}"
    monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    assert f"file={tmp_path}/taggers/{FILE},line=" in annotations.github(failing())[0]


def test_names_do_not_steer_anything() -> None:
    layers = made().model_dump()["layers"]
    found = compared(layers=[*layers[:2], {**layers[2], "name": EVIL}], versions={"numpy": EVIL})
    assert "\x1b" not in text_of(found)
    for line in annotations.github(found):
        assert "\n" not in line and "\x1b" not in line
        assert len(re.findall("::", line.partition("title=")[0])) == 1
    summary = markdown.render(found)
    assert "\x1b" not in summary and "<b>" not in summary and "@a" not in summary.replace("&#64;a", "")
    assert ElementTree.fromstring(junit.render(found)).get("name") == "fpga-tf regress"
    assert "\x1b" not in annotations.gitlab(found)


def test_json() -> None:
    value = failing().to_json()
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert (value["verdict"], value["since"]["layer"], value["compared"]) == ("fail", "logits", 45)
    (row,) = [row for row in value["moved"] if (row["group"], row["name"]) == ("cost", "LUT")]
    assert row == {
        "group": "cost", "name": "LUT", "old": 50, "new": 60, "outcome": "fail", "kind": "growth", "change": 0.2,
        "limit": 0.05, "unit": "", "loc": ["cost", "LUT", "value"],
        "say": "LUT from 50 to 60 (+20 %); a growth of 5 % is allowed",
    }  # fmt: skip


def test_the_json_on_the_page_has_these_keys() -> None:
    page = next(b for b in blocks(DOCS / "regression.md") if (b.language, b.argument) == ("json", "regression"))
    shown, found = json.loads(page.text), failing().to_json()
    assert set(shown) == set(found)
    assert set(shown["since"]) == set(found["since"]) and set(shown["replayed"]) == set(found["replayed"])
    assert set(shown["moved"][0]) == set(found["moved"][0])


def test_the_limits_on_the_page_are_the_defaults() -> None:
    stated = {
        name: float(default)
        for keys, default, _ in rows(DOCS / "regression.md", "Limits")
        for name in re.findall(r"`([^`]+)`", keys)
    }
    limits = Limits().model_dump()
    growth = {f"growth.{name}": value for name, value in limits.pop("growth").items()}
    assert stated == limits | growth
