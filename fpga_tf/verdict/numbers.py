"""How values and names are written for people, wherever they are shown."""

from __future__ import annotations

from fpga_tf.verdict.gates import Gate

UNKNOWN = "unknown"
_SINGULAR = {"cycles": "cycle", "files": "file", "failures": "failure", "problems": "problem", "levels": "level"}


def gate_value(gate: Gate) -> str:
    """What was found, with its unit."""
    if gate.value is None:
        return UNKNOWN if gate.result == "unknown" else "none available"
    text = _number(gate.value, gate.limit, gate.unit)
    if not gate.error:
        return text
    unit = "%" if gate.unit == "share" else singular(gate.unit, gate.value)
    return f"{text.removesuffix(unit).rstrip()} ± {_digits(gate.error * _scale(gate.unit))} {unit}".rstrip()


def gate_limit(gate: Gate) -> str:
    """The largest value that passes, with its unit."""
    return _number(gate.limit, gate.value, gate.unit)


def _number(value: float | int, other: float | int | None, unit: str) -> str:
    """Four digits, or twelve where four would read like another value that differs."""
    scale = _scale(unit)
    large = isinstance(value, int) or abs(value) >= 1000
    text = f"{value * scale:,}" if large else f"{value * scale:.4g}"
    if other is not None and value != other and f"{value * scale:.4g}" == f"{other * scale:.4g}":
        text = f"{value * scale:.12g}"
    return f"{text} {'%' if unit == 'share' else singular(unit, value)}".rstrip()


def _scale(unit: str) -> int:
    return 100 if unit == "share" else 1


def _digits(error: float) -> str:
    """An error, in two digits or more."""
    return f"{error:,.0f}" if error >= 10 else f"{error:.2g}"


def estimated(text: str, error: float | None) -> str:
    """A value as it is shown, with the relative error that an estimate declares; unknown stays unknown."""
    return text if not error or text == UNKNOWN else f"{text} ± {error * 100:.3g} %"


def singular(unit: str, value: float | int) -> str:
    """The unit as it is written behind a value: `cycle` behind 1, `cycles` behind any other."""
    return _SINGULAR.get(unit, unit) if value == 1 else unit


def plain(text: str) -> str:
    """The text with an escape for every character that is not seen: names in a report are anybody's."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
