"""Physics of a model at many bit widths, in one process: Keras, evaluated to the bit, stands for the firmware.

Nothing is compiled. A point is quantised and converted as in a run, and its codes are those that a run compares with
the C-simulation. What is finished lies in the store, so a scan that was stopped goes on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.flow.config import Config
from fpga_tf.flow.judge import limits
from fpga_tf.flow.progress import Progress, left
from fpga_tf.flow.run import store_for
from fpga_tf.flow.scan_job import Job, at, is_trained, job_of
from fpga_tf.flow.scan_reference import RESULT, Scores, quantised_scores, read_result, references, steps
from fpga_tf.store import canonical_json
from fpga_tf.verdict.scan import Point, Scan, Width


def scan(config: Config, asked: Sequence[Width], *, fresh: bool, progress: Progress) -> Scan:
    """Evaluate a model at all widths.

    Args:
        config: of a float model with a section `quantise`, or of a quantised one; its widths are replaced.
        asked: at least one.
        fresh: use nothing from the store.

    Raises:
        UserError: the configuration, the model or the data; or no width can be hardware.
    """
    progress.plan(1 + steps(config) + len(asked))
    with store_for(fresh) as store:
        with progress.step("read the configuration and the jets"):
            job = job_of(config, store)
        found = references(job, progress)
        points = _points(job, asked, found.scores, progress)
    if all(point.refused for point in points):
        raise UserError(
            f"a width must be one that hardware can have, but of {len(points)} none is: {points[0].refused}"
        )
    return Scan(
        config.name,
        job.jets.classes,
        found.physics,
        found.decisions,
        limits(job.settings),
        tuple(points),
        is_trained(config),
        found.float_,
    )


def _points(job: Job, asked: Sequence[Width], reference: Scores, progress: Progress) -> list[Point]:
    found: list[Point] = []
    missing = {width for width in asked if job.store.get(job.key("point", width)) is None}
    spent, done = 0.0, 0
    for width in asked:
        with progress.step(str(width)) as step:
            if width not in missing:
                step.mark_cached()
            start = time.monotonic()
            found.append(_point(job, width, reference))
            if width in missing:
                spent, done = spent + time.monotonic() - start, done + 1
                step.say(left(spent / done * (len(missing) - done)))
    return found


def _point(job: Job, width: Width, reference: Scores) -> Point:
    """A point from the store, made now if it is not there."""

    def populate(folder: Path) -> None:
        (folder / RESULT).write_bytes(canonical_json(_evaluated(job, width, reference).stored()))

    return Point.from_stored(width, read_result(job.entry(job.key("point", width), populate)))


def _evaluated(job: Job, width: Width, reference: Scores) -> Point:
    try:
        scores = quantised_scores(job, at(job.config, width))
    except UserError as error:
        return Point(width, refused=error.what)
    truth, same = (job.physics(scores.values, y, logits=scores.logits) for y in (job.jets.y, reference.decisions))
    apart = float(np.abs(scores.probabilities - reference.probabilities).max(initial=0.0))
    return Point(width, truth, same, apart, scores.exact)
