"""Every report of the collection of real ones, against the values that a person read in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports.read import read_report
from tests.reports.by_eye import BY_EYE, REFUSED, WRONG_ROWS
from tests.reports.truth import Value, values

SHARED = Path(__file__).parents[3] / "shared" / "reports"
FILES = 183
pytestmark = pytest.mark.skipif(
    not (SHARED / "truth.json").is_file(), reason="the collection of real reports is absent"
)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((SHARED / "truth.json").read_text())
    return rows


def test_every_file_is_read_right(rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    told = {row["file"]: check_row(row) for row in rows}
    assert len(told) == FILES
    bad = {file: lines for file, lines in told.items() if lines}
    with capsys.disabled():
        print(f"\nfiles read right: {FILES - len(bad)}/{FILES}")
    assert not bad, json.dumps(bad, indent=1)


def check_row(row: dict[str, Any]) -> list[str]:
    """What is wrong with a file: nothing, if every value is right, or if it is refused as it must be."""
    name, path = row["file"], SHARED / "files" / row["file"]
    stated = {key: value for key, value in row["truth"].items() if key not in WRONG_ROWS.get(name, {})}
    try:
        report = read_report(path)
    except UserError as error:
        return [] if name in REFUSED and REFUSED[name] in str(error) else [f"refused: {error}"]
    if name in REFUSED:
        return ["must be refused"]
    if name in BY_EYE:
        found = [Value(what, value, _get(report, what)) for what, value in BY_EYE[name].items()]
    else:
        found = values(stated, report)
    assert found, "a file that is read must be held against something"
    return [f"{one.what}: {one.stated} is read as {one.read}" for one in found if not one.right]


def _get(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value[int(name)] if name.isdigit() else value[name] if isinstance(value, dict) else getattr(value, name)
    return value


@pytest.mark.parametrize("name", WRONG_ROWS)
def test_rows_that_are_wrong_are_proven_wrong_by_the_file(name: str, rows: list[dict[str, Any]]) -> None:
    (truth,) = [row["truth"] for row in rows if row["file"] == name]
    text = (SHARED / "files" / name).read_text(errors="replace")
    for key, (stated, proof) in WRONG_ROWS[name].items():
        assert truth[key] == stated
        assert proof in text


def test_files_that_are_named_by_hand_are_in_the_collection(rows: list[dict[str, Any]]) -> None:
    by_hand = {*BY_EYE, *REFUSED, *WRONG_ROWS}
    assert by_hand <= {row["file"] for row in rows}
    assert not {*BY_EYE} & {*REFUSED}
    others = {row["file"] for row in rows if row["truth"]["kind"].startswith("other")}
    assert others <= {*BY_EYE, *REFUSED}
