"""Files of Keras 2 with layer normalisations and a sigmoid: float ones, and those trained with powers of two."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, bits_format
from fpga_tf.layers import QLayerNormalization, QSigmoid
from fpga_tf.models.evaluate import evaluate, output_keys
from fpga_tf.models.frontend import describe
from fpga_tf.models.keras2 import is_keras2
from fpga_tf.models.keras2_norm import TrainedNormalisation
from fpga_tf.models.read import read_with_notes
from tests.models.builders import layer_of
from tests.models.keras2_files import Writer, bits, power_of_two
from tests.models.test_keras2 import softmax

pytestmark = pytest.mark.qkeras
Function = Callable[[np.ndarray], np.ndarray]


def writer(quantised: bool, **options: Any) -> Writer:
    """Two blocks with normalisations, and a sigmoid."""
    return Writer(quantised=quantised, norms=True, sigmoid=True, **options).model(2, 1)


def by_hand(written: Writer, x: np.ndarray, weight: Function, epsilon: float = 1e-3) -> np.ndarray:
    """The float model in numpy, its kernels and biases passed through `weight`."""
    w = {name: {key: weight(a.astype(float)) for key, a in arrays.items()} for name, arrays in written.weights.items()}

    def norm(name: str, x: np.ndarray) -> np.ndarray:
        deviation = x - x.mean(-1, keepdims=True)
        gamma, beta = (written.weights[name][key].astype(float) for key in ("gamma", "beta"))
        return np.asarray(deviation / np.sqrt((deviation**2).mean(-1, keepdims=True) + epsilon) * gamma + beta)

    for i in range(2):
        a = w[f"attention_{i}"]
        q, k, v = (np.einsum("btf,fhd->bthd", x, a[f"{p}/kernel"]) + a[f"{p}/bias"] for p in ("query", "key", "value"))
        p = softmax(np.einsum("bthd,bshd->bhts", q, k) / np.sqrt(written.key_dim))
        context = np.einsum("bhts,bshd->bthd", p, v)
        x = norm(
            f"norm_{i}",
            x + np.einsum("bthd,hdf->btf", context, a["attention_output/kernel"]) + a["attention_output/bias"],
        )
        hidden = np.maximum(x @ w[f"up_{i}"]["kernel"] + w[f"up_{i}"]["bias"], 0)
        x = norm(f"last_{i}", x + hidden @ w[f"down_{i}"]["kernel"] + w[f"down_{i}"]["bias"])
    return np.asarray(1 / (1 + np.exp(-(x.reshape(len(x), -1) @ w["head"]["kernel"] + w["head"]["bias"]))))


def outputs(model: keras.Model, x: np.ndarray, exact: bool = True) -> np.ndarray:
    """Values of the only output."""
    return evaluate(model, [x], output_keys(model), exact=exact)[output_keys(model)[0]]


def test_the_float_variant_is_the_same_function(tmp_path: Path) -> None:
    written = writer(quantised=False)
    model, notes = read_with_notes(written.write(tmp_path / "m.h5"))
    assert (describe(model), notes) == ("float", ())
    assert [layer.name for layer in model.layers] == [layer["name"] for layer in written.layers]
    x = np.random.default_rng(0).normal(size=(40, 4, 3)).astype(np.float32)
    found = np.asarray(model(x))
    np.testing.assert_allclose(found, by_hand(written, x, lambda w: w), atol=2e-5)
    assert np.ptp(found) > 0.3


def test_the_quantised_variant_approaches_its_function(tmp_path: Path) -> None:
    """With more and more fraction bits all that is left of quantisation is the file's: weights and rectifiers."""
    written = writer(quantised=True)
    path = written.write(tmp_path / "m.h5")
    x = np.random.default_rng(0).normal(size=(100, 4, 3))
    weight = bits_format(8, 3, symmetric=True)
    expected = by_hand(written, x, lambda w: weight.dequantise(weight.quantise(w)))
    mean = []
    for fraction in (4, 7, 10):
        model, _ = read_with_notes(path, Format(True, 6, fraction))
        mean.append(float(np.abs(outputs(model, x) - expected).mean()))
    assert mean[2] < mean[0] / 3 and mean[2] < 0.01


def test_formats_and_notes(tmp_path: Path) -> None:
    model, notes = read_with_notes(writer(quantised=True).write(tmp_path / "m.h5"), Format.parse("ap_fixed<13,7>"))
    own, root, variance = bits_format(13, 6), bits_format(12, 6, signed=False), bits_format(24, 12, signed=False)
    layer = model.get_layer("norm_0")
    assert type(layer) is QLayerNormalization and (layer.epsilon, layer.error) == (1e-3, None)
    assert layer.formats == {
        **dict.fromkeys(("input", "mean", "deviation", "gamma", "beta", "output"), own),
        "variance": variance,
        "inverse": root,
    }
    table = model.get_layer("activation")
    assert type(table) is QSigmoid  # 6 fraction bits in the result: zero and one from 4.9 on
    assert (table.input_format, table.output_format) == (bits_format(10, 3), bits_format(7, 1, signed=False))
    assert [type(model.get_layer(n)).__name__ for n in ("add_0_q", "head")] == ["QActivation", "QDense"]
    assert notes[2:4] == (
        "activation is a table over ap_fixed<10,4,AP_RND_CONV,AP_SAT,0>",
        "variances of a layer normalisation are ap_ufixed<24,12,AP_RND_CONV,AP_SAT,0>: norm_0, last_0, norm_1, last_1",
    )
    assert notes[4].startswith(
        "fixed point takes the place of powers of two in layer normalisations (mean, variance, gamma, beta): norm_0, "
    )
    assert 0.01 < float(notes[4].partition("by up to ")[2].split()[0]) < 1


def test_without_powers_of_two_there_is_nothing_to_replace(tmp_path: Path) -> None:
    """Plain normalisations in a quantised file, some with formats that they state."""

    def change(config: dict[str, Any]) -> None:
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "QLayerNormalization":
                layer["class_name"] = "LayerNormalization"
                layer["config"] = {k: v for k, v in layer["config"].items() if not k.endswith(("_quantizer", "_range"))}
        stating = layer_of(config, "last_1")
        stating["class_name"] = "QLayerNormalization"
        stating["config"] |= {"gamma_quantizer": bits(6, 2), "mean_quantizer": bits(9, 3), "beta_quantizer": None}

    path = writer(quantised=True).write(tmp_path / "m.h5", change)
    model, notes = read_with_notes(path, Format(True, 5, 8))
    assert len(notes) == 4 and not any("powers of two" in note for note in notes)
    stated = model.get_layer("last_1").formats
    assert (stated["gamma"], stated["mean"]) == (bits_format(6, 2, symmetric=True), bits_format(9, 3, symmetric=True))
    assert stated["beta"] == stated["deviation"] == model.get_layer("norm_0").formats["mean"] == bits_format(14, 5)


def test_training_rounds_to_powers_of_two() -> None:
    powers = {
        "mean": power_of_two(False, 5),
        "variance": power_of_two(True, 6, even=True),
        "gamma": power_of_two(True, 6, 2048),
    }
    for spec in powers.values():
        spec["config"] = {
            k: v for k, v in spec["config"].items() if k in ("bits", "max_value", "quadratic_approximation")
        }
    gamma, beta = np.array([1.2, 3.1, 0.4, 1.0], np.float32), np.array([0.3, -0.1, 0.0, 2.0], np.float32)
    x = np.array([[1.0, 2.0, 3.0, 7.0]], np.float32)  # mean 3.25, variance 5.1875
    found = np.asarray(TrainedNormalisation(1e-3, powers, gamma, beta)(x))
    expected = (x - 4.0) / np.sqrt(4.0 + 1e-3) * np.array([1.0, 4.0, 0.5, 1.0]) + beta
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    plain = np.asarray(TrainedNormalisation(1e-3, {}, gamma, beta)(x))
    reference = keras.layers.LayerNormalization(epsilon=1e-3)
    reference.build((None, 4))
    reference.set_weights([gamma, beta])
    np.testing.assert_allclose(plain, np.asarray(reference(x)), rtol=1e-5)


@pytest.mark.parametrize("kind", ["relu", "sigmoid"])
def test_a_dense_layer_with_its_activation_inside(tmp_path: Path, kind: str) -> None:
    def change(config: dict[str, Any]) -> None:
        layer_of(config, "down_0")["config"]["activation"] = kind

    for quantised, names in ((False, {"relu": [], "sigmoid": []}), (True, {"relu": [], "sigmoid": ["down_0_sigmoid"]})):
        model, _ = read_with_notes(writer(quantised).write(tmp_path / "m.h5", change))
        assert [la.name for la in model.layers if la.name.startswith("down_0_")] == names[kind]
        assert (getattr(model.get_layer("down_0").activation, "__name__", "") == kind) == (not quantised)


def test_a_normalisation_alone_makes_a_file_of_keras_2() -> None:
    layer = {"class_name": "QLayerNormalization", "inbound_nodes": [[["x", 0, 0, {}]]]}
    assert is_keras2({"config": {"layers": [layer]}})
    assert not is_keras2({"config": {"layers": [{**layer, "class_name": "LayerNormalization"}]}})


def option(**options: Any) -> Callable[[dict[str, Any]], None]:
    """Options of a normalisation, replaced."""
    return lambda config: layer_of(config, "norm_0")["config"].update(options)


HOSTILE: list[tuple[dict[str, Any], str]] = [
    ({"axis": [1]}, "a layer normalisation's axis must be the last one, not [1]"),
    ({"axis": [1, 2]}, "a layer normalisation's axis must be the last one, not [1, 2]"),
    ({"axis": [True]}, "a layer normalisation's axis must be the last one"),
    ({"axis": "2"}, "a layer normalisation's axis must be the last one"),
    ({"epsilon": 0}, "a layer normalisation's epsilon must be above 0, not 0"),
    ({"epsilon": float("nan")}, "a layer normalisation's epsilon must be above 0, not nan"),
    ({"epsilon": "1"}, "a layer normalisation's epsilon must be above 0, not 1"),
    ({"epsilon": 1e-30}, "a layer normalisation's root's argument must have at most 53 bits"),
    ({"scale": 1}, "scale must be true or false, not 1"),
    ({"scale": False}, "weights must be beta (3,), not "),
    ({"rms_scaling": True}, "a QLayerNormalization must not have the option 'rms_scaling'"),
    ({"variance_quantizer": bits(8, 3)}, "a layer normalisation's variance must be unsigned"),
    ({"mean_quantizer": {"class_name": "stochastic_ternary", "config": {}}}, "mean_quantizer: a quantiser must be one"),
    ({"mean_quantizer": power_of_two(False, 40)}, "mean_quantizer must have 2 to 8 bits, not 40"),
    ({"mean_quantizer": power_of_two(False, 5, -1.0)}, "mean_quantizer's max_value must be above 0, not -1.0"),
    ({"mean_quantizer": {"class_name": "quantized_po2", "config": {"use_stochastic_rounding": True}}},
     "mean_quantizer's use_stochastic_rounding must be False, not True"),
    ({"mean_quantizer": {"class_name": "quantized_po2", "config": {"evil": 1}}},
     "mean_quantizer must not have the option 'evil'"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "what"), HOSTILE, ids=[what[:60] for _, what in HOSTILE])
def test_hostile_normalisations(tmp_path: Path, options: dict[str, Any], what: str) -> None:
    path = writer(quantised=True).write(tmp_path / "m.h5", option(**options))
    with pytest.raises(UserError) as caught:
        read_with_notes(path, Format(True, 6, 10))
    assert caught.value.what.startswith(what), caught.value.what
    assert caught.value.where
