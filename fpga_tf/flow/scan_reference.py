"""What the points of a scan are compared with: a float model, or a quantised one as it was trained."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.flow.config import Config
from fpga_tf.flow.prepare import precision
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.quiet import quiet_stderr
from fpga_tf.flow.scan_job import Job, at, is_trained
from fpga_tf.store import canonical_json
from fpga_tf.verdict.physics import Physics

RESULT, _SCORES = "result.json", "scores.npy"
_FLOAT, _TRAINED = "float", "as trained"
_STEPS = {_FLOAT: "evaluate the float model", _TRAINED: "evaluate the model as trained"}


@dataclass(frozen=True)
class Scores:
    """What a model gives for the evaluation set.

    Attributes:
        values: shape (samples, classes).
        logits: whether they are logits, not probabilities.
        exact: the floats in which it was evaluated without rounding; None of a float model.
    """

    values: NDArray[np.float64]
    logits: bool
    exact: str | None = None

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The same as probabilities."""
        if not self.logits:
            return self.values
        grown = np.exp(self.values - self.values.max(axis=-1, keepdims=True))
        return np.asarray(grown / grown.sum(axis=-1, keepdims=True), dtype=np.float64)

    @property
    def decisions(self) -> NDArray[np.int64]:
        """The highest class of every sample."""
        return np.asarray(np.argmax(self.values, axis=1), dtype=np.int64)


@dataclass(frozen=True)
class References:
    """What the points are compared with.

    Attributes:
        scores: of the reference.
        physics: of the reference, against the truth.
        decisions: of the reference, with its own highest class as the truth.
        float_: physics of the float model, where the reference is a quantised one.
    """

    scores: Scores
    physics: Physics
    decisions: Physics
    float_: Physics | None


def steps(config: Config) -> int:
    """How many references a configuration has."""
    return 1 + (is_trained(config) and config.model.float_model is not None)


def references(job: Job, progress: Progress) -> References:
    """The references of a scan, from the store or evaluated now.

    Raises:
        UserError: a model is none, or does not fit the data.
    """
    path, float_path = job.config.model.path, job.config.model.float_model
    trained = is_trained(job.config)
    scores, found = _stage(job, _TRAINED, None, progress) if trained else _stage(job, _FLOAT, path, progress)
    decisions = job.physics(scores.values, scores.decisions, logits=scores.logits)
    beside = _stage(job, _FLOAT, float_path, progress)[1] if trained and float_path else None
    return References(scores, found, decisions, beside)


def quantised_scores(job: Job, config: Config) -> Scores:
    """What the firmware of a configuration would give, evaluated exactly in Keras.

    Raises:
        UserError: the model cannot be hardware, or does not fit the data.
    """
    with quiet_stderr():
        from fpga_tf.flow import models
    loaded = models.load(config, job.frontend)
    with TemporaryDirectory(prefix="fpga_tf-scan-") as name:
        converted = models.convert(loaded, models.target(config, Path(name)), config.model.input_precision)
    exact = precision(loaded.frontend, converted.state.widest)
    values = models.evaluation_scores(loaded, converted, job.jets, exact)
    return Scores(values, not loaded.classes_are_probabilities, exact)


def read_result(entry: Path) -> Mapping[str, Any]:
    """The JSON object in an entry of the store."""
    value = json.loads((entry / RESULT).read_bytes())
    assert isinstance(value, dict)
    return value


def _stage(job: Job, what: str, float_path: Path | None, progress: Progress) -> tuple[Scores, Physics]:
    """Scores and physics of the float model in a file, or of the quantised one as trained."""
    key = job.key(what)

    def populate(folder: Path) -> None:
        found = quantised_scores(job, at(job.config, None)) if float_path is None else _float_scores(job, float_path)
        value = job.physics(found.values, job.jets.y, logits=found.logits).to_json()
        (folder / RESULT).write_bytes(canonical_json({"physics": value, "logits": found.logits}))
        raw = io.BytesIO()
        np.save(raw, found.values, allow_pickle=False)
        (folder / _SCORES).write_bytes(raw.getvalue())

    with progress.step(_STEPS[what]) as step:
        if job.store.get(key) is not None:
            step.mark_cached()
        else:
            step.say("importing TensorFlow")
        entry = job.entry(key, populate)
        step.say("")
    value = read_result(entry)
    return Scores(np.load(entry / _SCORES, allow_pickle=False), value["logits"]), Physics.from_json(value["physics"])


def _float_scores(job: Job, path: Path) -> Scores:
    with quiet_stderr():
        from fpga_tf.flow import models
    return Scores(models.float_scores_of(path, job.jets), logits=False)
