"""Kinds of nodes and formats in words: what becomes of an exact value where it is brought into a declared format."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fpga_tf.fixedpoint import Format

KINDS = {
    "InputLayer": "input",
    "EinsumDense": "projection",
    "Einsum": "product of tensors",
    "FpgaTfSoftmax": "softmax",
    "FpgaTfHgqSoftmax": "softmax",
    "FpgaTfQuantise": "quantiser",
    "FpgaTfQuantiseEach": "quantiser",
    "FpgaTfScaleShift": "scale and shift",
    "FpgaTfMean": "mean over rows",
    "FpgaTfSigmoid": "sigmoid",
    "FpgaTfLayerNorm": "layer normalisation",
    "FpgaTfMaskExpand": "mask",
    "FpgaTfMaskAnd": "mask",
    "FpgaTfMasking": "mask",
    "FpgaTfMaskApply": "masked rows",
    "Merge": "sum",
    "Concatenate": "concatenation",
    "Reshape": "reshape",
    "Transpose": "transposition",
}
_ROUNDING = {
    "TRN": "is cut off towards minus infinity",
    "TRN_ZERO": "is cut off towards zero",
    "RND": "is rounded to nearest, ties up",
    "RND_ZERO": "is rounded to nearest, ties towards zero",
    "RND_INF": "is rounded to nearest, ties away from zero",
    "RND_MIN_INF": "is rounded to nearest, ties down",
    "RND_CONV": "is rounded to nearest, ties to even",
}
_OVERFLOW = {
    "WRAP": "wraps beyond",
    "SAT": "saturates at",
    "SAT_SYM": "saturates, symmetrically, at",
    "SAT_ZERO": "becomes zero beyond",
}


def short(fmt: Format) -> str:
    """The type without its modes."""
    return f"ap_{'' if fmt.signed else 'u'}fixed<{fmt.width},{fmt.integer + int(fmt.signed)}>"


def rounding(exact: Format | None, out: Format) -> str:
    """What becomes of an exact value in the format of a result: the one declared place."""
    if exact is not None and replace(exact, rounding=out.rounding, overflow=out.overflow) == out:
        return f"Nothing is rounded: the result is the exact value, in {short(out)}."
    parts = []
    if exact is None or exact.fraction > out.fraction:
        parts.append(f"{_ROUNDING[out.rounding]} to {out.fraction} fraction bits")
    fits = exact is not None and exact.min >= out.min and exact.max <= out.max
    parts.append("fits without overflow" if fits else f"{_OVERFLOW[out.overflow]} {value_range(out)}")
    return f"Then, once, it {' and '.join(parts)}: {short(out)}."


def value_range(fmt: Format) -> str:
    """Smallest and largest value."""
    return f"[{fmt.min:.10g}, {fmt.max:.10g}]"
