"""The hardware shape of every layer: unrolled, or row by row through FIFOs with multipliers that are shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fpga_tf.errors import InternalError

Shape = Literal["parallel", "dataflow"]
Heads = Literal["parallel", "in_turn"]
IoType = Literal["io_parallel", "io_stream"]


@dataclass(frozen=True, slots=True)
class LayerShape:
    """The hardware shape of one layer.

    Attributes:
        shape: `parallel`: unrolled, all values at once; `dataflow`: row by row.
        reuse_factor: products that share one multiplier, in every bank of the layer.
        heads: of an attention: a bank for each head, or one bank for all of them in turn.

    Raises:
        InternalError: an unrolled layer shares multipliers, or the reuse factor is below 1.
    """

    shape: Shape = "parallel"
    reuse_factor: int = 1
    heads: Heads = "parallel"

    def __post_init__(self) -> None:
        shared = self.reuse_factor != 1 or self.heads != "parallel"
        if self.reuse_factor < 1 or (self.shape == "parallel" and shared):
            raise InternalError(f"a parallel layer must share no multiplier, and each have a product, not {self}")


@dataclass(frozen=True)
class Shapes:
    """The shapes of a model's layers.

    Attributes:
        default: of every layer that has none of its own.
        layers: by name of the layer, or by `layer/stage` for a stage of an attention.
        io_type: how samples enter and leave: all values at once, or row by row through AXI streams.
    """

    default: LayerShape = LayerShape()
    layers: Mapping[str, LayerShape] = field(default_factory=dict)
    io_type: IoType = "io_parallel"

    def of(self, layer: str) -> LayerShape:
        """The shape of a layer, or of a stage `layer/stage`, which has that of its layer if it has none of its own."""
        whole = layer.partition("/")[0]
        return self.layers.get(layer) or self.layers.get(whole) or self.default

    @property
    def dataflow(self) -> bool:
        """Whether anything in the model goes row by row."""
        rows = any(one.shape == "dataflow" for one in (self.default, *self.layers.values()))
        return rows or self.io_type == "io_stream"
