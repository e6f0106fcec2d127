"""`fpga-tf synth`: streams, exit codes, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fpga_tf.cli.main import main
from tests.flow.projects import rewrite, settings
from tests.flow.vendor import HANG, TCL, Bench, bench, gone, hls_project

__all__ = ["bench"]
Streams = pytest.CaptureFixture[str]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = hls_project(tmp_path / "tagger_project")
    limited(folder, 1.0)
    return folder


def limited(folder: Path, latency_us: float) -> None:
    """Change the budget that is in the manifest: 64 cycles of 5 ns are 0.32 us."""
    shares = {"LUT": 1.0, "FF": 1.0, "DSP": 1.0, "BRAM_18K": 1.0, "URAM": 1.0}
    budget = {"latency_us": latency_us, "interval_cycles": 1, "device_share": shares, "slr_share": shares}
    rewrite(folder, config=settings().plain() | {"budget": budget})


def test_reports_and_verdict_by_the_budget_of_the_project(bench: Bench, made: Path, capsys: Streams) -> None:
    bench.tool("vitis-run", "2024.1", TCL)
    assert main(["synth", str(made)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"vitis-run 2024.1 ({bench.bin / 'vitis-run'}): vitis-run --mode hls --tcl build_prj.tcl\n")
    assert "[1/1] C synthesis ....." in out and "latency_us" in out
    limited(made, 0.3)
    assert main(["synth", str(made), "--format", "json"]) == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    (call,) = found["calls"]
    assert call["steps"] == ["csynth"] and call["made"] == ["tagger_prj/solution1/syn/report/csynth.xml"]
    gates = {gate["gate"]: gate["result"] for gate in found["designs"][0]["gates"]}
    assert (gates["latency_us"], gates["interval_cycles"], gates["timing_met"]) == ("fail", "pass", "pass")
    assert "C synthesis" in err
    assert main(["synth", str(made), "-q"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("FAIL: tagger_project: latency_us 0.32 us above 0.3") and out.count("\n") == 1


def test_without_a_tool_the_commands_are_told(bench: Bench, made: Path, capsys: Streams) -> None:
    assert main(["synth", str(made), "--format", "json"]) == 3
    out, err = capsys.readouterr()
    error = json.loads(out)["error"]
    assert error["what"] == "vitis-run 2023.2 or vitis_hls 2020.1 or later must be on the PATH, not missing"
    assert "there: cd tagger_project\n" in err and "\n       vitis-run --mode hls --tcl build_prj.tcl\n" in err
    assert bench.called() == []


def test_a_tool_that_fails_earns_nothing_by_its_reports(bench: Bench, made: Path, capsys: Streams) -> None:
    bench.tool("vitis-run", "2024.1", TCL)
    assert main(["synth", str(made), "-q"]) == 0
    bench.tool("vitis-run", "2024.1", TCL + "sys.exit(1)\n")
    capsys.readouterr()
    assert main(["synth", str(made), "--format", "json"]) == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["what"] == "C synthesis must work, not end with exit code 1"
    assert error["hint"].endswith("were renamed: tagger_prj/solution1/syn/report/csynth.xml.failed")
    assert main(["report", str(made), "--latency-us", "1"]) == 2
    assert "a project must hold a report of a known format, not none" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--timeout", "0"], ["--timeout", "nan"], ["--steps", "all"], ["--flow", "x"]])
def test_wrong_use(arguments: list[str], bench: Bench, made: Path, capsys: Streams) -> None:
    bench.tool("vitis-run", "2024.1", TCL)
    assert main(["synth", str(made), *arguments]) == 2
    assert "Traceback" not in capsys.readouterr().err and bench.called() == []


# As from a terminal, even where tests run in the background or under nohup.
START = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from fpga_tf.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_a_signal_ends_the_tool_and_its_children(number: signal.Signals, code: int, bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", "csynth('tagger_prj/solution1')\n" + HANG)
    command = [sys.executable, "-c", START, "synth", str(made)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ.copy()) as process:
        while not (made / "child").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        _, err = process.communicate(timeout=300)
    assert process.returncode == code and b"Traceback" not in err
    assert gone(made / "child")
    assert (made / "build_opt.tcl").read_text() == "array set opt {\n    csim 1\n}\n"
    assert [path.name for path in made.rglob("csynth.xml*")] == ["csynth.xml.failed"]


HEAVY = """
import sys
from fpga_tf.cli.main import main
main(sys.argv[1:])
print(sorted({"keras", "tensorflow", "hls4ml", "qkeras", "hgq", "da4ml"} & set(sys.modules)))
"""


@pytest.mark.parametrize("name", ["synth", "bundle"])
def test_nothing_heavy_is_imported(name: str, bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", TCL)
    done = subprocess.run([sys.executable, "-c", HEAVY, name, str(made)], capture_output=True, text=True, check=False)
    assert done.stdout.endswith("\n[]\n"), done.stderr
