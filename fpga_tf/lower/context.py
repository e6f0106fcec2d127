"""What a conversion knows while it walks the Keras graph: formats, names, masks and what was emitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fpga_tf.errors import InternalError, UserError
from fpga_tf.fixedpoint import Format, smallest_format
from fpga_tf.fixedpoint.format import MAX_WIDTH

LayerDict = dict[str, Any]

# float32 holds integers exactly up to 2**24: a layer whose exact sums are wider is checked in float64
FLOAT32_WIDTH = 24


@dataclass(frozen=True)
class Tap:
    """A point where Keras and firmware can be compared.

    Attributes:
        node: name of the hls4ml node whose output is taken.
        layer: Keras layer, with the stage of an attention behind a slash.
        reference: key of the reference value (see `fpga_tf.models.evaluate`).
        format: format of the node's output.
        shape: without the batch.
        order: axes in the order in which the firmware's values come; empty: as in the array.
    """

    node: str
    layer: str
    reference: str
    format: Format
    shape: tuple[int, ...]
    order: tuple[int, ...] = ()


@dataclass
class Conversion:
    """State of one conversion.

    Attributes:
        formats, shapes: of every tensor, by its name; shapes without the batch.
        masks: tensors of the masks that travel, by the tensor that they go with.
        outputs: tensors that are the model's.
        precisions, classes, owners: types, class and Keras layer of every node, by its name.
        taps: where Keras and firmware can be compared.
        widest: bits of the widest exact result, by layer.
    """

    formats: dict[str, Format] = field(default_factory=dict)
    masks: dict[str, str] = field(default_factory=dict)
    outputs: frozenset[str] = frozenset()
    precisions: dict[str, dict[str, str]] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    taps: list[Tap] = field(default_factory=list)
    widest: dict[str, int] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    # "input" is hls4ml's own; its name table also reserves each of that word's letters
    _names: set[str] = field(default_factory=lambda: {"input", *"input"})

    def unique(self, name: str) -> str:
        """A node name that nobody has yet."""
        return unique_name(name, self._names)

    def format_of(self, tensor: Any) -> Format:
        """Format of a tensor that an earlier node made."""
        if tensor.name not in self.formats:
            raise InternalError(f"tensor {tensor.name} must have a format before it is used")
        return self.formats[tensor.name]

    def emit(
        self,
        kind: str,
        name: str,
        inputs: Sequence[str],
        output: str,
        fmt: Format,
        shape: Sequence[int],
        *,
        layer: str,
        reference: str | None,
        accum: Format | None = None,
        weights: Mapping[str, Format] | None = None,
        **attributes: Any,
    ) -> LayerDict:
        """One hls4ml layer description, with every type it needs stated.

        Args:
            kind: hls4ml class name.
            inputs, output: names of Keras tensors (or of tensors between the nodes of one layer).
            fmt: format of the output.
            accum: format that holds every partial result exactly.
            weights: formats of the weights, by hls4ml's names.
            reference: key of the value that Keras gives for the output; None where there is none to compare.
        """
        node = self.unique(name)
        check_width(fmt, layer)
        precision = {"result": precision_text(fmt)}
        if accum is not None:
            check_width(accum, layer)
            precision["accum"] = precision_text(accum)
        for key, value in (weights or {}).items():
            precision[key] = precision_text(value)
        self.widest[layer] = max(self.widest.get(layer, 0), (accum or fmt).width, fmt.width)
        self.precisions[node] = precision
        self.classes[node] = kind
        self.owners[node] = layer
        self.formats[output], self.shapes[output] = fmt, tuple(int(s) for s in shape)
        if reference is not None:
            self.taps.append(Tap(node, layer, reference, fmt, tuple(int(s) for s in shape)))
        return {
            "class_name": kind,
            "name": node,
            "input_keras_tensor_names": list(inputs),
            "output_keras_tensor_names": [output],
            **attributes,
        }


def unique_name(name: str, taken: set[str]) -> str:
    """The name, or one like it, that is not taken, and is from now on.

    Args:
        taken: in lower case, as hls4ml looks precisions up.
    """
    candidate, i = name, 0
    while candidate.lower() in taken:
        candidate, i = f"{name}_{i}", i + 1
    taken.add(candidate.lower())
    return candidate


@contextmanager
def located(where: str) -> Iterator[None]:
    """Tell where, in a user's error that does not know it."""
    try:
        yield
    except UserError as error:
        if error.where is not None:
            raise
        raise UserError(error.what, where=where, hint=error.hint) from error


def precision_text(fmt: Format) -> str:
    """hls4ml's spelling of a format."""
    head = "fixed" if fmt.signed else "ufixed"
    return f"{head}<{fmt.width},{fmt.integer + int(fmt.signed)},{fmt.rounding},{fmt.overflow},0>"


def check_width(fmt: Format, layer: str) -> None:
    """Refuse what could not be checked.

    Raises:
        UserError: the format is wider than float64 holds.
    """
    if fmt.width > MAX_WIDTH:
        raise UserError(
            f"exact results must have at most {MAX_WIDTH} bits to be proved, not {fmt.width}",
            where=f"layer {layer}",
            hint="quantise its inputs or weights to fewer bits",
        )


def exact_format(low: float, high: float, fraction: int) -> Format:
    """The narrowest format with `fraction` bits below the point that holds [low, high].

    Args:
        low, high: exact multiples of ``2**-fraction``.
    """
    codes = [round(np.ldexp(v, fraction)) for v in (low, high)]
    signed = codes[0] < 0
    bits = max(codes[1].bit_length(), (~codes[0]).bit_length() if signed else 0, 0 if signed else 1)
    return Format(signed, bits - fraction, fraction)


def linear_format(equation: str, kernel: np.ndarray, bias: np.ndarray | None, x: Format) -> Format:
    """The exact format of ``einsum(equation, x, kernel) + bias`` for every input that `x` can hold.

    Args:
        equation: einsum over two operands without the batch, e.g. ``"ab,bc->ac"``; axes of the first operand that the
            kernel lacks are free.
        kernel: exact values.
        bias: exact values, broadcastable to the kernel's free axes, or None.
    """
    left, out = equation.split("->")
    kernel_axes = left.split(",")[1]
    summed = tuple(i for i, a in enumerate(kernel_axes) if a not in out)
    high = (np.maximum(kernel * x.max, kernel * x.min)).sum(axis=summed)
    low = (np.minimum(kernel * x.max, kernel * x.min)).sum(axis=summed)
    fraction = x.fraction + smallest_format(kernel).fraction
    low_bias = high_bias = 0.0
    if bias is not None:
        fraction = max(fraction, smallest_format(bias).fraction)
        low_bias, high_bias = float(bias.min()), float(bias.max())
    # zero belongs to every partial sum
    return exact_format(min(0.0, float(low.min()) + low_bias), max(0.0, float(high.max()) + high_bias), fraction)


def product_format(a: Format, b: Format, terms: int) -> Format:
    """The exact format of a sum of `terms` products."""
    corners = [p * q for p in (a.min, a.max) for q in (b.min, b.max)]
    return exact_format(min(0.0, *corners) * terms, max(0.0, *corners) * terms, a.fraction + b.fraction)


def sum_format(formats: Sequence[Format]) -> Format:
    """The exact format of a sum of one value in each format."""
    return exact_format(
        min(0.0, sum(f.min for f in formats)), max(0.0, sum(f.max for f in formats)), max(f.fraction for f in formats)
    )


def union_format(formats: Sequence[Format]) -> Format:
    """The narrowest format that holds every value of each."""
    return exact_format(
        min(0.0, *(f.min for f in formats)), max(0.0, *(f.max for f in formats)), max(f.fraction for f in formats)
    )
