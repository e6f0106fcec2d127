"""What is known of generated RTL: its simulation, its estimate, and reports of tools that lie in its folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from fpga_tf.flow.rtl_verify import Clocked
from fpga_tf.reports.combine import combine
from fpga_tf.reports.design import Design
from fpga_tf.reports.estimate import PUBLISHED, Counts, DelayModel, estimate
from fpga_tf.reports.project import project_design
from fpga_tf.reports.rtl_simulation import simulated
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.rtl.manifest import RTL_MANIFEST, Depth, RtlManifest
from fpga_tf.verdict.rtl import RtlResult


def estimate_of(made: RtlManifest, folder: Path, depth: Depth | None = None) -> SynthesisReport:
    """What is believed of RTL.

    Args:
        folder: where it is.
        depth: how it could be cut otherwise; as it is cut if not given.
    """
    cut = depth or Depth(made.levels, made.latency, made.register_bits)
    counts = Counts(made.cost, cut.register_bits, cut.latency, cut.levels)
    path, model = str(folder / RTL_MANIFEST), delay_model(made.delay)
    return estimate(counts, top=made.name, part=made.part, clock_ns=made.clock_ns, path=path, model=model)


def delay_model(terms: Mapping[str, float]) -> DelayModel:
    """What levels of logic take.

    Args:
        terms: by name; empty for the model that is fitted to published designs.
    """
    return DelayModel(**terms) if terms else PUBLISHED


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
    return replace(whole, notes=tuple(_told(whole.notes, f"{folder / RTL_MANIFEST}: ", _estimated(whole))))


def _estimated(design: Design) -> bool:
    """Whether anything that matters is still an estimate."""
    return any(one.stage == "estimate" and one.error for one in design.sources.values())


def _told(notes: Iterable[str], own: str, estimated: bool) -> Iterator[str]:
    """Notes without the name of our own file; those on the estimate only where it counts."""
    for note in notes:
        if not note.startswith(own):
            yield note
        elif estimated:
            yield note.removeprefix(own)


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
        costs=clocked.manifest.costs,
        depths={d.levels: estimate_of(clocked.manifest, clocked.folder, d) for d in clocked.manifest.depths},
    )
