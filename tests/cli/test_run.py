"""`run`, `convert` and `simulate`: what they call, print and return."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fpga_tf.cli.main import main

from .conftest import Flow

Streams = pytest.CaptureFixture[str]
STEP = "[1/1] work .............................. 0.0 s\n"


@pytest.mark.parametrize(
    ("verdict", "strict", "code"),
    [
        ("pass", False, 0), ("fail", False, 1), ("incomplete", False, 0),
        ("pass", True, 0), ("fail", True, 1), ("incomplete", True, 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["run", "simulate"])
def test_exit_codes(name: str, verdict: str, strict: bool, code: int, flow: Flow, config: Path) -> None:
    flow.verdict = verdict
    (config.parent / "out" / "tiny").mkdir(parents=True)
    assert main([name, str(config), *(["--strict"] if strict else [])]) == code


def test_run_in_text(flow: Flow, config: Path, capfd: Streams) -> None:
    assert main(["run", str(config)]) == 0
    assert flow.calls == [("run", "tiny", config.parent / "out" / "tiny", False)]
    out, err = capfd.readouterr()
    assert out == "chatter of a library\n" + STEP + "verdict pass False\n"
    assert err == ""


def test_run_in_json_prints_one_object(flow: Flow, config: Path, capfd: Streams) -> None:
    assert main(["run", str(config), "--format", "json"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out) == {"verdict": "pass", "steps": ["work"]}
    assert err == "chatter of a library\n" + STEP


def test_native_chatter_does_not_spoil_the_json(
    flow: Flow, config: Path, capfd: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.print", lambda text: os.write(1, b"native chatter\n") and None)
    assert main(["run", str(config), "--format", "json", "-q"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["verdict"] == "pass"
    assert err == "native chatter\n"


def test_run_quietly(flow: Flow, config: Path, capfd: Streams) -> None:
    assert main(["run", str(config), "--quiet"]) == 0
    assert capfd.readouterr().out == "chatter of a library\nverdict pass True\n"


def test_options_of_run(flow: Flow, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "tiny.yaml", "--fresh", "--project", "elsewhere"]) == 0
    assert main(["convert", "tiny.yaml", "--fresh", "--project", "elsewhere"]) == 0
    assert flow.calls == [
        ("run", "tiny", tmp_path / "elsewhere", True),
        ("convert", "tiny", tmp_path / "elsewhere", True),
    ]


def test_the_environment_of_tensorflow_is_set(flow: Flow, config: Path) -> None:
    os.environ.pop("TF_CPP_MIN_LOG_LEVEL")
    assert main(["run", str(config)]) == 0
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"
    assert os.environ["GRPC_VERBOSITY"] == "test"  # a choice of the user's own stays


def test_convert(flow: Flow, config: Path, capfd: Streams) -> None:
    project = str(config.parent / "out" / "tiny")
    assert main(["convert", str(config)]) == 0
    assert capfd.readouterr().out == "chatter of a library\n" + STEP + project + "\n"
    assert main(["convert", str(config), "--format", "json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["project"] == project
    assert [(step["name"], step["cached"]) for step in told["steps"]] == [("work", False)]


def test_simulate_takes_a_folder_or_a_config(flow: Flow, config: Path) -> None:
    project = config.parent / "out" / "tiny"
    project.mkdir(parents=True)
    assert main(["simulate", str(config)]) == 0
    assert main(["simulate", str(project)]) == 0
    assert flow.calls == [("simulate", project)] * 2


def test_simulate_without_a_project(flow: Flow, config: Path, capfd: Streams) -> None:
    assert main(["simulate", str(config)]) == 2
    assert capfd.readouterr().err == (
        "a project must be an existing folder, not missing\n"
        f"  at   {config.parent}/out/tiny\n"
        f"  hint make it first: fpga-tf convert {config}\n"
    )
    assert main(["simulate", str(config.parent / "nothing")]) == 2
    assert flow.calls == []


def test_a_wrong_config_never_reaches_the_run(flow: Flow, config: Path, capfd: Streams) -> None:
    config.write_text(config.read_text() + "budget: {latency_ms: 2}\n")
    for name in ("run", "convert", "simulate"):
        assert main([name, str(config)]) == 2
        assert capfd.readouterr() == (
            "",
            "a key of budget must be a known one, not latency_ms\n"
            f"  at   {config}:5:10\n"
            "  hint write latency_us, in microseconds\n",
        )
    assert flow.calls == []
