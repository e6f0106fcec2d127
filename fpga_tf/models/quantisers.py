"""Finding the quantisers inside HGQ2 layers, by names that last."""

from __future__ import annotations

from typing import Any


def hgq_quantisers(model: Any) -> dict[str, Any]:
    """All quantisers of a model's HGQ2 layers, those of sublayers included, by ``layer/position``.

    Keras numbers layers without a name through the whole process, so its own names are others whenever a model is read
    again. Empty for other models.
    """
    found = {}
    for layer in model.layers:
        if type(layer).__module__.startswith("hgq."):
            parts = [part for part in layer._flatten_layers() if type(part).__name__ == "Quantizer"]
            found.update({f"{layer.name}/{position}": part for position, part in enumerate(parts)})
    return found


def stable_quantisers(model: Any) -> dict[str, str]:
    """``layer/position`` of every quantiser by Keras's passing name. A name that two of them share is left out."""
    stable: dict[str, str] = {}
    parts: dict[str, Any] = {}
    doubled: set[str] = set()
    for key, part in hgq_quantisers(model).items():
        stable.setdefault(part.name, key)
        doubled |= {part.name} if parts.setdefault(part.name, part) is not part else set()
    return {name: key for name, key in stable.items() if name not in doubled}
