"""`check`, `schema` and `doctor`."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from fpga_tf.cli.main import main
from fpga_tf.flow import doctor
from fpga_tf.flow.doctor import DoctorReport, Row

Streams = pytest.CaptureFixture[str]


def test_check_in_text(config: Path, capsys: Streams) -> None:
    folder = config.parent
    assert main(["check", str(config)]) == 0
    assert capsys.readouterr() == (
        f"{config}: ok\n"
        f"  model    {folder}/model.keras (keras)\n"
        f"  data     {folder}/data.h5 (x_eval (7, 15, 6), y_eval (7,))\n"
        f"  project  {folder}/out/tiny\n",
        "",
    )
    assert main(["check", str(config), "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_check_in_json(config: Path, capsys: Streams) -> None:
    assert main(["check", str(config), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["ok"] is True
    assert json.loads(out)["frontend"] == "keras"
    assert err == ""


def test_check_tells_every_problem(config: Path, capsys: Streams) -> None:
    config.write_text("name: tiny\nmodel: {path: no.keras}\ndata: {path: data.h5}\nhls: {clock_ns: 5 us}\n")
    text = (
        f"model.path must be an existing file, not missing: {config.parent}/no.keras\n"
        f"  at   {config}:2:15\n"
        "  hint a relative path counts from the config's folder\n"
        "hls.clock_ns must be a number of nanoseconds, or a number with the unit ns, ps or MHz, not '5 us'\n"
        f"  at   {config}:4:17\n"
        '  hint for example 5.0, "5 ns", "5000 ps" or "200 MHz"\n'
    )
    assert main(["check", str(config)]) == 2
    assert capsys.readouterr() == ("", text)
    assert main(["check", str(config), "--format", "json"]) == 2
    out, err = capsys.readouterr()
    error = json.loads(out)["error"]
    assert [problem["where"] for problem in error["problems"]] == [f"{config}:2:15", f"{config}:4:17"]
    assert (error["where"], error["exit_code"]) == (f"{config}:2:15", 2)
    assert err == text


def test_check_of_a_truncated_model(config: Path, capsys: Streams) -> None:
    model = config.parent / "model.keras"
    model.write_bytes(model.read_bytes()[:60])
    assert main(["check", str(config)]) == 2
    assert capsys.readouterr().err.startswith(
        "model file must be a Keras archive (.keras zip) or a Keras HDF5 model, not"
    )


@pytest.mark.parametrize("options", [[], ["--format", "json"]])
def test_schema_is_json(options: list[str], capsys: Streams) -> None:
    assert main(["schema", *options]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


REPORT = DoctorReport(
    (
        Row("packages", "hls4ml", "ok", "1.3.0"),
        Row("vendor", "Vitis HLS", "warn", "not found", "latency stays unknown"),
    )
)


def test_doctor_in_text(monkeypatch: pytest.MonkeyPatch, capsys: Streams) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: REPORT)
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out == (
        "ok    packages  hls4ml           1.3.0\n"
        "warn  vendor    Vitis HLS        not found\n"
        "      hint latency stays unknown\n"
        "warn\n"
    )
    assert main(["doctor", "--quiet"]) == 0
    assert "hls4ml" not in capsys.readouterr().out


def test_doctor_in_json_and_its_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: Streams) -> None:
    broken = DoctorReport((*REPORT.rows, Row("compiler", "g++", "fail", "missing", "install it")))
    monkeypatch.setattr(doctor, "examine", lambda: broken)
    assert main(["doctor", "--format", "json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "fail"
    assert told["rows"][2] == {
        "group": "compiler", "name": "g++", "status": "fail", "found": "missing", "hint": "install it",
    }  # fmt: skip
