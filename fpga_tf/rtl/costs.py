"""Where the LUTs of a traced model go: da4ml's count by node and by kind of operation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from fpga_tf.rtl.numbers import Number

# da4ml's names of operations
_KINDS = {
    "vadd": "additions", "cadd": "additions", "vmul": "multiplications", "lookup": "tables", "msb_mux": "selections",
    "relu": "rectifiers", "wrap": "cuts", "bit_unary": "bitwise", "bit_binary": "bitwise",
}  # fmt: skip


class Costs:
    """Counts what each node adds; an operation that several nodes use counts at the first.

    Attributes:
        by_node: LUTs by kind of operation, by name of the node; nodes without any are left out.
    """

    def __init__(self) -> None:
        self.by_node: dict[str, dict[str, float]] = {}
        self._seen: set[object] = set()

    def add(self, node: str, numbers: Iterable[Number]) -> None:
        """Count the numbers of a node, in the order of the model."""
        kinds: defaultdict[str, float] = defaultdict(float)
        for number in new(numbers, self._seen):
            if number.cost:
                kinds[_KINDS.get(number.opr, "others")] += float(number.cost)
        if kinds:
            self.by_node[node] = dict(sorted(kinds.items()))


def new(numbers: Iterable[Number], seen: set[object]) -> list[Number]:
    """Numbers and all that they are made of, but for what has been seen, which gets them."""
    left, found = list(numbers), []
    while left:
        number = left.pop()
        if number.id not in seen:
            seen.add(number.id)
            found.append(number)
            left.extend(number._from)
    return found
