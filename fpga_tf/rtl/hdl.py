"""The sources of a pipeline: stages, tables, the core that registers them, and the top module with its valid bits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Literal

import jinja2

from fpga_tf.errors import InternalError
from fpga_tf.rtl import verilog, vhdl
from fpga_tf.rtl.names import check_name
from fpga_tf.rtl.stages import stage
from fpga_tf.rtl.statements import Stage, Tables, widths
from fpga_tf.rtl.words import Field

Language = Literal["verilog", "vhdl"]
SUFFIX = {"verilog": "v", "vhdl": "vhd"}
_TOLD = 6  # kinds of fields that the header of a file lists
_TEMPLATES = Path(__file__).with_name("templates")


def sources(solutions: Sequence[Any], name: str, language: Language) -> dict[str, str]:
    """Texts by file name, in an order in which each needs earlier ones only.

    Args:
        solutions: da4ml's `CombLogic` of each stage.
        name: of the top module; every other is this one's, `_core` and more.

    Raises:
        UserError: the name can't be a module's in the language, or an operation is not known.
    """
    tables = Tables()
    stages = [stage(solution, tables) for solution in solutions]
    return texts(stages, tables, name, language)


def texts(stages: Sequence[Stage], tables: Tables, name: str, language: Language) -> dict[str, str]:
    """Texts of stages and their tables by file name, as `sources`."""
    check_name(name, language)
    for before, after in pairwise(stages):
        if [f.width for f in before.outputs] != [f.width for f in after.inputs]:
            raise InternalError("a stage must take the fields that the one before gives")
    core, writer = f"{name}_core", verilog if language == "verilog" else vhdl
    found = {f"{core}_table{n}": writer.table_text(t, f"{core}_table{n}") for t, n in tables.numbers.items()}
    for index, one in enumerate(stages):
        found[f"{core}_stage{index}"] = writer.stage_text(one, f"{core}_stage{index}", core)
    found |= {core: _filled("core", stages, name, language), name: _filled("top", stages, name, language)}
    return {f"{module}.{SUFFIX[language]}": text for module, text in found.items()}


def _filled(template: str, stages: Sequence[Stage], name: str, language: Language) -> str:
    text = (_TEMPLATES / f"{template}.{SUFFIX[language]}").read_text("utf-8")
    environment = jinja2.Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(text).render(
        name=name,
        stages=len(stages),
        widths=[*(widths(one.inputs) for one in stages), widths(stages[-1].outputs)],
        inputs=_runs(stages[0].inputs),
        outputs=_runs(stages[-1].outputs),
    )


def _runs(fields: Sequence[Field]) -> str:
    """Fields in words, equal neighbours counted; their bits alone if they are of many kinds, as lines have a limit."""
    runs = [(one, len(list(same))) for one, same in groupby(f for f in fields if f.width)]
    if len(runs) > _TOLD:
        return f"{sum(count for _, count in runs)} numbers of different widths"
    told = [f"{n} of {f.width} bits, {'signed' if f.signed else 'unsigned'}, step 2**{-f.fraction}" for f, n in runs]
    return "; ".join(told)
