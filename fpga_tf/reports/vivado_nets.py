"""How far a design is, as the nets of its timing paths tell: only reports of recent versions state it."""

from __future__ import annotations

import re

from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Stage
from fpga_tf.reports.vivado_header import stage_of

# The last line of a path: its slack again.
PATH_END = re.compile(r" {10,}slack +(-?[0-9]{1,9}\.[0-9]{1,12})(?: .*)?")
# net (fo=16, unplaced)        0.145     0.222    name: `unset` and `fo=0` say nothing
_NET = re.compile(r" net \(fo=[0-9]{1,9}, ([a-z]{1,20})\) ")
_UNKNOWN = "the report does not tell whether the design is synthesised, placed or routed"
_KINDS: dict[str, Stage] = {"unplaced": "synth", "estimated": "place", "routed": "route"}
_FROM_NETS = "the stage is told by the nets of the paths: the report does not state it"


def stage_and_note(state: str | None, source: Source) -> tuple[Stage, str | None]:
    """The stage by the design's state, or else by its nets; and what to say of it.

    One net that is not placed makes a design that is synthesised only, one whose delay is estimated a placed one.
    """
    stage = stage_of(state)
    if stage is not None:
        return stage, None
    # what stands above the header is the end of another report
    kinds = {found[1] for found in _NET.finditer(source.text, max(source.text.find("| Tool Version"), 0))}
    for kind, told in _KINDS.items():
        if kind in kinds:
            return told, _FROM_NETS
    return "estimate", _UNKNOWN
