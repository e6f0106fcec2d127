"""Files in the layout in which Keras 2.9 saved functional models, with QKeras's and Keras's own layers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Arrays = dict[str, np.ndarray]
Change = Callable[[dict[str, Any]], Any]


def bits(bits: int, integer: int) -> dict[str, Any]:
    """A saved ``quantized_bits``."""
    config = {"bits": bits, "integer": integer, "symmetric": 1, "alpha": 1, "keep_negative": True}
    return {
        "class_name": "quantized_bits",
        "config": {**config, "use_stochastic_rounding": False, "qnoise_factor": 1.0},
        "shared_object_id": 1,
        "__passive_serialization__": True,
    }


def relu(bits: int, integer: int) -> dict[str, Any]:
    """A saved ``quantized_relu``."""
    config = {"bits": bits, "integer": integer, "use_sigmoid": 0, "negative_slope": 0.0, "relu_upper_bound": None}
    return {
        "class_name": "quantized_relu",
        "config": {**config, "use_stochastic_rounding": False, "qnoise_factor": 1.0},
        "shared_object_id": 2,
    }


def power_of_two(relu: bool, bits: int, most: float | None = None, even: bool = False) -> dict[str, Any]:
    """A saved ``quantized_po2`` or ``quantized_relu_po2``."""
    config: dict[str, Any] = {"bits": bits, "max_value": most, "quadratic_approximation": even}
    config["use_stochastic_rounding"] = False
    return {"class_name": f"quantized_{'relu_' * relu}po2", "config": config, "shared_object_id": 3}


class Writer:
    """A model with one attention block per entry of `heads`, and a dense head with a softmax.

    Args:
        quantised: QKeras's layers, not Keras's.
        norms: a layer normalisation behind each sum.
        sigmoid: a head of one unit and a sigmoid, in place of three and a softmax.
    """

    def __init__(
        self,
        *,
        rows: int = 4,
        features: int = 3,
        key_dim: int = 2,
        quantised: bool = True,
        norms: bool = False,
        sigmoid: bool = False,
    ) -> None:
        self.rows, self.features, self.key_dim, self.quantised = rows, features, key_dim, quantised
        self.norms, self.sigmoid = norms, sigmoid
        self.layers: list[dict[str, Any]] = []
        self.weights: dict[str, Arrays] = {}
        self._rng = np.random.default_rng(5)

    def model(self, *heads: int) -> Writer:
        """All layers."""
        shape = [None, self.rows, self.features]
        self._layer("InputLayer", "input_1", [], batch_input_shape=shape, sparse=False, ragged=False)
        x = "input_1"
        for i, count in enumerate(heads):
            y = self._attention(f"attention_{i}", x, count)
            y = self._layer("Dropout", f"dropout_{i}", [[y, 0, 0, {}]], rate=0.15, noise_shape=None, seed=None)
            x = self._layer("Add", f"add_{i}", [[y, 0, 0, {}], [x, 0, 0, {}]])
            x = self._norm(f"norm_{i}", x) if self.norms else x
            y = self._dense(f"up_{i}", x, self.features, 5, "relu")
            y = self._dense(f"down_{i}", y, 5, self.features, "linear")
            x = self._layer("Add", f"sum_{i}", [[y, 0, 0, {}], [x, 0, 0, {}]])
            x = self._norm(f"last_{i}", x) if self.norms else x
        x = self._layer("Flatten", "flatten_1", [[x, 0, 0, {}]], data_format="channels_last")
        width = self.rows * self.features
        if self.sigmoid:
            x = self._dense("head", x, width, 1, "linear")
            self._layer("Activation", "activation", [[x, 0, 0, {}]], activation="sigmoid")
        else:
            self._dense("head", x, width, 3, "softmax")
        return self

    def write(self, path: Path, change: Change | None = None, weights: dict[str, Arrays] | None = None) -> Path:
        """The file, its configuration changed in place (or replaced by what `change` returns)."""
        inner = {
            "name": "model_1",
            "layers": self.layers,
            "input_layers": [["input_1", 0, 0]],
            "output_layers": [[self.layers[-1]["name"], 0, 0]],
        }
        config: dict[str, Any] = json.loads(json.dumps({"class_name": "Functional", "config": inner}))
        config = (change(config) if change else None) or config
        with h5py.File(path, "w") as file:
            file.attrs["backend"], file.attrs["keras_version"] = "tensorflow", "2.9.0"
            file.attrs["model_config"] = json.dumps(config)
            group = file.create_group("model_weights")
            group.create_group("top_level_model_weights").attrs["weight_names"] = np.zeros(0)
            for layer in self.layers:
                group.create_group(layer["name"])
            for name, arrays in (self.weights if weights is None else weights).items():
                for key, array in arrays.items():
                    group[f"{name}/{name}/{key}:0"] = array
        return path

    def _layer(self, kind: str, name: str, inputs: list[Any], **options: Any) -> str:
        common = {"name": name, "dtype": "float32"} | ({} if kind == "InputLayer" else {"trainable": True})
        nodes = [inputs] if inputs else []
        self.layers.append({"class_name": kind, "config": {**common, **options}, "name": name, "inbound_nodes": nodes})
        return name

    def _attention(self, name: str, x: str, heads: int) -> str:
        features, size = self.features, self.key_dim
        shape = [None, self.rows, features]
        self.weights[name] = {
            f"{part}/{what}": self._values(form if what == "kernel" else over)
            for part, form, over in (
                *((part, (features, heads, size), (heads, size)) for part in ("query", "key", "value")),
                ("attention_output", (heads, size, features), (features,)),
            )
            for what in ("kernel", "bias")
        }
        own = {"num_heads": heads, "key_dim": size, "value_dim": size, "dropout": 0.15, "attention_axes": [1]}
        own |= {"output_shape": None, "query_shape": shape, "key_shape": shape, "value_shape": shape}
        calls = [[x, 0, 0, {"value": [x, 0, 0]}]]
        return self._layer(self._kind("MultiHeadAttention"), name, calls, **own, **self._common())

    def _norm(self, name: str, x: str) -> str:
        self.weights[name] = {"gamma": 1 + self._values((self.features,)), "beta": self._values((self.features,))}
        own: dict[str, Any] = {"axis": [2], "epsilon": 1e-3, "center": True, "scale": True, "gamma_constraint": None}
        own |= {"gamma_initializer": {"class_name": "Ones", "config": {}}, "beta_regularizer": None}
        if self.quantised:
            own |= {"mean_quantizer": power_of_two(False, 5), "beta_quantizer": power_of_two(False, 5)}
            own |= {"gamma_quantizer": power_of_two(True, 6, 2048), "beta_range": None}
            own["variance_quantizer"] = power_of_two(True, 6, even=True)
        return self._layer(self._kind("LayerNormalization"), name, [[x, 0, 0, {}]], **own)

    def _dense(self, name: str, x: str, width: int, units: int, activation: str) -> str:
        self.weights[name] = {"kernel": self._values((width, units)), "bias": self._values((units,))}
        saved: Any = activation
        if self.quantised and activation != "linear":
            soft = {"class_name": "quantized_softmax", "config": {"bits": [8]}}
            saved = soft if activation == "softmax" else relu(8, 4)
        calls = [[x, 0, 0, {}]]
        return self._layer(self._kind("Dense"), name, calls, units=units, activation=saved, **self._common())

    def _kind(self, name: str) -> str:
        return f"Q{name}" if self.quantised else name

    def _common(self) -> dict[str, Any]:
        training = {"kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}}}
        found: dict[str, Any] = {**training, "kernel_constraint": None, "kernel_regularizer": None, "use_bias": True}
        if self.quantised:
            quantisers = {"kernel_quantizer": bits(8, 3), "bias_quantizer": bits(8, 3)}
            clip = {"class_name": "Clip", "config": {"min_value": -8.0, "max_value": 8.0}}
            found |= {**quantisers, "kernel_constraint": clip, "kernel_range": None}
        return found

    def _values(self, shape: tuple[int, ...]) -> np.ndarray:
        return self._rng.normal(0, 0.7, shape).astype(np.float32)
