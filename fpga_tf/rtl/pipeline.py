"""Cuts a traced model into stages, a register between each, and writes them as Verilog or VHDL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from da4ml.codegen import RTLModel
from da4ml.trace import to_pipeline

from fpga_tf.errors import UserError
from fpga_tf.rtl.trace import Traced
from fpga_tf.rtl.words import Field

Language = Literal["verilog", "vhdl"]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")
# Words of SystemVerilog and VHDL that a name of a model could well be.
_WORDS = (
    "access alias assert block body buffer bus case cell class clk component config context cover default design "
    "disable edge entity event export file final force function generate generic global group import in inout "
    "input instance int interface label liblist library local logic loop map mod model_inp model_out module null "
    "of on open or others out output package port process program property pure range record reg register release "
    "report sequence shared signal subtype table task time to type units use variable wait weak when while wire "
    "with"
)
RESERVED = frozenset(_WORDS.split())


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
    from da4ml.types import minimal_kif

    found = (minimal_kif(interval) for interval in intervals)
    return tuple(Field(bool(kif[0]), int(kif[1]), int(kif[2])) for kif in found)


def check_name(name: str) -> None:
    """Refuse a name that no module may have.

    Raises:
        UserError: it is not an identifier, or a word of a language.
    """
    if not _NAME.fullmatch(name) or name.lower() in RESERVED:
        raise UserError(
            f"a module's name must be letters, digits and _, and no word of SystemVerilog or VHDL, not {name[:70]!r}"
        )


def write_hdl(pipelined: Pipelined, folder: Path, name: str, language: Language = "verilog") -> None:
    """Write the sources of a pipeline into an empty folder.

    Args:
        folder: gets `src/` with the top module `name` and one module a stage, tables in `src/memfiles`.
        name: of the top module, whose ports are `clk`, `model_inp` and `model_out`.

    Raises:
        UserError: the name can't be a module's.
    """
    check_name(name)
    RTLModel(pipelined.stages, name, folder, flavor=language, print_latency=False).write()
