"""The file: reviewable, the same when read back, and refused in one sentence if it is anything else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.verdict.regression.baseline import MAX_BYTES, read_baseline
from fpga_tf.verdict.regression.compare import compare
from fpga_tf.verdict.regression.positions import line_at, lines_of

from .made import again, made, plain


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "tagger.baseline.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_it_is_the_same_when_read_back(tmp_path: Path) -> None:
    text = made().to_text()
    assert text.endswith("}\n")
    found, _ = read_baseline(written(tmp_path, text))
    assert found == made()
    assert found.to_text() == text


def test_a_diff_shows_one_value_a_line_with_sorted_keys() -> None:
    text = made().to_text()
    changed = made(cost__LUT__value=51).to_text()
    pairs = zip(text.splitlines(), changed.splitlines(), strict=True)
    assert [(a.strip(), b.strip()) for a, b in pairs if a != b] == [('"value": 50', '"value": 51')]
    keys = list(json.loads(text))
    assert keys == sorted(keys)
    assert '"tracks": "1 -2"' in text  # all codes of a sample's port in one line


def test_lines_of_values() -> None:
    text = made().to_text()
    lines, rows = lines_of(text), text.splitlines()
    assert rows[lines[("cost", "LUT", "value")] - 1].strip() == '"value": 50'
    assert rows[lines[("layers", 1, "name")] - 1].strip() == '"name": "logits",'
    assert rows[lines[("limits", "auc_loss")] - 1].strip() == '"auc_loss": 0.002,'
    assert line_at(lines, ("layers", 7, "name")) == lines[("layers",)]
    assert line_at(lines, ("nothing",)) == 1


def test_lines_of_any_layout() -> None:
    text = '{"a":[1,[ ],{"b\\"}":\n"x,]"}],\n"c" : null,\n\n"":{}\n}'
    assert lines_of(text) == {
        (): 1, ("a",): 1, ("a", 0): 1, ("a", 1): 1, ("a", 2): 1, ("a", 2, 'b"}'): 2, ("c",): 3, ("",): 5,
    }  # fmt: skip


def test_edited_limits_are_read(tmp_path: Path) -> None:
    value = plain()
    value["limits"] = {"accuracy_loss": 0, "auc_loss": None, "growth": {"LUT": 1}}
    found, _ = read_baseline(written(tmp_path, json.dumps(value)))
    assert (found.limits.accuracy_loss, found.limits.auc_loss, found.limits.growth.LUT) == (0, None, 1)
    assert found.limits.growth.FF == 0.05  # left out: the default


HOSTILE: list[tuple[Any, str, str]] = [
    ("", "must be well-formed JSON", ":1"),
    ("{\n'a'}", "must be well-formed JSON", ":2"),
    ("[" * 100_000, "must be well-formed JSON", ":1"),
    ('{"a": 1, "a": 2}', "key 'a' is given twice", ":1"),
    ('{"a": NaN}', "NaN is no number", ":1"),
    ('{"a": ' + "9" * 5000 + "}", "must be well-formed JSON", ":1"),
    ("[]", "must hold what it was recorded with, but of it", ":1"),
    (b"\xff\xfe", "must be UTF-8 text", ""),
    (b" " * (MAX_BYTES + 1), "must be at most 4 MiB", ""),
]


@pytest.mark.parametrize(("text", "what", "where"), HOSTILE)
def test_what_is_no_baseline_is_refused(text: str | bytes, what: str, where: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserError) as error:
        read_baseline(path)
    assert what in error.value.what and len(error.value.what) < 500
    assert error.value.where == f"{path}{where}"


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        ("schema", "2", "schema"),
        ("configuration__at_most", {"latency_us": -1}, "configuration.at_most.latency_us"),
        ("configuration__at_most", {"latency_us": "2 us"}, "configuration.at_most.latency_us"),
        ("configuration__at_most", {str(i): 1 for i in range(101)}, "configuration.at_most"),
        ("configuration__signal", "", "configuration.signal"),
        ("extra", 1, "extra"),
        ("limits__growth__LUT", -0.1, "limits.growth.LUT"),
        ("limits__growth__LUT", "5 %", "limits.growth.LUT"),
        ("limits__growth__LUTs", 0.1, "limits.growth.LUTs"),
        ("limits__auc_loss", True, "limits.auc_loss"),
        ("cost__LUT__value", -1, "cost.LUT.value"),
        ("cost__LUT__value", 10**400, "cost.LUT.value"),
        ("cost__LUT__unit", "LUTs", "cost.LUT.unit"),
        ("layers__0__codes", "0" * 63, "layers.0.codes"),
        ("layers__0__codes", "Z" * 64, "layers.0.codes"),
        ("layers__0__shape", "0", "layers.0.shape"),
        ("layers__0__shape", "x".join(["9"] * 9), "layers.0.shape"),
        ("layers__0__name", "n" * 301, "layers.0.name"),
        ("samples__0__inputs", {"tracks": "1 2.5"}, "samples.0.inputs.tracks"),
        ("samples__0__inputs", {"tracks": "1" * 20}, "samples.0.inputs.tracks"),
        ("samples__0__inputs", {"tracks": "٣"}, "samples.0.inputs.tracks"),
        ("samples", [plain()["samples"][0]] * 65, "samples"),
        ("inputs", [plain()["inputs"][0]] * 101, "inputs"),
        ("sets__evaluation__samples", -1, "sets.evaluation.samples"),
        ("physics__firmware__accuracy", 1.5, "physics.firmware.accuracy"),
        ("gates__agreement", "yes", "gates.agreement"),
        ("versions", {str(i): "1" for i in range(101)}, "versions"),
        ("made_for__clock_ns", 0, "made_for.clock_ns"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(path: str, value: Any, name: str, tmp_path: Path) -> None:
    data = plain()
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("__")]
    inner: Any = data
    for step in steps:
        inner = inner[step]
    inner[last] = value
    text = json.dumps(data, indent=1)
    file = written(tmp_path, text)
    with pytest.raises(UserError) as error:
        read_baseline(file)
    assert f"but of {name}" in error.value.what and len(error.value.what) < 500
    lines, loc = lines_of(text), tuple(int(one) if one.isdigit() else one for one in name.split("."))
    assert error.value.where == f"{file}:{line_at(lines, loc)}"


@pytest.mark.parametrize("schema", [1, 3])
def test_a_baseline_of_another_version_is_refused_with_a_way_out(schema: int, tmp_path: Path) -> None:
    data = {**plain(), "schema": schema}
    del data["configuration"]
    text = json.dumps(data, indent=1)
    file = written(tmp_path, text)
    with pytest.raises(UserError) as error:
        read_baseline(file)
    assert error.value.what == f"a baseline must have schema 2, not {schema}"
    assert error.value.where == f"{file}:{lines_of(text)[('schema',)]}"
    assert error.value.hint is not None and "note its limits, delete it, record another" in error.value.hint


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    data = plain()
    del data["sets"]
    with pytest.raises(UserError, match="but of sets: Field required"):
        read_baseline(written(tmp_path, json.dumps(data)))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="must be a file, not missing") as error:
        read_baseline(tmp_path / "none.json")
    assert error.value.hint == f"record it: fpga-tf baseline CONFIG --out {tmp_path / 'none.json'}"
    with pytest.raises(UserError, match="must be a file, not a folder"):
        read_baseline(tmp_path)
    with pytest.raises(UserError, match="must be a file, not a device"):
        read_baseline(Path(os.devnull))
    with pytest.raises(UserError):
        read_baseline(Path("a\0b"))


def test_no_damage_is_more_than_an_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    text = made().to_text().encode()
    outcomes = set()
    for _ in range(400):
        raw = bytearray(text)
        for at in rng.integers(0, len(raw), rng.integers(1, 4)):
            raw[at] = rng.choice([0, 32, 34, 44, 45, 48, 57, 91, 93, 123, 125, 0xFF])
        cut = int(rng.integers(0, len(raw))) if rng.random() < 0.2 else len(raw)
        try:
            old, lines = read_baseline(written(tmp_path, bytes(raw[:cut])))
            compare(old, made(), again(), "file", lines)
            outcomes.add("read")
        except UserError as error:
            assert error.where is not None
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}
