"""From the section `hls` to the hardware shape of every layer, and what the model says to it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from fpga_tf.errors import InternalError, UserError
from fpga_tf.flow.config import Config
from fpga_tf.flow.config_errors import ConfigError, Problem
from fpga_tf.flow.config_sections import HlsConfig, LayerConfig
from fpga_tf.hls.shapes import LayerShape, Shapes

_NEAR, _LISTED = 3, 12


def shapes_of(hls: HlsConfig, chosen: LayerShape | None = None) -> Shapes:
    """The shapes of all layers.

    Args:
        chosen: what `shape: auto` was decided to be; not used with another shape.

    Raises:
        InternalError: the shape is `auto` and nothing was chosen.
    """
    if hls.shape != "auto":
        default = LayerShape(hls.shape, hls.reuse_factor, hls.heads)
    elif chosen is not None:
        default = chosen
    else:
        raise InternalError("shape: auto must be decided before a model is converted")
    return Shapes(default, {name: _resolved(hls, name, default) for name in hls.layers}, hls.io_type)


def _resolved(hls: HlsConfig, name: str, default: LayerShape) -> LayerShape:
    """What a layer states; what it leaves open is that of its attention, or else of the model."""
    stated = list(_stated(hls, name))
    shape = next((one.shape for one in stated if one.shape is not None), default.shape)
    if shape == "parallel":
        return LayerShape()
    reuse = next((one.reuse_factor for one in stated if one.reuse_factor is not None), default.reuse_factor)
    heads = next((one.heads for one in stated if one.heads is not None), default.heads)
    return LayerShape(shape, reuse, heads)


def _stated(hls: HlsConfig, name: str) -> Iterator[LayerConfig]:
    yield hls.layers[name]
    whole, slash, _ = name.partition("/")
    if slash and whole in hls.layers:
        yield hls.layers[whole]


def check_layer_names(config: Config, names: Iterable[str]) -> None:
    """Every layer that the configuration shapes must be one of the model's.

    Args:
        names: of the model's layers, and of the stages of its attentions as `layer/stage`.

    Raises:
        ConfigError: all that are not, each with its position and the names that are near.
    """
    given = set(names)
    known = sorted(given | {name.partition("/")[0] for name in given})
    unknown = [name for name in config.hls.layers if name not in known]
    if unknown:
        raise ConfigError([_unknown(config, name, known) for name in unknown])


def _unknown(config: Config, name: str, known: list[str]) -> Problem:
    near = difflib.get_close_matches(name, known, n=_NEAR, cutoff=0.6)
    more = ", ..." if len(known) > _LISTED else ""
    hint = f"did you mean {' or '.join(near)}?" if near else "layers: " + ", ".join(known[:_LISTED]) + more
    return config.problem(
        "a key of hls.layers must be a layer of the model, not " + name, "hls", "layers", name, hint=hint
    )


def check_own_formats(config: Config) -> None:
    """A model whose values each have a format of their own, such as one of HGQ2, can only be unrolled.

    Raises:
        UserError: the configuration asks for another shape, of the model or of a layer.
    """
    hls = config.hls
    hint = "each value of an HGQ2 model has a format of its own, so that no two can share a multiplier"
    if hls.shape != "parallel":
        rule = f"hls.shape must be parallel with a model of HGQ2, not {hls.shape}"
        raise UserError(rule, where=config.where("hls", "shape"), hint=hint)
    for name, layer in hls.layers.items():
        if layer.shape == "dataflow":
            rule = f"hls.layers.{name}.shape must be parallel with a model of HGQ2, not dataflow"
            raise UserError(rule, where=config.where("hls", "layers", name, "shape"), hint=hint)
