"""Finding the quantisers inside HGQ2 layers by name."""

from __future__ import annotations

from typing import Any


def hgq_quantisers(model: Any) -> dict[str, Any]:
    """All quantisers of a model's HGQ2 layers, those of sublayers included, by their names. Empty for other models.

    A name that two of them share is left out.
    """
    found: dict[str, Any] = {}
    doubled: set[str] = set()
    for layer in model.layers:
        if not type(layer).__module__.startswith("hgq."):
            continue
        for part in layer._flatten_layers():
            if type(part).__name__ == "Quantizer":
                doubled |= {part.name} if found.setdefault(part.name, part) is not part else set()
    return {name: part for name, part in found.items() if name not in doubled}
