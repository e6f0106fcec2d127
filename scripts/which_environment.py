"""Print the environment that a configuration's model needs: `.venv`, or `.venv-hgq2`.

Runs before anything is installed, so with the standard library only: the model's path is picked out of the YAML file
line by line. Whatever is wrong with the file gives `.venv`: fpga-tf then tells the user, with line and column.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fpga_tf.errors import UserError
from fpga_tf.flow.detect import detect_frontend

_SECTION = re.compile(r"""^['"]?(\w+)['"]?\s*:\s*(.*)$""")
_MAX_BYTES = 64 * 1024


def main(arguments: list[str]) -> int:
    """Print the environment for the configuration in the first argument."""
    print(environment_of(Path(arguments[0])) if arguments else ".venv")
    return 0


def environment_of(config: Path) -> str:
    """`.venv-hgq2` for an HGQ2 model, else `.venv`."""
    try:
        with config.open("rb") as file:
            text = file.read(_MAX_BYTES).decode("utf-8-sig", "replace")
        model = model_section(text)
        frontend = model.get("frontend", "auto")
        if frontend == "auto" and "path" in model:
            frontend = detect_frontend(config.absolute().parent / model["path"])
    except (OSError, ValueError, UserError):
        return ".venv"
    return ".venv-hgq2" if frontend == "hgq2" else ".venv"


def model_section(text: str) -> dict[str, str]:
    """Keys and plain values of the top-level mapping `model`, in block or flow style."""
    found: dict[str, str] = {}
    inside = False
    for raw in text.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", raw).rstrip()
        if not line:
            continue
        if not line[0].isspace():
            match = _SECTION.match(line)
            inside = match is not None and match[1] == "model"
            rest = match[2] if match and inside else ""
        else:
            rest = line.strip() if inside else ""
        for part in rest.strip("{} ").split(", "):
            pair = _SECTION.match(part.strip(" {},"))
            if pair and pair[2]:
                found[pair[1]] = pair[2].strip().strip("'\"")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
