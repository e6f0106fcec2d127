"""What a failed step wrote, and what it should have written again, is no result any more; and no file is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fpga_tf.errors import ToolError, UserError
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.report import read_designs
from fpga_tf.flow.synth import LOG, Asked, open_project, synthesise
from fpga_tf.reports.project import project_design, project_designs
from fpga_tf.reports.read import read_report
from tests.flow.test_synth import Clock, until_silent
from tests.flow.vendor import CONFIG, HANG, TCL, VIVADO, Bench, bench, hls_project, rtl_project

__all__ = ["bench"]
SOLUTION = "tagger_prj/solution1"
CSYNTH, COSIM = f"{SOLUTION}/syn/report/csynth.xml", f"{SOLUTION}/sim/report/tagger_cosim.rpt"
IMPL = f"{SOLUTION}/impl/report/verilog/export_impl.rpt"
WRITES = f"csynth('{SOLUTION}')\n"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return hls_project(tmp_path / "tagger_project")


def run(folder: Path, *steps: str, say: Callable[[str], None] = lambda line: None, **asked: object) -> None:
    synthesise(open_project(folder), Asked(steps, **asked), Progress(), say)  # type: ignore[arg-type]


def fails(folder: Path, *steps: str, **asked: object) -> ToolError:
    with pytest.raises(ToolError) as caught:
        run(folder, *steps, **asked)  # type: ignore[arg-type]
    return caught.value


def stages(folder: Path) -> set[str]:
    """Stages of which readers find a report in a project."""
    found = project_designs(folder)
    assert found.errors == ()
    return {report.stage for design in found.designs for report in design.reports}


def files(folder: Path) -> list[str]:
    """Below the solution, but for folders."""
    return sorted(str(path.relative_to(folder)) for path in (folder / "tagger_prj").rglob("*") if path.is_file())


def no_result(folder: Path) -> None:
    """Neither `fpga-tf report` nor `fpga-tf run` finds anything."""
    designs, (error,) = read_designs([folder])
    assert designs == [] and error.what == "a project must hold a report of a known format, not none"
    assert project_design(folder, "tagger") is None


@pytest.mark.parametrize(
    ("end", "what"),
    [
        ("sys.exit(1)\n", "not end with exit code 1"),
        ("os.kill(os.getpid(), signal.SIGKILL)\n", "not be ended by the signal SIGKILL"),
        ("print('ERROR: [HLS 200-70] no licence')\n", "not print errors (and end with exit code 0)"),
        (f"cosim('{SOLUTION}')\nsys.exit(1)\n", "not end with exit code 1"),
    ],
)
def test_a_report_that_a_failing_tool_wrote_is_no_result(end: str, what: str, bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", WRITES + end)
    error = fails(made)
    assert error.what.startswith(f"C synthesis must work, {what}") and error.where == str(made / LOG)
    assert error.hint is not None and "\n       reports that do not count were renamed: tagger_prj" in error.hint
    assert f"{CSYNTH}.failed" in error.hint
    no_result(made)
    report = read_report(made / f"{CSYNTH}.failed")  # who looks at it all the same names it
    assert (report.stage, report.latency_cycles.max) == ("csynth", 64)


def test_reports_of_a_tool_whose_time_is_over_or_that_is_interrupted(
    bench: Bench, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.tool("vitis-run", "2024.1", WRITES + HANG)
    monkeypatch.setattr("fpga_tf.flow.synth_run.time", Clock(made / "child", made / LOG))
    assert "must end within --timeout" in fails(made, seconds=1800.0).what
    no_result(made)
    (made / "child").unlink()
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run(made, say=until_silent(said), stall=1800.0)
    assert said[-1] == f"reports that do not count were renamed: {CSYNTH}.failed2"
    no_result(made)
    assert files(made) == [f"{CSYNTH}.failed", f"{CSYNTH}.failed2"]  # nothing is written over


def test_half_a_report_and_those_of_modules_are_no_results(bench: Bench, made: Path) -> None:
    module = f"put('vitis_csynth.xml', '{SOLUTION}/syn/report/dense_csynth.xml', ('<TopModelName>tagger<', "
    module += "'<TopModelName>dense<'), ('<ModuleName>tagger<', '<ModuleName>dense<'))\n"
    half = f"path = Path('{CSYNTH}'); path.write_text(path.read_text()[:900])\n"
    bench.tool("vitis-run", "2024.1", WRITES + module + half + "sys.exit(1)\n")
    fails(made)
    no_result(made)
    assert files(made) == [f"{CSYNTH}.failed", f"{SOLUTION}/syn/report/dense_csynth.xml.failed"]


def test_an_earlier_success_does_not_stand_for_a_failed_step(bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", TCL)
    run(made, "csynth", "cosim", "export", "impl")
    texts = {name: (made / name).read_text() for name in (CSYNTH, COSIM, IMPL)}
    assert stages(made) == {"csynth", "cosim", "route"}
    bench.tool("vitis-run", "2024.1", "sys.exit(1)\n")
    error = fails(made, "cosim")
    assert error.hint is not None and error.hint.endswith(f"were renamed: {COSIM}.old")
    assert stages(made) == {"csynth", "route"}
    fails(made, "impl")
    assert stages(made) == {"csynth"}
    (made / f"{COSIM}.old").rename(made / COSIM)  # somebody thinks otherwise
    assert stages(made) == {"csynth", "cosim"}
    fails(made)
    no_result(made)
    assert {name: (made / f"{name}.old").read_text() for name in texts} == texts
    assert len(files(made)) == 4 and (made / SOLUTION / "impl/ip/component.xml").is_file()


def test_after_a_failed_c_synthesis_no_later_step_runs(bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", TCL)
    run(made)
    bench.tool("vitis-run", "2024.1", "sys.exit(1)\n")
    fails(made)
    bench.tool("vitis-run", "2024.1", TCL)
    with pytest.raises(UserError, match="impl must come after C synthesis, of which there is no report in tagger_prj"):
        run(made, "impl")


def test_what_a_step_that_passes_has_not_written_again_does_not_count(bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", TCL)
    run(made, "csynth", "cosim")
    bench.tool("vitis-run", "2024.1", WRITES)  # leaves what was there
    said: list[str] = []
    run(made, say=said.append)
    assert said[1:] == [f"reports that do not count were renamed: {COSIM}.old"]
    assert stages(made) == {"csynth"}


def test_other_files_and_reports_of_others_stay(bench: Bench, made: Path) -> None:
    bench.tool("vitis-run", "2024.1", TCL)
    run(made)
    mine = made / "from_elsewhere/syn/report/csynth.xml"
    mine.parent.mkdir(parents=True)
    mine.write_bytes((made / CSYNTH).read_bytes())
    kept = [f"{SOLUTION}/notes.xml", f"{SOLUTION}/solution1_data.json", f"{SOLUTION}/impl/ip/component.xml"]
    body = "".join(f"write({name!r}, '<a/>')\n" for name in kept[1:])
    (made / kept[0]).write_text("<a/>")
    bench.tool("vitis-run", "2024.1", body + "sys.exit(1)\n")
    fails(made)
    assert files(made) == sorted([*kept, f"{CSYNTH}.old"])
    assert mine.is_file() and stages(made) == {"csynth"}


def test_with_the_configuration_file_and_with_generated_rtl(bench: Bench, made: Path, tmp_path: Path) -> None:
    for name in ("vitis-run", "v++"):
        bench.tool(name, "2025.1", CONFIG)
    run(made, "csynth", "cosim", config=True)
    bench.tool("vitis-run", "2025.1", CONFIG + "sys.exit(2)\n")
    fails(made, "cosim", config=True)
    assert (made / "component/hls/sim/report/tagger_cosim.rpt.failed").is_file() and stages(made) == {"csynth"}
    rtl = rtl_project(tmp_path / "tagger_rtl")
    bench.tool("vivado", "2023.1", VIVADO)
    run(rtl)
    assert stages(rtl) == {"route"}
    bench.tool("vivado", "2023.1", "sys.exit(1)\n")
    fails(rtl)
    assert (rtl / "vivado/reports/route_timing.rpt.old").is_file() and stages(rtl) == set()


def test_a_report_that_can_not_be_renamed_is_told(bench: Bench, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied", str(path))

    bench.tool("vitis-run", "2024.1", WRITES + "sys.exit(1)\n")
    monkeypatch.setattr(Path, "rename", refused)
    error = fails(made)
    assert error.what == "C synthesis must work, not end with exit code 1"
    assert error.hint is not None and "could not all be renamed, which is left to you: files must be" in error.hint
    assert error.hint.endswith(f"({made / CSYNTH})")
