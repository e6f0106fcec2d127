"""The scripts that are handed over for Vivado, run by tclsh with a stand-in for the tool."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports.combine import combine
from fpga_tf.reports.estimate import Counts, estimate
from fpga_tf.reports.project import project_design, project_designs

from .handover_toy import facts, write_toy

pytestmark = pytest.mark.skipif(shutil.which("tclsh") is None, reason="Tcl is not installed")
STAND_IN = Path(__file__).with_name("handover_vivado.tcl")
DATA = Path(__file__).parents[1] / "reports/data/vivado"
PART, OTHER = "xcvu13p-flga2577-2-e", "xcku5p-ffvb676-2-e"
SYNTHESIS = f"synth_design -top toy -part {PART} -mode out_of_context -max_dsp 0 "
IN, OUT = "{ports:rst,in_valid,in_data[*]}", "{ports:out_valid,out_data[*]}"


def texts(folder: Path, version: str) -> Path:
    """Reports as Vivado writes them, with what the stand-in fills in between @."""
    folder.mkdir(parents=True)
    sources = {"placed_slr": "utilization", "hierarchy": "hierarchy", "timing_met": "timing", "power": "power"}
    for source, name in sources.items():
        text = (DATA / f"{source}.rpt").read_text()
        text = re.sub(r"(?m)^(\| Tool Version *: Vivado v\.)[0-9.]+", r"\1@VERSION@", text)
        text = re.sub(r"(?m)^(\| Device *: ).*", r"\1@PART@", text)
        text = re.sub(r"(?m)^(\| Design *: ).*", r"\1toy", text)
        text = re.sub(r"(?m)^(\| Design State *: ).*", r"\1@STATE@", text)
        text = text.replace("| trigger ", "| toy     ").replace("|   (trigger) ", "|   (toy)     ")
        if name == "timing":
            text = (
                text.replace(", routed)", ", @NETS@)").replace("3.000  ", "@PERIOD@  ").replace("clk_main", "clk     ")
            )
            text = text.replace("clk      {rise", "clk {rise")
            if version < "2022":
                text = re.sub(r"(?m)^\| Design State.*\n", "", text)
        (folder / f"{name}.rpt").write_text(text)
    return folder


def run(folder: Path, *arguments: str, version: str = "2023.1", **environment: str) -> tuple[int, str, list[str]]:
    """Exit code, stderr, and the calls of commands."""
    work = folder.parent / f"{folder.name}_tool"
    shutil.rmtree(work, ignore_errors=True)
    reports = texts(work / "texts", version)
    variables = {"REPORTS": reports, "CALLS": work / "calls", "VERSION": version, "SCRIPT": folder / "vivado.tcl"}
    done = subprocess.run(
        ["tclsh", STAND_IN, *arguments],
        env=os.environ | {name: str(value) for name, value in variables.items()} | environment,
        capture_output=True, text=True, check=False, timeout=60, cwd=folder.parent,
    )  # fmt: skip
    calls = (work / "calls").read_text().splitlines() if (work / "calls").exists() else []
    return done.returncode, done.stderr, calls


@pytest.mark.parametrize("version", ["2020.1", "2023.1"])
def test_reports_are_read_as_of_one_design_that_is_routed(version: str, tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy_rtl")
    (folder / "fpga_tf_rtl.json").write_text("{}\n")
    code, errors, _ = run(folder, version=version)
    assert (code, errors) == (0, "")
    found = project_designs(folder)
    assert found.errors == () and len(found.designs) == 1
    design = found.designs[0]
    kinds = {(Path(report.path).stem, report.stage) for report in design.reports}
    names = ("utilization", "hierarchy", "timing", "power")
    assert kinds == {(f"{stage}_{name}", stage) for stage in ("synth", "place", "route") for name in names}
    report = design.report
    assert (report.top, report.part, report.stage) == ("toy", PART, "route")
    assert (report.clock_ns.target, report.clock_ns.slack, report.clock_ns.achieved) == (5.0, 0.412, 4.588)
    assert (report.resources["LUT"].used, report.resources["DSP"].used) == (70155, 1203)
    assert design.sources["resources.LUT.used"].stage == "route"
    assert report.timing is not None and report.timing.met is True
    assert report.power_w is not None and report.power_w.total == 6.318
    assert design.disagreements == ()


def test_reports_take_the_place_of_the_estimate(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy_rtl")
    assert run(folder)[0] == 0
    built = project_design(folder, "toy")
    assert built is not None
    guess = estimate(Counts(50_000.0, 80_000, 2, 3.0), top="toy", part=PART, clock_ns=5.0, path="fpga_tf_rtl.json")
    alone, whole = combine("toy", [guess]), combine("toy", [*built.reports, guess])
    assert alone.report.resources["LUT"].used != 70155 and alone.report.errors != {}
    assert whole.report.resources["LUT"].used == 70155
    assert not {"resources.LUT.used", "resources.FF.used", "clock_ns.achieved"} & {*whole.report.errors}
    assert whole.sources["clock_ns.achieved"].stage == "route"
    other = estimate(Counts(50_000.0, 80_000, 2, 3.0), top="toy", part=PART, clock_ns=4.0, path="fpga_tf_rtl.json")
    with pytest.raises(UserError, match="must agree in part, top and clock target"):
        combine("toy", [*built.reports, other])


def test_steps_and_their_order(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy_rtl")
    _, _, calls = run(folder)
    names = [call.split()[0] for call in calls]
    reports = ["report_utilization", "report_utilization", "report_timing_summary", "report_power", "write_checkpoint"]
    assert names == [
        *("read_verilog", "read_xdc", "create_clock", "set_max_delay", "set_max_delay", "synth_design"),
        *("set_property", *reports, "opt_design", "place_design", "phys_opt_design", *reports, "route_design"),
        *(*reports, "report_route_status"),
    ]
    sources = [str(path) for path in sorted((folder / "src").rglob("*.v"))]
    assert sorted(calls[0].removeprefix("read_verilog {").removesuffix("}").split()) == sorted(sources)
    assert SYNTHESIS + "-global_retiming on" in calls
    assert "set_property HD.CLK_SRC B_X0Y1 ports:clk" in calls
    assert sorted(path.name for path in (folder / "vivado/reports").iterdir()) == sorted(
        ["route_status.rpt"]
        + [f"{stage}_{kind}.rpt" for stage in ("synth", "place", "route")
           for kind in ("utilization", "hierarchy", "timing", "power")]
    )  # fmt: skip


def test_every_path_between_registers_is_held_to_the_clock(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy_rtl")
    _, _, calls = run(folder)
    third = 5.0 / 3
    assert [call for call in calls if call.startswith(("create_clock", "set_max"))] == [
        "create_clock -name clk -period 5.000 ports:clk",
        f"set_max_delay -datapath_only -from {IN} {third}",
        f"set_max_delay -datapath_only -from clocks:clk -to {OUT} {third}",
    ]
    # in constraints Vivado knows no commands of Tcl but these
    words = re.findall(r"(?m)^(\w+)|\[(\w+)", re.sub(r"(?m)^#.*", "", (folder / "constraints.xdc").read_text()))
    assert {first or second for first, second in words} == {
        *("set", "expr", "create_clock", "set_max_delay", "get_ports", "get_clocks")
    }


def test_arguments_take_the_place_of_part_and_clock(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy_rtl")
    assert run(folder)[0] == 0
    code, errors, calls = run(folder, "clock_ns", "2.5", "part", OTHER)
    assert (code, errors) == (0, "")
    assert "create_clock -name clk -period 2.5 ports:clk" in calls
    assert any(call.startswith(f"synth_design -top toy -part {OTHER} ") for call in calls)
    found = project_designs(folder)
    assert len(found.designs) == 1, "reports of the run before must be gone"
    assert (found.designs[0].report.part, found.designs[0].report.clock_ns.target) == (OTHER, 2.5)
    assert (folder / "constraints.xdc").read_text().count("set period 5.000\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("part",), "arguments must be pairs of a name and a value, not: part"),
        (("part", "x;exec"), "arguments must be: part PART, clock_ns NANOSECONDS, not: part x;exec"),
        (("part", "[exec ls]"), "not: part [exec ls]"),
        (("clock_ns", "0"), "not: clock_ns 0"),
        (("clock_ns", "-1"), "not: clock_ns -1"),
        (("clock_ns", "5 ns"), "not: clock_ns 5 ns"),
        (("speed", "3"), "not: speed 3"),
    ],
)
def test_other_arguments_are_refused(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    code, errors, calls = run(write_toy(tmp_path / "toy_rtl"), *arguments)
    assert (code, calls) == (1, []) and errors.startswith("ERROR: vivado.tcl: ") and says in errors


@pytest.mark.parametrize("step", ["read_verilog", "synth_design", "place_design", "route_design", "report_power"])
def test_a_step_that_fails_ends_with_an_error(step: str, tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy_rtl")
    code, errors, calls = run(folder, FAIL=f"{step}* {{{step} went wrong}}")
    assert (code, errors) == (1, f"ERROR: vivado.tcl: {step} went wrong\n")
    assert calls[-1].startswith(step)


def test_versions_call_retiming_otherwise(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy_rtl")
    assert SYNTHESIS + "-retiming" in run(folder, version="2020.1")[2]
    unknown = "synth_design*-global_retiming* {ERROR: Unknown option '-global_retiming'}"
    code, _, calls = run(folder, version="2022.1", FAIL=unknown)
    assert code == 0
    assert [call for call in calls if call.startswith("synth")] == [
        SYNTHESIS + "-global_retiming on", SYNTHESIS + "-retiming",
    ]  # fmt: skip
    # any other failure is none of the option
    assert run(folder, FAIL="synth_design* {out of memory}")[1] == "ERROR: vivado.tcl: out of memory\n"


def test_without_sources_or_buffers(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy_rtl")
    code, _, calls = run(folder, NO_SITES="1")
    assert code == 0 and not any(call.startswith("set_property") for call in calls)
    shutil.rmtree(folder / "src")
    assert run(folder)[:2] == (1, "ERROR: vivado.tcl: src must hold Verilog\n")


def test_the_clock_is_written_as_configured(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "toy_rtl", replace(facts(), clock_ns=1.0 / 0.36))
    _, _, calls = run(folder)
    assert "create_clock -name clk -period 2.778 ports:clk" in calls
