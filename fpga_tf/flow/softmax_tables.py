"""The softmaxes of a project as its firmware has them: fields of their configurations, and their tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.fixedpoint.softmax import SoftmaxDesign
from fpga_tf.fixedpoint.tables import inverse_sqrt
from fpga_tf.hls.manifest import Manifest

_STRUCT = re.compile(r"^struct (\w+)[^{\n]*\{$(.*?)^\};$", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"static const [a-z ]+ (\w+) = (-?\w+?)(?:LL)?;")
_VALUES = re.compile(r"^#define \w+_VALUES (.*)$", re.MULTILINE)
_NAMES = {
    "n_slice",
    "in_bits",
    "n_exp",
    "n_reciprocal",
    "stable",
    "exp_shift",
    "lead",
    "address_bits",
    "product_fraction",
}
_ATTENTION = "/attention"


def softmax_designs(project: Path, manifest: Manifest) -> dict[str, tuple[SoftmaxDesign, Decimal]]:
    """By layer, the softmax and the factor on its scores that the exp table holds (1/sqrt(key_dim) in an attention).

    Softmaxes of HGQ2 have tables of another kind, and are left out, as are those of which the manifest does not state
    the format of the scores.

    Raises:
        UserError: the firmware is not as it was generated.
    """
    layers = {name: layer for layer, names in manifest.modules for name in names}
    found = {}
    for name, fields in _structs(project).items():
        layer = layers.get(name)
        scores = None if layer is None else _scores(manifest, layer.removesuffix(_ATTENTION))
        if layer is not None and scores is not None:
            try:
                found[layer] = _design(project, manifest, layer, fields, scores), _scale(manifest, layer)
            except (KeyError, ValueError, IndexError, OSError) as error:
                raise UserError(
                    f"the softmax of {layer} must be as it was generated to be drawn ({type(error).__name__})",
                    where=str(project),
                    hint="make the project again with --fresh",
                ) from error
    return found


def _structs(project: Path) -> dict[str, dict[str, str]]:
    """Fields of all softmaxes, by name of the configuration."""
    texts = [path.read_text("utf-8", "replace") for path in sorted((project / "firmware").glob("*.h"))]
    every = {name: dict(_FIELD.findall(body)) for text in texts for name, body in _STRUCT.findall(text)}
    return {name: fields for name, fields in every.items() if set(fields) >= _NAMES}


def _scores(manifest: Manifest, base: str) -> Format | None:
    """Format of what a softmax reads: a layer's result, or a quantiser's that is part of the softmax."""
    name = f"{base}/scores"
    traced = [port.type for port in manifest.layers if port.name == name]
    types = manifest.typedefs.get(name, {}).items()
    stated = [Format.parse(kind) for typed, kind in types if re.fullmatch(r"layer\d+_t", typed)]
    return next(iter((*traced, *stated)), None)


def _design(project: Path, manifest: Manifest, layer: str, fields: Mapping[str, str], scores: Format) -> SoftmaxDesign:
    ports = {port.name: port for port in (*manifest.layers, *manifest.outputs)}
    exp, reciprocal = (_table(project, manifest, layer, kind) for kind in ("exp_table", "reciprocal_table"))
    number = {name: int(value) for name, value in fields.items() if value not in ("true", "false")}
    fraction = number["product_fraction"] - number["lead"]
    if (len(exp), len(reciprocal), scores.width) != (number["n_exp"], number["n_reciprocal"], number["in_bits"]):
        raise ValueError("length")
    return SoftmaxDesign(
        input=scores,
        output=ports[layer].type,
        length=number["n_slice"],
        stable=fields["stable"] == "true",
        exp=exp,
        # the first entry is exp(0), or exp of half a bin below it
        exp_fraction=(exp[0] - 1).bit_length(),
        exp_shift=number["exp_shift"],
        reciprocal=reciprocal,
        address_bits=number["address_bits"],
        reciprocal_fraction=fraction,
        lead=number["lead"],
        error=ports[layer].type.lsb,
    )


def _table(project: Path, manifest: Manifest, layer: str, kind: str) -> tuple[int, ...]:
    file = next(name for name, of in manifest.weights.items() if of == layer and Path(name).name.startswith(kind))
    values = _VALUES.findall((project / file).read_text("utf-8"))[0]
    return tuple(int(value) for value in values.split(","))


def _scale(manifest: Manifest, layer: str) -> Decimal:
    query = layer.removesuffix(_ATTENTION) + "/query"
    dims = [port.shape[-1] for port in manifest.layers if port.name == query]
    return inverse_sqrt(dims[0]) if dims and layer.endswith(_ATTENTION) else Decimal(1)
