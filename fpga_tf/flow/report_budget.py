"""What `fpga-tf report` holds designs against: a budget from a file, limits given one by one, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fpga_tf.errors import UserError
from fpga_tf.reports.types import RESOURCES
from fpga_tf.verdict.budget import Budget

if TYPE_CHECKING:
    from fpga_tf.flow.config_sections import BudgetConfig


@dataclass(frozen=True, slots=True)
class Demand:
    """What designs are held against.

    Attributes:
        budget: the limits.
        part: device part that the designs must be for; None for any.
        clock_ns: clock target in ns that they must be for; None for any.
    """

    budget: Budget = field(default_factory=Budget)
    part: str | None = None
    clock_ns: float | None = None


def limits_of(section: BudgetConfig) -> Budget:
    """The limits of a section `budget`."""
    shares = section.device_share.as_dict(), section.slr_share.as_dict()
    return Budget(section.latency_us, section.interval_cycles, *shares)


def share_of(text: str, option: str) -> tuple[str, float]:
    """A resource and its share from `LUT=0.5`.

    Raises:
        UserError: no such resource, or the share is not above 0 and at most 1.
    """
    name, equals, number = text.partition("=")
    if not equals or name not in RESOURCES:
        rule = f"RESOURCE=SHARE with one of {', '.join(RESOURCES)}"
        raise UserError(f"{option} must be {rule}, not {text!r}", hint=f"for example {option} LUT=0.5")
    try:
        share = float(number)
    except ValueError:
        share = float("nan")
    if not 0 < share <= 1:  # false for a NaN
        raise UserError(f"{option} {name} must be a share above 0 and at most 1, not {number!r}", hint="a half is 0.5")
    return name, share


def with_limits(
    demand: Demand,
    *,
    latency_us: float | None,
    interval_cycles: int | None,
    device_share: Mapping[str, float],
    slr_share: Mapping[str, float],
    part: str | None,
    clock_ns: float | None,
) -> Demand:
    """The demand with single limits in place of those that it has for the same."""
    budget = demand.budget
    budget = replace(
        budget,
        latency_us=budget.latency_us if latency_us is None else latency_us,
        interval_cycles=budget.interval_cycles if interval_cycles is None else interval_cycles,
        device_share={**budget.device_share, **device_share},
        slr_share={**budget.slr_share, **slr_share},
    )
    clock = demand.clock_ns if clock_ns is None else clock_ns
    return Demand(budget, demand.part if part is None else part, clock)


def read_budget(path: Path) -> Demand:
    """Read a budget: a configuration with its section `budget`, or a file of that section's keys alone.

    Keys left out have the configuration's defaults. A configuration's `hls` says for which part and clock.

    Raises:
        UserError: no such file, or all that is wrong in it.
    """
    from pydantic import BaseModel, ConfigDict, ValidationError

    from fpga_tf.flow.config import config_schema
    from fpga_tf.flow.config_errors import ConfigError, Problem, problems_of
    from fpga_tf.flow.config_sections import BudgetConfig, HlsConfig
    from fpga_tf.flow.yaml_source import read_yaml

    class Sections(BaseModel):
        model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)
        budget: BudgetConfig = BudgetConfig()
        hls: HlsConfig | None = None

    source = read_yaml(path)
    if not isinstance(source.data, dict):
        raise ConfigError([Problem("a budget must be a mapping of keys, not a list or a value", source.name, (1, 1))])
    whole = bool({"budget", "model", "hls"} & set(source.data))
    problems = list(source.problems)
    sections = Sections()
    try:
        if whole:
            sections = Sections.model_validate(source.data)
        else:
            sections = Sections(budget=BudgetConfig.model_validate(source.data))
    except ValidationError as error:
        problems += problems_of(error, source, config_schema() if whole else BudgetConfig.model_json_schema())
    if problems:
        raise ConfigError(problems)
    found, hls = sections.budget, sections.hls or (HlsConfig() if "model" in source.data else None)
    return Demand(limits_of(found), None if hls is None else hls.part, None if hls is None else hls.clock_ns)
