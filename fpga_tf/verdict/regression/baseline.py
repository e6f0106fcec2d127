"""What is guarded, as a file: JSON that a person can review, one value a line; nothing in it is trusted when read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fpga_tf.errors import UserError
from fpga_tf.verdict.regression.positions import Loc, line_at, lines_of

SCHEMA = 2
MAX_BYTES = 4 * 2**20
_HINT = "mend it, for instance from its history; or delete it and record another one, with its limits as at first"

Text = Annotated[str, Field(min_length=1, max_length=300)]
Shape = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}(x[1-9][0-9]{0,8}){0,7}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Codes = Annotated[str, Field(max_length=2**20, pattern=r"^-?[0-9]{1,19}( -?[0-9]{1,19})*$")]
Count = Annotated[int, Field(ge=0, le=10**12)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Value = Annotated[int | float, Field(ge=0, le=1e15)]
Allowed = Annotated[float, Field(ge=0, le=1e6)] | None
Result = Literal["pass", "fail", "unknown"]
Unit = Literal["cycles", "ns", ""]


class Part(BaseModel):
    """What all parts have in common: nothing but what is named, of exactly its type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Port(Part):
    """An input or output: its `ap_fixed` type, and its shape without the batch, such as `15x6`."""

    name: Text
    shape: Shape
    format: Text


class Layer(Port):
    """A layer's result, with a digest of its codes on the traced samples."""

    codes: Digest


class InputSet(Part):
    """A set of inputs: how many samples, and digests of the codes of all inputs and of all outputs."""

    samples: Count
    inputs: Digest
    outputs: Digest


class Traced(Part):
    """The samples on which the layers' digests are: the first ones of every set."""

    samples: Count
    inputs: Digest


class Sample(Part):
    """One sample: its set and index, and codes in C order by name of port, as text."""

    set: Text
    sample: Count
    inputs: Annotated[dict[Text, Codes], Field(max_length=100)]
    outputs: Annotated[dict[Text, Codes], Field(max_length=100)]


class Physics(Part):
    """Accuracy, and AUC by class; null is unknown."""

    accuracy: Ratio | None
    auc: Annotated[dict[Text, Ratio | None], Field(max_length=1000)]


class Stages(Part):
    """Physics of the float model, of the quantised one and of the firmware; null where there is none."""

    float: Physics | None
    quantised: Physics | None
    firmware: Physics | None


class Cost(Part):
    """One value of latency, clock or resources.

    Attributes:
        value: null is unknown.
        unit: of the value.
        source: stage of the tool that states it, such as `estimate` or `route`.
        error: relative, as an estimate declares it.
    """

    value: Value | None
    unit: Unit
    source: Text | None
    error: Annotated[float, Field(ge=0, le=1e6)] | None


class Costs(Part):
    """What the design takes."""

    latency_cycles: Cost
    latency_ns: Cost
    interval_cycles: Cost
    clock_ns: Cost
    LUT: Cost
    FF: Cost
    DSP: Cost
    BRAM_18K: Cost
    URAM: Cost


class Growth(Part):
    """Largest growth of each cost, relative: 0.05 is 5 %. Null: none is too much."""

    latency_cycles: Allowed = 0.0
    latency_ns: Allowed = 0.0
    interval_cycles: Allowed = 0.0
    clock_ns: Allowed = 0.05
    LUT: Allowed = 0.05
    FF: Allowed = 0.05
    DSP: Allowed = 0.0
    BRAM_18K: Allowed = 0.0
    URAM: Allowed = 0.0


class Limits(Part):
    """What the user allows against the baseline. Losses are absolute, of any stage and class. Null: any."""

    accuracy_loss: Allowed = 0.005
    auc_loss: Allowed = 0.002
    growth: Growth = Growth()


def _tuple(limit: int) -> Any:
    return Field(strict=False, max_length=limit)


class MadeFor(Part):
    """What the firmware was made for, and its shape.

    Attributes:
        clock_ns: asked for in HLS.
        rtl_clock_ns: asked for in the RTL; null without RTL.
        classes: in the order of the labels; null without data.
    """

    name: Text
    backend: Text
    shape: Literal["parallel", "dataflow"]
    part: Text
    clock_ns: Annotated[float, Field(gt=0, le=1e6)]
    rtl_clock_ns: Annotated[float, Field(gt=0, le=1e6)] | None
    classes: Annotated[tuple[Text, ...], _tuple(1000)] | None


class Configuration(Part):
    """What the configuration asks of the firmware.

    Attributes:
        at_most: largest value that passes, by gate, such as `latency_us` in µs; a gate that is not there has no limit.
        signal: the class that the others are rejected against; null without data.
    """

    at_most: Annotated[dict[Text, Value], Field(max_length=100)]
    signal: Text | None


class Model(Part):
    """Name and SHA-256 of the model's file, and who quantised it."""

    file: Text
    frontend: Text
    sha256: Digest


class Baseline(Part):
    """What is guarded.

    Attributes:
        layers: in the order of the firmware.
        sets: by name.
        samples: a few, with the codes of their inputs, so that they can be run again whatever becomes of the data.
        gates: results of a run's gates by name.
        versions: of what made the firmware.
    """

    schema_: Literal[2] = Field(alias="schema")
    made_for: MadeFor
    configuration: Configuration
    model: Model
    versions: Annotated[dict[Text, Text], Field(max_length=100)]
    inputs: Annotated[tuple[Port, ...], _tuple(100)]
    outputs: Annotated[tuple[Port, ...], _tuple(100)]
    layers: Annotated[tuple[Layer, ...], _tuple(10_000)]
    sets: Annotated[dict[Text, InputSet], Field(max_length=100)]
    traced: Traced
    samples: Annotated[tuple[Sample, ...], _tuple(64)]
    physics: Stages
    cost: Costs
    gates: Annotated[dict[Text, Result], Field(max_length=200)]
    limits: Limits

    def to_text(self) -> str:
        """The file: sorted keys, one value a line; equal baselines give equal bytes."""
        return json.dumps(self.model_dump(by_alias=True), indent=1, sort_keys=True, allow_nan=False) + "\n"


def read_baseline(path: Path) -> tuple[Baseline, dict[Loc, int]]:
    """A baseline, and the line of each of its values.

    Raises:
        UserError: there is none, or it is not what `Baseline.to_text` could have given, but for the limits' numbers.
    """
    text = _text(path)
    try:
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        said = str(error).partition(": line ")[0] or type(error).__name__
        raise UserError(
            f"a baseline must be well-formed JSON, not broken ({said[:200]})", where=f"{path}:{line}", hint=_HINT
        ) from error
    lines = lines_of(text)
    _check_schema(found, path, lines)
    try:
        return Baseline.model_validate_json(text), lines
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        loc = first["loc"]
        name = ".".join(map(str, loc))[:200] or "it"
        raise UserError(
            f"a baseline must hold what it was recorded with, but of {name}: {first['msg'][:200]}",
            where=f"{path}:{line_at(lines, loc)}",
            hint=_HINT,
        ) from error


def _check_schema(found: Any, path: Path, lines: dict[Loc, int]) -> None:
    schema = found.get("schema", SCHEMA) if isinstance(found, dict) else SCHEMA
    if isinstance(schema, int) and schema != SCHEMA:
        raise UserError(
            f"a baseline must have schema {SCHEMA}, not {schema}",
            where=f"{path}:{line_at(lines, ('schema',))}",
            hint="another version of fpga_tf recorded it: note its limits, delete it, record another, set them again",
        )


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            found = "a folder" if path.is_dir() else "a device" if path.exists() else "missing"
            hint = f"record it: fpga-tf baseline CONFIG --out {path}" if found == "missing" else None
            raise UserError(f"a baseline must be a file, not {found}", where=str(path), hint=hint)
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UserError(f"a baseline must be readable, not refused ({error})", where=repr(str(path))) from error
    if len(raw) > MAX_BYTES:
        raise UserError(f"a baseline must be at most {MAX_BYTES // 2**20} MiB, not more", where=str(path))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError("a baseline must be UTF-8 text, not other bytes", where=str(path), hint=_HINT) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice[:100]!r} is given twice")
    return found


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
