"""Points of a sweep: values of its axes, the grid of all, and the configuration that a point is."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fpga_tf.errors import UserError
from fpga_tf.flow.config import Config
from fpga_tf.flow.config_sweep import ARCHITECTURE, FORMAT
from fpga_tf.verdict.sweep import Value

Values = tuple[tuple[str, Value], ...]
Plain = dict[str, Any]
_SHARED = ("heads", "reuse_factor")  # what an unrolled design does not have


def grid(config: Config) -> list[Values]:
    """All points, each once: where a point is unrolled, values that only rows have are left out."""
    assert config.sweep is not None
    axes = config.sweep.axes()
    every = itertools.product(*axes.values())
    return list(dict.fromkeys(meant(config, dict(zip(axes, values, strict=True))) for values in every))


def meant(config: Config, values: Mapping[str, Value]) -> Values:
    """Values without those that mean nothing."""
    unrolled = values.get("shape", config.hls.shape) == "parallel"
    return tuple((name, value) for name, value in values.items() if not (unrolled and name in _SHARED))


def architecture(values: Values) -> dict[str, int]:
    """Of the values those that a model must be trained for."""
    return {name: int(value) for name, value in values if name in ARCHITECTURE}


def plain_of(config: Config) -> Plain:
    """What a configuration states, as plain data with absolute paths, without its sweep."""
    stated = config.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"sweep"})
    return {**stated, "project": str(config.project)}


def at(config: Config, values: Values) -> Plain:
    """The configuration of a point, in a project folder of its own; its model is not replaced here."""
    plain, given = plain_of(config), dict(values)
    plain["project"] = str(config.project.with_name(f"{config.project.name}_sweep"))
    formats = {name: value for name, value in given.items() if name in FORMAT}
    if formats:
        name = "quantise" if config.quantise is not None else "requantise"
        plain[name] = {**(plain.get(name) or {}), **formats}
    hls = {**plain.get("hls", {}), **{n: given[n] for n in ("shape", "clock_ns", *_SHARED) if n in given}}
    if "shape" in given and given["shape"] == "parallel":
        hls = {name: value for name, value in hls.items() if name not in _SHARED}
    plain["hls"] = hls
    if "clock_ns" in given and "rtl" in plain:
        plain["rtl"] = {name: value for name, value in plain["rtl"].items() if name != "clock_ns"}
    return plain


def with_model(plain: Plain, model: Path, data: Path | None) -> Plain:
    """The same with another model, and perhaps other data."""
    kept = {name: value for name, value in plain["model"].items() if name != "float"}
    made = {**plain, "model": {**kept, "path": str(model)}}
    return made if data is None else {**made, "data": {**plain["data"], "path": str(data)}}


def loaded(plain: Plain) -> Config:
    """A point's configuration, checked as one from a file.

    Raises:
        UserError: there is no such configuration.
    """
    try:
        return Config.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        context = first.get("ctx", {})
        at = context.get("at", ())
        where = (*first["loc"], *(at if isinstance(at, tuple) else (at,)))
        raise UserError(".".join(str(part) for part in where if part != "") + " " + first["msg"]) from error
