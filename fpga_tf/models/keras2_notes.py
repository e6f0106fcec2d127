"""What was chosen for a quantised file of Keras 2 because it does not say it: notes that a run shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from fpga_tf.fixedpoint import Format
from fpga_tf.layers import QLayerNormalization
from fpga_tf.models.evaluate import evaluate, output_keys
from fpga_tf.models.keras2_formats import weights_of_one
from fpga_tf.models.keras2_norm import TrainedNormalisation
from fpga_tf.models.rebuild import Replacement, rebuild

_SAMPLES, _SEED = 64, 20260101  # inputs on which a replacement is judged


@dataclass
class Choices:
    """What a builder chose.

    Attributes:
        precision: of tensors whose format is not stated.
        errors: of softmax tables, by layer.
        sigmoids: formats that the tables of sigmoids read, by layer.
        norms: layer normalisations, each with its quantisers to powers of two by part, which were not kept.
    """

    precision: Format
    errors: dict[str, float] = field(default_factory=dict)
    sigmoids: dict[str, Format] = field(default_factory=dict)
    norms: dict[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

    def notes(self, model: keras.Model, declared: bool) -> tuple[str, ...]:
        """A sentence for each choice.

        Args:
            model: what was built.
            declared: whether the configuration stated the precision.
        """
        whence = "model.input_precision" if declared else "the format of its kernels"
        notes = [
            f"read from a Keras 2 file: tensors whose format it does not state are {self.precision.ap_type} "
            f"({whence}), scores when scaled, results of a softmax {weights_of_one(self.precision).ap_type}"
        ]
        for error in sorted(set(self.errors.values())):
            names = _listed(name for name, e in self.errors.items() if e == error)
            notes.append(f"error of the softmax's tables at most 2**{round(math.log2(error))}: {names}")
        notes += [f"{name} is a table over {fmt.ap_type}" for name, fmt in self.sigmoids.items()]
        notes += self._norms(model)
        return tuple(notes)

    def _norms(self, model: keras.Model) -> list[str]:
        if not self.norms:
            return []
        variances = {model.get_layer(name).formats["variance"].ap_type for name in self.norms}
        notes = [f"variances of a layer normalisation are {', '.join(sorted(variances))}: {_listed(self.norms)}"]
        powers = {name: parts for name, parts in self.norms.items() if parts}
        if powers:
            parts = ", ".join(dict.fromkeys(part for found in powers.values() for part in found))
            notes.append(
                f"fixed point takes the place of powers of two in layer normalisations ({parts}): {_listed(powers)}; "
                f"with them, as QKeras's batch normalisation places them, an output differs by up to "
                f"{difference(model, powers):.3g} on {_SAMPLES} normal inputs"
            )
        return notes


def _listed(names: Any) -> str:
    return ", ".join(names)


def difference(model: keras.Model, powers: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> float:
    """The largest difference of an output from that with powers of two, on inputs of a standard normal distribution.

    Args:
        model: of layer normalisations in fixed point.
        powers: quantisers by layer and part.
    """

    def trained(layer: Any) -> Replacement | None:
        if layer.name not in powers:
            return None
        return TrainedNormalisation(float(layer.epsilon), powers[layer.name], *_weights(layer), name=layer.name)

    twin = rebuild(model, trained)
    rng = np.random.default_rng(_SEED)
    inputs = [rng.normal(size=(_SAMPLES, *t.shape[1:])).astype(np.float32) for t in model.inputs]
    one, other = (evaluate(m, inputs, output_keys(m), exact=False) for m in (model, twin))
    pairs = zip(one.values(), other.values(), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


def _weights(layer: QLayerNormalization) -> Sequence[np.ndarray]:
    """Gamma and beta, ones and zeros where the layer has none."""
    found = list(layer.get_weights())
    length = layer.get_build_config()["input_shape"][-1]
    gamma = found.pop(0) if layer.scale else np.ones(length, np.float32)
    return gamma, found.pop(0) if layer.center else np.zeros(length, np.float32)
