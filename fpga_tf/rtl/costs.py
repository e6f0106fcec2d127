"""Where the LUTs and the delay of a traced model go: da4ml's count by node and kind of operation, levels by node."""

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
        spans: levels of logic from the inputs to a node's first operation and to its last result, by name of the node;
            nodes without operations are left out.
    """

    def __init__(self) -> None:
        self.by_node: dict[str, dict[str, float]] = {}
        self.spans: dict[str, tuple[float, float]] = {}
        self._seen: set[object] = set()

    def add(self, node: str, numbers: Iterable[Number]) -> None:
        """Count the numbers of a node, in the order of the model."""
        kinds: defaultdict[str, float] = defaultdict(float)
        added = new(numbers, self._seen)
        made = [number for number in added if number._from]
        if made:
            first = min(max(float(source.latency) for source in number._from) for number in made)
            self.spans[node] = first, max(float(number.latency) for number in made)
        for number in added:
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
