"""`fpga-tf explain`: how every layer of a model is computed in hardware, in which formats, and what it costs."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fpga_tf.errors import UserError
from fpga_tf.files import MANIFEST
from fpga_tf.flow.progress import Progress
from fpga_tf.verdict.explained import Explained, LayerFacts

if TYPE_CHECKING:
    from fpga_tf.flow.config import Config
    from fpga_tf.process import Network

STEPS = ("look at the configuration", "read the model", "explain")
_NEAR, _LISTED = 3, 12


@dataclass(frozen=True)
class Source:
    """Where a model comes from, and what is known of the design.

    Attributes:
        name, part, clock_ns, clock_uncertainty_percent, frontend: of the project.
        origin: the configuration or folder.
        project: the folder that stands for just this; None: there is none.
        config: None for a project folder.
        network: processes of the project's design; None: it is unrolled, or there is no project.
    """

    name: str
    part: str
    clock_ns: float
    clock_uncertainty_percent: float
    frontend: str
    origin: Path
    project: Path | None
    config: Config | None
    network: Network | None
    notes: tuple[str, ...] = ()


def explain(path: Path, layer: str | None, progress: Progress) -> Explained:
    """Explain a configuration's model or a project's.

    Args:
        path: a configuration, or a project folder.
        layer: a layer, or a stage of an attention as layer/stage; None: all.

    Raises:
        UserError: neither, a damaged file, a model that cannot be hardware, or no such layer (with those near).
    """
    from fpga_tf.flow.quiet import quiet_stderr

    progress.plan(len(STEPS))
    with progress.step(STEPS[0]):
        source = _of_project(path, None) if path.is_dir() else _of_config(path)
    with progress.step(STEPS[1]) as step:
        step.say("importing TensorFlow: formats are inside the model")
        with quiet_stderr():
            from fpga_tf.flow import explain_model

            model, shapes, notes = explain_model.read(source)
    with progress.step(STEPS[2]):
        from fpga_tf.flow.explain_layers import layer_facts

        rtl, costs = _costs(source)
        facts = layer_facts(explain_model.describe(source, model, shapes, costs))
        told = facts if layer is None else asked(facts, layer)
    return Explained(
        source.name,
        str(path),
        source.frontend,
        source.part,
        source.clock_ns,
        tuple(told),
        None if rtl is None else str(rtl),
        (*source.notes, *notes),
    )


def _of_project(folder: Path, config: Config | None) -> Source:
    from fpga_tf.flow.settings import read_project
    from fpga_tf.process import Network

    manifest, _ = read_project(folder)
    network = None if manifest.network is None else Network.read(manifest.network)
    return Source(
        manifest.name,
        manifest.part,
        manifest.clock_ns,
        manifest.clock_uncertainty_percent,
        manifest.frontend,
        folder,
        folder,
        config,
        network,
        manifest.notes,
    )


def _of_config(path: Path) -> Source:
    """The project that stands for the configuration, or else the configuration alone."""
    from fpga_tf.flow.check import frontend_of
    from fpga_tf.flow.config import load_config
    from fpga_tf.flow.run import project_key
    from fpga_tf.flow.settings import read_project
    from fpga_tf.store import Store

    config = load_config(path)
    frontend = frontend_of(config)
    if (config.project / MANIFEST).is_file():
        manifest, _ = read_project(config.project)
        if manifest.key == project_key(config, Store()):
            return _of_project(config.project, config)
    note = "no project stands for this configuration: the model is quantised and shaped anew, without costs of RTL"
    hls = config.hls
    held = hls.clock_uncertainty_percent
    return Source(config.name, hls.part, hls.clock_ns, held, frontend, path, None, config, None, (note,))


def _costs(source: Source) -> tuple[Path | None, dict[str, float] | None]:
    """The folder of RTL of the project, and da4ml's LUTs by node."""
    from fpga_tf.flow.rtl_folder import rtl_folder, rtl_of
    from fpga_tf.flow.settings import read_project
    from fpga_tf.rtl.manifest import read_rtl_manifest

    if source.project is None:
        return None, None
    folder = rtl_folder(source.project)
    if not rtl_of(folder, read_project(source.project)[0].key):
        return None, None
    costs = read_rtl_manifest(folder).costs
    return folder, {node: sum(kinds.values()) for node, kinds in costs.items()}


def asked(facts: Sequence[LayerFacts], name: str) -> list[LayerFacts]:
    """The layer of a name, and all stages of an attention.

    Raises:
        UserError: there is none; names that are near are told.
    """
    found = [one for one in facts if one.name == name or one.name.startswith(f"{name}/")]
    if found:
        return found
    known = sorted({one.name for one in facts} | {one.name.partition("/")[0] for one in facts})
    near = difflib.get_close_matches(name, known, n=_NEAR, cutoff=0.6)
    more = ", ..." if len(known) > _LISTED else ""
    hint = f"did you mean {' or '.join(near)}?" if near else "layers: " + ", ".join(known[:_LISTED]) + more
    raise UserError(f"LAYER must be a layer of the model, not {name[:100]!r}", hint=hint)
