"""What a folder of RTL says of itself: ports, pipeline, counts, and a digest of every generated file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.files import RTL_MANIFEST as RTL_MANIFEST
from fpga_tf.files import changed_files, sha256_file
from fpga_tf.fixedpoint import Format
from fpga_tf.rtl.words import Field

SCHEMA = 1
_MODULE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")
_FIELD = re.compile(r"([su])(-?\d{1,3})\.(-?\d{1,3})")


@dataclass(frozen=True)
class RtlPort:
    """An input or output of the model.

    Attributes:
        name: as the HLS project names it.
        shape: without the batch.
        format: ap_fixed type of its codes.
    """

    name: str
    shape: tuple[int, ...]
    format: str

    @property
    def type(self) -> Format:
        """The format, read."""
        return Format.parse(self.format)


@dataclass(frozen=True)
class Depth:
    """The same model cut otherwise.

    Attributes:
        levels: levels of logic in a stage, at most.
        latency: stages.
        register_bits: of the registers between stages.
    """

    levels: float
    latency: int
    register_bits: int


@dataclass(frozen=True)
class RtlManifest:
    """A folder's own description, kept in ``fpga_tf_rtl.json``.

    Attributes:
        name: top module.
        key: what the folder was made from; equal keys mean equal folders.
        project: key of the HLS project of the same model.
        part, clock_ns: what the pipeline was cut for.
        levels: levels of logic in a stage, at most.
        delay: the terms of the delay model that it was cut with, by name; empty for the published one.
        latency: stages, which are the cycles from input to output.
        cost: LUTs as da4ml counts them; not what a synthesis says.
        register_bits: of the registers between stages.
        operations: how many of each kind.
        costs: da4ml's LUTs by node and kind of operation; empty where they are not known by node.
        depths: what other depths of logic would give.
        spans: levels of logic from the inputs to each node's first operation and to its last result; empty where they
            are not known by node.
        inputs, outputs: ports of the model.
        input_fields, output_fields: the numbers of the module's two data ports, the first in the lowest bits.
        versions: of the tools that made it.
        files: SHA-256 of each generated file, by name relative to the folder.
    """

    name: str
    key: str
    project: str
    part: str
    clock_ns: float
    levels: float
    delay: Mapping[str, float]
    latency: int
    cost: float
    register_bits: int
    operations: Mapping[str, int]
    costs: Mapping[str, Mapping[str, float]]
    depths: tuple[Depth, ...]
    inputs: tuple[RtlPort, ...]
    outputs: tuple[RtlPort, ...]
    input_fields: tuple[Field, ...]
    output_fields: tuple[Field, ...]
    spans: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def to_text(self) -> str:
        """As JSON."""
        plain = {
            "schema": SCHEMA,
            **asdict(self),
            "input_fields": " ".join(map(_field_text, self.input_fields)),
            "output_fields": " ".join(map(_field_text, self.output_fields)),
        }
        return json.dumps(plain, indent=1, allow_nan=False) + "\n"


def read_rtl_manifest(folder: Path) -> RtlManifest:
    """The manifest of a folder of RTL.

    Raises:
        UserError: there is none, or it is damaged.
    """
    path = folder / RTL_MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _checked(data)
    except FileNotFoundError as error:
        raise UserError(
            f"a folder of RTL must hold {RTL_MANIFEST}", where=str(folder), hint="make it: fpga-tf rtl CONFIG"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, UserError) as error:
        raise UserError(
            f"{RTL_MANIFEST} must be as it was written, not damaged ({type(error).__name__})",
            where=str(path),
            hint="make the RTL again with --fresh",
        ) from error


def _checked(data: Any) -> RtlManifest:
    """The manifest in parsed JSON; raises what the lack or the wrong kind of anything raises."""
    if data.pop("schema") != SCHEMA or {"spans", *data} != {one.name for one in fields(RtlManifest)}:
        raise ValueError("schema")
    data["spans"] = {node: _span(levels) for node, levels in data.get("spans", {}).items()}
    for name in ("inputs", "outputs"):
        data[name] = tuple(_port(one) for one in data[name])
    for name in ("input_fields", "output_fields"):
        data[name] = tuple(_field(text) for text in data[name].split())
    data["depths"] = tuple(Depth(**one) for one in data["depths"])
    manifest = RtlManifest(**data)
    depths = manifest.depths
    numbers = (manifest.clock_ns, manifest.levels, manifest.cost, *manifest.delay.values(), *(d.levels for d in depths))
    counts = (manifest.latency, manifest.register_bits, *manifest.operations.values())
    numbers += tuple(cost for kinds in manifest.costs.values() for cost in kinds.values())
    numbers += tuple(level for span in manifest.spans.values() for level in span)
    counts += tuple(count for depth in depths for count in (depth.latency, depth.register_bits))
    tables = (
        *manifest.files.items(),
        *manifest.versions.items(),
        *((name, name) for name in (*manifest.delay, *manifest.costs, *manifest.spans)),
    )
    texts = (manifest.key, manifest.project, manifest.part, *(text for pair in tables for text in pair))
    sound = (
        _MODULE.fullmatch(manifest.name)
        and all(type(n) in (int, float) and 0 <= n < float("inf") for n in numbers)
        and all(type(n) is int and n >= 0 for n in counts)
        and all(isinstance(text, str) for text in texts)
        and manifest.inputs
        and manifest.outputs
        and not any(PurePosixPath(n).is_absolute() or ".." in PurePosixPath(n).parts for n in manifest.files)
    )
    if not sound:
        raise ValueError("manifest")
    return manifest


def _span(levels: Sequence[float]) -> tuple[float, float]:
    first, last = levels
    if first > last:
        raise ValueError("spans")
    return first, last


def _port(data: Mapping[str, Any]) -> RtlPort:
    port = RtlPort(data["name"], tuple(data["shape"]), data["format"])
    if not isinstance(port.name, str) or not all(type(size) is int and size > 0 for size in port.shape):
        raise TypeError("port")
    _ = port.type
    return port


def _field_text(one: Field) -> str:
    return f"{'s' if one.signed else 'u'}{one.integer}.{one.fraction}"


def _field(text: str) -> Field:
    match = _FIELD.fullmatch(text)
    if match is None:
        raise ValueError("field")
    return Field(match[1] == "s", int(match[2]), int(match[3]))


def rtl_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder but its manifest, by relative name."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in found}
    return {name: sha256_file(path) for name, path in names.items() if name != RTL_MANIFEST}


def rtl_edited(folder: Path, manifest: RtlManifest) -> list[str]:
    """Generated files that are no longer as they were written (or gone), in order."""
    return changed_files(folder, manifest.files)
