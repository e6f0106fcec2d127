"""Import of the packages of the optional extra `jets`."""

from __future__ import annotations

import importlib
from typing import Any

from fpga_tf.errors import UserError


def require(module: str) -> Any:
    """The imported module of the extra `jets` (pythia8mc, fastjet or awkward).

    Raises:
        UserError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UserError(
            f"making jets must have the package {module}, not an environment without it ({error})",
            hint="pip install 'fpga_tf[jets]'",
        ) from error
