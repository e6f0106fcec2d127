"""The run: model to project to C-simulation to verdict. Nothing here imports Keras, TensorFlow or hls4ml by itself.

Whatever has been computed from the same inputs before comes from the store; the project folder is taken as it stands
on the disk, so an edit in it is simulated, and told.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from fpga_tf.errors import UserError
from fpga_tf.files import MANIFEST, atomic_write
from fpga_tf.flow.check import frontend_of
from fpga_tf.flow.code import code_digest
from fpga_tf.flow.config import Config
from fpga_tf.flow.environment import check_environment
from fpga_tf.flow.lock import project_lock
from fpga_tf.flow.prepare import STEPS, load_jets, prepare, versions
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.project import place, stands
from fpga_tf.flow.rtl_folder import RtlAsked, rtl_folder, rtl_of
from fpga_tf.flow.rtl_make import NoRtlError, bring_rtl, missing_packages, wanted, without
from fpga_tf.flow.rtl_verify import STEPS as RTL_SIMULATION
from fpga_tf.flow.settings import Settings, read_project
from fpga_tf.flow.verify import SIMULATION, verify
from fpga_tf.hls.build import find_compiler
from fpga_tf.jets.sample import JetSample
from fpga_tf.store import Store, canonical_json
from fpga_tf.verdict.verdict import RunResult

_DIGESTED = ("name", "model", "quantise", "requantise", "data", "hls", "simulation")
_RTL = 1 + len(RTL_SIMULATION)  # steps
CODE = (
    "process.py",
    "schedule",
    "reports/dataflow*",
    "reports/estimate*",
    "fixedpoint",
    "layers",
    "models",
    "lower",
    "hls",
    "flow",
    "jets/sample.py",
    "jets/untrusted.py",
)


def run(config: Config, *, fresh: bool, progress: Progress) -> RunResult:
    """All steps, from the model file to the verdict.

    Args:
        fresh: use nothing from the store, and make the project anew even if it was edited.

    Raises:
        UserError: the configuration, the model, the data or what stands in the project folder.
        ToolError: no compiler, it fails, the disk is full, or another run is at work in the folder.
    """
    progress.plan(planned(config))
    find_compiler()  # better told now than after a minute
    with project_lock(config.project), store_for(fresh) as store:
        return to_verdict(config, store, fresh, progress)


def planned(config: Config) -> int:
    """How many steps a run has."""
    return 1 + len(STEPS) + len(SIMULATION) + wanted(config) * _RTL


def to_verdict(config: Config, store: Store, fresh: bool, progress: Progress, more: int = 0) -> RunResult:
    """The steps of a run, in a project folder that the caller has locked; `more` steps follow."""
    bring_project(config, store, fresh, progress)
    unrolled = read_project(config.project)[0].network is None
    with_rtl = wanted(config) and (unrolled or config.rtl.generate == "always")
    progress.plan(planned(config) + more + (0 if unrolled else 1 - (wanted(config) - with_rtl) * _RTL))
    rtl = _rtl(config, store, fresh, progress) if with_rtl else RtlAsked(why=without(config, unrolled=unrolled))
    return verify(config.project, store, progress, rtl)


def convert(config: Config, *, fresh: bool, progress: Progress) -> Path:
    """The steps up to the project folder."""
    progress.plan(1 + len(STEPS))
    with project_lock(config.project), store_for(fresh) as store:
        bring_project(config, store, fresh, progress)
    return config.project


def simulate(project: Path, *, progress: Progress) -> RunResult:
    """The steps from an existing project, as it stands on the disk, to the verdict."""
    folder = rtl_folder(project)
    manifest = read_project(project)[0]
    mine = not missing_packages() and rtl_of(folder, manifest.key)
    progress.plan(len(SIMULATION) + (manifest.network is not None) + mine * len(RTL_SIMULATION))
    with project_lock(project):
        rtl = RtlAsked(folder) if mine else RtlAsked(why="no RTL beside the project")
        return verify(project, Store(), progress, rtl)


@contextmanager
def store_for(fresh: bool) -> Iterator[Store]:
    if not fresh:
        yield Store()
        return
    with tempfile.TemporaryDirectory(prefix="fpga_tf-store-") as name:
        yield Store(Path(name))


def bring_project(config: Config, store: Store, fresh: bool, progress: Progress) -> None:
    """Bring the project folder to what the configuration asks for."""
    with progress.step("read the configuration and the jets"):
        frontend = _frontend(config)
        fields = _fields(config)
        key = _key(store, fields)
        jets = load_jets(config)
        asked = Settings.of(config, None if jets is None else jets.classes, probabilities=True)
        standing = stands(config.project, key, fresh=fresh)
    entry = None if standing else store.get(key)
    if standing or entry is not None:
        for name in STEPS:
            with progress.step(name) as step:
                step.mark_cached()
    if not standing:
        place(entry or _made(config, frontend, jets, key, fields, store, progress), config.project)
    _settle(config.project, asked)


def project_key(config: Config, store: Store) -> str:
    """Key of the project that the configuration asks for."""
    return _key(store, _fields(config))


def _key(store: Store, fields: bytes) -> str:
    return store.key({"what": "project 1", "config": fields, "versions": _versions(), "code": code_digest(CODE)})


def _rtl(config: Config, store: Store, fresh: bool, progress: Progress) -> RtlAsked:
    """The folder of RTL, brought to what the configuration asks for; or why the model can't be RTL."""
    folder = rtl_folder(config.project)
    try:
        bring_rtl(config, folder, store, fresh=fresh, progress=progress)
    except NoRtlError as error:
        if config.rtl.generate == "always":
            raise
        return RtlAsked(why=f"no RTL: {error.what}")
    return RtlAsked(folder, simulate=config.rtl.simulate)


def _frontend(config: Config) -> str:
    frontend = frontend_of(config)
    check_environment(frontend)
    if frontend == "keras" and config.quantise is None:
        raise UserError(
            "a float model must be quantised to be hardware",
            where=config.where("model", "path"),
            hint="add a `quantise` section, or train it with QKeras, fpga_tf.layers or HGQ2",
        )
    return frontend


def _made(
    config: Config, frontend: str, jets: JetSample | None, key: str, fields: bytes, store: Store, progress: Progress
) -> Path:
    """The store's entry of a project, made now."""

    def populate(made: Path) -> None:
        prepare(config, frontend, jets, key, made, progress)
        if _fields(config) != fields:
            raise UserError("the model and the data must stay as they are during a run, not be written to")

    return store.put(key, populate)


def _settle(project: Path, asked: Settings) -> None:
    """Write the limits that are asked for now into the project's manifest."""
    manifest, settings = read_project(project)
    asked = asked.model_copy(update={"probabilities": settings.probabilities})
    if asked != settings:
        atomic_write(project / MANIFEST, replace(manifest, config=asked.plain()).to_text())


def _fields(config: Config) -> bytes:
    # the budget decides a shape that is left to it
    budget = ("budget",) if config.hls.shape == "auto" else ()
    return canonical_json(config.digest_fields(*_DIGESTED, *budget))


def _versions() -> bytes:
    return canonical_json(versions())
