"""Prints how layers are computed."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding

from fpga_tf.verdict.explained import Explained, LayerFacts, ShapeFacts
from fpga_tf.verdict.tables import NONE, or_none, row, section, shown, table_of

_LABEL = 12


def print_list(found: Explained, console: Console) -> None:
    """A line for each layer, in the order of the firmware."""
    table = table_of("layer")
    table.columns[0].no_wrap = True
    table.add_column("kind", no_wrap=True)
    table.add_column("output", no_wrap=True)
    table.add_column("format", no_wrap=True)
    table.add_column("bits", justify="right")
    table.add_column("shape", overflow="fold")
    table.add_column("LUT", justify="right")
    for layer in found.layers:
        shape = layer.chosen
        name = NONE if shape is None else shape.name
        cells = (layer.kind, _dimensions(layer.shape), _plain(layer.output), str(layer.exact_bits), name, _lut(layer))
        row(table, layer.name, cells)
    lines = [
        "bits: of the widest exact result",
        f"LUT: {_source(found)}",
        f"one layer in sentences: fpga-tf explain {found.origin} LAYER",
        *found.notes,
    ]
    section(console, f"Layers of {found.name}, {found.part} at {found.clock_ns:g} ns", table, lines)


def print_layers(found: Explained, console: Console) -> None:
    """Each layer in sentences."""
    for layer in found.layers:
        console.print(shown(f"{layer.name}: {layer.kind}"), style="bold")
        for sentence in layer.sentences:
            console.print(Padding(shown(f"{sentence.text} [{sentence.source}]"), (0, 0, 0, 2)))
        console.print(shown("Formats"))
        for label, text in _formats(layer):
            console.print(Padding(shown(f"{label:<{_LABEL}} {text}"), (0, 0, 0, 2)), soft_wrap=True)
        if layer.shapes:
            _print_shapes(layer, console)
        console.print(shown("Cost"))
        for text in _costs(found, layer):
            console.print(Padding(shown(text), (0, 0, 0, 2)))
        console.print()


def _print_shapes(layer: LayerFacts, console: Console) -> None:
    table = table_of("shape", *(_heading(one) for one in layer.shapes))
    row(table, "multipliers", [or_none(one.multipliers) for one in layer.shapes])
    row(table, "cycles a row", [NONE if one.steps is None else f"{one.steps:,}" for one in layer.shapes])
    row(table, "cycles a sample", [f"{one.cycles:,}" for one in layer.shapes])
    row(table, "rows held, bits", [f"{one.stored_bits:,}" for one in layer.shapes])
    row(table, "LUT", [or_none(one.LUT) for one in layer.shapes])
    row(table, "DSP", [or_none(one.DSP) for one in layer.shapes])
    console.print(Padding(table, (0, 0, 0, 1)))
    for one in layer.shapes:
        console.print(Padding(shown(f"{one.name}: {one.source}"), (0, 0, 0, 2)))
        for process in one.processes:
            used = f"{process.cycles:,} cycles, {process.LUT:,} LUT, {process.DSP:,} DSP"
            console.print(Padding(shown(f"process {process.name} ({process.kernel}): {used}"), (0, 0, 0, 2)))
        for fifo in one.fifos:
            ends = f"{fifo.source or 'outside'} to {fifo.target or 'outside'}"
            held = f"holds {fifo.depth} rows of {fifo.bits:,} bits, {fifo.rows} a sample"
            console.print(Padding(shown(f"FIFO {ends}: {held}"), (0, 0, 0, 2)))


def _heading(shape: ShapeFacts) -> str:
    return f"{shape.name} (chosen)" if shape.chosen else shape.name


def _formats(layer: LayerFacts) -> Iterator[tuple[str, str]]:
    for one in layer.inputs:
        yield "input", f"{one.format}  {_dimensions(one.shape)} from {one.name}"
    named = (("weights", layer.weights), ("bias", layer.bias), ("accumulator", layer.accumulator))
    yield from ((label, text) for label, text in named if text is not None)
    yield "output", f"{layer.output}  {_dimensions(layer.shape)}"


def _costs(found: Explained, layer: LayerFacts) -> Iterator[str]:
    if layer.weight_bits:
        yield f"{layer.weight_bits:,} bits of weights and biases (the model)"
    if layer.lut_da4ml is not None:
        yield f"{layer.lut_da4ml:,.0f} LUTs unrolled, as da4ml counts them ({found.rtl})"
    if layer.bit_operations:
        yield f"{layer.bit_operations:,} bit operations: digits of one factor times those of the other (the model)"
    if layer.lut_da4ml is None and not layer.bit_operations:
        yield "no bit operations: sums, tables, means, softmax and normalisation are not counted (the model)"


def _lut(layer: LayerFacts) -> str:
    shape = layer.chosen
    if layer.lut_da4ml is not None and (shape is None or shape.steps is None):
        return f"{layer.lut_da4ml:,.0f}"
    return NONE if shape is None else or_none(shape.LUT)


def _source(found: Explained) -> str:
    sources = dict.fromkeys(
        f"da4ml's count in {found.rtl}" if one.lut_da4ml is not None and shape.steps is None else shape.source
        for one in found.layers
        if (shape := one.chosen) is not None
    )
    return "; ".join(sources)


def _dimensions(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _plain(text: str) -> str:
    """A type without its modes."""
    return f"{','.join(text.split(',')[:2])}>"
