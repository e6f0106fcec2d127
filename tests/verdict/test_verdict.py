"""From gates to verdict and exit code, and the object that programs read."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest

from fpga_tf.verdict.agreement import combine, compare
from fpga_tf.verdict.gates import Gate, GateResult, agreement_gate
from fpga_tf.verdict.physics import physics
from fpga_tf.verdict.verdict import RunResult, Step, decide, exit_code

RESULTS: tuple[GateResult, ...] = ("pass", "fail", "unknown")


def gate(name: str, result: GateResult) -> Gate:
    return Gate(name, 1, 1, "", None, result, "something" if result == "unknown" else None)


@pytest.mark.parametrize("results", list(itertools.product(RESULTS, repeat=3)))
def test_any_fail_fails_and_any_unknown_is_incomplete(results: tuple[GateResult, ...]) -> None:
    gates = [gate(name, result) for name, result in zip(("agreement", "a", "b"), results, strict=True)]
    expected = "fail" if "fail" in results else "incomplete" if "unknown" in results else "pass"
    assert decide(gates) == expected


def test_nothing_passes_without_an_agreement_gate() -> None:
    assert decide([]) == "incomplete"
    assert decide([gate("latency_us", "pass")]) == "incomplete"
    assert decide([gate("latency_us", "fail")]) == "fail"


def test_a_later_gate_of_the_same_name_hides_no_failure() -> None:
    assert decide([gate("agreement", "fail"), gate("agreement", "pass")]) == "fail"


def test_exit_codes() -> None:
    assert [exit_code("pass"), exit_code("fail"), exit_code("incomplete")] == [0, 1, 0]
    assert [exit_code("pass", strict=True), exit_code("fail", strict=True)] == [0, 1]
    assert exit_code("incomplete", strict=True) == 1


def run_result() -> RunResult:
    codes = np.array([[1, 2], [3, 4]], dtype=np.int64)
    agreement = combine([compare(codes, codes, name="evaluation")])
    evaluated = physics(np.array([[0.6, 0.4], [0.1, 0.9]]), np.array([0, 1]), ("b", "light"), "b", logits=False)
    return RunResult(
        project="/tmp/p",
        agreement=agreement,
        gates=(agreement_gate(agreement),),
        budget=(Gate("latency_us", 2.0, None, "us", None, "unknown", "no report"),),
        physics={"quantised": evaluated, "csim": evaluated},
        top_class_changes={"quantised_to_csim": 0.0},
        steps=(Step("convert", 1.5), Step("build", float("nan"), cached=True)),
        throughput={"csim_samples_per_second": float("inf")},
        notes=("a note",),
    )


def test_the_object_has_the_documented_keys() -> None:
    value = run_result().to_json()
    assert list(value) == [
        *("verdict", "agreement", "physics", "budget", "steps", "project", "gates", "rtl", "dataflow"),
        *("throughput", "notes"),
    ]
    assert value["verdict"] == "incomplete"
    assert list(value["agreement"]) == [*("differing", "compared", "max_lsb", "first_diverging_layer", "sets", "worst")]
    assert list(value["physics"]) == ["float", "quantised", "csim", "top_class_changes"]
    assert value["physics"]["float"] is None
    assert value["physics"]["csim"]["accuracy"] == 1.0
    assert value["budget"] == [
        {
            **{"gate": "latency_us", "limit": 2.0, "value": None, "unit": "us", "source": None},
            **{"result": "unknown", "missing": "no report"},
        }
    ]
    assert value["steps"][0] == {"name": "convert", "seconds": 1.5, "cached": False}
    assert value["project"] == "/tmp/p"
    assert value["gates"][0]["gate"] == "agreement"


def test_json_text_is_strict() -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = run_result().dumps()
    value = json.loads(text, parse_constant=refuse)
    assert "\n" not in text
    assert value["steps"][1]["seconds"] is None
    assert value["throughput"] == {"csim_samples_per_second": None}


def test_what_is_absent_is_null_or_left_out() -> None:
    value = RunResult("p", None, (agreement_gate(None),)).to_json()
    assert (value["agreement"], value["verdict"]) == (None, "incomplete")
    assert "throughput" not in value and "notes" not in value


def test_judging_imports_no_framework() -> None:
    code = (
        "import sys, fpga_tf.reports, fpga_tf.verdict.show, fpga_tf.verdict.budget;"
        "print([m for m in ('keras', 'tensorflow', 'hls4ml', 'qkeras', 'hgq') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
