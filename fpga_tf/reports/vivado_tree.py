"""Trees of instances in Vivado's reports of resources: a name stands deeper than that of the instance it is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fpga_tf.errors import UserError
from fpga_tf.reports.csynth_text import nest
from fpga_tf.reports.tables import Row, Table
from fpga_tf.reports.types import SynthesisReport

# Two instances may share a LUT, so that the sum of their LUTs is above that of the instance they are in.
_UNSHARED = ("FF", "DSP", "BRAM_18K", "URAM")
_HINT = "copy the file again: it was cut off or edited"


@dataclass(slots=True)
class _Inside:
    """What is in an instance so far, and what is left of its own resources."""

    instance: str | None = None
    left: dict[str, int] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def take(self, module: SynthesisReport, where: str) -> None:
        name = module.instance or ""
        if name in self.names:
            raise UserError(f"an instance must stand once where it is, not {name!r} twice", where=where, hint=_HINT)
        self.names.add(name)
        if is_own_share(name) and self.instance is not None and name != f"({self.instance})":
            raise UserError(
                f"{name} must stand below {name[1:-1]!r}, not in {self.instance!r}", where=where, hint=_HINT
            )
        for resource in _UNSHARED:
            used = module.resources[resource].used
            if used is not None and resource in self.left:
                self.left[resource] -= used
                if self.left[resource] < 0:
                    rule = (
                        f"{self.instance!r} must have the {resource} of all that is in it, not less than with {name!r}"
                    )
                    raise UserError(rule, where=where, hint=_HINT)


def is_own_share(instance: str) -> bool:
    """Whether a row, such as `(inst)`, is of what `inst` has besides the modules in it."""
    return instance.startswith("(") and instance.endswith(")")


def depth(table: Table, row: Row, heading: str, step: int) -> int:
    """Depth of a row, from 0: a name stands one blank right of the bar, and `step` more for each level.

    Raises:
        UserError: the column has no name there, or one between two levels.
    """
    column = table.column(heading)
    text = row.cells[column] if column is not None and table.cell(row, column) else ""
    blanks = len(text) - len(text.lstrip(" ")) - 1
    if not text or blanks % step or blanks < 0:
        raise UserError(
            f"a row must have a name, {step} blanks deeper than the one that it is in",
            where=table.source.at(row.line),
            hint=_HINT,
        )
    return blanks // step


def grow(items: Sequence[tuple[int, SynthesisReport, str]]) -> tuple[SynthesisReport, ...]:
    """Put instances into those that they are in.

    Args:
        items: depth from 0, the instance, and where it is in the file.

    Raises:
        UserError: a row was lost, doubled or moved: an instance is too deep, is twice in one, is the own share of
            another one than it is in, or has with the others more than the one that they are in.
    """
    tree = nest(items)
    path = [_Inside()]
    for level, module, where in items:
        del path[level + 1 :]
        path[level].take(module, where)
        used = {name: module.resources[name].used for name in _UNSHARED}
        path.append(_Inside(module.instance, {name: count for name, count in used.items() if count is not None}))
    return tree
