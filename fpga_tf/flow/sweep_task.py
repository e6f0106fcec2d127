"""One point of a sweep, evaluated: what a worker does. All that it finishes is in the store before it answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.flow.code import code_digest
from fpga_tf.flow.config import Config
from fpga_tf.flow.config_sweep import TrainConfig
from fpga_tf.flow.environment import versions as installed
from fpga_tf.flow.prepare import versions
from fpga_tf.flow.quiet import set_environment
from fpga_tf.flow.run import CODE
from fpga_tf.flow.scan_job import job_of
from fpga_tf.flow.scan_reference import RESULT, quantised_scores, read_result
from fpga_tf.flow.sweep_cost import cost_of, counted
from fpga_tf.flow.sweep_models import files_of, make_model
from fpga_tf.flow.sweep_points import Plain, Values, architecture, at, loaded, with_model
from fpga_tf.store import Store, canonical_json

_MODEL = ("model", "data", "quantise", "requantise")
_POINT = (*_MODEL, "hls", "rtl", "budget")
Found = Mapping[str, Any]


@dataclass(frozen=True)
class Common:
    """What all points of a sweep share; plain data, so that it reaches other processes and machines.

    Attributes:
        store: root of the store.
        rtl: whether unrolled points are counted as Verilog.
        builder: `module:function` that makes models, if the user asked for it.
        train: how the reference tagger is trained, as JSON; None if it is not.
        recipe: what decides trained models beside their sizes.
        code: digest of the code that decides results.
    """

    store: str
    rtl: bool
    builder: str | None
    train: str | None
    recipe: tuple[tuple[str, str], ...]
    code: str


@dataclass(frozen=True)
class Task:
    """A point to be evaluated.

    Attributes:
        common: of the sweep.
        plain: the configuration of the point, as JSON; without the model that is trained for it.
        sizes: that a model is trained for; empty if it stays.
        key: of the result in the store; None if there is no such configuration.
        refused: why not.
    """

    common: Common
    plain: str
    sizes: tuple[tuple[str, int], ...]
    key: str | None
    refused: str | None = None


def sweep_code() -> str:
    """Digest of the code that decides a point."""
    return code_digest((*CODE, "verdict/physics.py", "verdict/budget.py", "rtl", "jets"))


def task_of(common: Common, config: Config, values: Values) -> Task:
    """The task of a point.

    Args:
        config: of the sweep.
        values: of the point.
    """
    plain, sizes = at(config, values), tuple(architecture(values).items())
    text = json.dumps(plain)
    try:
        found = loaded(plain)
    except UserError as error:
        return Task(common, text, sizes, None, error.what)
    return Task(common, text, sizes, _key(common, found, sizes, "point", _POINT))


def stored(task: Task) -> Found | None:
    """What is known of a point without evaluating it."""
    if task.key is None:
        return _refused(task.refused or "")
    entry = Store(Path(task.common.store)).get(task.key)
    return None if entry is None else read_result(entry)


def finish(task: Task) -> Found:
    """Evaluate a point, unless it is in the store.

    Raises:
        UserError: the model or the data were written to meanwhile.
        ToolError: the store.
    """
    known = stored(task)
    if known is not None:
        return known
    assert task.key is not None
    set_environment()
    store = Store(Path(task.common.store))

    def populate(folder: Path) -> None:
        (folder / RESULT).write_bytes(canonical_json(_evaluated(task, store)))
        if _key(task.common, loaded(json.loads(task.plain)), task.sizes, "point", _POINT) != task.key:
            raise UserError("the model and the data must stay as they are during a sweep, not be written to")

    return read_result(store.put(task.key, populate))


def config_of(task: Task) -> Config:
    """The configuration of a point with its own model, which is trained now if it is not in the store."""
    plain: Plain = json.loads(task.plain)
    if not task.sizes:
        return loaded(plain)
    model, data = files_of(trained(task))
    return loaded(with_model(plain, model, data))


def trained(task: Task) -> Path:
    """The store's entry of the model that is trained for a point."""
    common, config = task.common, loaded(json.loads(task.plain))
    train = None if common.train is None else TrainConfig.model_validate(json.loads(common.train))
    key = _key(common, config, task.sizes, "model", ("data",))

    def populate(folder: Path) -> None:
        make_model(folder, config, train, dict(task.sizes), common.builder)

    return _brought(Store(Path(common.store)), key, populate)


def _evaluated(task: Task, store: Store) -> dict[str, Any]:
    """The JSON object of a point."""
    try:
        config = config_of(task)
        physics = _physics(task, config, store)
        return {"physics": physics, "cost": asdict(_cost(task, config, store)), "refused": None}
    except UserError as error:
        return _refused(error.what)


def _refused(why: str) -> dict[str, Any]:
    return {"physics": None, "cost": None, "refused": why}


def _physics(task: Task, config: Config, store: Store) -> Found:
    """Physics with the true classes: the same for all shapes and clocks."""

    def populate(folder: Path) -> None:
        job = job_of(config, store)
        scores = quantised_scores(job, config)
        found = job.physics(scores.values, job.jets.y, logits=scores.logits)
        (folder / RESULT).write_bytes(canonical_json(found.to_json()))

    key = _key(task.common, loaded(json.loads(task.plain)), task.sizes, "physics", _MODEL)
    return read_result(_brought(store, key, populate))


def _cost(task: Task, config: Config, store: Store) -> Any:
    """What a point is believed to take; the Verilog's counts are the same for all clocks."""
    counts = None
    if task.common.rtl:

        def populate(folder: Path) -> None:
            (folder / RESULT).write_bytes(canonical_json(counted(config)))

        key = _key(task.common, loaded(json.loads(task.plain)), task.sizes, "rtl", (*_MODEL, "rtl"))
        unrolled = config.hls.shape == "parallel" and not config.hls.layers
        counts = read_result(_brought(store, key, populate)) if unrolled else None
    return cost_of(config, counts)


def _brought(store: Store, key: str, populate: Callable[[Path], None]) -> Path:
    return store.get(key) or store.put(key, populate)


def _key(
    common: Common, config: Config, sizes: tuple[tuple[str, int], ...], what: str, sections: tuple[str, ...]
) -> str:
    """The store's key of a result that depends on some sections of a point's configuration."""
    recipe = dict(common.recipe) if sizes else {}
    return Store.key(
        {
            "what": f"sweep, {what} 1",
            "config": canonical_json(config.digest_fields(*sections)),
            "model": canonical_json({"sizes": dict(sizes), "recipe": recipe}),
            "rtl": str(common.rtl and what == "point"),
            "versions": canonical_json(versions() | installed(("da4ml",))),
            "code": common.code,
        }
    )
