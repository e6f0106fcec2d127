"""What the generated RTL gave: counted in its simulation, and estimated, each estimate with its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fpga_tf.reports.types import RESOURCES, SynthesisReport
from fpga_tf.verdict.agreement import Agreement
from fpga_tf.verdict.devices import find_device
from fpga_tf.verdict.gates import Gate, GateResult
from fpga_tf.verdict.numbers import singular

SIMULATED = "RTL simulation"
RTL_AGREEMENT, RTL_CYCLES, RTL_SOURCES = "rtl_agreement", "rtl_cycles", "rtl_sources"


@dataclass(frozen=True, slots=True)
class RtlResult:
    """Generated RTL, and what is known of it.

    Attributes:
        folder: where it is.
        edited: generated files that are not as they were written.
        agreement: of codes of the model and of the clocked RTL; None if it was not simulated.
        latency_cycles, interval_cycles: counted in the simulation; None if it was not simulated.
        samples_per_second: of the simulation.
        problems: what went wrong with gaps, resets or the order of samples, each a sentence.
        levels: levels of logic in a stage, at most.
        estimate: what is believed of resources and clock.
        missing: why it was not simulated, and what to do.
        costs: da4ml's LUTs by node and kind of operation; empty where they are not known by node.
        depths: estimates of the same model cut otherwise, by levels of logic in a stage.
    """

    folder: str
    edited: tuple[str, ...]
    agreement: Agreement | None
    latency_cycles: int | None
    interval_cycles: int | None
    samples_per_second: float | None
    problems: tuple[str, ...]
    levels: float
    estimate: SynthesisReport
    missing: str | None = None
    costs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    depths: Mapping[float, SynthesisReport] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; estimates have a value and a relative error."""
        one = self.estimate
        return {
            "folder": self.folder,
            "edited": list(self.edited),
            "agreement": None if self.agreement is None else self.agreement.to_json(),
            "latency_cycles": self.latency_cycles,
            "interval_cycles": self.interval_cycles,
            "samples_per_second": self.samples_per_second,
            "problems": list(self.problems),
            "stages": one.latency_cycles.max,
            "levels": self.levels,
            "clock_ns": one.clock_ns.target,
            "part": one.part,
            "estimate": {
                "clock_ns": {"value": one.clock_ns.estimated, "error": one.errors.get("clock_ns.estimated", 0.0)},
                **{name: {"value": one.resources[name].used, "error": _error(one, name)} for name in RESOURCES},
            },
            "costs": {node: dict(kinds) for node, kinds in self.costs.items()},
            "depths": [_depth_json(levels, one) for levels, one in self.depths.items()],
            "missing": self.missing,
        }


def _error(report: SynthesisReport, resource: str) -> float:
    return report.errors.get(f"resources.{resource}.used", 0.0)


def rtl_gates(result: RtlResult) -> list[Gate]:
    """RTL must compute what the model computes, in any order of gaps and resets, and be what was generated."""
    changed = len(result.edited)
    source = f"edited: {', '.join(result.edited[:3])}" if changed else "digests in the manifest"
    sources = Gate(RTL_SOURCES, 0, changed, "files", source, "fail" if changed else "pass")
    if result.agreement is None:
        missing = result.missing or "a simulation of the RTL"
        return [Gate(RTL_AGREEMENT, 0, None, "outputs", None, "unknown", missing), sources]
    return [
        Gate(RTL_AGREEMENT, 0, result.agreement.differing, "outputs", SIMULATED, _held(result.agreement.exact)),
        Gate(RTL_CYCLES, 0, len(result.problems), "problems", SIMULATED, _held(not result.problems)),
        sources,
    ]


def _held(holds: bool) -> GateResult:
    return "pass" if holds else "fail"


def rows(result: RtlResult) -> list[tuple[str, str, str]]:
    """Quantity, value, and where it is from or what it is a share of."""
    one = result.estimate
    counted = SIMULATED if result.latency_cycles is not None else "stages of the pipeline"
    cycles = result.latency_cycles if result.latency_cycles is not None else one.latency_cycles.max
    found = [("latency", f"{_cycles(cycles)}{_at(cycles, one)}", counted)]
    found.append(("interval", _cycles(result.interval_cycles or one.interval_cycles.max), counted))
    if one.clock_ns.estimated is not None:
        share = one.errors.get("clock_ns.estimated", 0.0)
        period = one.clock_ns.estimated
        text = f"{period:.3g} ± {period * share:.2g} ns" if share else f"{period:.3g} ns"
        found.append(
            (
                "clock period",
                text,
                f"estimate, {result.levels:g} {singular('levels', result.levels)} of logic in a stage",
            )
        )
    return found + [(name, _used(one, name), _shares(one, name)) for name in RESOURCES if name in _shown(one)]


def _cycles(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,} {singular('cycles', count)}"


def _at(cycles: int | None, report: SynthesisReport) -> str:
    """The latency in ns: at the clock that is asked for, or at the period that is believed if that is longer."""
    target = report.clock_ns.target
    if cycles is None or target is None:
        return ""
    period = max(target, report.clock_ns.estimated or 0.0)
    return f", {cycles * period:,.4g} ns at {period:.4g} ns"


def _shown(report: SynthesisReport) -> list[str]:
    return [name for name in RESOURCES if report.resources[name].used is not None]


def _used(report: SynthesisReport, name: str) -> str:
    used, error = report.resources[name].used, _error(report, name)
    if used is None:
        return "unknown"
    return f"{used:,} ± {error * 100:.0f} %" if error else f"{used:,}"


def _shares(report: SynthesisReport, name: str) -> str:
    """Of the device, and of its smallest region."""
    device, used = find_device(report.part), report.resources[name].used
    if device is None or used is None or not device.resources.get(name):
        return "estimate"
    text = f"estimate, {used / device.resources[name] * 100:.3g} % of the device"
    if device.slrs > 1 and used:
        smallest = min(region[name] for region in device.slr_resources)
        text += f", {used / smallest * 100:.3g} % of an SLR"
    return text


def opinions(report: SynthesisReport) -> list[tuple[str, str, str]]:
    """Rows of what Yosys counts."""
    who = f"{report.tool} {report.version or ''}".strip()
    return [(name, _used(report, name), who) for name in ("LUT", "FF", "DSP", "BRAM_18K") if name in _shown(report)]


def cost_rows(result: RtlResult) -> list[list[str]]:
    """Name, LUTs as da4ml counts them, share and main kind of operation, of each node in the order of the model."""
    whole = sum(sum(kinds.values()) for kinds in result.costs.values())
    found = []
    for node, kinds in result.costs.items():
        cost, main = sum(kinds.values()), max(kinds, key=lambda kind: kinds[kind])
        share = f"{cost / whole * 100:.1f} %" if whole else ""
        found.append([node, f"{cost:,.0f}", share, f"{main} ({kinds[main] / cost * 100:.0f} %)" if cost else main])
    return found


def depth_rows(result: RtlResult) -> list[list[str]]:
    """Levels, fastest clock believed, cycles, latency at that clock and flip-flops, for each depth."""
    found = []
    for levels, one in result.depths.items():
        clock, cycles = _surely(one), one.latency_cycles.max
        if clock is None or cycles is None:
            continue
        mark = " *" if levels == result.levels else ""
        found.append(
            [f"{levels:g}{mark}", f"{clock:.2f} ns", f"{cycles:,}", f"{clock * cycles:,.0f} ns", _used(one, "FF")]
        )
    return found


def _surely(report: SynthesisReport) -> float | None:
    """The period with its error, in ns."""
    period = report.clock_ns.estimated
    return None if period is None else period * (1 + report.errors.get("clock_ns.estimated", 0.0))


def _depth_json(levels: float, report: SynthesisReport) -> dict[str, Any]:
    return {
        "levels": levels,
        "clock_ns": _surely(report),
        "cycles": report.latency_cycles.max,
        "FF": {"value": report.resources["FF"].used, "error": _error(report, "FF")},
    }
