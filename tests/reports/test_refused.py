"""Files that people take for reports are refused by name, with the file to give instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports.read import read_report
from fpga_tf.reports.refused import refuse
from fpga_tf.reports.source import Source

RULE = "=" * 64
KINDS = [
    (f"{RULE}\n== Design Size Report\n{RULE}\n\n* Total Instructions\n", "csynth_design_size.rpt", "_csynth.xml"),
    (
        "\n****** Vivado(TM) HLS - High-Level Synthesis from C, C++ and SystemC v2019.2 (64-bit)\n",
        "log of HLS",
        "csynth",
    ),
    ("\n****** Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v2022.1 (64-bit)\n", "log of HLS", "csynth"),
    ("****** vitis-run v2024.2 (64-bit)\n", "vitis-run", "csynth"),
    ("INFO: [HLS 200-10] Running '/opt/vivado_hls'\n", "log of HLS", "csynth"),
    ("#----\n# Vivado v2020.1 (64-bit)\n# SW Build 2902540\n", "log of Vivado", "utilisation"),
    ("\n****** Vivado v2020.1 (64-bit)\n  **** SW Build 2902540\n", "log of Vivado", "utilisation"),
    ("# ----\n# Created on Mon Mar  4 2024 with report_failfast (2021.05.07)\n", "report_failfast", "utilisation"),
    (
        '<AutoPilot:project xmlns:AutoPilot="com.autoesl.autopilot.project" name="a" top="b">\n</AutoPilot:project>\n',
        "project file",
        "folder",
    ),
    ("build/hls/syn/report/csynth.rpt", "name of another file", "build/hls/syn/report/csynth.rpt"),
    ("../other/tagger_csynth.xml\n", "name of another file", "../other/tagger_csynth.xml"),
]


@pytest.mark.parametrize(("text", "what", "hint"), KINDS)
def test_the_error_names_the_kind_and_what_to_give(text: str, what: str, hint: str, tmp_path: Path) -> None:
    path = tmp_path / "csynth.rpt"
    path.write_text(text)
    with pytest.raises(UserError, match="the file must be a report, not") as caught:
        read_report(path)
    assert what in caught.value.what
    assert hint in (caught.value.hint or "")
    assert caught.value.where == str(path)


@pytest.mark.parametrize(
    "text",
    ["hello", "a text that mentions Vivado v2020.1 (64-bit)", "two words.rpt", "a.rpt\nb.rpt", "<profile></profile>"],
)
def test_other_files_are_not_refused_by_name(text: str) -> None:
    assert refuse(Source("x", text.encode())) is None


def test_a_long_line_of_slashes_takes_no_time() -> None:
    assert refuse(Source("x", b"a/" * 2000 + b"!:")) is None


@pytest.mark.parametrize("name", ["vivado_old_csynth.rpt", "vitis_csynth.rpt", "csynth.rpt"])
def test_reports_are_not_refused(name: str) -> None:
    data = (Path(__file__).parent / "data" / "hls" / name).read_bytes()
    assert refuse(Source(name, data)) is None
