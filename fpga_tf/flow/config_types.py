"""The types of a configuration's values: each knows its rule in words, for errors and for the JSON Schema."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from fpga_tf.cpp_macros import PATTERN
from fpga_tf.cpp_names import TOP_RESERVED, TYPE_PATTERN, is_free_for_top
from fpga_tf.errors import UserError

_NAME = r"^[A-Za-z][A-Za-z0-9_]{0,39}$"
# It goes into Tcl, so nothing that Tcl reads may pass: letters, digits and single dashes, as in xcvu13p-flga2577-2-e.
_PART = r"^[A-Za-z][A-Za-z0-9]{3,23}(-[A-Za-z0-9]{1,12}){0,5}$"
_CLOCK = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(ns|ps|MHz)")
_CLOCK_RULE = "a number of nanoseconds, or a number with the unit ns, ps or MHz"
_PERIOD_NS = (0.5, 1000.0)

NAME_RULE = "a C identifier of at most 40 characters that C++ and hls4ml leave free"
PART_RULE = "an AMD part number such as xcvu13p-flga2577-2-e"


def broken(rule: str, *, hint: str = "", at: str | int | tuple[str, ...] = "", found: str = "") -> PydanticCustomError:
    """The error of a rule: "… must be *rule*, not *value*".

    Args:
        rule: in words.
        hint: how to mend it.
        at: the key below the validated value that is wrong, or the keys that lead to it.
        found: what to show in place of the value.
    """
    context = {"rule": rule, "hint": hint, "at": at} | ({"found": found} if found else {})
    return PydanticCustomError("rule", "must be {rule}", context)


def _name(value: str) -> str:
    if not re.match(_NAME, value) or value.endswith("\n") or not is_free_for_top(value):
        hint = "it names the C++ top function: letters, digits and _, a letter first"
        raise broken(NAME_RULE, hint=hint)
    return value


def _part(value: str) -> str:
    if not re.match(_PART, value) or value.endswith("\n"):
        raise broken(PART_RULE)
    return value


def _clock(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise broken(_CLOCK_RULE)
    if isinstance(value, str):
        match = _CLOCK.fullmatch(value)
        if match is None:
            raise broken(_CLOCK_RULE, hint='for example 5.0, "5 ns", "5000 ps" or "200 MHz"')
        period = _period(float(match[1]), match[2])
    else:
        period = float(value)
    low, high = _PERIOD_NS
    if not low <= period <= high:  # false for a NaN
        raise broken(f"a clock period from {low:g} to {high:g} ns (1 to 2000 MHz)")
    return period


def clock_ns(value: str, where: str) -> float:
    """A clock period in ns, as in a configuration: a number, or text with a unit.

    Args:
        where: what to name in the error.

    Raises:
        UserError: it is neither, or out of range.
    """
    try:
        return _clock(float(value) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value) else value)
    except PydanticCustomError as error:
        raise UserError(f"{where} must be {(error.context or {})['rule']}, not {value[:40]!r}") from error


def _period(number: float, unit: str) -> float:
    if unit == "MHz":
        return 1000.0 / number if number else math.inf
    return number / 1000.0 if unit == "ps" else number


def _precision(value: str) -> str:
    rule = "a fixed-point type such as ap_fixed<16,6,RND,SAT>"
    if len(value) > 64:
        raise broken(rule)
    from fpga_tf.fixedpoint.format import MAX_WIDTH, Format  # imports numpy, which most configs do not need

    try:
        parsed = Format.parse(value)
    except UserError as error:
        raise broken(rule) from error
    if parsed.width > MAX_WIDTH:
        raise broken(f"a fixed-point type of at most {MAX_WIDTH} bits")
    return value


def _label(value: str) -> str:
    if not value.strip() or not value.isprintable() or len(value) > 200:
        raise broken("printable text of 1 to 200 characters")
    return value


def resolve(value: Any, info: ValidationInfo) -> Path:
    """An absolute path; a relative one counts from the config's folder (`base` in the context)."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise broken("a path")
    base = (info.context or {}).get("base", Path.cwd())
    return Path(base, value).resolve()


def _existing_file(value: Path, info: ValidationInfo) -> Path:
    if not (info.context or {}).get("files_exist", True) or value.is_file():
        return value
    found = "a folder" if value.is_dir() else f"missing: {value}"
    hint = "a relative path counts from the config's folder"
    if value.parent.name == "published":
        hint = "published models are not shipped; docs/published.md tells where to get them"
    raise broken("an existing file", found=found, hint=hint)


def _model_file(value: Path) -> Path:
    if value.suffix not in (".keras", ".h5", ".hdf5"):
        raise broken("a Keras model file (.keras, .h5 or .hdf5)", found=repr(value.name))
    return value


_PATH_SCHEMA = {"type": "string", "minLength": 1, "x-rule": "a path"}

Name = Annotated[
    str,
    AfterValidator(_name),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": _NAME,
            "not": {"anyOf": [{"enum": sorted(TOP_RESERVED)}, {"pattern": PATTERN}, {"pattern": TYPE_PATTERN}]},
            "x-rule": NAME_RULE,
        }
    ),
]
Part = Annotated[str, AfterValidator(_part), WithJsonSchema({"type": "string", "pattern": _PART, "x-rule": PART_RULE})]
ClockNs = Annotated[
    float,
    BeforeValidator(_clock),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": _PERIOD_NS[0], "maximum": _PERIOD_NS[1]},
                {"type": "string", "pattern": f"^{_CLOCK.pattern}$"},
            ],
            "x-rule": _CLOCK_RULE,
            "x-unit": "ns",
        }
    ),
]
Precision = Annotated[str, AfterValidator(_precision)]
Label = Annotated[
    str, AfterValidator(_label), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200, "x-rule": "text"})
]
AnyPath = Annotated[Path, BeforeValidator(resolve), WithJsonSchema(_PATH_SCHEMA)]
File = Annotated[AnyPath, AfterValidator(_existing_file)]
ModelFile = Annotated[AnyPath, AfterValidator(_model_file), AfterValidator(_existing_file)]
Share = Annotated[float, Field(gt=0.0, le=1.0, json_schema_extra={"x-unit": "share"})]
