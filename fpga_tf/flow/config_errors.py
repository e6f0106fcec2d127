"""From pydantic's findings to sentences with a position and a hint."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fpga_tf.errors import UserError

if TYPE_CHECKING:
    from pydantic import ValidationError

    from fpga_tf.flow.yaml_source import Source

Loc = tuple[str | int, ...]

UNITS = {
    "us": "microseconds",
    "ns": "nanoseconds",
    "percent": "percent",
    "cycles": "clock cycles",
    "bits": "bits",
}
# what people write behind an underscore when they mean a unit
_SUFFIX = re.compile(r"_(?:s|ms|us|ns|ps|hz|khz|mhz|ghz|cycles|percent|pct|bits|bytes|mb|gb)$", re.IGNORECASE)

# what pydantic puts behind a key that is itself wrong
_OF_A_KEY = "[key]"
_RENAMED: dict[Loc, str] = {("hls", "attention"): "shape, which is that of the whole model"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file; `at` is (line, column), both from 1."""

    what: str
    name: str
    at: tuple[int, int] | None
    hint: str | None = None

    @property
    def where(self) -> str:
        """`file:line:column`."""
        return self.name if self.at is None else f"{self.name}:{self.at[0]}:{self.at[1]}"


class ConfigError(UserError):
    """All that is wrong in one configuration, first line first.

    `what`, `where` and `hint` are those of the first problem.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: p.at or (0, 0)))
        first = self.problems[0]
        super().__init__(first.what, where=first.where, hint=first.hint)

    def __str__(self) -> str:
        return "\n".join(str(UserError(p.what, where=p.where, hint=p.hint)) for p in self.problems)


def problems_of(error: ValidationError, source: Source, schema: Mapping[str, Any]) -> list[Problem]:
    """One sentence for each of pydantic's findings."""
    return [_problem(dict(item), source, schema) for item in error.errors(include_url=False)]


def _problem(item: dict[str, Any], source: Source, schema: Mapping[str, Any]) -> Problem:
    loc, kind, context = tuple(item["loc"]), item["type"], item.get("ctx", {})
    if kind == "rule" and context.get("at"):
        at = context["at"]
        loc = (*loc, *at) if isinstance(at, tuple) else (*loc, at)
    label = ".".join(map(key_text, loc)) or "a config"
    if kind == "rule" and len(loc) > 1 and loc[-1] == _OF_A_KEY:
        what = f"a key of {dotted(loc[:-2])} must be {context['rule']}, not {shown(item['input'])}"
        return Problem(what, source.name, source.position(loc[:-1], key=True))
    if kind == "extra_forbidden":
        what = f"a key of {dotted(loc[:-1])} must be a known one, not {key_text(loc[-1])}"
        return Problem(what, source.name, source.position(loc, key=True), _key_hint(loc, schema))
    if kind == "missing":
        at = source.position(loc[:-1], key=True)
        return Problem(f"{label} must be given, not left out", source.name, at, _description(loc, schema))
    if kind == "rule":
        value = context.get("found", shown(item["input"]))
        what = f"{label} must be {context['rule']}, not {value}"
        return Problem(what, source.name, source.position(loc), context.get("hint") or None)
    node = schema_at(schema, loc)
    what = f"{label} must be {rule_of(node)}, not {shown(item['input'])}"
    return Problem(what, source.name, source.position(loc), _text_hint(node, item["input"]))


def dotted(loc: Loc) -> str:
    """`hls.part` for a location, "the config" for the top."""
    return ".".join(map(key_text, loc)) or "the config"


def key_text(key: object) -> str:
    """A key as it stands in the file, unless it is too long or odd for that."""
    text = str(key)
    return text if text.isprintable() and 0 < len(text) <= 60 else shown(text)


def shown(value: Any) -> str:
    """A value as the user wrote it, short and on one line."""
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if value is None:
        return "empty"
    if isinstance(value, str):
        return repr(value) if len(value) <= 60 else repr(value[:57] + "...")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def rule_of(node: Mapping[str, Any]) -> str:
    """What a schema node allows, in words: "a whole number from 2 to 16"."""
    if "x-rule" in node:
        return str(node["x-rule"])
    if "anyOf" in node:
        return " or ".join(rule_of(option) for option in node["anyOf"])
    if "enum" in node:
        return " or ".join(map(str, node["enum"]))
    if "const" in node:
        return str(node["const"])
    kind = node.get("type", "object")
    if kind in ("integer", "number"):
        return _quantity(kind, node.get("x-unit", "")) + _range(node)
    names = {"string": "text", "array": "a list", "boolean": "true or false", "null": "null"}
    return names.get(kind, "a mapping of keys")


def _quantity(kind: str, unit: str) -> str:
    if unit == "share":
        return "a share"
    noun = "a whole number" if kind == "integer" else "a number"
    return f"{noun} of {UNITS[unit]}" if unit else noun


def _range(node: Mapping[str, Any]) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    above = node.get("exclusiveMinimum")
    if above is not None:
        return f" above {above:g}" + (f" and at most {high:.10g}" if high is not None else "")
    if low is not None and high is not None:
        return f" from {low:.10g} to {high:.10g}"
    if low is not None:
        return f" of at least {low:.10g}"
    return f" of at most {high:.10g}" if high is not None else ""


def schema_at(schema: Mapping[str, Any], loc: Loc) -> Mapping[str, Any]:
    """The schema node of a location; an empty one where there is none."""
    node: Mapping[str, Any] = schema
    for step in loc:
        node = _resolved(node, schema)
        node = _with(node, "items").get("items", {}) if isinstance(step, int) else _value_of(node, step)
    return node


def _value_of(node: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """What a mapping holds at a key: of its own, or, where names are free, of any."""
    named: Mapping[str, Any] | None = _with(node, "properties").get("properties", {}).get(key)
    free = _with(node, "additionalProperties").get("additionalProperties")
    return named if named is not None else free if isinstance(free, dict) else {}


def _resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    for option in (node, *node.get("anyOf", ())):
        if "$ref" in option:
            found: Mapping[str, Any] = schema["$defs"][option["$ref"].rsplit("/", 1)[1]]
            return found
    return node


def _with(node: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return next((option for option in (node, *node.get("anyOf", ())) if key in option), {})


def _key_hint(loc: Loc, schema: Mapping[str, Any]) -> str:
    """Meant another key here, the same with another unit, or one of another section."""
    if loc in _RENAMED:
        return f"write {_RENAMED[loc]}"
    key = str(loc[-1])
    known = list(_resolved(schema_at(schema, loc[:-1]), schema).get("properties", {}))
    stem = _SUFFIX.sub("", key)
    same = [name for name in known if _SUFFIX.sub("", name) == stem]
    if same:
        unit = UNITS.get(_with(schema_at(schema, (*loc[:-1], same[0])), "x-unit").get("x-unit", ""))
        return f"write {same[0]}" + (f", in {unit}" if unit else "")
    for section in schema["properties"]:
        if loc[:-1] != (section,) and key in _resolved(schema_at(schema, (section,)), schema).get("properties", {}):
            return f"{key} belongs in the section {section}"
    if len(loc) > 1 and key in schema["properties"]:
        return f"{key} belongs at the top level, not in {dotted(loc[:-1])}"
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else "known here: " + ", ".join(known)


def _text_hint(node: Mapping[str, Any], value: Any) -> str | None:
    if rule_of(node).startswith("text") and isinstance(value, bool | int | float):
        return f'put it in quotes: "{json.dumps(value)}"'
    if rule_of(node).startswith(("a number", "a whole number")) and isinstance(value, str):
        return "write the bare number, without quotes or a unit"
    return None


def _description(loc: Loc, schema: Mapping[str, Any]) -> str | None:
    text = schema_at(schema, loc).get("description")
    return f"{loc[-1]}: {text}" if text else None
