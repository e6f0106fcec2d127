"""Weight files that g++ compiles quickly: one list of decimals for synthesis and for C-simulation alike."""

from __future__ import annotations

import re
from pathlib import Path

from fpga_tf.errors import InternalError
from fpga_tf.files import atomic_write

_DEFINITION = re.compile(r"^(\w+) (\w+)\[(\d+)\] = \{([^{}]*)\};$", re.MULTILINE)


def rewrite_weights(folder: Path) -> None:
    """Rewrite every ``firmware/weights/*.h`` of a project.

    Raises:
        InternalError: a file is not as hls4ml 1.3 writes it.
    """
    for path in sorted((folder / "firmware" / "weights").glob("*.h")):
        atomic_write(path, loaded_at_start(path.read_text(encoding="utf-8"), path.name))


def loaded_at_start(text: str, name: str) -> str:
    """A weight file whose values stand in one macro: a braced list for synthesis, a loop for C-simulation."""
    match = _DEFINITION.search(text)
    if match is None:
        raise InternalError("a weight file must define one array", where=name)
    kind, array, size, values = match.groups()
    macro = f"{array.upper()}_VALUES"
    body = (
        f"#define {macro} {values}\n\n"
        "#ifdef __SYNTHESIS__\n"
        f"{kind} {array}[{size}] = {{{macro}}};\n"
        "#else\n"
        '#include "../fpga_tf/load.h"\n'
        f"static const double {array}_values[{size}] = {{{macro}}};\n"
        f"{kind} {array}[{size}];\n"
        f"static const bool {array}_loaded = fpga_tf::load({array}, {array}_values, {size});\n"
        "#endif"
    )
    return text[: match.start()] + body + text[match.end() :]
