"""`fpga-tf init`: from a model file to a configuration that runs as it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fpga_tf.cpp_names import is_free_for_top
from fpga_tf.errors import UserError
from fpga_tf.flow.progress import Progress

STEPS = ("look into the file", "read the model", "find what cannot be hardware, and formats", "write")
_LONGEST = 40


@dataclass(frozen=True)
class Wanted:
    """What the command line says.

    Attributes:
        name: of the project.
        model, data: files.
        out: the configuration to be written.
        part, clock_ns: of the FPGA.
        given: options that were really given; the others have the configuration's defaults.
    """

    name: str
    model: Path
    data: Path | None
    out: Path
    part: str
    clock_ns: float
    given: frozenset[str]


@dataclass(frozen=True)
class Made:
    """What was written.

    Attributes:
        out: the configuration.
        text: what is in it.
        frontend: float, qkeras or hgq2.
        notes: what was chosen because the model file does not say it.
    """

    out: Path
    text: str
    frontend: str
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"out": str(self.out), "frontend": self.frontend, "text": self.text, "notes": list(self.notes)}


def project_name(path: Path) -> str:
    """A C identifier after a file's name."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", path.stem).strip("_")
    name = name if name[:1].isalpha() else f"model_{name}".rstrip("_")
    name = name if is_free_for_top(name) else f"{name}_top"
    return name[:_LONGEST].rstrip("_")


def init(wanted: Wanted, progress: Progress) -> Made:
    """Write a configuration.

    Raises:
        ConfigError: all that keeps the model from being hardware.
        UserError: the configuration exists, a file is damaged, or data does not fit the model.
        ToolError: disk full, no right to write, or the like.
    """
    from fpga_tf.flow.quiet import quiet_stderr

    progress.plan(len(STEPS))
    with progress.step(STEPS[0]):
        held = _looked(wanted)
    with progress.step(STEPS[1]) as step:
        step.say("importing TensorFlow: formats are inside the model")
        with quiet_stderr():
            from fpga_tf.flow.init_model import formats, inspect
            from fpga_tf.flow.init_refusals import in_the_file, refuse
            from fpga_tf.flow.init_text import config_text

            refuse(in_the_file(wanted.model), wanted.model)
            found = inspect(wanted.model)
    with progress.step(STEPS[2]):
        from fpga_tf.flow.init_data import find

        data = None if held is None else find(held, found.inputs, found.outputs, wanted.model)
        chosen = formats(found, wanted.model, wanted.data, data)
    with progress.step(STEPS[3]):
        text = config_text(wanted, found, chosen, data)
        _write(wanted.out, text)
    return Made(wanted.out, text, found.frontend, found.notes)


def _looked(wanted: Wanted) -> Any:
    """What the data file holds, after all that is refused without TensorFlow."""
    from pydantic import ValidationError

    from fpga_tf.flow.config import Config
    from fpga_tf.flow.config_types import PART_RULE
    from fpga_tf.flow.init_data import contents

    _check_free(wanted.out)
    if not wanted.model.is_file():
        raise UserError("MODEL must be an existing file", where=str(wanted.model))
    bare = {"name": wanted.name, "model": {"path": str(wanted.model)}, "hls": {"part": wanted.part}}
    try:
        Config.model_validate(bare, context={"base": Path.cwd()})
    except ValidationError as error:
        if any("part" in problem["loc"] for problem in error.errors()):
            raise UserError(f"--part must be {PART_RULE}, not {wanted.part[:40]!r}") from error
        raise UserError(
            "MODEL must be a .keras or .h5 file",
            where=str(wanted.model),
            hint="save the model from Keras with model.save('name.keras')",
        ) from error
    return None if wanted.data is None else contents(wanted.data)


def _check_free(out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise UserError("a configuration must not be overwritten", where=str(out), hint="name another one with --out")


def _write(out: Path, text: str) -> None:
    """Write what passes `fpga-tf check`, or nothing."""
    from fpga_tf.files import atomic_write
    from fpga_tf.flow.check import check
    from fpga_tf.flow.config import load_config

    _check_free(out)
    atomic_write(out, text)
    try:
        check(load_config(out))
    except UserError:
        out.unlink()
        raise
