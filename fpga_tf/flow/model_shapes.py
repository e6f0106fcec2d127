"""The hardware shape of a model that was read. Imported with `fpga_tf.flow.models`, where Keras is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.flow.choose import HEADS, Candidate, candidates, choose
from fpga_tf.flow.config import Config
from fpga_tf.flow.models import Loaded, declared
from fpga_tf.flow.shapes import check_layer_names, check_own_formats, shapes_of
from fpga_tf.hls.candidates import Candidates
from fpga_tf.hls.shapes import LayerShape, Shapes
from fpga_tf.reports.dataflow_costs import DSP_AREA
from fpga_tf.reports.estimate_dataflow import estimate_dataflow
from fpga_tf.reports.estimate_parallel import Operations, estimate_parallel
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.verdict.devices import available


def shapes(config: Config, loaded: Loaded) -> tuple[Shapes, list[str]]:
    """The shapes of all layers, and why, if that was left open.

    Raises:
        UserError: the model cannot have the shape that is asked for, or lacks a layer that has one of its own.
    """
    hls = config.hls
    if loaded.frontend == "hgq2":
        check_own_formats(config)
        check_layer_names(config, [layer.name for layer in loaded.model.layers])
        return shapes_of(hls), []
    if hls.shape != "auto" and not hls.layers:
        return shapes_of(hls), []
    found = Candidates(loaded.model, declared(config.model.input_precision))
    check_layer_names(config, found.layers)
    if hls.shape != "auto":
        return shapes_of(hls), []
    choice = choose(*_estimates(config, found), config.budget, **_told(config, found))
    return shapes_of(hls, choice.shape), list(choice.told())


def all_shapes(config: Config, loaded: Loaded) -> list[Candidate]:
    """Every shape of a model with its estimate, in the order in which `hls.shape: auto` prefers them.

    Raises:
        UserError: the model is one of HGQ2, which can only be unrolled.
    """
    if loaded.frontend == "hgq2":
        raise UserError(
            "a model must have one format for each tensor to be compared in all shapes, not be one of HGQ2",
            where=config.where("model", "path"),
            hint="each value of an HGQ2 model has a format of its own; `fpga-tf estimate` without --shapes takes it",
        )
    found = Candidates(loaded.model, declared(config.model.input_precision))
    return list(candidates(*_estimates(config, found), config.budget, **_told(config, found)))


def estimated(config: Config, loaded: Loaded) -> SynthesisReport:
    """The estimate of a model in the shape that its configuration gives it, or leaves to the budget.

    Raises:
        UserError: as `shapes`; or a row is wider than the tools take.
    """
    given, _ = shapes(config, loaded)
    found = Candidates(loaded.model, declared(config.model.input_precision))
    if given.dataflow:
        return _by_rows(config, found, given)
    return _unrolled(found, _design(config))


def _design(config: Config) -> dict[str, Any]:
    """What an estimate states beside its numbers."""
    hls = config.hls
    return {"top": config.name, "part": hls.part, "clock_ns": hls.clock_ns, "path": str(config.model.path)}


def _told(config: Config, found: Candidates) -> dict[str, Any]:
    heads = HEADS if found.heads > 1 else HEADS[:1]
    return {"part": config.hls.part, "clock_ns": config.hls.clock_ns, "heads": heads}


def _estimates(
    config: Config, found: Candidates
) -> tuple[SynthesisReport | None, Callable[[LayerShape], SynthesisReport]]:
    """The estimate of the parallel shape, unless rows enter one after another; and what estimates dataflow shapes."""
    hls = config.hls
    stream = hls.io_type == "io_stream"
    open_ = hls.model_copy(update={"shape": "auto", "layers": hls.layers if hls.shape == "auto" else {}})

    def dataflow(shape: LayerShape) -> SynthesisReport:
        return _by_rows(config, found, shapes_of(open_, shape))

    return None if stream else _unrolled(found, _design(config)), dataflow


def _by_rows(config: Config, found: Candidates, given: Shapes) -> SynthesisReport:
    """The estimate of a dataflow shape."""
    hls = config.hls
    return estimate_dataflow(
        found.network(given),
        **_design(config),
        dsps=available(hls.part, "DSP"),
        uncertainty=hls.clock_uncertainty_percent / 100,
    )


def _unrolled(found: Candidates, told: Mapping[str, Any]) -> SynthesisReport:
    """The estimate of the parallel shape."""
    counted = found.operations()
    wide = counted.products(DSP_AREA)
    return estimate_parallel(Operations(counted.constant, counted.variable, wide, counted.depth), **told)
