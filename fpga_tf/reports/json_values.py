"""Reads JSON that anybody may have written: one value, or several one after another as in newline-delimited JSON.

Names given twice, NaN and Infinity, numbers beyond any count and nesting without end are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source
from fpga_tf.reports.values import known

# Reports seen are below 1 MB; a few bytes of JSON can become a hundred in memory.
MAX_CHARACTERS = 8 * 1024 * 1024
MAX_DEPTH = 64
_MAX_DIGITS = 18
_MAX_NUMBER = 40
_DEEP = f"JSON must be nested at most {MAX_DEPTH} deep, not deeper"
_STRING, _PLAIN = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL), re.compile(r"[^\[\]{}]+")
_BLANK = re.compile(r"[ \t\n]*")
_NUMBER = re.compile(r"(?:[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?:\.[0-9]{1,12})?")
# What the tools write where a step was not run, or a value does not apply.
_UNKNOWN = frozenset({"TBD", "Unknown", "unknown"})


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object of a file.

    Attributes:
        where: file and line of its beginning.
        content: names and values; numbers are int or Decimal.
    """

    where: str
    content: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """A text; None where it is absent, empty or no text."""
        value = self.content.get(name)
        return known(value) if isinstance(value, str) else None

    def number(self, name: str) -> Decimal | None:
        """A number that is not negative; None where it is absent or not known.

        Raises:
            UserError: it is anything else.
        """
        return number(self.content.get(name), name, self.where)

    def objects(self, name: str) -> list[Record]:
        """The objects in a list; empty where it is absent.

        Raises:
            UserError: there is something else than a list.
        """
        value = self.content.get(name, [])
        if not isinstance(value, list):
            raise UserError(f"{name} must be a list", where=self.where)
        return [Record(self.where, entry) for entry in value if isinstance(entry, dict)]


def is_json(source: Source) -> bool:
    """Whether the file begins as a JSON object does."""
    return source.head.lstrip().startswith("{")


def read_records(source: Source) -> list[Record]:
    """All values of the file.

    Raises:
        UserError: one is no complete JSON object, or is refused.
    """
    text = source.text
    if len(text) > MAX_CHARACTERS:
        raise UserError(f"JSON must have at most {MAX_CHARACTERS} characters, not more", where=source.path)
    records: list[Record] = []
    position, line, counted = _skip(text, 0), 0, 0
    while position < len(text):
        line, counted = line + text.count("\n", counted, position), position
        where = source.at(line)
        value, position = _decode(source, text, position, where)
        if not isinstance(value, dict):
            raise UserError("a value must be a JSON object", where=where)
        records.append(Record(where, value))
        position = _skip(text, position)
    return records


def _skip(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _decode(source: Source, text: str, position: int, where: str) -> tuple[object, int]:
    try:
        value, end = _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise UserError(
            f"the report must be complete JSON, not broken ({error.msg})",
            where=f"{source.at(error.lineno - 1)}:{error.colno}",
            hint="copy the file again; a run of the tool that was stopped leaves half a file",
        ) from None
    except RecursionError:
        raise UserError(_DEEP, where=where) from None
    except ValueError as error:
        raise UserError(f"the report must be plain JSON, not with {error}", where=where) from None
    if _depth(text[position:end]) > MAX_DEPTH:
        raise UserError(_DEEP, where=where)
    return value, end


def _depth(text: str) -> int:
    """How deep sound JSON is nested."""
    depth = deepest = 0
    for bracket in _PLAIN.sub("", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for name, value in pairs:
        if name in result:
            raise ValueError(f"{name[:40]!r} given twice in one object")
        result[name] = value
    return result


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > _MAX_DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > _MAX_NUMBER:
        raise ValueError(f"a number of {len(text)} characters")
    value = Decimal(text)
    if value and abs(value.adjusted()) > _MAX_DIGITS:
        raise ValueError(f"the number {text}")
    return value


def _constant(text: str) -> object:
    raise ValueError(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_constant
)


def number(value: object, what: str, where: str) -> Decimal | None:
    """A number, or a text that holds one, such as `58,968` or `4520.5`; None where it is not known.

    Raises:
        UserError: it is negative or no number.
    """
    if value is None:
        return None
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0:
        return Decimal(value)
    if isinstance(value, str):
        text = known(value)
        if text is None or text in _UNKNOWN:
            return None
        if _NUMBER.fullmatch(text):
            return Decimal(text.replace(",", ""))
    raise UserError(f"{what} must be a number or unknown, not {str(value)[:40]!r}", where=where)


def whole(value: Decimal | None) -> int | None:
    """A count; None for one that is unknown or has a part after the point."""
    return int(value) if value is not None and value == value.to_integral_value() else None


def period(megahertz: Decimal | None) -> float | None:
    """Period in ns of a frequency in MHz, with three digits; None if it is unknown or 0."""
    return round(float(1000 / megahertz), 3) if megahertz else None
