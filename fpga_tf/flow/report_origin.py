"""What the manifest of a project says of the design whose reports lie in it: its layers, and what it was made for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fpga_tf.errors import UserError
from fpga_tf.files import MANIFEST
from fpga_tf.reports.facts import differ
from fpga_tf.reports.layers import LayerNames, Origin
from fpga_tf.reports.parts import same_part
from fpga_tf.reports.types import SynthesisReport

if TYPE_CHECKING:
    from fpga_tf.hls.manifest import Manifest

# `<project>/<name>_prj/solution1` and `<project>/<component>` are what tools make below the project.
_LEVELS = 4


def origin_of(folder: Path, report: SynthesisReport) -> Origin:
    """What is known of a design by the manifest of the project that it was made in.

    Args:
        folder: of the solution or of the reports; the manifest is in it or above.
        report: the design's main report.

    Returns:
        The layers if there is a manifest of this top function; notes on what does not fit.
    """
    project = next((one for one in [folder, *folder.parents][:_LEVELS] if (one / MANIFEST).is_file()), None)
    if project is None:
        return Origin()
    from fpga_tf.hls.manifest import read_manifest

    try:
        manifest = read_manifest(project)
    except UserError as error:
        return Origin(notes=(f"{project / MANIFEST}: layers are not known: {error.what}",))
    if manifest.name != report.top:
        return Origin()
    return Origin(layer_names(manifest), notes_on(report, manifest, project))


def layer_names(manifest: Manifest) -> tuple[LayerNames, ...]:
    """Layers in the order of the firmware, with the names that their modules carry."""
    return tuple(LayerNames(layer, names=names) for layer, names in manifest.modules)


def notes_on(report: SynthesisReport, manifest: Manifest, project: Path) -> tuple[str, ...]:
    """Where a report does not fit the project that it lies in."""
    notes = []
    if report.part is not None and not same_part(report.part, manifest.part):
        notes.append(f"{report.path} is for {report.part}, the project for {manifest.part}")
    target = report.clock_ns.target
    if target is not None and differ("clock_ns.target", target, manifest.clock_ns):
        notes.append(f"{report.path} is for a clock of {target} ns, the project for {manifest.clock_ns} ns")
    if _older(Path(report.path), project / "firmware"):
        notes.append(f"{report.path} is older than the firmware: synthesise again")
    return tuple(notes)


def _older(report: Path, firmware: Path) -> bool:
    written = [path.stat().st_mtime for path in firmware.rglob("*") if path.is_file()]
    return report.is_file() and report.stat().st_mtime < max(written, default=0.0)
