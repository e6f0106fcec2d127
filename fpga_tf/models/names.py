"""What a layer may be called: names end up as identifiers in C++, as file names and in Tcl."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fpga_tf.cpp_names import RESERVED
from fpga_tf.errors import UserError

MAX_LENGTH = 64
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TEMPLATE = "myproject"  # hls4ml puts the top function's name in its place


def check_names(names: Iterable[str]) -> None:
    """Every name is a C identifier that the generated C++ does not need itself, and occurs once.

    Raises:
        UserError: naming the first layer that breaks a rule.
    """
    seen: set[str] = set()
    for name in names:
        if not _NAME.fullmatch(name) or len(name) > MAX_LENGTH:
            raise UserError(
                f"a layer's name must be a letter and then letters, digits or _, at most {MAX_LENGTH}, "
                f"not {ascii(name)[:100]}",
                where=f"layer {ascii(name)[:100]}",
                hint="rename the layer and save the model again: names become C++ identifiers",
            )
        if name in RESERVED or name == _TEMPLATE:
            raise UserError(
                f"a layer's name must not be a word that C++ or hls4ml needs itself, not {name!r}",
                where=f"layer {name!r}",
                hint=f"rename it, for example {name}_1",
            )
        if name in seen:
            raise UserError(f"a layer's name must be unique, not twice {name!r}", where=f"layer {name!r}")
        seen.add(name)
