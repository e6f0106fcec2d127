"""What judging a project needs of its configuration; kept in the project's manifest, so that it can be judged alone."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from fpga_tf.errors import UserError
from fpga_tf.files import MANIFEST
from fpga_tf.flow.config import Config
from fpga_tf.flow.config_sections import BudgetConfig, GatesConfig
from fpga_tf.hls.manifest import Manifest, read_manifest


class Settings(BaseModel):
    """The settings of a project.

    Attributes:
        classes: names, in the order of the labels; None without data, where there is no physics.
        signal: the class that the others are rejected against.
        probabilities: whether the model's first output is a softmax, or else logits.
        gates: largest losses of physics; None without data.
        budget: limits of latency and resources.
        jobs: processes at once.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    classes: Annotated[tuple[str, ...], Field(strict=False, min_length=2)] | None
    signal: str | None
    probabilities: bool
    gates: GatesConfig | None
    budget: BudgetConfig
    jobs: int = Field(ge=1, le=64)

    @model_validator(mode="after")
    def _signal_is_a_class(self) -> Self:
        given = [value is not None for value in (self.classes, self.signal, self.gates)]
        if any(given) != all(given):
            raise ValueError("classes, signal, gates")
        if self.classes is not None and self.signal not in self.classes:
            raise ValueError("signal")
        return self

    @classmethod
    def of(cls, config: Config, classes: tuple[str, ...] | None, probabilities: bool) -> Settings:
        """The settings of a configuration.

        Args:
            classes: from the configuration or the data file; None without data.

        Raises:
            UserError: the signal is none of the classes.
        """
        stated = None if config.data is None else config.data.signal
        signal = stated or (None if classes is None else classes[0])
        if classes is not None and signal not in classes:
            raise UserError(
                f"signal must be one of {', '.join(classes)}, not {signal}", where=config.where("data", "signal")
            )
        return cls(
            classes=classes,
            signal=signal,
            probabilities=probabilities,
            gates=None if classes is None else config.gates,
            budget=config.budget,
            jobs=config.simulation.jobs,
        )

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return self.model_dump(mode="json")


_MANIFEST = TypeAdapter(Manifest)


def read_project(folder: Path) -> tuple[Manifest, Settings]:
    """A project's manifest, checked, and its settings.

    Raises:
        UserError: there is no manifest, or it is damaged.
    """
    manifest = read_manifest(folder)
    try:
        _MANIFEST.validate_json(manifest.to_text(), strict=True)
        _check(manifest)
        return manifest, Settings.model_validate(manifest.config)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise _damaged(folder, where or "settings") from error
    except ValueError as error:
        raise _damaged(folder, str(error)) from error


def _check(manifest: Manifest) -> None:
    """What types do not say."""
    if manifest.exact not in ("float32", "float64") or manifest.backend not in ("Vitis", "Vivado"):
        raise ValueError("exact, backend")
    if not manifest.inputs or not manifest.outputs or not manifest.widest or not 0 < manifest.clock_ns < float("inf"):
        raise ValueError("ports, widest, clock_ns")
    for port in (*manifest.inputs, *manifest.outputs, *manifest.layers):
        if any(size < 1 for size in port.shape):
            raise ValueError("shape")
    for name in manifest.files:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise ValueError("files")


def _damaged(folder: Path, what: str) -> UserError:
    return UserError(
        f"{MANIFEST} must be as it was written, not damaged ({what})",
        where=str(folder / MANIFEST),
        hint="make the project again with --fresh",
    )
