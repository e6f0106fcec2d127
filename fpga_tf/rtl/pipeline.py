"""Cuts a traced model into stages, a register between each, and writes them as Verilog or VHDL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from da4ml.trace import to_pipeline

from fpga_tf.errors import UserError
from fpga_tf.files import disk_errors
from fpga_tf.rtl.hdl import Language, sources
from fpga_tf.rtl.simulate import Ports
from fpga_tf.rtl.stages import field_of
from fpga_tf.rtl.trace import Traced
from fpga_tf.rtl.words import Field


@dataclass(frozen=True)
class Pipelined:
    """A model in stages, one sample a cycle.

    Attributes:
        traced: the model.
        stages: da4ml's `Pipeline`.
        inputs, outputs: fields of the ports, in order.
    """

    traced: Traced
    stages: Any
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]

    @property
    def latency(self) -> int:
        """Cycles from the register of the inputs to that of the outputs."""
        return len(self.stages.solutions)

    @property
    def ports(self) -> Ports:
        """What a simulation must know."""
        return Ports(self.inputs, self.outputs, self.latency)

    @property
    def register_bits(self) -> int:
        """Bits of all registers between stages."""
        return int(self.stages.reg_bits)

    @property
    def cost(self) -> float:
        """da4ml's count of LUTs."""
        return float(self.stages.cost)


def pipeline(traced: Traced, levels: float) -> Pipelined:
    """Cut a model into stages.

    Args:
        traced: the model.
        levels: levels of logic that a stage may have.

    Raises:
        UserError: no level at all.
    """
    if not levels > 0:
        raise UserError(f"a stage must have some levels of logic, not {levels}")
    stages = to_pipeline(traced.graph, levels, verbose=False)
    return Pipelined(traced, stages, _fields(stages.inp_qint), _fields(stages.out_qint))


def _fields(intervals: Any) -> tuple[Field, ...]:
    return tuple(field_of(interval) for interval in intervals)


def write_hdl(pipelined: Pipelined, folder: Path, name: str, language: Language = "verilog") -> tuple[str, ...]:
    """Write the sources of a pipeline.

    Args:
        folder: gets `src/` with the top module `name`, the pipeline `name_core` and a module a stage and a table.
        name: of the top module, with ports `clk`, `rst`, `in_valid`, `in_data`, `out_valid` and `out_data`.

    Returns:
        The files within the folder, each after those it needs.

    Raises:
        UserError: the name can't be a module's, or an operation is not known.
    """
    texts = sources(pipelined.stages.solutions, name, language)
    with disk_errors(folder):
        (folder / "src").mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            (folder / "src" / file).write_text(text, encoding="utf-8")
    return tuple(f"src/{file}" for file in texts)
