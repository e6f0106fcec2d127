"""Gates of agreement and physics: the limit itself passes, the unknown never does."""

from __future__ import annotations

import numpy as np
import pytest

from fpga_tf.errors import InternalError
from fpga_tf.verdict.agreement import combine, compare
from fpga_tf.verdict.gates import Gate, PhysicsLimits, agreement_gate, physics_gates
from fpga_tf.verdict.physics import Physics

ONE = np.array([[1, 2]], dtype=np.int64)


def stage(accuracy: float | None, b: float | None, c: float | None = 0.5, n: int = 1000) -> Physics:
    return Physics(n, accuracy, {"b": b, "c": c}, "b", {})


def test_agreement_passes_only_with_something_compared_and_nothing_different() -> None:
    good, bad = compare(ONE, ONE, name="x"), compare(ONE, ONE + 1, name="x")
    empty = compare(ONE[:0], ONE[:0], name="none")
    assert agreement_gate(combine([good])) == Gate("agreement", 0, 0, "outputs", "C-simulation", "pass")
    assert agreement_gate(combine([good, bad])) == Gate("agreement", 0, 2, "outputs", "C-simulation", "fail")
    assert agreement_gate(combine([good, empty])).result == "fail"
    assert agreement_gate(combine([])).result == "fail"
    absent = agreement_gate(None)
    assert (absent.value, absent.result) == (None, "unknown")
    assert "run `fpga-tf simulate`" in (absent.missing or "")


@pytest.mark.parametrize(
    ("before", "after", "limit", "result"),
    [
        (0.95, 0.94, 0.01, "pass"),  # 0.95 - 0.94 is 0.010000000000000009 in binary
        (0.95, 0.9399, 0.01, "fail"),
        (200 / 300, 197 / 300, 0.01, "pass"),
        (200 / 300, 196 / 300, 0.01, "fail"),
        (0.9, 0.95, 0.0, "pass"),
        (0.9, 0.9, 0.0, "pass"),
        (0.9, 0.9 - 1e-6, 0.0, "fail"),
    ],
)
def test_a_loss_of_exactly_the_limit_passes(before: float, after: float, limit: float, result: str) -> None:
    limits = PhysicsLimits(max_auc_loss=limit, max_accuracy_loss=limit)
    gates = physics_gates(limits, float_=stage(before, before), quantised=None, csim=stage(after, after))
    assert [gate.gate for gate in gates] == ["max_auc_loss", "max_accuracy_loss"]
    assert [gate.result for gate in gates] == [result, result]
    assert gates[1].value == pytest.approx(before - after, abs=1e-12)


def test_the_class_that_loses_most_decides() -> None:
    gates = physics_gates(
        PhysicsLimits(max_auc_loss=0.01), float_=stage(1.0, 0.9, 0.8), quantised=None, csim=stage(1.0, 0.95, 0.78)
    )
    assert gates == [Gate("max_auc_loss", 0.01, 0.02, "", "float to csim, c", "fail")]


def test_the_reference_is_the_float_model_or_else_the_quantised_one() -> None:
    limits = PhysicsLimits(max_accuracy_loss=0.05)
    float_, quantised, csim = stage(0.9, 0.5), stage(0.8, 0.5), stage(0.8, 0.5)
    (gate,) = physics_gates(limits, float_=float_, quantised=quantised, csim=csim)
    assert (gate.source, gate.result) == ("float to csim", "fail")
    (gate,) = physics_gates(limits, float_=None, quantised=quantised, csim=csim)
    assert (gate.source, gate.value, gate.result) == ("quantised to csim", 0.0, "pass")


def test_what_was_not_evaluated_is_unknown() -> None:
    limits = PhysicsLimits(0.01, 0.01)
    known = stage(0.9, 0.9)
    for float_, csim in ((None, known), (known, None), (None, None)):
        gates = physics_gates(limits, float_=float_, quantised=None, csim=csim)
        assert [(gate.value, gate.result) for gate in gates] == [(None, "unknown")] * 2
        assert all("name an evaluation set" in (gate.missing or "") for gate in gates)


def test_a_class_without_samples_makes_a_pass_unknown_and_leaves_a_fail() -> None:
    limits = PhysicsLimits(max_auc_loss=0.01)
    (gate,) = physics_gates(limits, float_=stage(1, 0.9, None), quantised=None, csim=stage(1, 0.9, None))
    assert (gate.value, gate.result) == (0.0, "unknown")
    assert "outside of class c" in (gate.missing or "")
    (gate,) = physics_gates(limits, float_=stage(1, 0.9, None), quantised=None, csim=stage(1, 0.8, None))
    assert (gate.value, gate.result) == (0.1, "fail")


def test_no_limit_no_gate() -> None:
    assert physics_gates(PhysicsLimits(), float_=None, quantised=None, csim=None) == []


def test_stages_of_other_samples_are_our_fault() -> None:
    with pytest.raises(InternalError, match="must be of the same samples, not 1000 and 999"):
        physics_gates(PhysicsLimits(0.1), float_=stage(1, 1), quantised=None, csim=stage(1, 1, n=999))


def test_a_gate_can_neither_pass_without_a_value_nor_be_unknown_without_a_reason() -> None:
    with pytest.raises(InternalError, match="must have a value to pass"):
        Gate("x", 1, None, "", None, "pass")
    with pytest.raises(InternalError, match="must say what is missing"):
        Gate("x", 1, None, "", None, "unknown")
    with pytest.raises(InternalError, match="must say what is missing"):
        Gate("x", 1, 2, "", None, "fail", "why not")


def test_json_names_what_is_missing_only_where_something_is() -> None:
    assert Gate("x", 1, 2, "ns", "s", "fail").to_json() == {
        **{"gate": "x", "limit": 1, "value": 2, "unit": "ns", "source": "s", "result": "fail"}
    }
    assert Gate("x", 1, None, "", None, "unknown", "y").to_json()["missing"] == "y"
