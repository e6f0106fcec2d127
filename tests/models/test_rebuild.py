"""Rebuilding graphs: everything is kept but what is replaced."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from fpga_tf.layers import QMultiHeadAttention
from fpga_tf.models.graph import calls, consumers, producer
from fpga_tf.models.rebuild import Loaded, rebuild
from tests.models.builders import data, spread


def busy_model() -> keras.Model:
    """Two inputs, a shared layer, a mask, call options, two outputs, an operation, dropout and normalisation."""
    layers = keras.layers
    x, y = layers.Input((5, 4), name="x"), layers.Input((5, 4), name="y")
    allowed = layers.Input((5, 5), dtype="bool", name="allowed")
    shared = layers.Dense(4, activation="relu", name="shared")
    a, b = shared(x), shared(y)
    attention = layers.MultiHeadAttention(2, 3, name="attention")
    out, scores = attention(a, b, attention_mask=allowed, return_attention_scores=True, use_causal_mask=True)
    out = layers.BatchNormalization(name="norm")(layers.Dropout(0.5, name="drop")(out))
    total = keras.ops.add(out, a)
    return spread(keras.Model([x, y, allowed], [layers.Flatten(name="flat")(total), scores], name="busy"))


def batch(seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    values = [rng.normal(size=(3, 5, 4)).astype(np.float32) for _ in range(2)]
    return [*values, rng.integers(0, 2, (3, 5, 5)).astype(np.bool_) | np.eye(5, dtype=np.bool_)]


def test_everything_is_kept_and_nothing_is_shared() -> None:
    model = busy_model()
    copy = rebuild(model, lambda layer: None)
    assert [(o.name, type(o)) for o in copy.operations] == [(o.name, type(o)) for o in model.operations]
    assert not {id(o) for o in copy.operations} & {id(o) for o in model.operations}
    assert copy.name == "busy"
    before = [np.asarray(y) for y in model(batch())]
    for expected, found in zip(before, copy(batch()), strict=True):
        np.testing.assert_array_equal(found, expected)
    for layer in copy.layers:
        layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    for expected, found in zip(before, model(batch()), strict=True):
        np.testing.assert_array_equal(found, expected)
    options = {c.layer.name: {k: v for k, v in c.kwargs.items() if isinstance(v, bool)} for c in calls(copy)}
    assert options["attention"] == {"return_attention_scores": True, "use_causal_mask": True}


def test_shared_layers_are_replaced_once_and_everywhere() -> None:
    model = busy_model()
    asked: list[str] = []

    def replace(layer: Any) -> Any:
        asked.append(layer.name)
        return Loaded(keras.layers.Dense(4, name="own"), layer.get_weights()) if layer.name == "shared" else None

    found = rebuild(model, replace)
    assert asked.count("shared") == 1
    assert [c.layer.name for c in calls(found)].count("own") == 2
    np.testing.assert_array_equal(found.get_layer("own").kernel, model.get_layer("shared").kernel)


def test_functions_may_drop_and_add_layers() -> None:
    model = busy_model()
    after = keras.layers.ReLU(name="added")
    plan = {"drop": lambda x, **_: x, "flat": lambda x: after(keras.layers.Flatten(name="flat")(x))}
    found = rebuild(model, lambda layer: plan.get(layer.name))
    names = [layer.name for layer in found.layers]
    assert "drop" not in names
    assert names.index("added") > names.index("flat")
    np.testing.assert_array_equal(found(batch())[0], np.maximum(model(batch())[0], 0))


def test_an_attention_is_replaced_with_its_call_options() -> None:
    model = busy_model()

    def replace(layer: Any) -> Any:
        if layer.name != "attention":
            return None
        return Loaded(QMultiHeadAttention.from_config(layer.get_config()), layer.get_weights())

    for expected, found in zip(model(batch()), rebuild(model, replace)(batch()), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_inputs_may_be_changed_on_entry() -> None:
    model = busy_model()
    found = rebuild(model, lambda layer: None, lambda name, t: keras.ops.multiply(t, 2.0) if name == "x" else t)
    doubled = [batch()[0] * 2, *batch()[1:]]
    np.testing.assert_array_equal(found(batch())[0], model(doubled)[0])


def test_named_inputs_and_outputs_keep_their_structure() -> None:
    inputs = {"a": keras.Input((3,), name="a"), "b": keras.Input((3,), name="b")}
    model = keras.Model(inputs, {"sum": keras.layers.Add(name="add")(list(inputs.values()))})
    given = {k: np.ones((2, 3), np.float32) for k in "ab"}
    found = rebuild(model, lambda layer: None)
    assert set(found(given)) == {"sum"}
    np.testing.assert_array_equal(found(given)["sum"], model(given)["sum"])


def test_travelling_masks_survive() -> None:
    layers = keras.layers
    inputs = layers.Input((5, 4), name="x")
    x = layers.Dense(4, name="d")(layers.Masking(name="masking")(inputs))
    pooled = layers.GlobalAveragePooling1D(name="pool")(layers.MultiHeadAttention(2, 3, name="a")(x, x))
    model = spread(keras.Model(inputs, pooled))
    values = data(model, 4)
    values[:2, 3:] = 0.0
    unmasked = rebuild(model, lambda layer: (lambda t, **_: t) if layer.name == "masking" else None)
    np.testing.assert_array_equal(rebuild(model, lambda layer: None)(values), model(values))
    assert np.abs(np.asarray(unmasked(values)) - np.asarray(model(values)))[:2].max() > 1e-3


def test_graph_order_and_neighbours() -> None:
    model = busy_model()
    made = calls(model)
    seen = {id(t) for t in model.inputs}
    for call in made:
        assert all(id(t) in seen for t in call.inputs), call.layer.name
        seen.update(id(t) for t in call.outputs)
    attention = next(c for c in made if c.layer.name == "attention")
    assert attention.arguments()["use_causal_mask"] is True
    assert attention.arguments()["key"] is None
    assert producer(model, attention.outputs[0]).layer.name == "attention"  # type: ignore[union-attr]
    assert producer(model, model.inputs[0]) is None
    assert [c.layer.name for c in consumers(model, attention.outputs[0])] == ["drop"]
    kinds = sorted(type(c.layer).__name__ for c in consumers(model, attention.inputs[0]))
    assert kinds == ["Add", "MultiHeadAttention"]


@pytest.mark.qkeras
def test_qkeras_layers_are_copied() -> None:
    import qkeras

    x = keras.Input((4,), name="x")
    dense = qkeras.QDense(
        3,
        kernel_quantizer=qkeras.quantized_bits(6, 1, alpha=1),
        bias_quantizer="quantized_bits(8,2,alpha=1)",
        activation="quantized_relu(6,2)",
        name="d",
    )
    model = spread(keras.Model(x, qkeras.QActivation("quantized_bits(5,1,alpha=1)", name="q")(dense(x))))
    np.testing.assert_array_equal(rebuild(model, lambda layer: None)(data(model, 9)), model(data(model, 9)))
