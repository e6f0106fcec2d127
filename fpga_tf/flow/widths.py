"""Bit widths as they are asked for on the command line: ranges, lists, and what is within reason."""

from __future__ import annotations

import re

from fpga_tf.errors import UserError
from fpga_tf.flow.config_agree import ONE_FORMAT_BITS
from fpga_tf.flow.config_sections import QuantiseConfig
from fpga_tf.verdict.scan import Width

_PART = re.compile(r"(\d{1,3})(?:\.\.(\d{1,3}))?")
_KEYS = {"--integer": "integer_bits", "--fraction": "fraction_bits", "--weight-fraction": "weight_fraction_bits"}


def widths(integer: str, fraction: str, weight_fraction: int | None) -> list[Width]:
    """All widths that are asked for, smaller ones first.

    Args:
        integer, fraction: such as ``4..8`` or ``2,4,8``.
        weight_fraction: of weights at every point; None: as tensors have it.

    Raises:
        UserError: no such list, or a number that a configuration could not have.
    """
    wholes, parts = numbers(integer, "--integer"), numbers(fraction, "--fraction")
    weights = [] if weight_fraction is None else numbers(str(weight_fraction), "--weight-fraction")
    most = wholes[-1] + max(parts[-1], *weights, 0)
    if most > ONE_FORMAT_BITS:
        raise UserError(
            f"integer and fraction bits must be at most {ONE_FORMAT_BITS} together, not {most}",
            hint="scan fewer of either",
        )
    return [Width(i, f, weights[0] if weights else f) for i in wholes for f in parts]


def numbers(text: str, option: str) -> list[int]:
    """The numbers of a range or a list, each once, in order.

    Raises:
        UserError: it is neither, or a number is out of range.
    """
    low, high = _limits(option)
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first or first < low or last > high:
            raise UserError(
                f"{option} must be numbers from {low} to {high}, such as {low}..{high} or {low},{high}, not {text!r}"
            )
        found.update(range(first, last + 1))
    return sorted(found)


def _limits(option: str) -> tuple[int, int]:
    """What a configuration takes for the key behind an option."""
    key = QuantiseConfig.model_json_schema()["properties"][_KEYS[option]]["anyOf"][0]
    return int(key["minimum"]), int(key["maximum"])
