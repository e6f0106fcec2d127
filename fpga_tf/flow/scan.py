"""Physics of a float model at many bit widths, in one process: Keras, evaluated to the bit, stands for the firmware.

Nothing is compiled. A point is quantised and converted as in a run, and its codes are those that a run compares with
the C-simulation. What is finished lies in the store, so a scan that was stopped goes on.
"""

from __future__ import annotations

import io
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.flow.code import code_digest
from fpga_tf.flow.config import Config
from fpga_tf.flow.config_sections import QuantiseConfig, RtlConfig
from fpga_tf.flow.environment import check_environment
from fpga_tf.flow.judge import limits
from fpga_tf.flow.prepare import load_jets, precision, versions
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.quiet import quiet_stderr
from fpga_tf.flow.run import CODE, store_for
from fpga_tf.flow.settings import Settings
from fpga_tf.jets.sample import JetSample
from fpga_tf.store import Store, canonical_json
from fpga_tf.verdict.physics import Physics, physics
from fpga_tf.verdict.scan import Point, Scan, Width

_RESULT, _DECISIONS = "result.json", "decisions.npy"


def scan(config: Config, asked: Sequence[Width], *, fresh: bool, progress: Progress) -> Scan:
    """Evaluate a float model at all widths.

    Args:
        config: with a section `quantise`, whose widths are replaced.
        asked: at least one.
        fresh: use nothing from the store.

    Raises:
        UserError: the configuration, the model or the data; or no width can be hardware.
    """
    progress.plan(2 + len(asked))
    with store_for(fresh) as store:
        with progress.step("read the configuration and the jets"):
            job = _job(config, store)
        with progress.step("evaluate the float model") as step:
            if store.get(job.key(None)) is not None:
                step.mark_cached()
            else:
                step.say("importing TensorFlow")
            reference, _ = _reference(job)
            step.say("")
        points = _points(job, asked, progress)
    if all(point.refused for point in points):
        raise UserError(
            f"a width must be one that hardware can have, but of {len(points)} none is: {points[0].refused}"
        )
    return Scan(config.name, job.jets.classes, reference, limits(job.settings), tuple(points))


def at(config: Config, width: Width) -> Config:
    """The configuration of one width: a project folder of its own, and no RTL, which nobody asked for."""
    folder = f"{config.project.name}_int{width.integer}_frac{width.fraction}"
    return config.model_copy(
        update={
            "quantise": _section(width),
            "project": config.project.with_name(folder),
            "rtl": RtlConfig(generate="never"),
        }
    )


def _section(width: Width) -> QuantiseConfig:
    """As one would write it."""
    weights = None if width.weight_fraction == width.fraction else width.weight_fraction
    return QuantiseConfig(integer_bits=width.integer, fraction_bits=width.fraction, weight_fraction_bits=weights)


@dataclass(frozen=True)
class _Job:
    """What all points have in common.

    Attributes:
        config: of the scan.
        jets: the evaluation set.
        settings: classes, signal and limits.
        store: where points are kept.
        fields: what the results depend on, beside the width.
        code: digest of the code that decides them.
    """

    config: Config
    jets: JetSample
    settings: Settings
    store: Store
    fields: bytes
    code: str

    def key(self, width: Width | None) -> str:
        """The store's key of a point, or of the float model."""
        section = {} if width is None else _section(width).model_dump()
        return self.store.key(
            {
                "what": "scan 1" if width else "scan, float 1",
                "config": self.fields,
                "quantise": canonical_json(section),
                "versions": canonical_json(versions()),
                "code": self.code,
            }
        )

    def entry(self, width: Width | None, populate: Callable[[Path], None]) -> Path:
        """The store's entry of a point or of the float model, made now if it is not there."""
        key = self.key(width)
        return self.store.get(key) or self.store.put(key, populate)

    def physics(self, scores: NDArray[np.float64], labels: NDArray[np.int64], *, logits: bool) -> Physics:
        assert self.settings.signal is not None
        return physics(scores, labels, self.jets.classes, self.settings.signal, logits=logits)

    def check_unchanged(self) -> None:
        """So that nothing is kept under the name of another model.

        Raises:
            UserError: a file has been written to.
        """
        if _fields(self.config) != self.fields:
            raise UserError("the model and the data must stay as they are during a scan, not be written to")


def _job(config: Config, store: Store) -> _Job:
    from fpga_tf.flow.check import frontend_of

    frontend = frontend_of(config)
    if config.quantise is None:
        raise UserError(
            f"a scan must start from a float model with a section quantise, not from a model of {frontend}",
            where=config.where("model", "path"),
            hint="name the float model in model.path and add `quantise: {}`: a quantised model has formats of its own",
        )
    check_environment(frontend)
    fields = _fields(config)
    jets = load_jets(config)
    assert jets is not None  # quantise goes with data
    settings = Settings.of(config, jets.classes, probabilities=True)
    return _Job(config, jets, settings, store, fields, code_digest((*CODE, "verdict/physics.py")))


def _fields(config: Config) -> bytes:
    return canonical_json(config.digest_fields("model", "data"))


def _points(job: _Job, asked: Sequence[Width], progress: Progress) -> list[Point]:
    found: list[Point] = []
    missing = {width for width in asked if job.store.get(job.key(width)) is None}
    spent, done = 0.0, 0
    for width in asked:
        with progress.step(str(width)) as step:
            if width not in missing:
                step.mark_cached()
            start = time.monotonic()
            found.append(_point(job, width))
            if width in missing:
                spent, done = spent + time.monotonic() - start, done + 1
                step.say(_left(spent / done * (len(missing) - done)))
    return found


def _left(seconds: float) -> str:
    """How long it still takes, as one says it."""
    if seconds < 1:
        return ""
    return f"{seconds:.0f} s left" if seconds < 100 else f"{seconds / 60:.0f} min left"


def _point(job: _Job, width: Width) -> Point:
    """A point from the store, made now if it is not there."""

    def populate(folder: Path) -> None:
        (folder / _RESULT).write_bytes(canonical_json(_evaluated(job, width).stored()))
        job.check_unchanged()

    return Point.from_stored(width, _value(job.entry(width, populate)))


def _value(entry: Path) -> dict[str, Any]:
    value = json.loads((entry / _RESULT).read_bytes())
    assert isinstance(value, dict)
    return value


def _evaluated(job: _Job, width: Width) -> Point:
    with quiet_stderr():
        from fpga_tf.flow import models
    config = at(job.config, width)
    with tempfile.TemporaryDirectory(prefix="fpga_tf-scan-") as name:
        try:
            loaded = models.load(config, "keras")
            converted = models.convert(loaded, models.target(config, Path(name)), config.model.input_precision)
        except UserError as error:
            return Point(width, refused=error.what)
    exact = precision(loaded.frontend, converted.state.widest)
    scores = models.evaluation_scores(loaded, converted, job.jets, exact)
    logits = not loaded.classes_are_probabilities
    _, decisions = _reference(job)
    truth, same = (job.physics(scores, labels, logits=logits) for labels in (job.jets.y, decisions))
    return Point(width, truth, same, exact)


def _reference(job: _Job) -> tuple[Physics, NDArray[np.int64]]:
    """Physics of the float model, and its highest class of every sample."""

    def populate(folder: Path) -> None:
        with quiet_stderr():
            from fpga_tf.flow import models
        scores = models.float_scores_of(job.config.model.path, job.jets)
        found = job.physics(scores, job.jets.y, logits=False)
        (folder / _RESULT).write_bytes(canonical_json(found.to_json()))
        raw = io.BytesIO()
        np.save(raw, np.argmax(scores, axis=1).astype(np.int64), allow_pickle=False)
        (folder / _DECISIONS).write_bytes(raw.getvalue())
        job.check_unchanged()

    entry = job.entry(None, populate)
    return Physics.from_json(_value(entry)), np.load(entry / _DECISIONS, allow_pickle=False)
