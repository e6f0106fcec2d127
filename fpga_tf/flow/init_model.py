"""What a model file tells of the configuration that it needs. Reads the model, so it imports TensorFlow when called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.flow.init_data import Found
from fpga_tf.flow.init_refusals import mixed, of_float, refuse
from fpga_tf.flow.init_walks import layers_of_qkeras, of_hgq2, of_qkeras

if TYPE_CHECKING:
    from fpga_tf.fixedpoint import Format

# Widths that are tried, narrow first, and the share of samples whose top class must stay.
WIDTHS = ((8, 10), (10, 12), (12, 14))
ENOUGH = 0.99
SAMPLES = 256
# Of inputs that no quantiser reads first.
_INPUT_BITS, _DEFAULT_INPUT = 16, "ap_fixed<16,6,RND_CONV,SAT>"


@dataclass(frozen=True)
class Inspected:
    """A model, as far as a configuration must know it.

    Attributes:
        frontend: float, qkeras or hgq2.
        layers: how many.
        inputs: shapes of the inputs that are no masks; masks: names of those that are.
        outputs: shape of the first output.
        notes: what was chosen because the file does not say it.
    """

    model: Any
    frontend: str
    layers: int
    inputs: tuple[tuple[int, ...], ...]
    masks: tuple[str, ...]
    outputs: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Formats:
    """What becomes of formats.

    Attributes:
        widths: bits of weights and of activations of a float model; None: the model has its own.
        samples: calibration samples that they were tried on, and how many of these kept their top class.
        input_precision: of inputs that no quantiser reads first; None: the model states it.
        why: the reason for that.
        rows: why the model cannot go row by row; None: it can.
    """

    widths: tuple[int, int] | None = None
    samples: int = 0
    kept: int = 0
    input_precision: str | None = None
    why: str = ""
    rows: str | None = None


def inspect(path: Path) -> Inspected:
    """Read the model.

    Raises:
        UserError: it is no model that can be read, or mixes float and quantised layers (a ConfigError with each).
    """
    from fpga_tf.models.frontend import describe
    from fpga_tf.models.read import read_with_notes

    model, notes = read_with_notes(path)
    refuse(mixed(model), path)
    features = [t for t in model.inputs if t.dtype != "bool"]
    return Inspected(
        model,
        describe(model),
        len(model.layers),
        tuple(tuple(int(s) for s in t.shape[1:]) for t in features),
        tuple(str(t._keras_history.operation.name) for t in model.inputs if t.dtype == "bool"),
        tuple(int(s) for s in model.outputs[0].shape[1:]),
        notes,
    )


def formats(found: Inspected, path: Path, data: Path | None, chosen: Found | None) -> Formats:
    """Find the formats that the configuration must state, and hold the model against what can be hardware.

    Raises:
        ConfigError: every layer that cannot be hardware.
        UserError: the calibration data.
    """
    if found.frontend == "hgq2":
        refuse(of_hgq2(found.model), path)
        return Formats(rows="each value of an HGQ2 model has a format of its own, so no two share a multiplier")
    jets = None if data is None or chosen is None else _jets(data, chosen.calibration.name)
    if found.frontend == "float":
        refuse(of_float(found.model), path)
        return _quantised(found, path, jets)
    from fpga_tf.models.normalisation import fold_batch_norms, refused_norms

    norms = refused_norms(found.model)
    if norms:
        refuse([*norms, *layers_of_qkeras(found.model, None)], path)
    model, _ = fold_batch_norms(found.model)
    declared, why = _declared(model, jets)
    refuse(of_qkeras(model, declared), path)
    text = None if declared is None else f"ap_fixed<{declared.width},{declared.integer + 1},RND_CONV,SAT>"
    return Formats(input_precision=text, why=why, rows=_rows(model, declared))


def _jets(data: Path, name: str) -> NDArray[np.float32]:
    from fpga_tf.jets.untrusted import numbers, opened

    with opened(data) as file:
        return numbers(file, name, where=f"{data}:{name}")


def _quantised(found: Inspected, path: Path, jets: NDArray[np.float32] | None) -> Formats:
    """The first widths at which nearly all samples keep their top class, or the widest."""
    from fpga_tf.models.evaluate import evaluate, output_keys
    from fpga_tf.models.quantise import quantise

    if jets is None:
        raise UserError(
            "a float model must come with --data: the formats of its tensors are chosen on calibration samples",
            where=str(path),
            hint="name a file of jets, or train the model with QKeras, fpga_tf.layers or HGQ2",
        )
    few = jets[np.unique(np.linspace(0, len(jets) - 1, min(len(jets), SAMPLES)).astype(np.int64))]

    def top(model: Any) -> NDArray[np.int64]:
        key = output_keys(model)[0]
        return np.asarray(evaluate(model, [few], [key], exact=False)[key].argmax(axis=-1))

    wanted = top(found.model)
    for widths in WIDTHS:
        model = quantise(found.model, few, weight_bits=widths[0], activation_bits=widths[1])
        refuse(of_qkeras(model, None), path)
        kept = int((top(model) == wanted).sum())
        if kept >= ENOUGH * len(few):
            break
    return Formats(widths, len(few), kept, rows=_rows(model, None))


def _declared(model: Any, jets: NDArray[np.float32] | None) -> tuple[Format | None, str]:
    """The format of inputs that no quantiser reads first, and why it is that one."""
    from fpga_tf.fixedpoint import Format
    from fpga_tf.lower.inputs import input_ports
    from fpga_tf.models.sites import covering

    try:
        input_ports(model, None)
    except UserError:
        if jets is None:
            return Format.parse(_DEFAULT_INPUT), "no quantiser reads the input first; no --data shows its range: +-32"
        low, high = float(jets.min()), float(jets.max())
        fmt = covering(low, high, _INPUT_BITS, signed=True)
        return fmt, f"no quantiser reads the input first; it holds the calibration jets, {low:.4g} to {high:.4g}"
    return None, ""


def _rows(model: Any, declared: Format | None) -> str | None:
    """Why a quantised model cannot go row by row; None if it can."""
    from fpga_tf.hls.candidates import Candidates
    from fpga_tf.hls.shapes import LayerShape, Shapes

    try:
        Candidates(model, declared).network(Shapes(LayerShape("dataflow")))
    except UserError as error:
        return f"{error.where}: {error.what}"
    return None
