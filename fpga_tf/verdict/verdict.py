"""The answer of a run: all gates together, and what a run leaves for people and programs to read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from fpga_tf.verdict.agreement import Agreement
from fpga_tf.verdict.dataflow import DataflowResult
from fpga_tf.verdict.gates import AGREEMENT, Gate
from fpga_tf.verdict.physics import Physics
from fpga_tf.verdict.rtl import RtlResult
from fpga_tf.verdict.strict_json import finite

Verdict = Literal["pass", "fail", "incomplete"]

STAGES = ("float", "quantised", "csim")


def decide(gates: Iterable[Gate]) -> Verdict:
    """Combine gates: `fail` if any fails, else `incomplete` if any is unknown, else `pass`.

    Without an agreement gate it is `incomplete` at best: nothing passes that was not compared with the model.
    """
    held = list(gates)
    found = combined(held)
    return "incomplete" if found == "pass" and all(gate.gate != AGREEMENT for gate in held) else found


def combined(gates: Iterable[Gate]) -> Verdict:
    """`fail` if any gate fails, else `incomplete` if any is unknown, else `pass`."""
    results = {gate.result for gate in gates}
    return "fail" if "fail" in results else "incomplete" if "unknown" in results else "pass"


def exit_code(verdict: Verdict, *, strict: bool = False) -> int:
    """Exit code of a verdict: pass 0, fail 1, incomplete 0.

    Incomplete is no failure, as nothing that could be checked failed: a laptop without vendor tools can't know latency
    and resources. With strict, as for a release, it is 1.
    """
    return 1 if verdict == "fail" or (strict and verdict == "incomplete") else 0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run: its name, its wall-clock time in seconds, and whether a stored result was used."""

    name: str
    seconds: float
    cached: bool = False


@dataclass(frozen=True, slots=True)
class RunResult:
    """All that a run found.

    Attributes:
        project: the project folder.
        agreement: of model and C-simulation; None if it was not C-simulated.
        physics: by stage (`float`, `quantised`, `csim`); None or absent where a stage was not evaluated.
        top_class_changes: share of samples whose top class differs, by pair such as `quantised_csim`.
        gates: of agreement and physics.
        budget: gates of the budget.
        steps: in the order run.
        throughput: rates by name and unit, such as `csim_samples_per_second`.
        notes: what a reader should know besides.
        rtl: what the RTL of the same model gave; None if there is none.
        dataflow: what is known of the schedule of a dataflow design; None if it is unrolled.
    """

    project: str
    agreement: Agreement | None
    gates: tuple[Gate, ...]
    budget: tuple[Gate, ...] = ()
    physics: Mapping[str, Physics | None] = field(default_factory=dict)
    top_class_changes: Mapping[str, float | None] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    throughput: Mapping[str, float | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    rtl: RtlResult | None = None
    dataflow: DataflowResult | None = None

    @property
    def all_gates(self) -> tuple[Gate, ...]:
        """Agreement and physics first, then the budget."""
        return self.gates + self.budget

    @property
    def verdict(self) -> Verdict:
        """The gates combined."""
        return decide(self.all_gates)

    def to_json(self) -> dict[str, Any]:
        """As JSON values, none of them NaN or infinite: such a number is null."""
        value: dict[str, Any] = {
            "verdict": self.verdict,
            "agreement": None if self.agreement is None else self.agreement.to_json(),
            "physics": {
                **{stage: _physics_json(self.physics.get(stage)) for stage in STAGES},
                "top_class_changes": dict(self.top_class_changes),
            },
            "budget": [gate.to_json() for gate in self.budget],
            "steps": [asdict(step) for step in self.steps],
            "project": self.project,
            "gates": [gate.to_json() for gate in self.gates],
            "rtl": None if self.rtl is None else self.rtl.to_json(),
            "dataflow": None if self.dataflow is None else self.dataflow.to_json(),
        }
        if self.throughput:
            value["throughput"] = dict(self.throughput)
        if self.notes:
            value["notes"] = list(self.notes)
        return finite(value)

    def dumps(self) -> str:
        """The object as strict JSON text, one line."""
        return json.dumps(self.to_json(), allow_nan=False)


def _physics_json(physics: Physics | None) -> dict[str, Any] | None:
    return None if physics is None else physics.to_json()
