"""Writes the configuration of a point: it runs as it stands, with paths that count from its own folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import yaml

from fpga_tf.errors import InternalError
from fpga_tf.files import atomic_write
from fpga_tf.flow.config import Config, load_config
from fpga_tf.flow.sweep import How, common_of
from fpga_tf.flow.sweep_models import files_of
from fpga_tf.flow.sweep_points import Plain, plain_of, with_model
from fpga_tf.flow.sweep_task import Task, config_of, task_of, trained
from fpga_tf.store import Store
from fpga_tf.verdict.sweep import Point

_PATHS = (("model", "path"), ("model", "float"), ("data", "path"))


def write_pick(config: Config, how: How, point: Point, path: Path) -> None:
    """Write a point's configuration; a model that was trained for it, and its data, are copied beside the file.

    Args:
        config: of the sweep.
        how: the sweep was done.
        point: with physics.
        path: of the configuration.

    Raises:
        ToolError: the file system refuses.
    """
    task = task_of(common_of(config, how.builder, Store()), config, tuple(point.values.items()))
    plain = plain_of(config_of(task))
    if task.sizes:
        plain = _copied(task, plain, path)
    project = config.project.with_name(f"{config.project.name}_point{point.number}")
    plain["project"] = _relative(project, path)
    for section, key in _PATHS:
        if (plain.get(section) or {}).get(key) is not None:
            plain[section] = {**plain[section], key: _relative(Path(plain[section][key]), path)}
    head = f"# Point {point.number} of a sweep: {point.label}\n"
    atomic_write(path, head + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))
    _check(task, path)


def _copied(task: Task, plain: Plain, path: Path) -> Plain:
    """The same with copies of the model and the data that the store has."""
    model, data = files_of(trained(task))
    copies = {one: path.with_suffix(one.suffix) for one in (model, data) if one is not None}
    path.parent.mkdir(parents=True, exist_ok=True)
    for one, copy in copies.items():
        shutil.copyfile(one, copy)
    return with_model(plain, copies[model].absolute(), None if data is None else copies[data].absolute())


def _relative(target: Path, path: Path) -> str:
    return os.path.relpath(target, path.absolute().parent)


def _check(task: Task, path: Path) -> None:
    """What was written must be read as what was evaluated."""
    sections = ("model", "data", "quantise", "requantise", "hls", "rtl", "budget", "gates")
    written, meant = load_config(path).digest_fields(*sections), config_of(task).digest_fields(*sections)
    if written != meant:
        raise InternalError("a configuration that is picked must be read as its point", where=str(path))
