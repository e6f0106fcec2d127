"""A sweep: physics and believed cost of a model over precision, shape, clock and sizes, by grid or by search.

A point is in the store as soon as it is evaluated, so a sweep that was killed goes on behind its last point.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from fpga_tf.errors import UserError
from fpga_tf.flow.check import frontend_of
from fpga_tf.flow.config import Config
from fpga_tf.flow.config_sweep import SweepConfig
from fpga_tf.flow.judge import limits
from fpga_tf.flow.progress import ActiveStep, Progress, left
from fpga_tf.flow.rtl_make import check_packages as check_rtl
from fpga_tf.flow.run import store_for
from fpga_tf.flow.scan_job import job_of
from fpga_tf.flow.scan_reference import references, steps
from fpga_tf.flow.sweep_models import recipe
from fpga_tf.flow.sweep_points import Values, grid
from fpga_tf.flow.sweep_pool import Batch, Pool, pool
from fpga_tf.flow.sweep_search import check_search, search
from fpga_tf.flow.sweep_task import Common, Found, stored, sweep_code, task_of
from fpga_tf.store import Store
from fpga_tf.verdict.sweep import Point, Sweep

_STANDING: Values = ()  # the configuration as it stands: no axis has a value


@dataclass(frozen=True)
class How:
    """How a sweep is done.

    Attributes:
        workers: points at once; 1 without a batch system: in this process.
        batch: the batch system whose jobs evaluate; None: this machine.
        points: of a search; None: the whole grid.
        seed: of the search.
        builder: `module:function` that makes models, if the user asked for it.
        fresh: use nothing from the store.
    """

    workers: int = 1
    batch: Batch | None = None
    points: int | None = None
    seed: int = 0
    builder: str | None = None
    fresh: bool = False


def sweep(config: Config, how: How, progress: Progress) -> Sweep:
    """Evaluate a configuration at all points of its section `sweep`, or at those that a search proposes.

    Raises:
        UserError: the configuration, the model or the data; or no point can be hardware.
        ToolError: the store.
    """
    section = _checked(config, how)
    points = grid(config)
    with store_for(how.fresh) as store:
        common = common_of(config, how.builder, store)
        total = 1 + (len(points) if how.points is None else how.points)
        progress.plan(1 + steps(config) + total)
        with progress.step("read the configuration and the jets"):
            job = job_of(config, store)
        found = references(job, progress)
        with pool(how.workers, how.batch, section.cluster, progress.tell) as place:
            work = _Work(config, common, place, progress, total)
            work.evaluate([_STANDING])
            if how.points is None:
                work.evaluate(points)
            else:
                search(config, how.points, how.seed, work.evaluate)
    swept = tuple(work.found.values())
    if all(point.physics is None for point in swept[1:]):
        why = next((point.refused or point.lost for point in swept[1:]), None)
        raise UserError(f"a point must be one that hardware can have, but of {len(swept) - 1} none is: {why}")
    baseline = found.float_ or found.physics
    return Sweep(config.name, job.jets.classes, section.axes(), baseline, limits(job.settings), swept)


def common_of(config: Config, builder: str | None, store: Store) -> Common:
    """What all points share.

    Raises:
        UserError: nothing says how models are trained, or the builder is none.
    """
    assert config.sweep is not None
    train = None if config.sweep.train is None else config.sweep.train.model_dump_json()
    made = tuple(recipe(config, builder).items())
    return Common(str(store.root), config.sweep.rtl, builder, train, made, sweep_code())


def _checked(config: Config, how: How) -> SweepConfig:
    """The section, if all that it needs is there."""
    if config.sweep is None:
        hint = "for example `sweep: {shape: [parallel, dataflow], clock_ns: [2.5, 5.0]}`"
        raise UserError("a sweep must have a section sweep that names axes", where=config.where(), hint=hint)
    if frontend_of(config) == "hgq2":
        raise UserError(
            "a sweep must have a model with one format for each tensor, not one of HGQ2",
            where=config.where("model", "path"),
            hint="each value of an HGQ2 model has a format of its own; sweep the float model that it came from",
        )
    if config.sweep.rtl:
        check_rtl(config.where("sweep", "rtl"))
    if how.points is not None:
        check_search(config, how.points)
    return config.sweep


@dataclass
class _Work:
    """Points under way.

    Attributes:
        config: of the sweep.
        common: what all points share.
        place: where they are evaluated.
        progress: is told of each.
        total: points, at most.
        found: points by values, in their order; the configuration as it stands is the first.
        shown: points that progress was told of.
        spent, made: seconds that evaluations took, and how many there were.
    """

    config: Config
    common: Common
    place: Pool
    progress: Progress
    total: int
    found: dict[Values, Point] = field(default_factory=dict)
    shown: int = 0
    spent: float = 0.0
    made: int = 0

    def evaluate(self, asked: Sequence[Values]) -> Mapping[Values, Point]:
        """Points of values, from the store or evaluated now."""
        tasks = {values: task_of(self.common, self.config, values) for values in asked}
        got: dict[Values, Found | str] = {}
        for values, task in tasks.items():
            known = stored(task)
            if known is not None:
                got[values] = known
                self._show(values, known)
        missing = [values for values in asked if values not in got]
        results = self.place.each([tasks[values] for values in missing])
        for _ in missing:
            with self._step() as step:
                begin = time.monotonic()
                number, found = next(results)
                self.spent, self.made = self.spent + time.monotonic() - begin, self.made + 1
                step.say(_point(0, missing[number], found).label + self._left())
            got[missing[number]] = found
        made = {values: _point(len(self.found) + place, values, got[values]) for place, values in enumerate(asked)}
        self.found.update(made)
        return made

    def _step(self) -> AbstractContextManager[ActiveStep]:
        self.shown += 1
        return self.progress.step(f"point {self.shown} of {self.total}")

    def _show(self, values: Values, known: Found) -> None:
        with self._step() as step:
            step.mark_cached()
            step.say(_point(0, values, known).label)

    def _left(self) -> str:
        """How long it still takes, as one says it."""
        told = left(self.spent / self.made * (self.total - self.shown))
        return f"; {told}" if told else ""


def _point(number: int, values: Values, found: Found | str) -> Point:
    if isinstance(found, str):
        return Point(number, dict(values), lost=found)
    return Point.from_stored(number, dict(values), found)
