"""From a model file to a complete project with its reference: the part of a run that needs TensorFlow."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf import __version__
from fpga_tf.errors import InternalError, UserError
from fpga_tf.files import MANIFEST, atomic_write
from fpga_tf.fixedpoint import Format
from fpga_tf.flow.config import Config
from fpga_tf.flow.environment import versions as installed
from fpga_tf.flow.judge import DEFINES, MODEL, typedefs
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.quiet import quiet_stderr
from fpga_tf.flow.reference import REFERENCE, write_reference
from fpga_tf.flow.settings import Settings
from fpga_tf.hls.manifest import Manifest, digests, read_manifest
from fpga_tf.jets.sample import JetSample, read_sample

STEPS = ("read the model", "convert to an HLS project", "evaluate the model")
_VERSIONED = ("hls4ml", "tensorflow", "keras", "numpy", "qkeras-v3", "hgq2")


def versions() -> dict[str, str]:
    """Versions of what a project depends on."""
    return {"fpga_tf": __version__, "python": platform.python_version(), **installed(_VERSIONED)}


def load_jets(config: Config) -> JetSample | None:
    """The evaluation set of a configuration, cut to ``data.max_samples``; None if it has no data."""
    data = config.data
    if data is None:
        return None
    sample = read_sample(data.path, data.x, data.y, classes=data.classes)
    if data.max_samples is None or data.max_samples >= len(sample):
        return sample
    return replace(sample, x=sample.x[: data.max_samples], y=sample.y[: data.max_samples])


def prepare(config: Config, frontend: str, jets: JetSample | None, key: str, made: Path, progress: Progress) -> None:
    """Fill the empty folder `made` with a complete project.

    Args:
        frontend: as the model file says: keras, qkeras or hgq2.
        jets: None: random inputs take their place.
        key: goes into the manifest.
    """
    with progress.step(STEPS[0]) as step:
        step.say("importing TensorFlow")
        with quiet_stderr():
            from fpga_tf.flow import model_shapes, models
        step.say("")
        loaded = models.load(config, frontend)
    with progress.step(STEPS[1]):
        shapes, told = model_shapes.shapes(config, loaded)
        target = models.target(config, made, shapes)
        converted = models.convert(loaded, target, config.model.input_precision)
        exact = precision(loaded.frontend, converted.state.widest)
    with progress.step(STEPS[2]) as step:
        reference = models.reference(config, loaded, converted, jets, exact, step.advance)
        manifest = _manifest(config, loaded, converted, jets, exact, key)
        models.write(converted, target, replace(manifest, notes=(*manifest.notes, *told)), reference)
        loaded.model.save(made / MODEL)
        write_reference(made / REFERENCE, reference)
        _complete(made, models.type_owners(converted))


def _complete(folder: Path, owners: Mapping[str, str]) -> None:
    """Put into the manifest what is known only when the project has been written.

    Args:
        owners: layer by name of C++ type.
    """
    manifest = read_manifest(folder)
    added = digests(folder, [REFERENCE, MODEL])
    types: dict[str, dict[str, str]] = {}
    for name, kind in typedefs(folder / DEFINES).items():
        types.setdefault(owners.get(name, name), {})[name] = kind
    whole = replace(manifest, files={**manifest.files, **added}, typedefs=types)
    atomic_write(folder / MANIFEST, whole.to_text())


def precision(frontend: str, widest: dict[str, int]) -> str:
    """How Keras is evaluated: float32 where that is exact, else float64. HGQ2 itself is defined in float32."""
    from fpga_tf.lower.context import FLOAT32_WIDTH

    if frontend == "hgq2":
        return "float32"
    return "float32" if max(widest.values()) <= FLOAT32_WIDTH else "float64"


def _manifest(config: Config, loaded: Any, converted: Any, jets: JetSample | None, exact: str, key: str) -> Manifest:
    from fpga_tf.flow import models
    from fpga_tf.models.graph import stable_keys

    model = loaded.model
    keys = stable_keys(model)
    nodes = {node.name: node for node in converted.graph.get_layers()}
    labels = models.labels(converted)
    return Manifest(
        name=config.name,
        key=key,
        backend=config.hls.backend,
        part=config.hls.part,
        clock_ns=config.hls.clock_ns,
        clock_uncertainty_percent=config.hls.clock_uncertainty_percent,
        frontend=loaded.frontend,
        exact=exact,
        inputs=converted.input_ports(),
        outputs=converted.output_ports(model, [models.rekeyed(t.name, keys) for t in model.outputs]),
        layers=converted.layer_ports(lambda key: models.rekeyed(key, keys)),
        widest=converted.state.widest,
        versions=versions(),
        config=Settings.of(config, None if jets is None else jets.classes, loaded.classes_are_probabilities).plain(),
        weights={
            f"firmware/weights/{weight.name}.h": labels[name]
            for name, node in nodes.items()
            for weight in node.get_weights()
        },
        modules=_modules(nodes, labels),
        network=None if converted.network is None else converted.network.plain(),
        notes=tuple(loaded.notes),
    )


def _modules(nodes: Mapping[str, Any], labels: Mapping[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Names of the configurations of each layer: hls4ml numbers its nodes, and `config7` is that of number 7."""
    names: dict[str, list[str]] = {}
    for node in nodes.values():
        names.setdefault(labels[node.name], []).append(f"config{node.index}")
    return tuple((layer, tuple(configs)) for layer, configs in names.items())


def expected_codes(values: NDArray[np.float64], fmt: Format, where: str) -> NDArray[np.int64]:
    """Codes of reference values that must lie on the output's grid.

    Raises:
        InternalError: one does not: the declared format is not the model's.
    """
    codes, on = fmt.codes_of(values)
    if not on.all():
        bad = values[~on].ravel()[0]
        raise InternalError(f"the model's value {bad!r} must lie on the grid of {fmt}", where=where)
    return codes


def check_classes(jets: JetSample, shape: tuple[int, ...]) -> None:
    """The first output must have one score per class.

    Raises:
        UserError: it has another shape.
    """
    if shape != (len(jets.classes),):
        raise UserError(
            f"the model's first output must have {len(jets.classes)} scores, one for each class, not shape {shape}",
            hint="the classes are " + ", ".join(jets.classes),
        )
