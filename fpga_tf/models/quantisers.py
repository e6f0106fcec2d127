"""Finding the quantisers inside HGQ2 layers by name."""

from __future__ import annotations

from typing import Any


def hgq_quantisers(model: Any) -> dict[str, Any]:
    """Input and output quantisers of a model's HGQ2 layers, by their names. Empty for other models."""
    found: dict[str, Any] = {}
    for layer in model.layers:
        if not type(layer).__module__.startswith("hgq."):
            continue
        for attribute in ("_iq", "_oq"):
            value = getattr(layer, attribute, None)
            for quantiser in value if isinstance(value, list | tuple) else [value]:
                if quantiser is not None and hasattr(quantiser, "name"):
                    found[quantiser.name] = quantiser
        if hasattr(layer, "quantizer") and hasattr(layer, "name"):
            found[layer.name] = layer
    return found
