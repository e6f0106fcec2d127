"""What all points of a scan have in common: the configuration, the jets, and where results are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.flow.check import frontend_of
from fpga_tf.flow.code import code_digest
from fpga_tf.flow.config import Config
from fpga_tf.flow.config_sections import QuantiseConfig, RequantiseConfig, RtlConfig
from fpga_tf.flow.detect import Detected
from fpga_tf.flow.environment import check_environment
from fpga_tf.flow.prepare import load_jets, versions
from fpga_tf.flow.run import CODE
from fpga_tf.flow.settings import Settings
from fpga_tf.jets.sample import JetSample
from fpga_tf.store import Store, canonical_json
from fpga_tf.verdict.physics import Physics, physics
from fpga_tf.verdict.scan import Width


@dataclass(frozen=True)
class Job:
    """A scan that is about to be done.

    Attributes:
        config: of the scan.
        frontend: keras (a float model) or qkeras.
        jets: the evaluation set.
        settings: classes, signal and limits.
        store: where points are kept.
        fields: what the results depend on, beside the width.
        code: digest of the code that decides them.
    """

    config: Config
    frontend: Detected
    jets: JetSample
    settings: Settings
    store: Store
    fields: bytes
    code: str

    def key(self, what: str, width: Width | None = None) -> str:
        """The store's key of a point, or of a reference."""
        section = {} if width is None else section_of(self.config, width).model_dump()
        return self.store.key(
            {
                "what": f"scan, {what} 2",
                "config": self.fields,
                "section": canonical_json(section),
                "versions": canonical_json(versions()),
                "code": self.code,
            }
        )

    def entry(self, key: str, populate: Callable[[Path], None]) -> Path:
        """The store's entry of a key, made now if it is not there.

        Raises:
            UserError: the model or the data have been written to, so that the result would get a wrong name.
        """

        def checked(folder: Path) -> None:
            populate(folder)
            if _fields(self.config) != self.fields:
                raise UserError("the model and the data must stay as they are during a scan, not be written to")

        return self.store.get(key) or self.store.put(key, checked)

    def physics(self, scores: NDArray[np.float64], labels: NDArray[np.int64], *, logits: bool) -> Physics:
        """Of scores, with these labels as the truth."""
        assert self.settings.signal is not None
        return physics(scores, labels, self.jets.classes, self.settings.signal, logits=logits)


def is_trained(config: Config) -> bool:
    """Whether it is a quantised model whose widths are scanned, not a float one."""
    return config.quantise is None


def section_of(config: Config, width: Width) -> QuantiseConfig | RequantiseConfig:
    """The section that states a width, as one would write it."""
    weights = None if width.weight_fraction == width.fraction else width.weight_fraction
    made = RequantiseConfig if is_trained(config) else QuantiseConfig
    return made(integer_bits=width.integer, fraction_bits=width.fraction, weight_fraction_bits=weights)


def at(config: Config, width: Width | None) -> Config:
    """The configuration of one width, None for that of the model as trained.

    It has a project folder of its own, and no RTL, which nobody asked for.
    """
    name = "requantise" if is_trained(config) else "quantise"
    folder = "as_trained" if width is None else f"int{width.integer}_frac{width.fraction}"
    return config.model_copy(
        update={
            name: None if width is None else section_of(config, width),
            "project": config.project.with_name(f"{config.project.name}_{folder}"),
            "rtl": RtlConfig(generate="never"),
        }
    )


def job_of(config: Config, store: Store) -> Job:
    """The job of a configuration.

    Raises:
        UserError: the model cannot be scanned, there are no data, or they are damaged.
    """
    frontend = frontend_of(config)
    _check(config, frontend)
    check_environment(frontend)
    fields = _fields(config)
    jets = load_jets(config)
    if jets is None:
        raise UserError(
            "a scan must have data, not a model alone", where=config.where(), hint="name a file of jets in `data`"
        )
    settings = Settings.of(config, jets.classes, probabilities=True)
    return Job(config, frontend, jets, settings, store, fields, code_digest((*CODE, "verdict/physics.py")))


def _check(config: Config, frontend: Detected) -> None:
    where = config.where("model", "path")
    if frontend == "keras" and is_trained(config):
        raise UserError(
            "a float model must have a section quantise to be scanned", where=where, hint="add `quantise: {}`"
        )
    if frontend == "hgq2":
        raise UserError(
            "a scan must have a model with a width for each tensor, not one of HGQ2, where each value has its own",
            where=where,
            hint="scan the float model that it came from",
        )


def _fields(config: Config) -> bytes:
    return canonical_json(config.digest_fields("model", "data"))
