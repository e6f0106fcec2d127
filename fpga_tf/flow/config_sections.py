"""The sections of a configuration, each with its keys, defaults, ranges and units."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from fpga_tf.flow.config_agree import check_shapes
from fpga_tf.flow.config_types import (
    ClockNs,
    File,
    Label,
    ModelFile,
    Part,
    Precision,
    Share,
    broken,
)

Frontend = Literal["auto", "keras", "qkeras", "hgq2"]


def _unit(unit: str) -> dict[str, Any]:
    return {"x-unit": unit}


IntegerBits = Annotated[int, Field(ge=0, le=12, json_schema_extra=_unit("bits"))]
FractionBits = Annotated[int, Field(ge=1, le=16, json_schema_extra=_unit("bits"))]
ReuseFactor = Annotated[int, Field(ge=1, le=1_000_000)]
_LAYERS = "a mapping from names of layers to their shapes"


class Section(BaseModel):
    """What all sections have in common: nothing but what is named, of exactly its type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False, validate_default=False)


class ModelConfig(Section):
    """The model to bring to hardware."""

    path: ModelFile = Field(description="Keras model (.keras or .h5), relative to the config's folder")
    frontend: Frontend = Field(default="auto", description="who quantised the model; auto looks into the file")
    float_model: ModelFile | None = Field(
        default=None, alias="float", description="the float model it came from, for the comparison of physics"
    )
    input_precision: Precision | None = Field(
        default=None, description="fixed-point type of the inputs, such as ap_fixed<16,6,RND,SAT>; null: from the model"
    )


class QuantiseConfig(Section):
    """Post-training quantisation of a float model."""

    weight_bits: int = Field(
        default=8, ge=2, le=16, description="width of weights, in bits", json_schema_extra=_unit("bits")
    )
    activation_bits: int = Field(
        default=10, ge=2, le=20, description="width of activations, in bits", json_schema_extra=_unit("bits")
    )
    max_samples: int = Field(default=2000, ge=1, le=1_000_000, description="calibration samples used, at most")
    headroom_bits: int = Field(
        default=0, ge=0, le=8, description="bits above the largest calibrated value", json_schema_extra=_unit("bits")
    )
    integer_bits: IntegerBits | None = Field(
        default=None, description="integer bits of one format for everything, without the sign; null: formats by tensor"
    )
    fraction_bits: FractionBits | None = Field(default=None, description="fraction bits of that format")
    weight_fraction_bits: FractionBits | None = Field(
        default=None, description="fraction bits of weights in that format; null: fraction_bits"
    )


class RequantiseConfig(Section):
    """Other widths for a quantised model: one format in place of its own."""

    integer_bits: IntegerBits = Field(description="integer bits of every tensor and weight, without the sign")
    fraction_bits: FractionBits = Field(description="fraction bits of every tensor")
    weight_fraction_bits: FractionBits | None = Field(
        default=None, description="fraction bits of weights; null: fraction_bits"
    )


class DataConfig(Section):
    """Evaluation and calibration samples in an HDF5 file."""

    path: File = Field(description="HDF5 file, relative to the config's folder")
    x: Label = Field(default="x_eval", description="dataset of inputs")
    y: Label = Field(default="y_eval", description="dataset of labels")
    calibration_x: Label = Field(default="x_calib", description="dataset of inputs for calibration")
    classes: (
        Annotated[
            tuple[Label, ...],
            Field(strict=False, min_length=2, max_length=100, json_schema_extra={"x-rule": "a list of 2 to 100 names"}),
        ]
        | None
    ) = Field(
        default=None,
        description="names of the classes in the order of the labels; null: the file's attribute `classes`",
    )
    signal: Label | None = Field(
        default=None, description="the class kept when the others are rejected; null: the first one"
    )
    max_samples: int | None = Field(default=None, ge=1, description="samples evaluated, at most; null: all")

    @model_validator(mode="after")
    def _signal_is_a_class(self) -> Self:
        if self.classes and len(set(self.classes)) != len(self.classes):
            raise broken("a list of different names", at="classes", found="a list with one twice")
        if self.classes and self.signal and self.signal not in self.classes:
            raise broken("one of " + ", ".join(self.classes), at="signal", found=repr(self.signal))
        return self


class LayerConfig(Section):
    """The hardware shape of one layer, or of one stage of an attention."""

    shape: Literal["parallel", "dataflow"] | None = Field(
        default=None, description="hardware shape; null: that of the model"
    )
    reuse_factor: ReuseFactor | None = Field(
        default=None, description="products that share one multiplier; null: that of the model"
    )
    heads: Literal["parallel", "in_turn"] | None = Field(
        default=None, description="heads of an attention; null: those of the model"
    )


class HlsConfig(Section):
    """What the HLS project is made for."""

    backend: Literal["Vitis", "Vivado"] = Field(
        default="Vitis", description="the HLS tool that the project is written for"
    )
    part: Part = Field(default="xcvu13p-flga2577-2-e", description="the FPGA, by its full part number")
    clock_ns: ClockNs = Field(
        default=5.0, description='clock period in ns, or text with a unit: "5 ns", "5000 ps", "200 MHz"'
    )
    clock_uncertainty_percent: float = Field(
        default=12.5,
        ge=0.0,
        le=90.0,
        description="part of the period kept in reserve",
        json_schema_extra=_unit("percent"),
    )
    io_type: Literal["io_parallel", "io_stream"] = Field(
        default="io_parallel",
        description="how samples enter and leave: all values at once, or row by row through AXI streams",
    )
    shape: Literal["parallel", "dataflow", "auto"] = Field(
        default="parallel",
        description="hardware shape. parallel: unrolled, a sample each cycle; dataflow: row by row through FIFOs; "
        "auto: decided from estimates against the budget",
    )
    reuse_factor: ReuseFactor = Field(
        default=1, description="products that share one multiplier, in every bank of a dataflow layer"
    )
    heads: Literal["parallel", "in_turn"] = Field(
        default="parallel", description="heads of a dataflow attention: a bank for each, or one bank for all in turn"
    )
    layers: dict[Label, LayerConfig] = Field(
        default={}, description="shapes of single layers, by their names", json_schema_extra={"x-rule": _LAYERS}
    )

    @model_validator(mode="after")
    def _shapes_agree(self) -> Self:
        check_shapes(self)
        return self


class DelayConfig(Section):
    """A delay model: a stage takes base_ns + level_ns * levels + size_ns * sqrt(da4ml's LUTs / 100,000)."""

    base_ns: float = Field(ge=0.0, le=100.0, description="of a stage without logic", json_schema_extra=_unit("ns"))
    level_ns: float = Field(gt=0.0, le=100.0, description="of a level of logic", json_schema_extra=_unit("ns"))
    size_ns: float = Field(
        default=0.0, ge=0.0, le=100.0, description="of a design of 100,000 LUTs", json_schema_extra=_unit("ns")
    )
    error: float = Field(default=0.2, ge=0.0, le=1.0, description="of the period, relative")


class RtlConfig(Section):
    """The open path: Verilog of the model, clocked here."""

    generate: Literal["auto", "always", "never"] = Field(
        default="auto", description="whether a run makes RTL; auto: if the extra `rtl` is installed"
    )
    simulate: Literal["auto", "always", "never"] = Field(
        default="auto", description="whether it is clocked; auto: unless compiling that would take too much memory"
    )
    clock_ns: ClockNs | None = Field(
        default=None, description="clock period that the pipeline is cut for; null: hls.clock_ns"
    )
    levels: Annotated[float, Field(ge=1.0, le=1000.0)] | None = Field(
        default=None, description="levels of logic in a stage, at most; null: as many as the clock allows"
    )
    delay: DelayConfig | None = Field(
        default=None, description="what levels of logic take; null: fitted to published designs"
    )


class SimulationConfig(Section):
    """How the C-simulation is run."""

    stress_samples: int = Field(default=256, ge=1, le=100_000, description="samples in each set of stress inputs")
    random_samples: int = Field(
        default=10_000, ge=1, le=10_000_000, description="random inputs compared in place of data, where there is none"
    )
    seed: int = Field(default=20260101, ge=0, le=2**32 - 1, description="seed of all random inputs")
    jobs: int = Field(default=2, ge=1, le=64, description="processes at once; the results do not depend on it")


class GatesConfig(Section):
    """Largest allowed loss of physics, float to firmware."""

    max_auc_loss: float = Field(default=0.005, ge=0.0, le=1.0, description="loss of any class's AUC, absolute")
    max_accuracy_loss: float = Field(default=0.01, ge=0.0, le=1.0, description="loss of accuracy, absolute")


class Shares(Section):
    """Largest allowed share of each resource; a resource left out has no gate."""

    LUT: Share | None = Field(default=None, description="look-up tables")
    FF: Share | None = Field(default=None, description="flip-flops")
    DSP: Share | None = Field(default=None, description="DSP slices")
    BRAM_18K: Share | None = Field(default=None, description="block RAMs of 18 Kb")
    URAM: Share | None = Field(default=None, description="UltraRAM blocks")

    def as_dict(self) -> dict[str, float]:
        """The resources that have a gate."""
        return {name: share for name, share in self.model_dump().items() if share is not None}


class BudgetConfig(Section):
    """Gates on latency and resources."""

    latency_us: Annotated[float, Field(gt=0.0, le=1e6, json_schema_extra=_unit("us"))] | None = Field(
        default=2.0, description="largest latency, in microseconds; null: no gate"
    )
    interval_cycles: Annotated[int, Field(ge=1, le=10**9, json_schema_extra=_unit("cycles"))] | None = Field(
        default=None, description="largest initiation interval, in clock cycles; null: no gate"
    )
    device_share: Shares = Field(
        default=Shares(LUT=0.8, FF=0.8, DSP=0.8, BRAM_18K=0.8, URAM=0.8),
        description="largest share of the device; 1 is all",
    )
    slr_share: Shares = Field(
        default=Shares.model_validate({"LUT": 1.0}), description="largest share of one super logic region; 1 is all"
    )
