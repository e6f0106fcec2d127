"""A node as its operator sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fpga_tf.fixedpoint import Format
from fpga_tf.rtl.numbers import Numbers


@dataclass(frozen=True)
class Node:
    """A node with what goes into it.

    Attributes:
        description: as `fpga_tf.lower` makes it.
        inputs: arrays of traced numbers, in the order of the description.
        input_formats: their formats.
        format: of the output.
    """

    description: Mapping[str, Any]
    inputs: Sequence[Numbers]
    input_formats: Sequence[Format]
    format: Format

    def __getitem__(self, name: str) -> Any:
        return self.description[name]


# The operator's result, exact: converting it into the node's format is up to the caller.
Operator = Callable[[Node], Numbers]
