"""What a hardware engineer gets beside generated Verilog: testbench, vectors, constraints, scripts and a page to read.

All files are of facts and of the sources that lie in the folder: the same ones make the same bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fpga_tf.errors import InternalError, UserError
from fpga_tf.files import atomic_write, sha256_file
from fpga_tf.rtl.handover_ports import bits, diagram, hex_lines, one_line, port_row, port_table, spans
from fpga_tf.rtl.manifest import RtlPort
from fpga_tf.rtl.names import check_name
from fpga_tf.rtl.words import Field, Words, word_count

CHECKSUMS = "SHA256SUMS"
_TEMPLATES = Path(__file__).parent / "templates" / "handover"
_RENDERED = ("testbench.v", "constraints.xdc", "vivado.tcl", "Makefile", "README.md")
_WRITTEN = (*_RENDERED, "ports.csv", "vectors/inputs.hex", "vectors/outputs.hex")
_PART = re.compile(r"[A-Za-z][A-Za-z0-9]{3,23}(-[A-Za-z0-9]{1,12}){0,5}")
_SOURCE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class HandoverFacts:
    """What is known of generated RTL.

    Attributes:
        name: top module.
        model: how people call the model.
        part: the FPGA, by its full part number.
        clock_ns: period.
        latency: cycles; what clock edge k takes stands at the outputs after edge k + latency.
        inputs, outputs: numbers of the two data ports, the first in the lowest bits.
        input_tensors, output_tensors: tensors of the model, whose numbers these are, in order.
        input_words: samples for the testbench, shape (samples, words of the input).
        output_words: what the model makes of them, shape (samples, words of the output).
        estimates: lines on resources and timing, each with its error; where none is known, none.
    """

    name: str
    model: str
    part: str
    clock_ns: float
    latency: int
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    input_tensors: tuple[RtlPort, ...]
    output_tensors: tuple[RtlPort, ...]
    input_words: Words
    output_words: Words
    estimates: tuple[str, ...] = ()


def write_handover(folder: Path, facts: HandoverFacts) -> None:
    """Write all files beside the sources of a folder.

    Args:
        folder: with the Verilog in `src/`, whole: its files are listed, and digested.
        facts: of the RTL.

    Raises:
        UserError: a name can't be a module's, or can't stand in a script.
        InternalError: the facts don't fit together.
    """
    _check(facts)
    sources = [path.relative_to(folder).as_posix() for path in _sources(folder)]
    known = _known(facts, sources)
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
    atomic_write(folder / "vectors/inputs.hex", hex_lines(facts.input_words, facts.inputs))
    atomic_write(folder / "vectors/outputs.hex", hex_lines(facts.output_words, facts.outputs))
    atomic_write(
        folder / "ports.csv", port_table(facts.input_tensors, facts.inputs, facts.output_tensors, facts.outputs)
    )
    for name in _RENDERED:
        atomic_write(folder / name, environment.get_template(name).render(known))
    atomic_write(folder / CHECKSUMS, _checksums(folder))


def _check(facts: HandoverFacts) -> None:
    check_name(facts.name)
    if not _PART.fullmatch(facts.part):
        raise UserError(f"a part must be an AMD part number such as xcvu13p-flga2577-2-e, not {facts.part[:70]!r}")
    if not 0.01 <= facts.clock_ns <= 1000:
        raise UserError(f"the clock's period must be from 0.01 to 1000 ns, not {facts.clock_ns}")
    samples = len(facts.input_words)
    shapes = (facts.input_words.shape, facts.output_words.shape)
    if samples < 1 or shapes != ((samples, word_count(facts.inputs)), (samples, word_count(facts.outputs))):
        raise InternalError(f"vectors must be words of both ports, one or more of each, not {shapes}")
    if facts.latency < 0:
        raise InternalError(f"a latency must not be negative: {facts.latency}")


def _sources(folder: Path) -> list[Path]:
    """Verilog in the order of its names."""
    found = sorted((folder / "src").glob("*.v"))
    for path in found:
        if not _SOURCE.fullmatch(path.name):
            raise UserError(f"a source's name must be plain to stand in a Makefile, not {path.name[:70]!r}")
    if not found:
        raise InternalError(f"{folder}/src must hold Verilog")
    return found


def _known(facts: HandoverFacts, sources: list[str]) -> dict[str, object]:
    """What templates may use."""
    return {
        "name": facts.name,
        "model": one_line(facts.model),
        "part": facts.part,
        "clock_ns": f"{facts.clock_ns:.3f}",
        "half_period": f"{max(facts.clock_ns / 2, 0.001):.3f}",
        "latency": facts.latency,
        "latency_ns": f"{facts.latency * facts.clock_ns:.1f}",
        "samples": len(facts.input_words),
        "in_bits": bits(facts.inputs),
        "out_bits": bits(facts.outputs),
        "diagram": diagram(facts.latency),
        "inputs": spans(facts.input_tensors, facts.inputs),
        "outputs": spans(facts.output_tensors, facts.outputs),
        "sources": sources,
        "estimates": [one_line(line) for line in facts.estimates],
        "row": port_row,
    }


def _checksums(folder: Path) -> str:
    """Digests of all sources and of what was written here, as `sha256sum --check` takes them."""
    found = [path for path in (folder / "src").rglob("*") if path.is_file()]
    names = sorted([path.relative_to(folder).as_posix() for path in found] + [*_WRITTEN])
    return "".join(f"{sha256_file(folder / name)}  {name}\n" for name in names)
