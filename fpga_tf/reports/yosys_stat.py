"""What Yosys counted of a generated pipeline, as a report: a second opinion beside the estimate.

Its cells are those of the device, but nothing is placed: two small LUTs that share one are two here, and one in a
report after place and route. So LUTs are neither a lower nor an upper bound.
"""

from __future__ import annotations

from collections.abc import Mapping

from fpga_tf.reports.types import RESOURCES, Resource, SynthesisReport

FORMAT, TOOL = "yosys_stat", "Yosys"
# By Yosys's own name for it: LUTs, when small ones share one.
PACKED = "Estimated number of LCs"
NOTES = (
    "mapped to cells, not placed: small LUTs do not share one yet, there is no clock",
    "stages are mapped apart, inverters not counted: they vanish in the LUTs next to them",
)
_NO_BOOTH = "this Yosys is too old for small multipliers: where there are many, LUTs are up to twice as many"
_CHAINED = "FF beside shift registers"
_SHIFT = "LUT as Shift Register"


def mapped(
    stages: Mapping[str, Mapping[str, int]],
    packed: Mapping[str, int],
    *,
    flip_flops: int,
    flip_flops_chained: int,
    shift_registers: int,
    version: str,
    booth: bool,
    top: str,
    part: str | None,
    path: str,
) -> SynthesisReport:
    """A report of stage `estimate`.

    Args:
        stages: cells by type, of each pipeline stage.
        packed: of each, Yosys's count when small LUTs share one.
        flip_flops: of the whole design.
        flip_flops_chained: what is left of them when chains of at least three become shift registers.
        shift_registers: LUTs that such chains take, not part of the report's LUTs.
        version: of Yosys.
        booth: whether it makes multipliers of Booth's encoding.
        top: name of the module.
        part: device part.
        path: folder of the RTL.
    """
    kinds = sorted({kind for cells in stages.values() for kind in cells})
    counts = {kind: sum(cells.get(kind, 0) for cells in stages.values()) for kind in kinds}
    more = {PACKED: sum(packed.values()), _CHAINED: flip_flops_chained, _SHIFT: shift_registers}
    return SynthesisReport(
        path=path,
        format=FORMAT,
        stage="estimate",
        tool=TOOL,
        version=version,
        part=part,
        top=top,
        resources=_resources(counts, flip_flops),
        counts={name: Resource(count) for name, count in (counts | more).items()},
        modules=tuple(_stage(name, cells, packed[name], path, version) for name, cells in stages.items()),
        notes=NOTES if booth else (*NOTES, _NO_BOOTH),
    )


def _stage(name: str, cells: Mapping[str, int], packed: int, path: str, version: str) -> SynthesisReport:
    return SynthesisReport(
        path=path,
        format=FORMAT,
        stage="estimate",
        tool=TOOL,
        version=version,
        top=name,
        kind="module",
        resources=_resources(cells, 0),
        counts={kind: Resource(count) for kind, count in {**cells, PACKED: packed}.items()},
    )


def _resources(cells: Mapping[str, int], flip_flops: int) -> dict[str, Resource]:
    """Yosys is told to use no DSP, and tables are LUTs: cells are LUTs, carries, multiplexers and inverters."""
    used = {"LUT": sum(count for kind, count in cells.items() if kind.startswith("LUT")), "FF": flip_flops}
    return {name: Resource(used.get(name, 0)) for name in RESOURCES}
