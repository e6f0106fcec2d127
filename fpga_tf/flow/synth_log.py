"""What a tool's output says of where it is."""

from __future__ import annotations

import re

_WIDTH = 60
# Words of hls4ml's script, of Vitis HLS, and of Vivado (as in published logs); the first that matches counts.
_PHASES = (
    (re.compile(r"^\*{5} (C SIMULATION|C/RTL SYNTHESIS|C/RTL SIMULATION|C/RTL VALIDATION|EXPORT IP) \*{5}"), "{}"),
    (re.compile(r"^INFO: \[HLS 200-10\] -- (Implementing module|Generating RTL for module) '(\w+)'"), "{} {}"),
    (re.compile(r"^INFO: \[HLS 200-1510\] Running: (\w+)"), "{}"),
    (re.compile(r"^(?:Command: |Starting )(synth|opt|place|phys_opt|route)_design"), "{}_design"),
    (re.compile(r"^(Phase \d[\d.]* [A-Za-z ]+)"), "{}"),
    (re.compile(r"^Starting (\w[\w ]*) Task"), "{}"),
    (re.compile(r"^// (RTL Simulation : .+)"), "{}"),
)  # fmt: skip


def phase(line: str) -> str | None:
    """The phase that a line of output begins, in a few words; None if it begins none."""
    for pattern, words in _PHASES:
        match = pattern.match(line)
        if match:
            text = words.format(*match.groups()).strip().lower()
            return "".join(c for c in text if c.isprintable())[:_WIDTH]
    return None
