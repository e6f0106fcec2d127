"""The inputs that model and firmware are compared on: the evaluation jets, and sets made to break things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError

if TYPE_CHECKING:
    from fpga_tf.lower.inputs import InputPort

Inputs = list[NDArray[np.float64]]
EVALUATION = "evaluation"
STRESS = ("minima", "maxima", "doubled", "random")


class Input(Protocol):
    """What must be known of a model's input to feed it."""

    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def mask(self) -> bool: ...


@dataclass(frozen=True)
class ModelInput:
    """An input without a format, as a float model has it.

    Attributes:
        name: the input layer's name.
        shape: without the batch.
        mask: a 0/1 input.
    """

    name: str
    shape: tuple[int, ...]
    mask: bool


def input_sets(
    ports: Sequence[InputPort], evaluation: Sequence[NDArray[np.floating]], stress: int, seed: int
) -> dict[str, Inputs]:
    """Real inputs per set, one array per port.

    Sets besides the evaluation, made of jets drawn from it: ``minima`` and ``maxima`` (the first sample has them
    everywhere, the others at random places), ``doubled`` (each jet scaled until its largest value is twice what the
    format holds), ``random`` (every code equally likely). A mask takes zeros, ones and random bits.

    Args:
        ports: the model's inputs.
        evaluation: per port, (samples, *shape), as `evaluation_inputs` or `random_inputs` gives it.
        stress: samples per stress set.
        seed: of everything random.
    """
    rng = np.random.default_rng(seed)
    sets: dict[str, Inputs] = {EVALUATION: [np.asarray(x, dtype=np.float64) for x in evaluation]}
    drawn = rng.integers(0, len(evaluation[0]), stress)
    for name in STRESS:
        sets[name] = [_stressed(name, p, x[drawn], rng) for p, x in zip(ports, sets[EVALUATION], strict=True)]
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
        largest = np.abs(base).max(axis=tuple(range(1, base.ndim)), keepdims=True)
        return base * (2.0 * max(fmt.max, -fmt.min) / np.where(largest == 0, 1.0, largest))
    where = rng.random(base.shape) < 0.5
    where[0] = True
    return np.where(where, fmt.min if name == "minima" else fmt.max, base)


def evaluation_inputs(ports: Sequence[Input], x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """One array per port from one dataset: features as they are, masks from which rows are not all zero.

    Raises:
        UserError: there is not exactly one input of features, or an input has another shape than the data.
    """
    features = [p for p in ports if not p.mask]
    if len(features) != 1:
        names = ", ".join(p.name for p in features) or "none"
        raise UserError(f"a model must have exactly one input of features, not {len(features)} ({names})")
    if features[0].shape != x.shape[1:]:
        raise UserError(
            f"the data must have the shape of the model's input, {features[0].shape}, not {x.shape[1:]}",
            where=f"input {features[0].name}",
        )
    present = np.any(x != 0, axis=-1)
    return [_mask(p, present) if p.mask else x for p in ports]


def random_inputs(ports: Sequence[InputPort], count: int, seed: int) -> Inputs:
    """An evaluation set where there are no jets: inputs over the whole range of their formats.

    Every code is equally likely. A port that takes unquantised values gets float32 values between the codes, too: one
    half of the samples. A mask takes random bits.

    Args:
        ports: the model's inputs.
        count: samples.
        seed: of everything random.
    """
    rng = np.random.default_rng([seed, 1])  # not the stream of the stress sets
    return [_random(port, count, rng) for port in ports]


def _random(port: InputPort, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    fmt, shape = port.format, (count, *port.shape)
    if port.mask:
        return rng.integers(0, 2, shape).astype(np.float64)
    values = fmt.dequantise(rng.integers(fmt.min_code, fmt.max_code, shape, endpoint=True))
    if port.raw:
        between = rng.uniform(fmt.min, fmt.max, (count // 2, *port.shape))
        values[: count // 2] = between.astype(np.float32)
    return values


def _mask(port: Input, present: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Which rows count, for every row of the queries if the mask has two axes."""
    count, rows = present.shape
    if port.shape == (rows,):
        return present.astype(np.float32)
    if len(port.shape) == 2 and port.shape[1] == rows:
        return np.broadcast_to(present[:, None, :], (count, *port.shape)).astype(np.float32)
    raise UserError(f"a mask input must have shape ({rows},), not {port.shape}", where=f"input {port.name}")


def samples_of(sets: Mapping[str, Sequence[NDArray[np.int64]]]) -> int:
    """How many samples all sets have together."""
    return sum(len(arrays[0]) for arrays in sets.values())
