"""Import of the packages of the optional extras `jets` and `data`."""

from __future__ import annotations

import importlib
from typing import Any, Literal

from fpga_tf.errors import UserError

_PURPOSE = {"jets": "making jets", "data": "reading ROOT files"}


def require(module: str, extra: Literal["jets", "data"] = "jets") -> Any:
    """The imported module of an extra: pythia8mc, fastjet or awkward of `jets`, uproot or awkward of `data`.

    Raises:
        UserError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UserError(
            f"{_PURPOSE[extra]} must have the package {module}, not an environment without it ({error})",
            hint=f"pip install 'fpga_tf[{extra}]'",
        ) from error
