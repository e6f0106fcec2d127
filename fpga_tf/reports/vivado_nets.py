"""How far a design is, as the nets of its timing paths tell: only reports of recent versions state it."""

from __future__ import annotations

import re

from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Stage
from fpga_tf.reports.vivado_header import stage_of

# The last line of a path: its slack again.
PATH_END = re.compile(r"^ {10,}slack +(-?[0-9]{1,9}\.[0-9]{1,12})(?: .*)?$", re.MULTILINE)
# A path that nothing constrains has no such line.
_ENDLESS = re.compile(r"^Slack: +inf *$", re.MULTILINE)
# net (fo=16, unplaced)        0.145     0.222    name: `unset` and `fo=0` say nothing
_NET = re.compile(r" net \(fo=[0-9]{1,9}, (unplaced|estimated|routed)\) ")
# Where a cell is, in the first column; pins and clock buffers may have their place before synthesis.
_SLICE = re.compile(r"^    SLICE_X[0-9]{1,6}Y[0-9]{1,6} ", re.MULTILINE)
_UNKNOWN = "the report does not tell whether the design is synthesised, placed or routed"
_FROM_NETS = "the stage is told by the nets of the paths: the report does not state it"


def stage_and_note(state: str | None, source: Source) -> tuple[Stage, str | None]:
    """The stage by the design's state, or else by the nets of its paths; and what to say of it.

    Where cells have places, or a net has an estimated delay, the design is placed: a routed one has neither that nor a
    net that is not placed, though in a placed one nets inside of a slice are routed.
    """
    stage = stage_of(state)
    if stage is not None:
        return stage, None
    text = source.text
    # what stands above the header is the end of another report; of a path that was cut off, other nets are missing
    start = max(text.find("| Tool Version"), 0)
    stop = max((end.end() for end in PATH_END.finditer(text, start)), default=start)
    if _ENDLESS.search(text, start):
        stop = len(text)
    kinds = {found[1] for found in _NET.finditer(text, start, stop)}
    if not kinds:
        return "estimate", _UNKNOWN
    if "unplaced" in kinds and not _SLICE.search(text, start, stop):
        return "synth", _FROM_NETS
    return "route" if kinds == {"routed"} else "place", _FROM_NETS
