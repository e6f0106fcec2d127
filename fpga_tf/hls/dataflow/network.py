"""A plan as a network of processes, with the depths of its FIFOs."""

from __future__ import annotations

from fpga_tf.hls.dataflow.kernel import Kernel, Step
from fpga_tf.hls.dataflow.plan import Placed, Plan
from fpga_tf.process import Channel, Loop, Network, Process

# one row under way while the next is made
SHALLOW = 2


def depths(plan: Plan) -> dict[str, int]:
    """How many rows the FIFO of each tensor holds.

    All rows of a sample where they may wait for another input of the same process; that is enough for every schedule
    (see `fpga_tf.schedule`). As many where a process takes rows at once that were made at leisure while it was at work
    on the sample before, as an attention takes its keys; both on a path around an attention, whose latency is longer
    than the interval between samples. Elsewhere two, so that both sides can work at once.
    """
    found = {}
    for node in plan.nodes:
        for i, tensor in enumerate(node.inputs):
            rows = plan.rows.get(tensor)
            if rows is not None:
                samples = 0 if node.kernel is None else (i in node.kernel.whole) + (i in node.kernel.ahead)
                found[tensor] = max(SHALLOW, samples * rows.count)
    return found


def network(plan: Plan) -> Network:
    """Processes and FIFOs. An array is one row of all values, which two samples may share: the tools double it."""
    held = depths(plan)
    sources = {tensor: node.name for node in plan.nodes if node.inputs for tensor in node.outputs}
    readers = {tensor: node.name for node in plan.nodes for tensor in node.inputs}
    channels = []
    for tensor in dict.fromkeys([*sources, *readers]):
        rows, bits = plan.rows.get(tensor), plan.formats[tensor].width
        size = 1
        for n in plan.shapes[tensor]:
            size *= n
        channels.append(
            Channel(
                tensor,
                bits * (size if rows is None else rows.channels),
                1 if rows is None else rows.count,
                SHALLOW if rows is None else held.get(tensor, SHALLOW),
                sources.get(tensor),
                readers.get(tensor),
            )
        )
    processes = tuple(_process(plan, node) for node in plan.nodes if node.inputs)
    notes = tuple(f"{layer} is unrolled, between arrays" for layer in plan.unrolled)
    return Network(processes, tuple(channels), notes)


def _process(plan: Plan, node: Placed) -> Process:
    kernel = node.kernel
    if kernel is None:
        loops: tuple[Loop, ...] = (Loop(1, node.inputs, node.outputs, 1, node.unrolled),)
        return Process(node.name, node.layer, "array", loops)
    return Process(
        node.name,
        node.layer,
        kernel.function,
        _loops(plan, node, kernel),
        kernel.stored_bits,
        kernel.weight_bits,
        kernel.weight_words,
    )


def _loops(plan: Plan, node: Placed, kernel: Kernel) -> tuple[Loop, ...]:
    """An array comes before the first iteration and goes after the last."""
    arrays = tuple(t for t in node.inputs if t not in plan.rows)
    made = tuple(t for t in node.outputs if t not in plan.rows)
    steps = kernel.steps or (Step(1, (), False, 1),)
    loops = [
        Loop(
            s.iterations,
            tuple(node.inputs[i] for i in s.reads if node.inputs[i] in plan.rows),
            tuple(t for t in node.outputs if t in plan.rows) if s.writes else (),
            s.interval,
            s.path,
        )
        for s in steps
    ]
    before = [Loop(1, arrays, (), 1)] if arrays else []
    after = [Loop(1, (), made, 1)] if made else []
    return (*before, *loops, *after)
