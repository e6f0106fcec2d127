"""The steps of a run that touch Keras. Imported only when a project has to be made or a difference located."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.flow import quantised as make
from fpga_tf.flow.config import Config
from fpga_tf.flow.prepare import check_classes, expected_codes
from fpga_tf.flow.reference import Reference
from fpga_tf.flow.samples import EVALUATION, ModelInput, evaluation_inputs, input_sets, random_inputs
from fpga_tf.hls.convert import Converted, Target
from fpga_tf.hls.convert import convert as convert_quantised
from fpga_tf.hls.manifest import Manifest
from fpga_tf.hls.project import Samples, write_project
from fpga_tf.hls.shapes import Shapes
from fpga_tf.jets.sample import JetSample
from fpga_tf.models.evaluate import evaluate, output_keys
from fpga_tf.models.frontend import describe
from fpga_tf.models.graph import producer, stable_keys
from fpga_tf.models.normalisation import fold_batch_norms
from fpga_tf.models.read import read_model, read_with_notes

_BATCH = 2048
_KEEPING = ("QActivation", "Dropout", "Flatten", "Reshape")  # a probability stays one behind them
_TENSOR = re.compile(r"[^/|]+")


@dataclass(frozen=True)
class Loaded:
    """A quantised model, ready to be converted.

    Attributes:
        model: the quantised functional model.
        float_model: what physics compares it with, if there is one.
        frontend: qkeras or hgq2.
        notes: what was done to the model.
    """

    model: Any
    float_model: Any
    frontend: str
    notes: list[str]

    @property
    def classes_are_probabilities(self) -> bool:
        """Whether the model ends with a softmax or a sigmoid."""
        return _probabilities(self.model)


def load(config: Config, frontend: str) -> Loaded:
    """Read the configured model; quantise it, or give it other widths, if the configuration says so.

    Raises:
        UserError: the file is no model, or a float one without a `quantise` section.
    """
    model, choices = read_with_notes(config.model.path, declared(config.model.input_precision))
    found = describe(model)
    if config.quantise is not None:
        if found != "float":
            raise UserError(
                f"quantise must be left out with a model that {found} has quantised", where=config.where("quantise")
            )
        quantised, notes = make.quantised(config, config.quantise, model)
        return Loaded(quantised, model, "qkeras", notes)
    if found == "float":
        raise UserError(
            "a float model must be quantised to be hardware",
            where=config.where("model", "path"),
            hint="add a `quantise` section, or train it with QKeras, fpga_tf.layers or HGQ2",
        )
    model, notes = fold_batch_norms(model)
    float_path = config.model.float_model
    float_model = None if float_path is None else read_model(float_path)
    if float_model is not None and describe(float_model) != "float":
        raise UserError(
            "model.float must be a float Keras model, not a quantised one", where=config.where("model", "float")
        )
    if config.requantise is not None:
        model, more = make.requantised(config.requantise, model)
        notes = [*notes, *more]
    else:
        notes = [*choices, *notes]
    return Loaded(model, float_model, found, notes)


def target(config: Config, folder: Path, shapes: Shapes = Shapes()) -> Target:  # noqa: B008
    """What the project is generated for."""
    hls = config.hls
    return Target(config.name, folder, hls.backend, hls.part, hls.clock_ns, hls.clock_uncertainty_percent, shapes)


def convert(loaded: Loaded, where: Target, input_precision: str | None) -> Converted:
    """Convert through the right frontend."""
    if loaded.frontend == "hgq2":
        from fpga_tf.hls.hgq2 import convert_hgq2

        if input_precision is not None:
            raise UserError("model.input_precision must be left out with HGQ2, whose own quantiser decides")
        return convert_hgq2(loaded.model, where)
    return convert_quantised(loaded.model, where, declared(input_precision))


def declared(input_precision: str | None) -> Format | None:
    """The configured format of the inputs."""
    return None if input_precision is None else Format.parse(input_precision)


def reference(
    config: Config,
    loaded: Loaded,
    converted: Converted,
    jets: JetSample | None,
    precision: str,
    advance: Callable[[float, float], None],
) -> Reference:
    """Codes that the firmware must give, for every set."""
    model, ports, simulation = loaded.model, converted.inputs, config.simulation
    evaluation: Sequence[NDArray[Any]]
    if jets is None:
        evaluation = random_inputs(ports, simulation.random_samples, simulation.seed)
    else:
        check_classes(jets, tuple(int(s) for s in model.outputs[0].shape[1:]))
        evaluation = evaluation_inputs(ports, jets.x)
    sets = input_sets(ports, evaluation, simulation.stress_samples, simulation.seed)
    total, done = sum(len(s[0]) for s in sets.values()), 0
    inputs: dict[str, list[NDArray[np.int64]]] = {}
    outputs: dict[str, list[NDArray[np.int64]]] = {}
    for name, values in sets.items():
        inputs[name], outputs[name] = _evaluated(loaded, converted, values, precision, name)
        done += len(values[0])
        advance(done, total)
    if jets is None:
        return Reference(inputs, outputs)
    scores = None if loaded.float_model is None else float_scores(loaded.float_model, jets)
    return Reference(inputs, outputs, jets.y, scores)


def evaluation_scores(loaded: Loaded, converted: Converted, jets: JetSample, precision: str) -> NDArray[np.float64]:
    """What the firmware's first output is on the evaluation set, shape (samples, classes).

    Raises:
        UserError: the model does not fit the data.
    """
    check_classes(jets, tuple(int(s) for s in loaded.model.outputs[0].shape[1:]))
    values = evaluation_inputs(converted.inputs, jets.x)
    _, outputs = _evaluated(loaded, converted, values, precision, EVALUATION)
    return converted.outputs[0].dequantise(outputs[0])


def _evaluated(
    loaded: Loaded, converted: Converted, values: Sequence[NDArray[Any]], precision: str, name: str
) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
    """Codes of all inputs and all outputs of one set."""
    ports, keys, exact = converted.inputs, output_keys(loaded.model), precision == "float64"
    # the hardware gets what Keras gets: a value just below an integer may be that integer in float32
    values = [x if exact or not p.raw else np.asarray(x, np.float32) for p, x in zip(ports, values, strict=True)]
    codes = [p.codes(x) for p, x in zip(ports, values, strict=True)]
    given = [x if p.raw else p.format.dequantise(c) for p, x, c in zip(ports, values, codes, strict=True)]
    found = evaluate(loaded.model, given, keys, exact=exact, batch=_BATCH)
    formats = zip(keys, converted.outputs, strict=True)
    return codes, [expected_codes(found[k], fmt, f"output {k}, set {name}") for k, fmt in formats]


def float_scores(model: Any, jets: JetSample) -> NDArray[np.float64]:
    """Probabilities of the float model, shape (samples, classes).

    Raises:
        UserError: the model does not fit the data.
    """
    check_classes(jets, tuple(int(s) for s in model.outputs[0].shape[1:]))
    inputs = evaluation_inputs([_float_port(tensor) for tensor in model.inputs], jets.x)
    scores = evaluate(model, inputs, output_keys(model)[:1], exact=False, batch=_BATCH)[output_keys(model)[0]]
    if _probabilities(model):
        return scores
    grown = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=-1, keepdims=True), dtype=np.float64)


def float_scores_of(path: Path, jets: JetSample) -> NDArray[np.float64]:
    """As `float_scores`, of a model file."""
    return float_scores(read_model(path), jets)


def _float_port(tensor: Any) -> ModelInput:
    shape = tuple(int(s) for s in tensor.shape[1:])
    return ModelInput(tensor._keras_history.operation.name, shape, tensor.dtype == "bool")


def _probabilities(model: Any) -> bool:
    """Whether the first output comes from a softmax or a sigmoid, perhaps through layers that keep its meaning."""
    call = producer(model, model.outputs[0])
    while call is not None and type(call.layer).__name__ in _KEEPING:
        call = producer(model, call.inputs[0])
    activation = getattr(getattr(call and call.layer, "activation", None), "__name__", "")
    kind = type(call.layer).__name__.lower() + activation if call is not None else ""
    return "softmax" in kind or "sigmoid" in kind


def labels(converted: Converted) -> dict[str, str]:
    """For every hls4ml node the layer that a user knows it by, with the stage of an attention behind a slash."""
    owners = converted.state.owners
    return {node.name: owners.get(node.name, node.name) for node in converted.graph.get_layers()}


def type_owners(converted: Converted) -> dict[str, str]:
    """Layer by name of C++ type."""
    known, found = labels(converted), {}
    for node in converted.graph.get_layers():
        kinds = [node.get_output_variable().type, *(weight.type for weight in node.get_weights())]
        kinds += [value for value in node.attributes.values() if hasattr(value, "precision")]
        found.update({kind.name: known[node.name] for kind in kinds})
    return found


def write(converted: Converted, where: Target, manifest: Manifest, expected: Reference) -> None:
    """Write the project with the first evaluation jets as test vectors."""
    vectors = Samples(
        list(zip(manifest.inputs, expected.inputs[EVALUATION], strict=True)),
        list(zip(manifest.outputs, expected.outputs[EVALUATION], strict=True)),
    )
    write_project(converted, where, manifest, vectors)


def layer_codes(
    path: Path, manifest: Manifest, inputs: Sequence[NDArray[np.int64]]
) -> list[tuple[str, NDArray[np.int64]]]:
    """Keras's codes at every layer of a project, in order.

    Args:
        path: the project's own copy of the model.
        inputs: codes per port.
    """
    model = read_model(path)
    names = {stable: name for name, stable in stable_keys(model).items()}
    keys = {p.reference: rekeyed(p.reference, names) for p in manifest.layers}
    values = [p.type.dequantise(c) for p, c in zip(manifest.inputs, inputs, strict=True)]
    found = evaluate(model, values, list(keys.values()), exact=manifest.exact == "float64")
    return [(p.name, p.type.quantise(found[keys[p.reference]])) for p in manifest.layers]


def rekeyed(key: str, names: Mapping[str, str]) -> str:
    """A key of `fpga_tf.models.evaluate` with its tensor's name replaced."""
    match = _TENSOR.match(key)
    assert match is not None
    return names[match[0]] + key[match.end() :]
