"""A layer in one hardware shape: multipliers, steps, cycles and FIFOs, and what it is believed to cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fpga_tf.process import Network, Process
from fpga_tf.reports.estimate_dataflow import DSP_ERROR, ERRORS, LUT_ERROR, estimate_dataflow
from fpga_tf.reports.estimate_parallel import LUT_CONSTANT, LUT_VARIABLE
from fpga_tf.reports.estimate_parallel import LUT_ERROR as PARALLEL_ERROR
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.explained import Fifo, ProcessFacts, ShapeFacts

if TYPE_CHECKING:
    from fpga_tf.lower.context import LayerDict

UNROLLED = "array"  # the kind of a process that works on whole arrays


@dataclass(frozen=True)
class Side:
    """A design in one shape.

    Attributes:
        network: its processes; for the unrolled one, each node at once. None: formats by value, nothing but products.
        modules: the estimate of each process, by its name; empty for the unrolled one.
        names: the shape of each layer in words, where it is not the same for all.
        name: that of all others.
        chosen: layers that really have it; None: all.
    """

    network: Network | None
    modules: dict[str, SynthesisReport]
    name: str
    names: dict[str, str]
    chosen: frozenset[str] | None

    def has(self, layer: str) -> bool:
        """Whether a layer really has this shape."""
        return self.chosen is None or layer in self.chosen


def dataflow_side(
    network: Network, name: str, names: dict[str, str], chosen: frozenset[str] | None, **told: Any
) -> Side:
    """A design whose rows pass through FIFOs, estimated.

    Args:
        told: as `estimate_dataflow` takes it.
    """
    report = estimate_dataflow(network, **told)
    return Side(network, {str(module.top): module for module in report.modules}, name, names, chosen)


def shape_facts(side: Side, layer: str, operations: int, nodes: Sequence[LayerDict]) -> ShapeFacts:
    """Of one layer."""
    if side.network is None:
        return _unrolled(chosen=side.has(layer), multipliers=None, operations=operations, nodes=nodes)
    network = side.network
    processes = [process for process in network.processes if process.layer == layer]
    multipliers = sum(_multipliers(process) for process in processes)
    chosen = side.has(layer)
    if not side.modules:
        return _unrolled(chosen=chosen, multipliers=multipliers, operations=operations, nodes=nodes)
    known = tuple(_process(one, side.modules[one.name]) for one in processes if one.name in side.modules)
    error = ERRORS["interval_cycles.max"]
    return ShapeFacts(
        side.names.get(layer, side.name),
        chosen,
        multipliers,
        max((loop.interval for one in processes if one.kind != UNROLLED for loop in one.loops), default=None),
        max((one.cycles for one in known), default=0),
        sum(process.stored_bits for process in processes),
        sum(one.LUT for one in known),
        sum(one.DSP for one in known),
        known,
        _fifos(network, {process.name for process in processes}),
        f"dataflow estimate, of the whole design: LUT ± {LUT_ERROR:.0%}, DSP ± {DSP_ERROR:.0%}, cycles ± {error:.0%}",
    )


def _unrolled(*, chosen: bool, multipliers: int | None, operations: int, nodes: Sequence[LayerDict]) -> ShapeFacts:
    variable = any(node["class_name"] == "Einsum" for node in nodes)
    # sums, tables and conversions are not in that estimate: what has no products is unknown, not nothing
    lut = round((LUT_VARIABLE if variable else LUT_CONSTANT) * operations) if operations else None
    source = f"estimate from bit operations, of the whole design ± {PARALLEL_ERROR:.0%}"
    return ShapeFacts("parallel", chosen, multipliers, None, 1, 0, lut, None, (), (), source)


def _process(process: Process, module: SynthesisReport) -> ProcessFacts:
    lut, dsp = (round(module.resources[name].used or 0) for name in ("LUT", "DSP"))
    return ProcessFacts(process.name, process.kind, module.interval_cycles.max or 0, lut, dsp)


def _multipliers(process: Process) -> int:
    return sum(op.count for loop in process.loops for op in loop.path if op.kind == "multiply")


def _fifos(network: Network, names: set[str]) -> tuple[Fifo, ...]:
    return tuple(
        Fifo(one.bits, one.rows, one.depth, one.source, one.target)
        for one in network.channels
        if {one.source, one.target} & names
    )
