"""What a point of a sweep is believed to take, each value with its declared error. Nothing is written for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from fpga_tf.errors import UserError
from fpga_tf.flow.check import frontend_of
from fpga_tf.flow.choose import judged
from fpga_tf.flow.config import Config
from fpga_tf.flow.quiet import quiet_stderr
from fpga_tf.flow.rtl_budget import delay_model
from fpga_tf.hls.shapes import LayerShape
from fpga_tf.reports.estimate import FEWEST, MOST, Counts, DelayModel, estimate, levels_for
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.sweep import RESOURCES, Cost

_ERRORS = {
    "latency_cycles": "latency_cycles.max",
    "interval_cycles": "interval_cycles.max",
    "period_ns": "clock_ns.estimated",
    **{name: f"resources.{name}.used" for name in RESOURCES},
}


def counted(config: Config) -> dict[str, Any]:
    """Counts of a model's Verilog, which are the same for all clocks, as JSON values.

    Returns:
        `cost`: da4ml's count of LUTs; `cuts`: for each number of levels of logic in a stage from 1 to 10, as text,
        stages and bits of registers; or `why`: why the model can't be RTL. `rtl.levels` is among the levels.
    """
    with quiet_stderr():
        from fpga_tf.flow import models
        from fpga_tf.lower.walk import lower
        from fpga_tf.rtl.pipeline import pipeline
        from fpga_tf.rtl.trace import trace

        loaded = models.load(config, frontend_of(config))
        try:
            traced = trace(loaded.model, lower(loaded.model, models.declared(config.model.input_precision)))
        except UserError as error:
            return {"why": f"no RTL: {error.what}"}
        asked = [] if config.rtl.levels is None else [config.rtl.levels]
        cuts = {float(levels): pipeline(traced, levels) for levels in (*range(FEWEST, MOST + 1), *asked)}
    found = {str(levels): [cut.latency, cut.register_bits] for levels, cut in cuts.items()}
    return {"cost": float(traced.graph.cost), "cuts": found}


def cost_of(config: Config, counts: Mapping[str, Any] | None) -> Cost:
    """What a point is believed to take.

    Args:
        counts: of `counted`; None: they are not asked for, or the design is not unrolled.

    Raises:
        UserError: the model can't have this shape.
    """
    if counts is not None and "why" not in counts:
        return _stated(config, "rtl", _of_verilog(config, counts))
    with quiet_stderr():
        from fpga_tf.flow import models
        from fpga_tf.flow.model_shapes import estimated

        report = estimated(config, models.load(config, frontend_of(config)))
    source: Literal["rows", "products"] = "rows" if report.pipeline == "dataflow" else "products"
    return _stated(config, source, report, None if counts is None else counts["why"])


def _of_verilog(config: Config, counts: Mapping[str, Any]) -> SynthesisReport:
    """The estimate of Verilog that is cut for the clock, as `fpga-tf estimate` states it."""
    model = delay_model({} if config.rtl.delay is None else config.rtl.delay.model_dump())
    clock = config.hls.clock_ns if config.rtl.clock_ns is None else config.rtl.clock_ns
    levels = _levels(config, clock, counts["cost"], model)
    stages, bits = counts["cuts"][str(levels)]
    found = Counts(counts["cost"], bits, stages, levels)
    return estimate(
        found, top=config.name, part=config.hls.part, clock_ns=clock, path=str(config.model.path), model=model
    )


def _levels(config: Config, clock: float, cost: float, model: DelayModel) -> float:
    """Levels of logic in a stage: as asked for, or as many as the clock allows."""
    if config.rtl.levels is not None:
        return float(config.rtl.levels)
    try:
        return levels_for(clock, cost, model)
    except UserError:  # the clock is in doubt with one level, too
        return float(FEWEST)


def _stated(
    config: Config, source: Literal["rtl", "products", "rows"], report: SynthesisReport, note: str | None = None
) -> Cost:
    cycles, clock = report.latency_cycles.max, report.clock_ns.target
    assert clock is not None
    candidate = judged(LayerShape(), report, config.budget, part=config.hls.part, clock_ns=clock)
    used = {name: report.resources.get(name) for name in RESOURCES}
    period = report.clock_ns.estimated
    return Cost(
        source=source,
        latency_cycles=cycles,
        interval_cycles=report.interval_cycles.max,
        period_ns=period,
        latency_ns=None if cycles is None else round(cycles * max(clock, period or clock), 3),
        resources={name: None if one is None else one.used for name, one in used.items()},
        errors={name: report.errors[key] for name, key in _ERRORS.items() if key in report.errors},
        missed=(*candidate.missed, *_clock_missed(report)),
        note=note,
    )


def _clock_missed(report: SynthesisReport) -> Iterator[str]:
    """The clock, if it is surely out of reach; where it is in doubt, as in most dataflow designs, it counts as met."""
    target, period = report.clock_ns.target, report.clock_ns.estimated
    error = report.errors.get("clock_ns.estimated", 0.0)
    if target is not None and period is not None and period * (1 - error) > target:
        yield f"the clock period is {period:.3g} ns ± {error * 100:.0f} %, above {target:g} ns"
