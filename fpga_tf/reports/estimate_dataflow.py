"""What a dataflow design will take and how fast it will run, before anybody runs a vendor's tools.

The schedule is simulated row by row (`fpga_tf.schedule`) with the cycles of each operation (`dataflow_costs`). What is
fitted, and the errors that are declared, are found by `dataflow_fit` on published designs.
"""

from __future__ import annotations

from collections.abc import Iterator

from fpga_tf.process import Loop, Network, Process
from fpga_tf.reports.dataflow_costs import UNCERTAINTY, Area, counted, loop_cycles
from fpga_tf.reports.estimate import OTHER_FAMILY, of_family, stated, used
from fpga_tf.reports.types import Clock, Interval, Latency, Resource, SynthesisReport
from fpga_tf.schedule import Schedule, check_depths, simulate
from fpga_tf.schedule.timing import needed

# What `dataflow_fit.fit` finds, its errors rounded up to a whole percent; a test fits and cross-validates anew. The
# errors of interval, latency, LUT and FF are of a model left out of the fit, those of DSP and clock reach both bounds.
TURN = 2
INTERVAL_ERROR, LATENCY_ERROR = 0.15, 0.12
DSP_RATIO, DSP_ERROR = 0.77265, 0.30
LUT_RATIO, LUT_ERROR = 1.35829, 0.59
FF_RATIO, FF_ERROR = 1.06385, 0.64
CLOCK_RATIO, CLOCK_ERROR = 1.2097, 0.28
# Reports of hls4ml's softmax have 4 to 8 block RAMs where there are 6 tables, and 16 where there are 17.
BRAM_ERROR = 0.34

ERRORS = {
    "clock_ns.estimated": CLOCK_ERROR,
    "latency_cycles.min": LATENCY_ERROR,
    "latency_cycles.max": LATENCY_ERROR,
    "interval_cycles.min": INTERVAL_ERROR,
    "interval_cycles.max": INTERVAL_ERROR,
    "resources.LUT.used": LUT_ERROR,
    "resources.FF.used": FF_ERROR,
    "resources.DSP.used": DSP_ERROR,
    "resources.BRAM_18K.used": BRAM_ERROR,
}
_PERIOD_DIGITS = 3
_LACKING = "{:,} DSPs are derived, the part has {:,}: the products beyond are made of LUTs, so LUT is unknown"


def estimate_dataflow(
    network: Network,
    *,
    top: str,
    part: str | None,
    clock_ns: float,
    path: str,
    dsps: int | None = None,
    uncertainty: float = UNCERTAINTY,
) -> SynthesisReport:
    """State what a dataflow design is believed to be.

    Cycles lie between those of pipelines that drain and of pipelines that stand still while no row comes. Latency is
    that of a lone sample, from its first row offered to its last row out. The delays are those of UltraScale+: on a
    part of another family the period is unknown, and a note says so. So is LUT where more DSPs are derived than the
    part has: what does not fit is made of LUTs, of which published designs took up to six times those believed.

    Args:
        network: processes and FIFOs.
        top: name of the top function.
        part: device part.
        clock_ns: target in ns.
        path: file or folder that it is of.
        dsps: how many the part has; None if that is not known.
        uncertainty: part of the clock that synthesis holds back.

    Returns:
        A report of stage `estimate` with a module for each process, which declares its errors.

    Raises:
        Deadlock: FIFOs are too shallow.
    """
    check_depths(network)

    def cycles_of(loop: Loop) -> int:
        return loop_cycles(loop, clock_ns, uncertainty)

    drained, kept = (simulate(network, cycles_of, turn=TURN, drains=drains) for drains in (True, False))
    family = of_family(part)
    counts = counted(network.processes, network.channels)
    lacking = dsps is not None and counts.dsp > dsps
    unknown = ([] if family else ["clock_ns.estimated"]) + (["resources.LUT.used"] if lacking else [])
    period = round(clock_ns * CLOCK_RATIO, _PERIOD_DIGITS) if family else None
    return stated(
        path=path,
        part=part,
        top=top,
        clock_ns=Clock(clock_ns, estimated=period, uncertainty=round(clock_ns * uncertainty, _PERIOD_DIGITS)),
        latency_cycles=Latency(drained.latency, None, kept.latency),
        interval_cycles=Interval(drained.interval[0], kept.interval[1]),
        pipeline="dataflow",
        resources=resources(counts) | ({"LUT": Resource()} if lacking else {}),
        modules=tuple(_module(process, path, part, needed(process, cycles_of, TURN)) for process in network.processes),
        errors={name: error for name, error in ERRORS.items() if name not in unknown},
        notes=(
            *_notes(network, drained, family=family),
            *([_LACKING.format(counts.dsp, dsps)] if lacking else []),
            *network.notes,
        ),
    )


def resources(counts: Area) -> dict[str, Resource]:
    """Believed resources for derived counts."""
    return used(lut=LUT_RATIO * counts.lut, ff=FF_RATIO * counts.ff, dsp=DSP_RATIO * counts.dsp, bram=counts.bram)


def _module(process: Process, path: str, part: str | None, cycles: int) -> SynthesisReport:
    return stated(
        path=path,
        part=part,
        top=process.name,
        kind="module",
        interval_cycles=Interval(cycles, cycles),
        resources=resources(counted((process,), ())),
    )


def _notes(network: Network, found: Schedule, *, family: bool) -> Iterator[str]:
    yield "estimated, not synthesised: cycles are simulated, errors are how far published designs are off"
    yield "cycles are derived from the schedule; DSP, LUT, FF and clock are scaled to published designs after mapping"
    yield f"{found.limit} takes {found.limit_cycles} cycles for a sample, more than any other"
    if found.interval[1] > found.limit_cycles:
        full = ", ".join(c.name for c in network.channels if c.depth > 2 and found.fill[c.name] == c.depth)
        yield f"FIFOs hold the interval above that; full at times are those with 2 rows and {full or 'no other'}"
    if not family:
        yield f"{OTHER_FAMILY}: the clock period is unknown"
