"""What is shown: designs with their gates, and the paths that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fpga_tf.errors import FpgaTfError
from fpga_tf.reports.design import Design
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.numbers import gate_limit, gate_value, plain

Verdict = Literal["pass", "fail", "incomplete"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A design and what its reports decided.

    Attributes:
        design: the design.
        gates: each limit and what came out; empty if nothing was asked for.
    """

    design: Design
    gates: tuple[Gate, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """`fail` if a gate fails, else `incomplete` if one is unknown, else `pass`; None without a gate."""
        results = {gate.result for gate in self.gates}
        if not results:
            return None
        return "fail" if "fail" in results else "incomplete" if "unknown" in results else "pass"

    @property
    def word(self) -> str:
        """The verdict in capitals."""
        return "NOT JUDGED" if self.verdict is None else self.verdict.upper()


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that one report shows.

    Attributes:
        designs: in the order given.
        errors: of paths that could not be read.
    """

    designs: Sequence[Judged]
    errors: Sequence[FpgaTfError] = ()


def summary(judged: Judged) -> str:
    """What decided the verdict, in one line."""
    failed = [gate for gate in judged.gates if gate.result == "fail"]
    unknown = [gate for gate in judged.gates if gate.result == "unknown"]
    parts = [_failure(gate) for gate in failed]
    if unknown:
        parts.append(f"{len(unknown)} of {len(judged.gates)} gates unknown ({', '.join(g.gate for g in unknown)})")
    if not judged.gates:
        parts.append("no limit was given, and no report tells whether timing is met")
    elif not parts:
        parts.append(f"all {len(judged.gates)} gates pass" if len(judged.gates) > 1 else "the one gate passes")
    return plain("; ".join(parts))


def _failure(gate: Gate) -> str:
    if gate.unit == "":
        return f"{gate.gate} failed"
    if gate.value is None:
        return f"{gate.gate} used where the part has none"
    if gate.value <= gate.limit:  # the tool's slack says so, whatever the period
        return f"{gate.gate} failed by the tool's own word ({gate_value(gate)}, limit {gate_limit(gate)})"
    return f"{gate.gate} {gate_value(gate)} above {gate_limit(gate)}"


def missing(gates: Sequence[Gate]) -> list[tuple[str, list[str]]]:
    """What is missing, each once, with the names of the gates that wait for it."""
    waiting: dict[str, list[str]] = {}
    for gate in gates:
        if gate.result == "unknown":
            waiting.setdefault(gate.missing or "", []).append(gate.gate)
    return list(waiting.items())
