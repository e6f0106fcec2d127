"""What is known of generated RTL: its simulation, its estimate, and reports of tools that lie in its folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fpga_tf.flow.rtl_verify import Clocked
from fpga_tf.reports.combine import combine
from fpga_tf.reports.design import Design
from fpga_tf.reports.estimate import PUBLISHED, Counts, DelayModel, estimate
from fpga_tf.reports.project import project_design
from fpga_tf.reports.rtl_simulation import simulated
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.rtl.manifest import RTL_MANIFEST, RtlManifest
from fpga_tf.verdict.rtl import RtlResult


def estimate_of(made: RtlManifest, folder: Path) -> SynthesisReport:
    """What is believed of RTL.

    Args:
        folder: where it is.
    """
    counts = Counts(made.cost, made.register_bits, made.latency, made.levels)
    model = DelayModel(**made.delay) if made.delay else PUBLISHED
    path = str(folder / RTL_MANIFEST)
    return estimate(counts, top=made.name, part=made.part, clock_ns=made.clock_ns, path=path, model=model)


def rtl_design(clocked: Clocked) -> Design:
    """All that is known of RTL, each value from the source that is closest to hardware.

    Raises:
        UserError: a report in the folder can't be understood, or is of another design.
    """
    made, folder = clocked.manifest, clocked.folder
    built = project_design(folder, made.name)
    reports = [] if built is None else list(built.reports)
    if clocked.agreement is not None:
        reports.append(
            simulated(
                latency=clocked.latency,
                interval=clocked.interval,
                transactions=clocked.samples,
                passed=clocked.agreement.exact and not clocked.problems,
                top=made.name,
                part=made.part,
                clock_ns=made.clock_ns,
                path=str(folder / RTL_MANIFEST),
            )
        )
    reports.append(estimate_of(made, folder))
    whole = combine(made.name, reports, [] if built is None else built.notes)
    own = f"{folder / RTL_MANIFEST}: "  # the notes of its estimate need no file
    return replace(whole, notes=tuple(note.removeprefix(own) for note in whole.notes))


def rtl_result(clocked: Clocked) -> RtlResult:
    """What a run shows of RTL."""
    return RtlResult(
        folder=str(clocked.folder),
        edited=clocked.edited,
        agreement=clocked.agreement,
        latency_cycles=clocked.latency,
        interval_cycles=clocked.interval,
        samples_per_second=clocked.samples / clocked.seconds if clocked.seconds else None,
        problems=clocked.problems,
        levels=clocked.manifest.levels,
        estimate=estimate_of(clocked.manifest, clocked.folder),
        missing=clocked.why,
    )
