"""Constants of a normalisation, measured block by block: mean and standard deviation, or exact quantiles.

A block is an array (n, features) in float32. Both take the same memory for any number of blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.jets.formats import Normalise, Padding

Block = NDArray[np.float32]
Floats = NDArray[np.float64]
QUANTILES = (0.05, 0.5, 0.95)
_NO_SPREAD: Mapping[str, str] = {
    "standard": "it is the same everywhere: look at the files, or take --normalise none",
    "robust": "robust needs a tenth of the slots filled; try --padding zero or --normalise standard",
}
_HALF = 16  # bits of a float32 that are looked at in one pass


@dataclass(frozen=True)
class Scale:
    """(value - subtract) / divide for each feature, both (features,)."""

    subtract: Floats
    divide: Floats
    padding: Padding

    def apply(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Jets (n, particles, features), normalised; free slots as `padding` says."""
        scaled = (x - self.subtract) / self.divide
        if self.padding == "zero":
            scaled = np.where((x == 0).all(axis=-1, keepdims=True), 0.0, scaled)
        return scaled.astype(np.float32)


def measure(blocks: Callable[[], Iterable[Block]], features: Sequence[str], kind: Normalise, padding: Padding) -> Scale:
    """The constants of a normalisation over all particles of some jets.

    `standard` takes mean and standard deviation, `robust` the median and the distance from the 5 % to the 95 %
    quantile. With padding `normalised` free slots count as particles of zeros, as in the published codes.

    Args:
        blocks: gives the same blocks each time it is called.
        features: their names.
        kind: `none` is no normalisation.
        padding: what becomes of free slots.

    Raises:
        UserError: a feature has no spread.
    """

    def counted() -> Iterator[Block]:
        for block in blocks():
            yield block if padding == "normalised" else block[(block != 0).any(axis=1)]

    if kind == "none":
        return Scale(np.zeros(len(features)), np.ones(len(features)), padding)
    if kind == "standard":
        subtract, divide = moments(counted(), len(features))
    else:
        low, subtract, high = quantiles(counted, len(features), QUANTILES)
        divide = high - low
    for name, spread in zip(features, divide, strict=True):
        if not spread > 0:
            raise UserError(f"feature {name} must have a spread to be normalised, not {spread}", hint=_NO_SPREAD[kind])
    return Scale(subtract, divide, padding)


def moments(blocks: Iterable[Block], features: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation (features,) of all rows, merged block by block (Chan, Golub, LeVeque 1979)."""
    count, mean, squares = 0, np.zeros(features), np.zeros(features)
    for block in blocks:
        if not len(block):
            continue
        values = block.astype(np.float64)
        own = values.mean(axis=0)
        total = count + len(values)
        squares += np.square(values - own).sum(axis=0) + np.square(own - mean) * count * len(values) / total
        mean += (own - mean) * len(values) / total
        count = total
    return mean, np.sqrt(squares / max(1, count))


def quantiles(blocks: Callable[[], Iterable[Block]], features: int, levels: Sequence[float]) -> list[Floats]:
    """Quantiles (features,) of all rows at each level, linear between order statistics as numpy's default.

    Exact in two passes: float32 sorts as its bits do, so counting by the upper half finds the upper half of each order
    statistic, and counting by the lower half within that finds the rest.
    """
    upper = np.zeros((features, 1 << _HALF), np.int64)
    for block in blocks():
        for feature, keys in enumerate(_keys(block).T):
            upper[feature] += np.bincount(keys >> _HALF, minlength=1 << _HALF)
    count = int(upper[0].sum())
    if not count:
        return [np.zeros(features) for _ in levels]
    positions = [level * (count - 1) for level in levels]
    ranks = sorted({rank for p in positions for rank in (int(p), min(int(p) + 1, count - 1))})
    statistics = _order_statistics(blocks, upper, ranks)
    found = []
    for position in positions:
        below, above = (statistics[r] for r in (int(position), min(int(position) + 1, count - 1)))
        found.append(below + (above - below) * (position - int(position)))
    return found


def _order_statistics(
    blocks: Callable[[], Iterable[Block]], upper: NDArray[np.int64], ranks: Sequence[int]
) -> Mapping[int, Floats]:
    """The values (features,) with the given ranks, 0 being the smallest."""
    before = np.cumsum(upper, axis=1)
    halves = np.stack([np.searchsorted(row, ranks, side="right") for row in before])
    lower = {(f, half): np.zeros(1 << _HALF, np.int64) for f, row in enumerate(halves) for half in set(row.tolist())}
    for block in blocks():
        keys = _keys(block)
        for (feature, half), counts in lower.items():
            own = keys[:, feature]
            counts += np.bincount(own[own >> _HALF == half] & ((1 << _HALF) - 1), minlength=1 << _HALF)
    found = {}
    for i, rank in enumerate(ranks):
        keys = np.zeros(len(upper), np.uint32)
        for feature, half in enumerate(halves[:, i].tolist()):
            left = rank - (before[feature, half] - upper[feature, half])
            low = int(np.searchsorted(np.cumsum(lower[feature, half]), left, side="right"))
            keys[feature] = (half << _HALF) | low
        found[rank] = _values(keys)
    return found


def _keys(values: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Integers that sort as the values do."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))


def _values(keys: NDArray[np.uint32]) -> Floats:
    bits = np.where(keys >> 31, keys ^ np.uint32(1 << 31), ~keys).astype(np.uint32)
    return bits.view(np.float32).astype(np.float64)
