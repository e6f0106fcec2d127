"""What a quantiser means in hardware, read from QKeras objects, saved configurations or strings.

Semantics are those of QKeras (qkeras-v3 1.2): ``quantized_bits(bits, integer)`` rounds half to even and saturates,
which is ``ap_fixed<bits, integer + 1, AP_RND_CONV, AP_SAT>``; ``symmetric`` drops the most negative code;
``quantized_relu`` is the unsigned one, whose saturation at zero is the rectifier. Nothing here imports QKeras or
evaluates text as code.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint.format import Format, Overflow, Rounding

# positional order of the constructors' arguments
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "quantized_bits": (
        "bits",
        "integer",
        "symmetric",
        "keep_negative",
        "alpha",
        "use_stochastic_rounding",
        "scale_axis",
        "qnoise_factor",
        "var_name",
        "use_ste",
        "use_variables",
    ),
    "quantized_linear": (
        "bits",
        "integer",
        "symmetric",
        "keep_negative",
        "alpha",
        "use_stochastic_rounding",
        "scale_axis",
        "qnoise_factor",
    ),
    "quantized_relu": (
        "bits",
        "integer",
        "use_sigmoid",
        "negative_slope",
        "use_stochastic_rounding",
        "relu_upper_bound",
        "is_quantized_clip",
        "qnoise_factor",
    ),
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "quantized_bits": {"bits": 8, "integer": 0, "symmetric": 0, "keep_negative": True},
    "quantized_linear": {"bits": 8, "integer": 0, "symmetric": 1, "keep_negative": True},
    "quantized_relu": {"bits": 8, "integer": 0},
}
_HINT = "use quantized_bits, quantized_linear or quantized_relu with alpha=1, or an ap_fixed type"


def parse_quantiser(spec: object) -> Format | None:
    """The format that a quantiser brings values into, or None where `spec` is None.

    Args:
        spec: None, a Format, ``"ap_fixed<8,3,RND,SAT>"``, ``"quantized_bits(8,2)"``, a Keras serialisation
            (``{"class_name": ..., "config": ...}``) or a QKeras quantiser object.

    Raises:
        UserError: the quantiser is none of these, or does what no fixed-point format does.
    """
    if spec is None or isinstance(spec, Format):
        return spec
    if isinstance(spec, str):
        text = spec.strip()
        if "<" in text:
            return Format.parse(text)
        return _from_arguments(*_parse_call(text))
    if isinstance(spec, Mapping):
        config = spec.get("config")
        if not isinstance(spec.get("class_name"), str) or not isinstance(config, Mapping):
            raise UserError(f"a saved quantiser must have class_name and config, not {sorted(map(str, spec))}")
        return _from_arguments(str(spec["class_name"]).rpartition(">")[2], config)
    get_config = getattr(spec, "get_config", None)
    if callable(get_config):
        # an option that QKeras forgets to save, but acts on
        unsaved = {k: getattr(spec, k) for k in ("is_quantized_clip",) if hasattr(spec, k)}
        return _from_arguments(type(spec).__name__, {**get_config(), **unsaved})
    raise UserError(f"a quantiser must be a QKeras quantiser or its string, not {spec!r}", hint=_HINT)


def quantiser_text(fmt: Format) -> str:
    """The QKeras string of a format that QKeras can express, e.g. ``quantized_bits(8,2,0,alpha=1)``.

    Raises:
        UserError: the format does not round half to even and saturate.
    """
    if fmt.rounding is not Rounding.RND_CONV or fmt.overflow not in (Overflow.SAT, Overflow.SAT_SYM):
        raise UserError(f"a QKeras quantiser must round half to even and saturate, not {fmt}")
    if not fmt.signed and fmt.integer < 0:  # QKeras's quantized_relu fails on those
        return f"quantized_bits({fmt.width},{fmt.integer},keep_negative=False,alpha=1)"
    if not fmt.signed:
        return f"quantized_relu({fmt.width},{fmt.integer})"
    return f"quantized_bits({fmt.width},{fmt.integer},{int(fmt.overflow is Overflow.SAT_SYM)},alpha=1)"


def bits_format(bits: int, integer: int, *, signed: bool = True, symmetric: bool = False) -> Format:
    """The format of ``quantized_bits(bits, integer, symmetric, keep_negative=signed)``."""
    overflow = Overflow.SAT_SYM if symmetric and signed else Overflow.SAT
    return Format(signed, integer, bits - integer - int(signed), Rounding.RND_CONV, overflow)


def _parse_call(text: str) -> tuple[str, dict[str, Any]]:
    where = repr(text)
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UserError(f"a quantiser must be like quantized_bits(8,2), not {text!r}", hint=_HINT) from error
    if isinstance(node, ast.Name):
        node = ast.Call(func=node, args=[], keywords=[])
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise UserError(f"a quantiser must be like quantized_bits(8,2), not {text!r}", hint=_HINT)
    name = node.func.id
    names = _known(name)
    if len(node.args) > len(names):
        raise UserError(f"{name} must have at most {len(names)} arguments, not {len(node.args)}", where=where)
    given: dict[str, Any] = {}
    pairs = [*zip(names, node.args, strict=False), *((k.arg or "**", k.value) for k in node.keywords)]
    for key, value in pairs:
        if key in given:
            raise UserError(f"{name} must have each argument once, not {key!r} twice", where=where)
        try:
            given[key] = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
            raise UserError(f"{name}'s argument {key!r} must be a plain value", where=where) from error
    return name, given


def _known(name: str) -> tuple[str, ...]:
    if name not in _ARGUMENTS:
        raise UserError(f"a quantiser must be one of {', '.join(sorted(_ARGUMENTS))}, not {name!r}", hint=_HINT)
    return _ARGUMENTS[name]


def _plain(value: Any) -> Any:
    """A Python scalar of numpy and tensor scalars."""
    item = getattr(value, "numpy", None)
    value = item() if callable(item) else value
    tolist = getattr(value, "tolist", None)
    return tolist() if callable(tolist) else value


def _integer(name: str, config: Mapping[str, Any], key: str) -> int:
    value = config[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or value % 1 != 0:
        raise UserError(f"{name}'s {key} must be a whole number, not {value!r}")
    return int(value)


def _from_arguments(name: str, given: Mapping[str, Any]) -> Format:
    known = set(_known(name)) | {
        "elements_per_scale",
        "min_po2_exponent",
        "max_po2_exponent",
        "post_training_scale",
        "var_name",
        "use_ste",
        "use_variables",
    }
    unknown = sorted(set(given) - known)
    if unknown:
        raise UserError(f"{name} must not have the argument {unknown[0]!r}", hint=_HINT)
    config = {**_DEFAULTS[name], **{k: _plain(v) for k, v in given.items()}}
    _refuse(name, config)
    bits, integer = _integer(name, config, "bits"), _integer(name, config, "integer")
    signed = name != "quantized_relu" and bool(config["keep_negative"])
    if signed and bits < 2:
        raise UserError(f"{name} must have at least 2 bits, not {bits}: 1 bit is a sign function", hint=_HINT)
    if bits < 1:
        raise UserError(f"{name} must have at least 1 bit, not {bits}")
    return bits_format(bits, integer, signed=signed, symmetric=bool(config.get("symmetric", 0)))


def _refuse(name: str, config: Mapping[str, Any]) -> None:
    """Options that no fixed-point format expresses are errors, never ignored."""
    alpha = config.get("alpha")
    if alpha is not None and alpha != 1 and alpha != [1]:
        raise UserError(f"{name}'s alpha must be 1 or None in hardware, not {alpha!r}", hint=_HINT)
    if config.get("qnoise_factor", 1.0) != 1.0:
        raise UserError(f"{name}'s qnoise_factor must be 1 at inference, not {config['qnoise_factor']!r}")
    for flag in ("use_stochastic_rounding", "use_sigmoid", "negative_slope"):
        if config.get(flag):
            raise UserError(f"{name}'s {flag} must be off in hardware, not {config[flag]!r}", hint=_HINT)
    if config.get("relu_upper_bound") is not None and not config.get("is_quantized_clip", True):
        raise UserError(f"{name}'s relu_upper_bound must be None or clipped by the quantiser", hint=_HINT)
