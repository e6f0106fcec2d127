"""The inputs that model and firmware are compared on: the evaluation jets, and sets made to break things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError

if TYPE_CHECKING:
    from fpga_tf.hls.inputs import InputPort

Inputs = list[NDArray[np.float64]]
EVALUATION = "evaluation"


def input_sets(
    ports: Sequence[InputPort], evaluation: Sequence[NDArray[np.float32]], stress: int, seed: int
) -> dict[str, Inputs]:
    """Real inputs per set, one array per port.

    Sets besides the evaluation: ``minima`` and ``maxima`` (the first sample has them everywhere, the others at random
    places), ``doubled`` (scaled until the largest value is twice what the format holds), ``random`` (every code equally
    likely). A mask takes zeros, ones and random bits.

    Args:
        ports: the model's inputs.
        evaluation: per port, (samples, *shape).
        stress: samples per stress set.
        seed: of everything random.

    Raises:
        UserError: the data do not fit the model's inputs.
    """
    _check(ports, evaluation)
    rng = np.random.default_rng(seed)
    count = min(stress, len(evaluation[0])) or stress
    sets: dict[str, Inputs] = {EVALUATION: [np.asarray(x, dtype=np.float64) for x in evaluation]}
    base = [x[rng.integers(0, len(x), count)] for x in sets[EVALUATION]]
    for name in ("minima", "maxima", "doubled", "random"):
        sets[name] = [_stressed(name, port, x, rng) for port, x in zip(ports, base, strict=True)]
    return sets


def _stressed(name: str, port: InputPort, base: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    fmt = port.format
    if port.mask:
        bits = rng.integers(0, 2, base.shape)
        bits[0] = {"minima": 0, "maxima": 1}.get(name, bits[0])
        return bits.astype(np.float64)
    if name == "random":
        return fmt.dequantise(rng.integers(fmt.min_code, fmt.max_code, base.shape, endpoint=True))
    if name == "doubled":
        largest = float(np.abs(base).max()) or 1.0
        return base * (2.0 * max(fmt.max, -fmt.min) / largest)
    where = rng.random(base.shape) < 0.5
    where[0] = True
    return np.where(where, fmt.min if name == "minima" else fmt.max, base)


def _check(ports: Sequence[InputPort], evaluation: Sequence[NDArray[np.float32]]) -> None:
    if len(ports) != len(evaluation):
        raise UserError(
            f"a model must have one input for each dataset, not {len(ports)} for {len(evaluation)}",
            hint="mask inputs are made from the data: see docs/configuration.md",
        )
    for port, x in zip(ports, evaluation, strict=True):
        if x.shape[1:] != port.shape:
            raise UserError(
                f"the data must have the shape of the model's input, {port.shape}, not {x.shape[1:]}",
                where=f"input {port.name}",
            )


def evaluation_inputs(ports: Sequence[InputPort], x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """One array per port from one dataset: features as they are, masks from which rows are not all zero.

    Raises:
        UserError: there is not exactly one input of features, or a mask has another shape than its rows.
    """
    features = [p for p in ports if not p.mask]
    if len(features) != 1:
        raise UserError(f"a model must have exactly one input of features, not {len(features)}")
    present = np.any(x != 0, axis=-1)
    out = []
    for port in ports:
        mask = port.mask
        value = present if mask and port.shape == present.shape[1:] else None
        if mask and value is None and len(port.shape) == 2 and port.shape[1] == present.shape[1]:
            value = np.broadcast_to(present[:, None, :], (len(x), *port.shape))
        if mask and value is None:
            raise UserError(f"a mask input must have shape {present.shape[1:]}, not {port.shape}", where=port.name)
        out.append(x if value is None else np.asarray(value, dtype=np.float32))
    return out


def samples_of(sets: Mapping[str, Sequence[NDArray[np.int64]]]) -> int:
    """How many samples all sets have together."""
    return sum(len(arrays[0]) for arrays in sets.values())
