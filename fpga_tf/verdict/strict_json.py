"""Values that strict JSON has."""

from __future__ import annotations

import math
from typing import Any


def finite(value: dict[str, Any]) -> dict[str, Any]:
    """The same with null for every number that JSON does not have, and tuples as lists."""
    return {key: _finite(item) for key, item in value.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return finite(value)
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
