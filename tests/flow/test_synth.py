"""The vendor's tools run on projects, with stand-ins that work, fail, hang, lie, or are not there."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from fpga_tf.errors import ToolError, UserError
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.synth import LOG, Asked, Done, open_project, synthesise
from fpga_tf.hls.manifest import edited, read_manifest
from tests.flow.vendor import CONFIG, HANG, TCL, VIVADO, Bench, bench, gone, hls_project, rtl_project

__all__ = ["bench"]
NOTHING = Progress()


def run(folder: Path, *steps: str, said: list[str] | None = None, **asked: object) -> list[Done]:
    kept: list[str] = [] if said is None else said
    return synthesise(open_project(folder), Asked(steps, **asked), Progress(), kept.append)  # type: ignore[arg-type]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return hls_project(tmp_path / "tagger_project")


def test_every_step_by_tcl_scripts(bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", TCL)
    bench.tool("vitis_hls", "2022.2", "sys.exit(9)\n")
    said: list[str] = []
    first, second = run(made, "impl", "export", "cosim", "csynth", said=said)
    assert (first.steps, second.steps) == (("csynth", "cosim", "export"), ("impl",))
    solution = "tagger_prj/solution1"
    assert first.made == (
        f"{solution}/syn/report/csynth.xml",
        f"{solution}/sim/report/tagger_cosim.rpt",
        f"{solution}/impl/ip/component.xml",
    )  # fmt: skip
    assert second.made == (f"{solution}/impl/report/verilog/export_impl.rpt",)
    one, two = bench.called()
    assert one["argv"] == ["vitis-run", "--mode", "hls", "--tcl", "build_prj.tcl"]
    assert one["cwd"] == two["cwd"] == str(made)
    assert one["seen"]["build_opt.tcl"] == (  # type: ignore[index]
        "array set opt {\n    reset      1\n    csim       1\n    synth      1\n    cosim      1\n"
        "    validation 1\n    export     1\n    vsynth     0\n    fifo_opt   0\n}\n"
    )
    assert two["seen"]["fpga_tf_impl.tcl"] == (  # type: ignore[index]
        "open_project tagger_prj\nopen_solution solution1\n"
        "export_design -flow impl -rtl verilog -format ip_catalog\nexit\n"
    )
    assert said == [
        f"vitis-run 2024.1 ({bench.bin / 'vitis-run'}): vitis-run --mode hls --tcl build_prj.tcl",
        f"vitis-run 2024.1 ({bench.bin / 'vitis-run'}): vitis-run --mode hls --tcl fpga_tf_impl.tcl",
    ]
    assert "INFO: [HLS 200-1510] Running: cosim_design\nINFO" in (made / LOG).read_text()
    assert edited(made, read_manifest(made)) == [] and not (made / "fpga_tf_impl.tcl").exists()


def test_c_synthesis_alone_is_the_default_and_begins_anew(bench: Bench, made: Path) -> None:
    bench.tool("vitis_hls", "2020.2", TCL)
    run(made, "csynth", "export")
    assert [one.steps for one in run(made)] == [("csynth",)]
    assert not (made / "tagger_prj/solution1/impl").exists()
    assert bench.called()[1]["argv"] == ["vitis_hls", "-f", "build_prj.tcl"]
    assert [one.steps for one in run(made, "cosim")] == [("cosim",)]
    assert (made / "tagger_prj/solution1/syn").is_dir()


def test_every_step_by_the_configuration_file(bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2025.1", CONFIG)
    bench.tool("v++", "2025.1", CONFIG)
    (made / "component/hls/old").mkdir(parents=True)
    calls = run(made, "csynth", "cosim", "export", "impl", config=True)
    assert [one.steps for one in calls] == [("csynth",), ("cosim",), ("export",), ("impl",)]
    config = ("--config", "hls_config.cfg", "--work_dir", "component")
    assert not (made / "component/hls/old").exists()
    found = bench.called()
    assert [one["argv"] for one in found] == [
        ["v++", "-c", "--mode", "hls", *config],
        ["vitis-run", "--mode", "hls", "--cosim", *config],
        ["vitis-run", "--mode", "hls", "--package", *config],
        ["vitis-run", "--mode", "hls", "--impl", "--config", "fpga_tf_impl.cfg", "--work_dir", "component"],
    ]
    whole = (made / "hls_config.cfg").read_text()
    assert found[3]["seen"]["fpga_tf_impl.cfg"] == f"{whole}vivado.flow=impl\n"  # type: ignore[index]
    (made / "hls_config.cfg").write_text(f"{whole}vivado.flow = syn\n")
    run(made, "impl", config=True)
    assert bench.called()[4]["seen"]["fpga_tf_impl.cfg"] == f"{whole}vivado.flow = syn\n"  # type: ignore[index]


def test_vivado_hls_gets_its_options_as_an_argument(bench: Bench, tmp_path: Path) -> None:
    made = hls_project(tmp_path / "old", backend="Vivado")
    bench.tool("vivado_hls", "2019.2", TCL)
    bench.tool("vitis-run", "2024.1", "sys.exit(9)\n")
    run(made, "csynth", "cosim")
    assert bench.called()[0]["argv"] == [
        "vivado_hls", "-f", "build_prj.tcl",
        "reset=1 csim=1 synth=1 cosim=1 validation=1 export=0 vsynth=0 fifo_opt=0",
    ]  # fmt: skip
    with pytest.raises(UserError, match="--flow config must be for a project of the backend Vitis, not Vivado"):
        run(made, config=True)


def test_vivado_implements_generated_rtl(bench: Bench, tmp_path: Path) -> None:
    made = rtl_project(tmp_path / "tagger_rtl")
    bench.tool("vivado", "2023.1", VIVADO)
    (done,) = run(made)
    assert (done.steps, done.made) == (("impl",), ("vivado/reports/route_timing.rpt",))
    with pytest.raises(UserError, match="the one step of generated RTL must be impl, not csynth"):
        run(made, "csynth")


def failure(made: Path, *steps: str, **asked: object) -> ToolError:
    with pytest.raises(ToolError) as caught:
        run(made, *steps, **asked)  # type: ignore[arg-type]
    assert edited(made, read_manifest(made)) == []  # whatever happens, the scripts are put back
    return caught.value


def test_a_tool_that_fails_prints_an_error_or_makes_nothing(bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", "csynth('tagger_prj/solution1')\nsys.exit(1)\n")
    error = failure(made)
    assert error.what == "C synthesis must work, not end with exit code 1" and error.where == str(made / LOG)
    bench.tool("vitis-run", "2024.1", "os.kill(os.getpid(), signal.SIGSEGV)\n")
    assert failure(made).what == "C synthesis must work, not be ended by the signal SIGSEGV"
    words = "print('ERROR: [HLS 200-70] no licence')\nprint('ERROR: two', file=sys.stderr)\n"
    bench.tool("vitis-run", "2024.1", words + "csynth('tagger_prj/solution1')\n")
    assert sorted(failure(made).what.splitlines()) == sorted([
        "C synthesis must work, not print errors (and end with exit code 0)",
        "       ERROR: [HLS 200-70] no licence", "       ERROR: two",
    ])  # fmt: skip
    bench.tool("vitis-run", "2024.1", "print('command ap_source returned error code')\n")
    assert "C synthesis must make a report of tagger anew, but there is none" in failure(made).what
    bench.tool("vitis-run", "2024.1", "write('tagger_prj/solution1/syn/report/csynth.xml', 'half of')\n")
    assert "must make a report of tagger anew" in failure(made).what
    other = "('<TopModelName>tagger<', '<TopModelName>other<'), ('<ModuleName>tagger<', '<ModuleName>other<')"
    body = f"put('vitis_csynth.xml', 'tagger_prj/solution1/syn/report/csynth.xml', {other})\n"
    bench.tool("vitis-run", "2024.1", body)
    assert "must make a report of tagger anew" in failure(made).what


def test_a_report_of_an_earlier_run_does_not_count(bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", "csynth('tagger_prj/solution1')\n")
    run(made)
    bench.tool("vitis-run", "2024.1", "pass\n")
    assert "C synthesis must make a report of tagger anew" in failure(made).what
    bench.tool("vitis-run", "2024.1", "csynth('tagger_prj/solution1')\n")
    assert "co-simulation must make a report of tagger anew" in failure(made, "csynth", "cosim").what


@dataclass
class Clock:
    """Stands for `time` in the loop that waits: each look takes an hour once the tool is where it shall be."""

    file: Path
    log: Path
    hours: int = 0

    def monotonic(self) -> float:
        self.hours += self.file.exists() and "route_design" in self.log.read_text()
        return time.monotonic() + 3600 * self.hours

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def until_silent(said: list[str]) -> Callable[[str], None]:
    """Notes what is said, and interrupts once a silence is told of."""

    def interrupt(line: str) -> None:
        said.append(line)
        if "no output" in line:
            raise KeyboardInterrupt

    return interrupt


@pytest.fixture
def hanging(bench: Bench, made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, with a tool that hangs and has a child."""
    bench.tool("vitis-run", "2024.1", HANG)
    monkeypatch.setattr("fpga_tf.flow.synth_run.time", Clock(made / "child", made / LOG))
    return made


def test_a_tool_that_hangs_is_ended_with_its_children(hanging: Path) -> None:
    error = failure(hanging, seconds=1800.0, stall=3000.0)
    assert "C synthesis must end within --timeout, not be at work after " in error.what
    assert error.what.endswith(" min (route_design)")
    assert gone(hanging / "child")


def test_what_a_tool_leaves_behind_ends_with_it(bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", HANG.replace("time.sleep(600)\n", "sys.exit(1)\n"))
    assert failure(made).what == "C synthesis must work, not end with exit code 1"
    assert gone(made / "child")


def test_silence_is_told_and_an_exception_ends_the_tool_and_its_children(hanging: Path) -> None:
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        synthesise(open_project(hanging), Asked(stall=1800), NOTHING, until_silent(said))
    assert said[-1].startswith("C synthesis: no output for ")
    assert said[-1].endswith(" min, since route_design; it is still at work")
    assert gone(hanging / "child") and edited(hanging, read_manifest(hanging)) == []


def test_a_tool_gets_no_input(bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", "assert sys.stdin.read() == ''\ncsynth('tagger_prj/solution1')\n")
    run(made)


def test_where_it_is_is_shown(bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", TCL)
    out = io.StringIO()
    synthesise(open_project(made), Asked(), Progress(Console(file=out, width=200)), lambda line: None)
    assert out.getvalue().startswith("[1/1] C synthesis ...")


@pytest.mark.parametrize(
    ("tools", "message"),
    [
        ({}, "vitis-run 2023.2 or vitis_hls 2020.1 or later must be on the PATH, not missing"),
        ({"vitis-run": "2023.1"}, "not older: vitis-run 2023.1 ("),
        ({"vitis-run": "2023.1", "vitis_hls": "2019.2"}, "vitis_hls 2019.2 ("),
    ],
)
def test_a_tool_that_is_missing_or_too_old(tools: dict[str, str], message: str, bench: Bench, made: Path) -> None:
    for name, release in tools.items():
        bench.tool(name, release, "sys.exit(9)\n")
    error = failure(made, "csynth", "impl")
    assert message in error.what and error.exit_code == 3
    assert error.hint is not None and error.hint.split("\n       ") == [
        "copy the folder to a machine that has it (`fpga-tf bundle` packs it), and there: cd tagger_project",
        "set in build_opt.tcl: reset 1, csim 0, synth 1, cosim 0, validation 0, export 0, vsynth 0, fifo_opt 0",
        "vitis-run --mode hls --tcl build_prj.tcl",
        "(before 2023.2: vitis_hls -f build_prj.tcl)",
        "write fpga_tf_impl.tcl with open_project tagger_prj; open_solution solution1; "
        "export_design -flow impl -rtl verilog -format ip_catalog; exit",
        "vitis-run --mode hls --tcl fpga_tf_impl.tcl",
        "(before 2023.2: vitis_hls -f fpga_tf_impl.tcl)",
    ]
    assert bench.called() == [] and not (made / LOG).exists()


def test_an_older_release_gives_way_and_an_unknown_one_is_told(bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2023.1", "sys.exit(9)\n")
    bench.tool("vitis_hls", "2023.1", TCL)
    assert run(made)[0].tool.startswith("vitis_hls 2023.1 (")
    bench.tool("vitis-run", "", TCL, banner="Tool Version Limit: 2019.12")
    assert run(made)[0].tool == f"vitis-run of unknown release ({bench.bin / 'vitis-run'})"


def test_a_tool_that_does_not_start(bench: Bench, made: Path) -> None:
    path = bench.tool("vitis-run", "2024.1", TCL)
    path.write_text("#!/nowhere/at/all\n")
    assert "must start, not fail with: " in failure(made).what


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (("synth",), "--steps must be of csynth, cosim, export, impl, not 'synth'"),
        (("cosim",), "cosim must come after C synthesis, of which there is no report in tagger_prj/solution1"),
    ],
)
def test_steps_that_can_not_be(steps: tuple[str, ...], message: str, bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", TCL)
    with pytest.raises(UserError) as caught:
        run(made, *steps)
    assert caught.value.what == message


def test_a_folder_that_is_no_project(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(UserError, match=r"a project must be a folder with fpga_tf\.json or fpga_tf_rtl\.json"):
            open_project(folder)
