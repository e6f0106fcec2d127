"""Errors that a user sees: what must hold, what was found, where, and one hint.

Exit codes: 2 wrong use or configuration, 3 an outside tool is missing or failed, 4 our own fault.
(A failed gate is exit 1 and no exception: it is a result.)
"""

from __future__ import annotations


class FpgaTfError(Exception):
    """Base of all errors that fpga_tf raises on purpose.

    Args:
        what: one sentence, "*thing* must be *rule*, not *value*".
        where: file:line:column, a layer name, or a path.
        hint: one sentence on how to mend it.
    """

    exit_code = 4

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  at   {self.where}")
        if self.hint:
            lines.append(f"  hint {self.hint}")
        return "\n".join(lines)


class UserError(FpgaTfError):
    """Wrong use, configuration, model or data."""

    exit_code = 2


class ToolError(FpgaTfError):
    """An outside tool (compiler, file system, vendor tool) is missing or failed."""

    exit_code = 3


class InternalError(FpgaTfError):
    """A broken promise inside fpga_tf."""

    exit_code = 4
