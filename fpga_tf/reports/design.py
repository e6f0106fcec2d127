"""One design as all its reports together say it is, and where each value comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fpga_tf.reports.types import Interval, Latency, Resource, SynthesisReport, no_resources

Value = float | int | str


@dataclass(frozen=True, slots=True)
class Sourced:
    """A value and the report that states it.

    Attributes:
        value: the value.
        stage: stage of the report.
        path: file of the report.
        error: relative, as the report declares it; None if it declares none.
    """

    value: Value
    stage: str
    path: str
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Reports that state different values.

    Attributes:
        quantity: such as `latency_cycles.max` or `resources.LUT.used`.
        values: the one that was taken (closest to hardware) first.
    """

    quantity: str
    values: tuple[Sourced, ...]

    def __str__(self) -> str:
        taken, *others = self.values
        said = ", ".join(f"{other.value} in {other.path}" for other in others)
        return f"reports disagree on {self.quantity}: {taken.value} of {taken.path} is taken, not {said}"


@dataclass(frozen=True, slots=True)
class LayerCost:
    """What one layer of the model costs, summed over the modules that it became.

    Attributes:
        name: of the Keras layer, or of the module where no manifest tells of layers.
        kind: class of the layer; None without a manifest.
        modules: names of the modules.
        latency_cycles: of the slowest module. None where the report has none.
        interval_cycles: of the slowest module.
        resources: sums; None where a module has none.
    """

    name: str
    kind: str | None = None
    modules: tuple[str, ...] = ()
    latency_cycles: Latency = field(default_factory=Latency)
    interval_cycles: Interval = field(default_factory=Interval)
    resources: Mapping[str, Resource] = field(default_factory=no_resources)


@dataclass(frozen=True, slots=True)
class Design:
    """A design.

    Attributes:
        name: what to call it: the project's folder or the report's file, made unique among those shown together.
        report: the values, each the one closest to hardware; `stage` is that of the report closest to hardware.
        sources: where each of them is from, by quantity, such as `clock_ns.achieved`.
        disagreements: quantities that reports state differently.
        reports: everything that was read.
        layers: what each layer costs, in the order of the firmware; empty where no report tells of modules.
        notes: what a reader should know.
    """

    name: str
    report: SynthesisReport
    sources: Mapping[str, Sourced] = field(default_factory=dict)
    disagreements: tuple[Disagreement, ...] = ()
    reports: tuple[SynthesisReport, ...] = ()
    layers: tuple[LayerCost, ...] = ()
    notes: tuple[str, ...] = ()
