"""The configuration of a run: what may stand in the YAML file, checked before anything else happens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from fpga_tf.errors import UserError
from fpga_tf.files import sha256_file
from fpga_tf.flow.config_agree import check_sections
from fpga_tf.flow.config_errors import ConfigError, Problem, problems_of
from fpga_tf.flow.config_sections import (
    BudgetConfig,
    DataConfig,
    GatesConfig,
    HlsConfig,
    ModelConfig,
    QuantiseConfig,
    RequantiseConfig,
    RtlConfig,
    Section,
    SimulationConfig,
)
from fpga_tf.flow.config_sweep import SweepConfig, check_sweep
from fpga_tf.flow.config_types import (
    Name,
    resolve,
)
from fpga_tf.flow.yaml_source import Source, read_yaml

_NOWHERE = "the config"


def _project(value: Any, info: ValidationInfo) -> Path:
    if value is None:
        return Path.cwd() / "hls_projects" / str(info.data.get("name", "unnamed"))
    return resolve(value, info)


_ProjectPath = Annotated[
    Path, BeforeValidator(_project), WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]})
]


class Config(Section):
    """A whole configuration: paths are absolute, every number is in range, every named file exists."""

    name: Name = Field(description="name of the project and of the C++ top function: a C identifier")
    model: ModelConfig = Field(description="the model to bring to hardware")
    quantise: QuantiseConfig | None = Field(
        default=None, description="post-training quantisation of a float model; null: the model is quantised"
    )
    requantise: RequantiseConfig | None = Field(
        default=None, description="one format in place of a quantised model's own; null: its own"
    )
    data: DataConfig | None = Field(
        default=None,
        description="the samples to compare on; null: random inputs over the whole range of their formats, no physics",
    )
    hls: HlsConfig = Field(default=HlsConfig(), description="what the HLS project is made for")
    rtl: RtlConfig = Field(default=RtlConfig(), description="the open path: Verilog of the model, clocked here")
    simulation: SimulationConfig = Field(default=SimulationConfig(), description="how the C-simulation is run")
    gates: GatesConfig = Field(default=GatesConfig(), description="largest allowed loss of physics")
    budget: BudgetConfig = Field(default=BudgetConfig(), description="gates on latency and resources")
    sweep: SweepConfig | None = Field(default=None, description="axes of `fpga-tf sweep`; nothing else reads it")
    project: _ProjectPath = Field(
        default=None,
        validate_default=True,
        description="project folder, relative to the config's folder; default: hls_projects/<name> here",
    )
    _source: Source | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _sections_agree(self, info: ValidationInfo) -> Self:
        check_sections(self, ((info.context or {}).get("base", Path.cwd()), Path.cwd()))
        check_sweep(self)
        return self

    def where(self, *loc: str | int) -> str:
        """`file:line:column` of a value, e.g. ``where("data", "x")``; of the section around it if it is a default."""
        return _NOWHERE if self._source is None else self._source.where(loc)

    def problem(self, what: str, *loc: str | int, hint: str | None = None) -> Problem:
        """A problem with a key, found when the file had been read."""
        if self._source is None:
            return Problem(what, _NOWHERE, None, hint)
        return Problem(what, self._source.name, self._source.position(loc, key=True), hint)

    def digest_fields(self, *sections: str) -> dict[str, Any]:
        """What the results depend on, as plain data for fpga_tf.store.canonical_json.

        Files stand as the SHA-256 of their contents, so a moved file changes nothing. The project folder and
        `simulation.jobs` are left out.

        Args:
            sections: top-level keys to keep; none given: all.

        Raises:
            UserError: a file has become unreadable since the config was loaded.
        """
        fields = self.model_dump(by_alias=True, exclude={"project": True, "simulation": {"jobs"}})
        kept = {name: value for name, value in fields.items() if not sections or name in sections}
        digested = {name: _digested(value) for name, value in kept.items()}
        assert isinstance(digested, dict)
        return digested


def _digested(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _digested(inner) for name, inner in value.items()}
    if not isinstance(value, Path):
        return list(value) if isinstance(value, tuple) else value
    try:
        return f"sha256:{sha256_file(value)}"
    except OSError as error:
        raise UserError(f"a file must be readable, not refused ({error.strerror})", where=str(value)) from error


def load_config(path: Path, *, project: Path | None = None) -> Config:
    """Read, check and complete a configuration.

    Args:
        path: the YAML file; relative paths in it count from its folder.
        project: project folder to use in place of the one in the file, relative to the current folder.

    Raises:
        ConfigError: all that is wrong in the file, first line first.
    """
    source = read_yaml(path)
    if not isinstance(source.data, dict):
        raise ConfigError([Problem("a config must be a mapping of keys, not a list or a value", source.name, (1, 1))])
    data = source.data if project is None else source.data | {"project": str(project.absolute())}
    problems = list(source.problems)
    try:
        config = Config.model_validate(data, context={"base": path.absolute().parent})
    except ValidationError as error:
        problems += problems_of(error, source, config_schema())
    if problems:
        raise ConfigError(problems)
    config._source = source
    return config


def config_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a configuration; `x-unit` tells a value's unit, `x-rule` its rule in words."""
    schema = Config.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "fpga_tf configuration"}
