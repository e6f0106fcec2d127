"""What a project says of itself: ports, layers, versions, and a digest of every generated file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.files import MANIFEST, changed_files, sha256_file
from fpga_tf.fixedpoint import Format
from fpga_tf.process import Network

SCHEMA = 2  # since it must hold the clock's uncertainty


@dataclass(frozen=True)
class Port:
    """An input, an output, or a layer's result.

    Attributes:
        name: of the port; for a layer, its name with the stage of an attention behind a slash.
        shape: without the batch.
        format: ap_fixed type.
        node: hls4ml node (layers only).
        reference: key of Keras's value (layers and outputs).
        typedef: name of the C++ type (layers only).
        order: axes in the order in which the firmware's values come; empty: as in the array (layers only).
        rows: the port is an AXI stream of so many rows; 0: an array.
    """

    name: str
    shape: tuple[int, ...]
    format: str
    node: str = ""
    reference: str = ""
    typedef: str = ""
    order: tuple[int, ...] = ()
    rows: int = 0

    @property
    def type(self) -> Format:
        """The format, read."""
        return Format.parse(self.format)

    @property
    def size(self) -> int:
        """Number of values."""
        n = 1
        for s in self.shape:
            n *= s
        return n


@dataclass(frozen=True)
class Manifest:
    """A project's own description, kept in ``fpga_tf.json``.

    Attributes:
        name: top function.
        key: what the project was made from; equal keys mean equal projects.
        backend, part, clock_ns, clock_uncertainty_percent: what it was made for.
        frontend: who quantised the model.
        exact: Keras's float32 holds every exact result, or else float64 does ("float32" or "float64").
        inputs, outputs, layers: ports.
        widest: bits of the widest exact result per layer.
        versions: of the tools that made it.
        config: what judging the project needs of its configuration.
        weights: layer by weight file.
        modules: layers in the order of the firmware, each with the names of its configurations, which the modules that
            it becomes carry.
        typedefs: per layer, the C++ types in ``firmware/defines.h`` by their names.
        network: the processes of the dataflow shape (see `fpga_tf.process`); None: the model is unrolled.
        notes: what was done to the model.
        files: SHA-256 of every generated file.
    """

    name: str
    key: str
    backend: str
    part: str
    clock_ns: float
    clock_uncertainty_percent: float
    frontend: str
    exact: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layers: tuple[Port, ...]
    widest: dict[str, int]
    versions: dict[str, str]
    config: dict[str, Any]
    weights: dict[str, str] = field(default_factory=dict)
    modules: tuple[tuple[str, tuple[str, ...]], ...] = ()
    typedefs: dict[str, dict[str, str]] = field(default_factory=dict)
    network: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    def to_text(self) -> str:
        """JSON text."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a project.

    Raises:
        UserError: there is none, or it is damaged.
    """
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] == SCHEMA:
            return _checked(data)
    except FileNotFoundError as error:
        raise UserError(
            f"a project must hold {MANIFEST}", where=str(folder), hint="make it with `fpga-tf convert CONFIG`"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, UserError) as error:
        raise UserError(
            f"{MANIFEST} must be as it was written, not damaged ({type(error).__name__})",
            where=str(path),
            hint="make the project again with --fresh",
        ) from error
    raise UserError(
        f"a project must have manifest schema {SCHEMA}, not {data['schema']!r}",
        where=str(path),
        hint="another version of fpga_tf made it: make it again with --fresh",
    )


def _checked(data: dict[str, Any]) -> Manifest:
    """The manifest in parsed JSON; raises what the lack or the wrong kind of anything raises."""
    for name in ("inputs", "outputs", "layers"):
        data[name] = tuple(_port(p) for p in data[name])
    data["notes"] = tuple(data["notes"])
    data["modules"] = tuple((layer, tuple(names)) for layer, names in data.get("modules", ()))
    if data.get("network") is not None:
        Network.read(data["network"])
    manifest = Manifest(**data)
    texts = [manifest.key, manifest.backend, manifest.part, manifest.frontend, *manifest.notes]
    texts += [text for table in (manifest.files, manifest.weights, manifest.versions) for text in table.values()]
    sound = (
        manifest.name.isidentifier()
        and all(isinstance(text, str) for text in texts)
        and all(isinstance(bits, int) for bits in manifest.widest.values())
        and isinstance(manifest.clock_ns, int | float)
        and type(manifest.clock_uncertainty_percent) in (int, float)
        and 0 <= manifest.clock_uncertainty_percent <= 90
        and isinstance(manifest.config, dict)
        and manifest.exact in ("float32", "float64")
        and all(isinstance(layer, str) and all(n.isidentifier() for n in names) for layer, names in manifest.modules)
        and not any(PurePosixPath(n).is_absolute() or ".." in PurePosixPath(n).parts for n in manifest.files)
    )
    if not sound:
        raise ValueError("manifest")
    return manifest


def _port(data: dict[str, Any]) -> Port:
    port = Port(**{**data, "shape": tuple(data["shape"]), "order": tuple(data.get("order", ()))})
    texts = (port.name, port.format, port.node, port.reference, port.typedef)
    if not all(isinstance(t, str) for t in texts) or not all(type(s) is int and s > 0 for s in port.shape):
        raise TypeError("port")
    if port.order and sorted(port.order) != list(range(len(port.shape))):
        raise ValueError("order")
    if type(port.rows) is not int or port.rows < 0 or (port.rows and port.size % port.rows):
        raise ValueError("rows")
    _ = port.type
    return port


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of files below a folder, by relative name."""
    return {name: sha256_file(folder / name) for name in sorted(names)}


def edited(folder: Path, manifest: Manifest) -> list[str]:
    """Generated files that are no longer as they were written (or gone), in order."""
    return changed_files(folder, manifest.files)
