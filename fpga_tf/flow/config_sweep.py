"""The section `sweep`: which values each axis takes, how models are trained anew, and where points are evaluated."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from fpga_tf.flow.config_sections import FractionBits, IntegerBits, ReuseFactor, Section
from fpga_tf.flow.config_types import ClockNs, File, Label, broken

if TYPE_CHECKING:
    from fpga_tf.flow.config import Config

HARDWARE = ("clock_ns", "shape", "heads", "reuse_factor")
FORMAT = ("integer_bits", "fraction_bits", "weight_fraction_bits", "weight_bits", "activation_bits")
ARCHITECTURE = ("tokens", "attention_heads", "width")
AXES = (*HARDWARE, *FORMAT, *ARCHITECTURE)  # the last one changes fastest in a grid
MOST_POINTS, _MOST_VALUES = 10_000, 64
# What stands in a job script: one word, with nothing that a shell or a line of directives could read as more.
_WORD = r"^[A-Za-z0-9][A-Za-z0-9_.,:@+-]{0,79}$"
_WORD_RULE = "a word of letters, digits and _.,:@+-"

T = TypeVar("T")


def _differ(values: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(values)) != len(values):
        raise broken("a list of different values", found="a list with one twice")
    return values


Axis = Annotated[
    tuple[T, ...],
    Field(
        strict=False,
        max_length=_MOST_VALUES,
        json_schema_extra={"x-rule": f"a list of at most {_MOST_VALUES} values"},
    ),
    AfterValidator(_differ),
]


def _word(value: str) -> str:
    if not re.match(_WORD, value) or value.endswith("\n"):
        raise broken(_WORD_RULE, hint="it goes into the head of a job script")
    return value


Word = Annotated[str, AfterValidator(_word), WithJsonSchema({"type": "string", "pattern": _WORD, "x-rule": _WORD_RULE})]


class TrainConfig(Section):
    """Training of the reference tagger, a float model, for each number of tokens and heads and each width."""

    path: File = Field(description="HDF5 file of training jets, relative to the config's folder")
    x: Label = Field(default="x_train", description="dataset of inputs")
    y: Label = Field(default="y_train", description="dataset of labels")
    max_samples: int | None = Field(default=None, ge=1, description="jets trained on, at most; null: all")
    epochs: int = Field(default=10, ge=1, le=1000, description="passes over the jets")
    seed: int = Field(default=20_240, ge=0, le=2**32 - 1, description="of the weights and of the order of jets")


class ClusterConfig(Section):
    """What each job of a batch system asks for."""

    queue: Word | None = Field(default=None, description="partition of SLURM; null: the site's default")
    account: Word | None = Field(default=None, description="account of SLURM; null: the user's default")
    cores: int = Field(default=1, ge=1, le=1024, description="cores of a job")
    memory: Word = Field(default="4GB", description="memory of a job")
    disk: Word = Field(default="4GB", description="disk of a job; HTCondor only")
    walltime: Word = Field(default="01:00:00", description="longest time of a job; SLURM only")


class SweepConfig(Section):
    """Axes of a sweep; those left out stay as the configuration has them."""

    integer_bits: Axis[IntegerBits] = Field(default=(), description="integer bits of one format")
    fraction_bits: Axis[FractionBits] = Field(default=(), description="fraction bits of that format")
    weight_fraction_bits: Axis[FractionBits] = Field(default=(), description="fraction bits of weights in that format")
    weight_bits: Axis[Annotated[int, Field(ge=2, le=16)]] = Field(
        default=(), description="quantise.weight_bits of a float model"
    )
    activation_bits: Axis[Annotated[int, Field(ge=2, le=20)]] = Field(
        default=(), description="quantise.activation_bits of a float model"
    )
    shape: Axis[Literal["parallel", "dataflow"]] = Field(default=(), description="hls.shape")
    reuse_factor: Axis[ReuseFactor] = Field(default=(), description="hls.reuse_factor where shape is dataflow")
    heads: Axis[Literal["parallel", "in_turn"]] = Field(default=(), description="hls.heads where shape is dataflow")
    clock_ns: Axis[ClockNs] = Field(default=(), description="hls.clock_ns, which the RTL follows")
    tokens: Axis[Annotated[int, Field(ge=1, le=1024)]] = Field(
        default=(), description="rows kept of each sample, the first ones; trains anew"
    )
    attention_heads: Axis[Annotated[int, Field(ge=1, le=64)]] = Field(
        default=(), description="number of heads; trains anew"
    )
    width: Axis[Annotated[int, Field(ge=1, le=1024)]] = Field(
        default=(), description="channels between layers; trains anew"
    )
    rtl: bool = Field(
        default=False, description="whether unrolled points are counted as Verilog (extra `rtl`), which is closer"
    )
    train: TrainConfig | None = Field(default=None, description="how the reference tagger is trained anew")
    cluster: ClusterConfig = Field(default=ClusterConfig(), description="jobs of --cluster")

    @model_validator(mode="after")
    def _axes_agree(self) -> Self:
        for name in (name for name in AXES if name in self.model_fields_set and not getattr(self, name)):
            raise broken("a list of values", at=name, found="a list of none", hint="leave it out")
        axes = self.axes()
        if not axes:
            raise broken("a section with at least one axis", found="none of " + ", ".join(AXES))
        points = math.prod(map(len, axes.values()))
        if points > MOST_POINTS:
            raise broken(f"axes of at most {MOST_POINTS:,} points", found=f"{points:,}")
        for name in ("weight_bits", "activation_bits"):
            if name in axes and {"integer_bits", "fraction_bits", "weight_fraction_bits"} & set(axes):
                hint = "integer_bits and fraction_bits state the format of everything"
                raise broken("left out where integer_bits or fraction_bits is swept", at=name, found="given", hint=hint)
        if self.train is not None and not set(ARCHITECTURE) & set(axes):
            hint = "only tokens, attention_heads and width train anew"
            raise broken("left out where no model is trained", at="train", found="given", hint=hint)
        return self

    def axes(self) -> dict[str, tuple[Any, ...]]:
        """Values by name of each axis that is swept, in the order of a grid."""
        return {name: values for name in AXES if (values := getattr(self, name))}


def check_sweep(config: Config) -> None:
    """Hold the section against the others.

    Raises:
        PydanticCustomError: the first that does not fit.
    """
    if config.sweep is None:
        return
    for at, rule, hint in _faults(config, config.sweep):
        raise broken(rule, at=("sweep", *at), found="given" if rule.startswith("left out") else "alone", hint=hint)


def _faults(config: Config, sweep: SweepConfig) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Where, what must be, and how to mend it."""
    axes = sweep.axes()
    if config.data is None:
        yield (), "left out without data", "name a file of jets in the section data"
    if "dataflow" not in (sweep.shape or (config.hls.shape,)):
        for name in {"reuse_factor", "heads"} & set(axes):
            yield (name,), "left out where no point has the shape dataflow", "add `shape: [parallel, dataflow]`"
    if config.quantise is None:
        for name in {"weight_bits", "activation_bits"} & set(axes):
            yield (name,), "left out without a section quantise", "a quantised model takes integer_bits, fraction_bits"
        if sweep.train is not None:
            yield ("train",), "left out without a section quantise", "what is trained anew is a float model"
    section = config.quantise or config.requantise
    have = {name for name in FORMAT[:2] if name in axes or getattr(section, name, None) is not None}
    if set(FORMAT[:3]) & set(axes) and len(have) < 2:
        one = next(name for name in FORMAT[:3] if name in axes)
        others = " and ".join(name for name in FORMAT[:2] if name not in have)
        yield (one,), f"given together with {others}", "a format for everything has both integer and fraction bits"
