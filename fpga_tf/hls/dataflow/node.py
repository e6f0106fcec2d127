"""A lowered node as a row kernel sees it: formats, how its inputs travel, and the shape that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fpga_tf.fixedpoint import Format
from fpga_tf.hls.dataflow.kernel import Rows
from fpga_tf.lower.context import Conversion, LayerDict


@dataclass(frozen=True)
class Node:
    """One node.

    Attributes:
        lowered: from `fpga_tf.lower`.
        state: of the lowering.
        travels: how each tensor that comes as rows travels, by name.
        reuse: reuse factor of its multipliers.
        in_turn: whether heads take turns.
    """

    lowered: LayerDict
    state: Conversion
    travels: Mapping[str, Rows]
    reuse: int = 1
    in_turn: bool = False

    def __getitem__(self, key: str) -> Any:
        return self.lowered[key]

    def get(self, key: str) -> Any:
        """An attribute that not every node has."""
        return self.lowered.get(key)

    @property
    def name(self) -> str:
        """Of the node."""
        return str(self.lowered["name"])

    @property
    def kind(self) -> str:
        """Class of the node."""
        return str(self.lowered["class_name"])

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the tensors that it reads."""
        return tuple(self.lowered["input_keras_tensor_names"])

    @property
    def output(self) -> str:
        """Name of the tensor that it makes."""
        return str(self.lowered["output_keras_tensor_names"][0])

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the output, without the batch."""
        return self.state.shapes[self.output]

    @property
    def out(self) -> Format:
        """Of the output."""
        return self.state.formats[self.output]

    @property
    def accum(self) -> Format:
        """Holds every partial result exactly."""
        return Format.parse(self.state.precisions[self.name]["accum"])

    @property
    def bias(self) -> np.ndarray | None:
        """Of an EinsumDense."""
        bias = self.lowered["bias_data"]
        return None if bias is None else np.asarray(bias)

    def format(self, i: int) -> Format:
        """Of an input."""
        return self.state.formats[self.inputs[i]]

    def rows(self, i: int) -> Rows:
        """How an input travels."""
        return self.travels[self.inputs[i]]

    def typed(self, *names: str) -> dict[str, str]:
        """The types of the inputs, by the names given, and of the output, ``out_t``."""
        found = {name: self.format(i).ap_type for i, name in enumerate(names)}
        return {**found, "out_t": self.out.ap_type}
