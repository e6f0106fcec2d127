"""One call of a Keras layer, as the operators see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fpga_tf.lower.context import Conversion, LayerDict


@dataclass(frozen=True)
class Call:
    """A layer with the tensors and options that it is called with.

    Attributes:
        layer: the Keras layer.
        inputs, outputs: its KerasTensors.
        arguments: every argument of ``call`` by name, defaults filled in.
    """

    layer: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    arguments: dict[str, Any]

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(self.layer.name)

    @property
    def output(self) -> Any:
        """The first output."""
        return self.outputs[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the first output, without the batch."""
        return tuple(int(s) for s in self.outputs[0].shape[1:])


Handler = Callable[[Conversion, Call], Sequence[LayerDict]]
