"""Codes of a model's ports as the numbers of a module's port, side by side, and back."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from fpga_tf.fixedpoint import Format
from fpga_tf.fixedpoint.format import Codes

Values = NDArray[np.float64]


def input_values(formats: Sequence[Format], inputs: Sequence[Codes]) -> Values:
    """Exact values of all ports side by side, shape (samples, numbers), of codes of each, shape (samples, *shape)."""
    given = zip(inputs, formats, strict=True)
    return np.concatenate([x.reshape(len(x), -1) * 2.0**-fmt.fraction for x, fmt in given], axis=1)


def output_codes(formats: Sequence[Format], shapes: Sequence[tuple[int, ...]], values: Values) -> list[Codes]:
    """Codes of each port, shape (samples, *shape), of the values of all side by side."""
    results, at = [], 0
    for fmt, shape in zip(formats, shapes, strict=True):
        size = prod(shape)
        scaled = values[:, at : at + size] * 2.0**fmt.fraction
        results.append(scaled.astype(np.int64).reshape(len(scaled), *shape))
        at += size
    return results
