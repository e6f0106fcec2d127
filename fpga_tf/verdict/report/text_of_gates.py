"""How a gate's source is written."""

from __future__ import annotations

from collections.abc import Mapping


def gate_source(source: str | None, names: Mapping[str, str]) -> str:
    """A gate's source with short names of files; `-` if it has none."""
    for path in sorted(names, key=len, reverse=True):  # a path may be the beginning of another
        source = source.replace(path, names[path]) if source else source
    return source or "-"
