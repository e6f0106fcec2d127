"""YAML with positions: plain data, and the line and column of every key and value.

Only what a configuration needs: mappings, lists and scalars of the YAML 1.2 core schema (so `no` is text and
`010` is ten). Aliases, tags and second documents are errors, and so is a key given twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.reader import ReaderError

from fpga_tf.flow.config_errors import ConfigError, Loc, Problem, key_text

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
_TAG = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """PyYAML's parser with the scalars of YAML 1.2; nothing is constructed with it."""


_Loader.yaml_implicit_resolvers = {}  # none of those of YAML 1.1
_INT = r"[-+]?[0-9]{1,30}"  # with more digits it is read as a float
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", _INT, list("-+0123456789")),
    ("float", _FLOAT, list("-+0123456789.")),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"^(?:{_pattern})$"), _first)


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file.

    Attributes:
        name: the path as the user wrote it, for messages.
        data: dicts, lists, str, int, float, bool, None.
        values, keys: (line, column), both from 1, of the value and of the key at a location.
        problems: keys given twice.
    """

    name: str
    data: Any
    values: dict[Loc, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Loc, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def position(self, loc: Loc, *, key: bool = False) -> tuple[int, int]:
        """Where `loc` is in the file, or the innermost thing around it that is."""
        if key and loc in self.keys:
            return self.keys[loc]
        while loc and loc not in self.values:
            loc = loc[:-1]
            if loc in self.keys:
                return self.keys[loc]
        return self.values.get(loc, (1, 1))

    def where(self, loc: Loc, *, key: bool = False) -> str:
        """`file:line:column` of a value, or of its key."""
        line, column = self.position(loc, key=key)
        return f"{self.name}:{line}:{column}"


def read_yaml(path: Path) -> Source:
    """Read and parse a file.

    Raises:
        ConfigError: it is missing, too large, no UTF-8, no well-formed YAML, or uses what is not allowed.
    """
    return parse_yaml(_text(path), str(path))


def parse_yaml(text: str, name: str) -> Source:
    """Parse text; `name` stands for the file in messages.

    Raises:
        ConfigError: as `read_yaml`.
    """
    try:
        _check_events(text, name)
        node = yaml.compose(text, Loader=_Loader)
    except ReaderError as error:
        character = chr(error.character) if isinstance(error.character, int) else error.character
        line, column = _line_column(text, error.position)
        raise _error(name, (line, column), f"a config must be printable text, not {character!r}") from error
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(name, error) from error
    source = Source(name, None)
    if node is None:
        raise _error(name, (1, 1), "a config must be a mapping of keys, not empty")
    return Source(name, _plain(node, (), source), source.values, source.keys, source.problems)


def _text(path: Path) -> str:
    name = str(path)
    try:
        if not path.is_file():
            what = "a folder" if path.is_dir() else "a device" if path.exists() else "missing"
            raise _error(name, None, f"a config must be a file, not {what}")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise _error(repr(name), None, f"a config must be readable, not refused ({error})") from error
    if len(raw) > MAX_BYTES:
        raise _error(name, None, f"a config must be at most {MAX_BYTES // 1024} KiB, not more")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig")
        at = _line_column(before, len(before))
        raise _error(name, at, f"a config must be UTF-8 text, not byte 0x{raw[error.start]:02x}") from error


def _check_events(text: str, name: str) -> None:
    """What would be costly or surprising when composed is refused before."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        at = _at(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            hint = "write the value out; text that begins with * goes in quotes"
            raise _error(name, at, f"a config must be without aliases, not use *{event.anchor}", hint)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _error(name, at, "a config must be one document, not several", "remove the line ---")
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _error(name, at, f"a config must be nested at most {MAX_DEPTH} deep, not more")
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            raise _error(name, at, f"a config must be without tags, not use {tag}")


def _plain(node: yaml.Node, loc: Loc, source: Source) -> Any:
    source.values[loc] = _at(node.start_mark)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*loc, i), source) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node, loc, source))
    return _scalar(node)


def _pairs(node: yaml.MappingNode, loc: Loc, source: Source) -> Iterator[tuple[str, Any]]:
    for key_node, value_node in node.value:
        key = _scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
        at = _at(key_node.start_mark)
        if not isinstance(key, str):
            shown = key_node.value if isinstance(key_node, yaml.ScalarNode) else "a collection"
            source.problems.append(
                Problem(f"a key must be text, not {key_text(shown)}", source.name, at, "put it in quotes")
            )
            continue
        here = (*loc, key)
        if here in source.keys:
            first = source.keys[here][0]
            what = f"key {'.'.join(map(key_text, here))} must be given once, not again (first on line {first})"
            source.problems.append(Problem(what, source.name, at, "remove one of the two"))
            continue
        source.keys[here] = at
        yield key, _plain(value_node, here, source)


def _scalar(node: yaml.Node) -> Any:
    value = node.value
    match node.tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return value.lower() == "true"
        case "int":
            return int(value)
        case "float":
            return float(
                value.replace(".inf", "inf").replace(".nan", "nan").replace(".Inf", "inf").replace(".NaN", "nan")
            )
    return value


def _at(mark: Any) -> tuple[int, int]:
    return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)


def _line_column(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1


def _syntax_error(name: str, error: yaml.MarkedYAMLError) -> ConfigError:
    at = _at(error.problem_mark or error.context_mark)
    if "'\\t'" in (error.problem or ""):
        return _error(name, at, "indentation must be spaces, not a tab", "replace tabs by spaces")
    said = ", ".join(part for part in (error.context, error.problem) if part)
    return _error(name, at, f"a config must be well-formed YAML, not broken ({said})")


def _error(name: str, at: tuple[int, int] | None, what: str, hint: str | None = None) -> ConfigError:
    return ConfigError([Problem(what, name, at, hint)])
