"""`fpga-tf report`: streams, exit codes, files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from fpga_tf.cli.main import main

Streams = pytest.CaptureFixture[str]
DATA = Path(__file__).parents[1] / "reports" / "data"
REPORT, UNKNOWN = str(DATA / "vitis_csynth.xml"), str(DATA / "vitis_unknown_csynth.xml")


def run(capsys: Streams, *arguments: str) -> tuple[int, str, str]:
    code = main(["report", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_gate_that_fails(capsys: Streams) -> None:
    over = (REPORT, "--latency-us", "0.000001", "--device-share", "LUT=1")
    assert run(capsys, *over)[0] == 1
    assert run(capsys, *over, "--fail-on", "latency_us")[0] == 1
    assert run(capsys, *over, "--fail-on", "device_share.LUT")[0] == 0
    assert run(capsys, *over, "--fail-on", "none")[0] == 0


def test_an_unknown_gate(capsys: Streams) -> None:
    asked = (UNKNOWN, "--latency-us", "1000", "--fail-on")
    assert run(capsys, *asked, "latency_us")[0] == 0
    assert run(capsys, *asked, "latency_us,unknown")[0] == 1


def test_a_path_that_can_not_be_read_does_not_hide_the_others(capsys: Streams, tmp_path: Path) -> None:
    missing = str(tmp_path / "gone.xml")
    code, out, err = run(capsys, missing, REPORT, "--format", "json")
    assert code == 2
    assert len(json.loads(out)["designs"]) == 1 and json.loads(out)["errors"][0]["where"] == missing
    assert missing in err and "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        ([REPORT, "--device-share", "LUT=2"], "--device-share LUT must be a share above 0 and at most 1, not '2'"),
        ([REPORT, "--slr-share", "LUT=nan"], "--slr-share LUT must be a share"),
        ([REPORT, "--latency-us", "nan"], "--latency-us must be a number above 0"),
        ([REPORT, "--fail-on", "latency_us"], "--fail-on must name a gate that has a limit, not 'latency_us'"),
        ([REPORT, "-o", REPORT], "--output must be another file"),
    ],
)
def test_wrong_use(arguments: list[str], message: str, capsys: Streams) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_every_format_goes_to_a_file(capsys: Streams, tmp_path: Path) -> None:
    for name in ("text", "json", "csv", "md", "html", "junit"):
        code, _, err = run(capsys, REPORT, "--format", name, "-o", str(tmp_path / name), "--fail-on", "none")
        assert (code, err) == (0, "")
    assert json.loads((tmp_path / "json").read_text())["designs"]
    assert fromstring((tmp_path / "junit").read_text()).tag == "testsuites"


def test_a_budget_in_a_file(capsys: Streams, tmp_path: Path) -> None:
    path = tmp_path / "budget.yaml"
    path.write_text("latency_us: 0.000001\n")
    assert run(capsys, REPORT, "--budget", str(path), "--fail-on", "latency_us")[0] == 1
    path.write_text("latency: 1\n")
    code, _, err = run(capsys, REPORT, "--budget", str(path))
    assert code == 2 and "budget.yaml:1:1" in err


def test_reports_of_one_design_together(capsys: Streams, tmp_path: Path) -> None:
    cosim = tmp_path / "lat.rpt"
    cosim.write_text("".join(f'${name}_LATENCY = "70"\n' for name in ("MAX", "MIN", "AVER")))
    code, out, _ = run(capsys, "--together", REPORT, str(cosim), "--format", "json")
    (design,) = json.loads(out)["designs"]
    assert code == 0
    assert design["report"]["latency_cycles"]["max"] == 70
    assert [(found["quantity"], found["values"][1]["value"]) for found in design["disagreements"]] == [
        ("latency_cycles.min", 63),
        ("latency_cycles.avg", 63),
        ("latency_cycles.max", 64),
    ]
    assert run(capsys, REPORT, str(cosim), "--format", "csv")[1].count("\n") == 3
    other = DATA / "vivado_dataflow_csynth.xml"
    code, out, err = run(capsys, "--together", REPORT, str(other))
    assert (code, out) == (2, "")
    assert "the reports of a design must agree in part, top and clock target" in err
    code, out, err = run(capsys, "--together", REPORT, str(tmp_path))
    assert (code, out) == (2, "")
    assert "each path must be a report, not a folder" in err


LIGHT = """
import sys
from fpga_tf.cli.main import main
main(sys.argv[1:])
print(sorted({"keras", "tensorflow", "hls4ml", "numpy", "pydantic"} & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("name", ["text", "json", "html"])
def test_nothing_heavy_is_imported(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, "report", REPORT, "--format", name], capture_output=True, text=True, check=False
    )
    assert done.stderr == "[]\n"
