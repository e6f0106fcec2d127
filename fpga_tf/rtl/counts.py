"""How many operations of each kind a traced model has."""

from __future__ import annotations

from collections import Counter
from typing import Any

# da4ml's numbers of operations, as its documentation lists them
_KINDS = {
    -1: "inputs", 0: "additions", 1: "additions", 2: "rectifiers", 3: "cuts", 4: "additions", 5: "constants",
    6: "selections", 7: "multiplications", 8: "tables", 9: "bitwise", 10: "bitwise",
}  # fmt: skip


def operations(graph: Any) -> dict[str, int]:
    """Operations by kind, of the graph's own; copies and constants are left out."""
    found = Counter(_KINDS.get(-1 if op.opcode == -1 else abs(op.opcode), "others") for op in graph.ops)
    return {name: count for name, count in sorted(found.items()) if name not in ("inputs", "constants")}
