"""What a model would be in a hardware shape, before anything is generated."""

from __future__ import annotations

from typing import Any

from fpga_tf.fixedpoint import Format
from fpga_tf.hls.bitops import BitOperations, bit_operations
from fpga_tf.hls.dataflow.network import network
from fpga_tf.hls.dataflow.plan import plan
from fpga_tf.hls.shapes import Shapes
from fpga_tf.lower.walk import Lowered, lower
from fpga_tf.process import Network


class Candidates:
    """A quantised functional Keras model that may take several shapes.

    Args:
        model: as `fpga_tf.hls.convert` takes it.
        declared_input: format of inputs that no quantiser reads first.

    Raises:
        UserError: a layer has no operator, or its options cannot be honoured.
    """

    def __init__(self, model: Any, declared_input: Format | None) -> None:
        self.lowered: Lowered = lower(model, declared_input)
        self.inputs = tuple(t.name for t in model.inputs)
        self.outputs = tuple(t.name for t in model.outputs)

    @property
    def layers(self) -> list[str]:
        """Layers, and stages of attentions behind a slash."""
        return list(dict.fromkeys(self.lowered.state.owners.values()))

    @property
    def heads(self) -> int:
        """Of the attention that has most; 1 without any."""
        scores = (tap.shape for tap in self.lowered.state.taps if tap.layer.endswith("/scores"))
        return max((shape[0] for shape in scores if len(shape) > 2), default=1)

    def network(self, shapes: Shapes) -> Network:
        """Its processes in the dataflow shape.

        Raises:
            UserError: a row is wider than the tools take.
        """
        return network(plan(self.lowered, shapes, self.inputs, self.outputs))

    def operations(self) -> BitOperations:
        """What it multiplies."""
        return bit_operations(self.lowered)
