"""The result as people see it, letter by letter, in 80 columns without colour."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from fpga_tf.reports import Clock, Interval, Latency, Resource, SynthesisReport
from fpga_tf.verdict.agreement import Agreement, Codes, combine, compare
from fpga_tf.verdict.budget import Budget, decide_budget
from fpga_tf.verdict.gates import Gate, PhysicsLimits, agreement_gate, physics_gates
from fpga_tf.verdict.physics import Physics, WorkingPoint
from fpga_tf.verdict.show import render
from fpga_tf.verdict.verdict import RunResult

GOLDEN = Path(__file__).parent / "golden"
PART = "xcvu13p-flga2577-2-e"
BUDGET = Budget(2.0, 1, {"LUT": 0.25, "DSP": 0.5}, {"LUT": 1.0})


def shown(result: RunResult, *, quiet: bool = False, width: int = 80) -> str:
    """What a plain terminal shows; rich pads lines with spaces, which nobody sees."""
    out = io.StringIO()
    render(result, Console(file=out, width=width, no_color=True), quiet=quiet)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def stage(accuracy: float, area: float, rejection: float | None) -> Physics:
    c = {"0.5": WorkingPoint(0.5, rejection, None), "0.7": WorkingPoint(0.74, 12.0, None)}
    light = {"0.5": WorkingPoint(0.5, None, 3400.0), "0.7": WorkingPoint(0.7, 412.25, None)}
    auc = {"b": area, "c": 0.8123, "light": 0.9}
    return Physics(10000, accuracy, auc, "b", {"c": c, "light": light})


def agreement(wrong: bool) -> Agreement:
    reference: Codes = np.arange(30000, dtype=np.int64).reshape(10000, 3)
    firmware = reference.copy()
    if wrong:
        firmware[17, 2] += 1200
        firmware[18, 0] -= 1
    sets = [compare(reference, firmware, name="evaluation"), compare(reference[:64], reference[:64], name="all minima")]
    return combine(sets, first_diverging_layer="attention_1" if wrong else None)


def report(latency: int) -> SynthesisReport:
    return SynthesisReport(
        path="/home/me/tagger/tagger_prj/solution1/syn/report/csynth.xml",
        format="csynth_xml",
        stage="csynth",
        part=PART,
        clock_ns=Clock(5.0, 3.6, 1.35),
        latency_cycles=Latency(latency, latency, latency),
        interval_cycles=Interval(1, 1),
        resources={"LUT": Resource(142003, 1728000), "DSP": Resource(1512, 12288)},
    )


def result(*, wrong: bool = False, found: SynthesisReport | None = None) -> RunResult:
    stages = {"float": stage(0.8512, 0.9512, 35.5), "quantised": stage(0.8499, 0.9498, 34.25)}
    stages["csim"] = stages["quantised"]
    limits = PhysicsLimits(max_auc_loss=0.005, max_accuracy_loss=0.01)
    gates = physics_gates(limits, float_=stages["float"], quantised=stages["quantised"], csim=stages["csim"])
    total = agreement(wrong)
    return RunResult(
        project="/home/me/tagger",
        agreement=total,
        gates=(agreement_gate(total), *gates),
        budget=tuple(decide_budget(BUDGET, found, part=PART, clock_ns=5.0)),
        physics=stages,
        top_class_changes={"float_to_quantised": 0.0123, "quantised_to_csim": 0.0},
        throughput={"csim_samples_per_second": 51234.4},
        notes=("the model was quantised after training",),
    )


CASES = {
    "incomplete": result(),
    "pass": result(found=report(64)),
    "fail": result(wrong=True, found=report(401)),
    "fail_unknown": result(wrong=True),
}


@pytest.mark.parametrize("name", CASES)
def test_the_whole_result_reads_as_it_should(name: str) -> None:
    text = shown(CASES[name])
    assert text == (GOLDEN / f"{name}.txt").read_text()
    # the verdict is one line, however long; all else keeps to the width
    assert all(len(line) <= 80 for line in text.splitlines()[:-1])


@pytest.mark.parametrize("name", CASES)
def test_quiet_is_the_last_line_of_the_whole(name: str) -> None:
    quiet = shown(CASES[name], quiet=True)
    assert quiet.count("\n") == 1
    assert shown(CASES[name]).endswith(quiet)
    assert shown(CASES[name], quiet=True, width=20) == quiet


def test_without_evaluation_and_simulation_only_gates_are_shown() -> None:
    text = shown(RunResult("p", None, (agreement_gate(None),)))
    assert text.startswith("Gates\n")
    assert text.endswith(
        "INCOMPLETE: not C-simulated; 1 of 1 gates unknown: no C-simulation to compare with; run `fpga-tf simulate`\n"
    )


def test_agreement_alone_says_that_nothing_else_was_asked_for() -> None:
    total = agreement(False)
    quiet = shown(RunResult("p", total, (agreement_gate(total),)), quiet=True)
    assert quiet == "PASS: 0 of 30,192 outputs differ; no other gate is set\n"


def test_a_value_just_above_its_limit_does_not_read_like_it() -> None:
    near = replace(CASES["pass"], budget=(Gate("device_share.LUT", 0.25, 0.2500001, "share", "csynth", "fail"),))
    assert shown(near, quiet=True) == "FAIL: device_share.LUT 25.00001 % above 25 %\n"


def test_large_values_are_written_out() -> None:
    large = replace(CASES["pass"], budget=(Gate("latency_us", 2.0, 12345.5, "us", "csynth", "fail"),))
    assert shown(large, quiet=True) == "FAIL: latency_us 12,345.5 us above 2 us\n"


def test_resources_that_the_part_lacks() -> None:
    lacking = replace(CASES["pass"], budget=(Gate("device_share.URAM", 0.25, None, "share", "csynth", "fail"),))
    assert "none available" in shown(lacking)
    assert shown(lacking, quiet=True) == "FAIL: device_share.URAM used where the part has none\n"


def test_names_are_neither_markup_nor_escape_codes() -> None:
    total = replace(agreement(True), first_diverging_layer="[red]a\x1b[31m\n; rm -rf b")
    text = shown(RunResult("p", total, (agreement_gate(total),)))
    assert "first diverging layer: [red]a\\x1b[31m\\n; rm -rf b" in text
    assert "\x1b" not in text


def test_colour_marks_what_failed() -> None:
    out = io.StringIO()
    render(CASES["fail"], Console(file=out, width=80, force_terminal=True, color_system="standard"))
    assert "\x1b[1;31mFAIL\x1b[0m" in out.getvalue()


def test_a_terminal_without_unicode_shows_the_same_words() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    render(CASES["pass"], Console(file=out, width=80, no_color=True))
    out.flush()
    assert raw.getvalue().decode("ascii").splitlines()[-1] == shown(CASES["pass"]).splitlines()[-1]
