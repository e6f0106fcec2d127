"""What the sections of a configuration must be to each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fpga_tf.flow.config_types import broken

if TYPE_CHECKING:
    from fpga_tf.flow.config import Config
    from fpga_tf.flow.config_sections import HlsConfig, LayerConfig, QuantiseConfig, RequantiseConfig

ONE_FORMAT_BITS = 23  # with the sign 24, which a float32 holds


def check_sections(config: Config, folders: Iterable[Path]) -> None:
    """Hold the sections of a configuration against each other.

    Args:
        folders: that must not be in the project folder, beside the files that the configuration names.

    Raises:
        PydanticCustomError: the first that does not fit.
    """
    if config.quantise is not None and config.model.frontend in ("qkeras", "hgq2"):
        hint = "a quantised model is converted as it is: remove the section"
        raise broken("left out with a quantised model", at="quantise", found="given", hint=hint)
    if config.quantise is not None and config.model.float_model is not None:
        hint = "with quantise, model.path is the float model: remove model.float"
        raise broken("left out where model.float is given", at="quantise", found="given", hint=hint)
    if config.quantise is not None:
        _check_one_format(config.quantise)
    if config.requantise is not None:
        _check_requantise(config, config.requantise)
    if config.data is None:
        _check_without_data(config)
    elif "random_samples" in config.simulation.model_fields_set:
        hint = "the samples of data are compared: remove the key, or the section data"
        raise broken("left out where data is given", at=("simulation", "random_samples"), found="given", hint=hint)
    files = (config.model.path, config.model.float_model, None if config.data is None else config.data.path)
    if any(path is not None and path.is_relative_to(config.project) for path in (*files, *folders)):
        hint = "the project folder is replaced as a whole: give it one of its own"
        rule = "a folder of its own, without the config, its files or the current folder"
        raise broken(rule, at="project", found=repr(str(config.project)), hint=hint)


def _check_one_format(section: QuantiseConfig) -> None:
    """One format for everything is whole, and takes the place of widths."""
    integer, fraction, weights = section.integer_bits, section.fraction_bits, section.weight_fraction_bits
    if integer is None or fraction is None:
        given = {"integer_bits": integer, "fraction_bits": fraction, "weight_fraction_bits": weights}
        hint = "they make one format for all tensors"
        for name in (name for name, value in given.items() if value is not None):
            raise broken("given with integer_bits and fraction_bits", at=("quantise", name), found="alone", hint=hint)
        return
    for name in ("weight_bits", "activation_bits", "max_samples", "headroom_bits"):
        if name in section.model_fields_set:
            hint = "integer_bits and fraction_bits state the format of everything"
            raise broken("left out where integer_bits is given", at=("quantise", name), found="given", hint=hint)
    _check_sum("quantise", integer, max(fraction, weights or 0))


def _check_requantise(config: Config, section: RequantiseConfig) -> None:
    """Other widths are for a model whose quantisers have widths of their own, one per tensor."""
    if config.quantise is not None:
        hint = "quantise is for a float model, requantise for a quantised one"
        raise broken("left out where quantise is given", at="requantise", found="given", hint=hint)
    if config.model.frontend in ("keras", "hgq2"):
        raise broken("left out with another frontend than qkeras", at="requantise", found="given")
    _check_sum("requantise", section.integer_bits, max(section.fraction_bits, section.weight_fraction_bits or 0))


def _check_sum(section: str, integer: int, fraction: int) -> None:
    if integer + fraction > ONE_FORMAT_BITS:
        hint = "floats of 32 bits must hold every weight exactly"
        rule = f"such that integer and fraction bits are at most {ONE_FORMAT_BITS} together"
        raise broken(rule, at=(section, "integer_bits"), found=str(integer), hint=hint)


def _check_without_data(config: Config) -> None:
    """Nothing may be asked for that takes labelled jets."""
    hint = "name a file of jets in the section data"
    if config.quantise is not None:
        raise broken("given together with data, to calibrate on", at="quantise", found="alone", hint=hint)
    limits = config.gates.model_fields_set if "gates" in config.model_fields_set else ()
    asked = [("gates", name) for name in type(config.gates).model_fields if name in limits]
    if config.model.float_model is not None:
        asked.insert(0, ("model", "float"))
    if asked:
        raise broken("left out without data: there is no physics to compare", at=asked[0], found="given", hint=hint)


def check_shapes(hls: HlsConfig) -> None:
    """Hold the keys of hardware shapes against each other.

    Raises:
        PydanticCustomError: the first that does not fit.
    """
    if hls.io_type == "io_stream" and hls.shape == "parallel":
        hint = "rows enter one after another where shape is dataflow or auto; single layers may be parallel"
        raise broken("io_parallel with shape: parallel", at="io_type", found=repr(hls.io_type), hint=hint)
    given = {"reuse_factor": hls.reuse_factor, "heads": hls.heads}
    if hls.shape == "auto":
        for name in (name for name in given if name in hls.model_fields_set):
            raise broken("left out with shape: auto, which chooses it", at=name, found="given")
    if hls.shape == "parallel":
        _check_unshared(given, (), "shape: dataflow shares multipliers")
    for name, layer in hls.layers.items():
        _check_layer(hls, name, layer)


def _check_layer(hls: HlsConfig, name: str, layer: LayerConfig) -> None:
    """A layer shares multipliers only where it is known to go row by row."""
    whole = hls.layers.get(name.partition("/")[0], layer)
    shape = layer.shape or whole.shape or hls.shape
    given = {"reuse_factor": layer.reuse_factor, "heads": layer.heads}
    at = ("layers", name)
    if shape == "parallel":
        _check_unshared(given, at, "" if layer.shape else "give the layer shape: dataflow")
    for key in (key for key, value in given.items() if shape == "auto" and value is not None):
        hint = "auto may find the model to be parallel"
        raise broken(
            "given with the layer's own shape where hls.shape is auto", at=(*at, key), found="alone", hint=hint
        )


def _check_unshared(given: Mapping[str, object], at: tuple[str, ...], hint: str) -> None:
    for key, value in given.items():
        least = 1 if key == "reuse_factor" else "parallel"
        if value not in (None, least):
            raise broken(f"{least} with shape: parallel", at=(*at, key), found=repr(value), hint=hint)
