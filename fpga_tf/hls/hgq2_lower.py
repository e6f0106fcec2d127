"""Nodes that HGQ2's layers are made of. Every type follows from the ranges of the exact values.

A layer becomes a quantiser for each input that has one, its exact operation, and perhaps a quantiser of the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, Overflow, Rounding, smallest_format
from fpga_tf.hls.hgq2_quantisers import assignments, element_formats
from fpga_tf.hls.hgq2_ranges import Range, added, contracted, exact_range
from fpga_tf.lower.context import FLOAT32_WIDTH, Conversion, LayerDict
from fpga_tf.models.graph import calls
from fpga_tf.models.quantisers import hgq_quantisers


@dataclass
class Lowering:
    """State of one conversion.

    Attributes:
        model: the Keras model.
        state: formats, taps and widths.
        ranges: of every tensor so far, by name.
        nodes: so far, each after those whose outputs it takes.
    """

    model: Any
    state: Conversion
    ranges: dict[str, Range] = field(default_factory=dict)
    nodes: list[LayerDict] = field(default_factory=list)

    def __post_init__(self) -> None:
        made = [t for call in calls(self.model) for t in call.outputs]
        self._tensors = {t.name for t in (*self.model.inputs, *made)}
        self._names: dict[int, str] = {}
        for key, part in hgq_quantisers(self.model).items():
            self._names.setdefault(id(part), key)

    def emit(
        self,
        kind: str,
        name: str,
        inputs: Sequence[str],
        output: str,
        made: Range,
        fmt: Format | None = None,
        *,
        layer: str,
        reference: str | None = None,
        compared: bool = True,
        **more: Any,
    ) -> str:
        """Add a node.

        Args:
            made: the range of its result.
            fmt: format of its result; the narrowest that holds the range if None.
            reference: key of the value that Keras gives; if None, the output's name where that is a tensor of the
                Keras graph and float32 holds it exactly.
            compared: false for a value that Keras does not have.
            more: as `Conversion.emit` takes it.

        Returns:
            The name of its output.
        """
        self.ranges[output] = made
        widest = max(f.width for f in (made.format, more.get("accum")) if f is not None)
        if reference is None and compared and output in self._tensors and widest <= FLOAT32_WIDTH:
            reference = output
        node = self.state.emit(
            kind, name, inputs, output, fmt or made.format, made.shape, layer=layer, reference=reference, **more
        )
        self.nodes.append(node)
        return output

    def behind(self, source: str, quantiser: Any) -> str | None:
        """Key of the value of a Keras tensor behind a quantiser, None for a tensor inside a layer."""
        key = self._names.get(id(quantiser))
        return f"{source}|{key}" if key is not None and source in self._tensors else None


def quantise(low: Lowering, quantiser: Any, source: str, *, name: str, layer: str, output: str = "") -> str:
    """The node of a quantiser.

    Args:
        quantiser: HGQ2's.
        source, output: tensors; the output gets a name of its own if it is left out.

    Returns:
        The name of the output.
    """
    x = low.ranges[source]
    formats = element_formats(quantiser, x.shape, layer)
    made = x.quantised(formats)
    # an element that is always zero needs no conversion; that of ap_types stops if it drops more bits than there are
    zero = (made.low == 0) & (made.high == 0)
    kept = [None if none else fmt for none, fmt in zip(zero.flat, formats, strict=True)]
    return low.emit(
        "FpgaTfQuantiseEach",
        name,
        [source],
        output or f"{source}|{name}",
        made,
        layer=layer,
        reference=None if output else low.behind(source, quantiser),
        out_shape=x.shape,
        n_in=prod(x.shape),
        body=assignments(kept),
    )


def read(low: Lowering, layer: Any, source: str, *, name: str, label: str) -> str:
    """What a layer with one input computes with: `source`, behind the layer's input quantiser if it has one."""
    if not layer.enable_iq:
        return source
    return quantise(low, layer.iq, source, name=f"{name}_iq", layer=label)


def written(layer: Any, output: str) -> str:
    """The name for a layer's result before its output quantiser, if it has one."""
    return f"{output}|exact" if layer.enable_oq else output


def finish(low: Lowering, layer: Any, made: str, output: str, *, name: str, label: str) -> str:
    """The result behind the layer's output quantiser, if it has one."""
    if not layer.enable_oq:
        return made
    return quantise(low, layer.oq, made, name=f"{name}_oq", layer=label, output=output)


def dense(low: Lowering, layer: Any, equation: str, source: str, output: str, *, name: str, label: str) -> str:
    """HGQ2's QDense or QEinsumDense with its quantisers.

    Args:
        equation: einsum without the batch.
    """
    x = read(low, layer, source, name=name, label=label)
    kernel = np.asarray(layer.qkernel, dtype=np.float64)
    bias = None if layer.bias is None else np.asarray(layer.qbias, dtype=np.float64)
    exact = contracted(equation, low.ranges[x], exact_range(kernel))
    if bias is not None:
        exact = added(exact, exact_range(np.broadcast_to(bias, exact.shape)))
    rectified = _rectifies(layer, label)
    made = exact.rectified() if rectified else exact
    weights = {"weight": smallest_format(kernel), "bias": smallest_format(np.zeros(1) if bias is None else bias)}
    low.emit(
        "EinsumDense",
        name,
        [x],
        written(layer, output),
        made,
        # below zero it saturates
        made.format.with_modes(Rounding.TRN, Overflow.SAT) if rectified else None,
        layer=label,
        accum=exact.format,
        weights=weights,
        equation=equation,
        weight_data=kernel,
        bias_data=bias,
        inp_shape=low.ranges[x].shape,
        out_shape=exact.shape,
    )
    return finish(low, layer, written(layer, output), output, name=name, label=label)


def _rectifies(layer: Any, label: str) -> bool:
    name = getattr(layer.activation, "__name__", type(layer.activation).__name__)
    if layer.activation is None or name == "linear":
        return False
    if name != "relu":
        raise UserError(f"an activation must be relu or linear to be exact, not {name}", where=f"layer {label}")
    return True


def product(low: Lowering, equation: str, a: str, b: str, output: str, *, name: str, label: str) -> str:
    """An einsum of two tensors, exact.

    Args:
        equation: without the batch.
    """
    made = contracted(equation, low.ranges[a], low.ranges[b])
    return low.emit(
        "Einsum",
        name,
        [a, b],
        output,
        made,
        layer=label,
        accum=made.format,
        equation=equation,
        inp0_shape=low.ranges[a].shape,
        inp1_shape=low.ranges[b].shape,
        out_shape=made.shape,
    )
