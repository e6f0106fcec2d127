"""The quantised tagger: what the shipped one reaches, that it is exact in float32, and how it is put together."""

from __future__ import annotations

import re
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint.quantisers import bits_format
from fpga_tf.jets.quantised import Widths, copy_weights, integer_bits, logits_model, quantised_tagger
from fpga_tf.jets.sample import JetSample, read_sample
from fpga_tf.jets.taggers import STUDENT, Shape, float_tagger
from fpga_tf.verdict.physics import Physics, physics

pytestmark = pytest.mark.qkeras

CONFIGS = Path(__file__).parents[2] / "configs"
SHIPPED = CONFIGS / "models/flavour.keras"
WEIGHTED = {"QDense", "QMultiHeadAttention"}
ALLOWED = WEIGHTED | {"InputLayer", "QActivation", "Add", "GlobalAveragePooling1D", "QSoftmax"}
ACCURACY = 0.7638
AUC = {"b": 0.9092, "c": 0.6887, "light": 0.8647}
ROOM = 0.0005  # the stated numbers are rounded


def jets(part: str) -> JetSample:
    return read_sample(CONFIGS / "data/flavour.h5", f"x_{part}", f"y_{part}")


def load(name: str) -> Any:
    """As a user does: importing QKeras and our layers is all that Keras needs."""
    import keras
    import qkeras  # noqa: F401

    import fpga_tf.layers  # noqa: F401

    return keras.saving.load_model(CONFIGS / "models" / name, compile=False)


@pytest.fixture(scope="module")
def shipped() -> Any:
    return load("flavour.keras")


@pytest.fixture(scope="module")
def reference() -> Any:
    return load("flavour_float.keras")


@pytest.fixture(scope="module")
def student() -> Any:
    return load("flavour_student.keras")


def reached(model: Any) -> Physics:
    sample = jets("eval")
    scores = model.predict(sample.x, batch_size=2000, verbose=0).astype(np.float64)
    return physics(scores, sample.y, sample.classes, "b", logits=False)


def random_jets(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (n, 15, 6)).astype(np.float32)


def seeded_float_tagger(seed: int, shape: Shape = STUDENT) -> Any:
    import keras

    keras.utils.set_random_seed(seed)
    return float_tagger(shape)


def test_shipped_tagger_reaches_what_is_stated(shipped: Any, reference: Any) -> None:
    quantised, plain = reached(shipped), reached(reference)
    assert quantised.accuracy is not None and plain.accuracy is not None
    assert quantised.accuracy >= ACCURACY - ROOM
    assert plain.accuracy - quantised.accuracy < 0.01
    for name, stated in AUC.items():
        area, plain_area = quantised.auc[name], plain.auc[name]
        assert area is not None and plain_area is not None
        assert area >= stated - ROOM
        assert plain_area - area < 0.005


def test_shipped_tagger_is_small_and_made_of_hardware_layers(shipped: Any) -> None:
    assert SHIPPED.stat().st_size < 300_000
    assert {type(layer).__name__ for layer in shipped.layers} == ALLOWED
    assert {type(layer).__name__ for layer in shipped.layers if layer.weights} == WEIGHTED
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", layer.name) for layer in shipped.layers)
    assert shipped.count_params() == 1957


def test_shipped_tagger_is_what_the_student_and_calibration_give(shipped: Any, student: Any) -> None:
    made = quantised_tagger(integer_bits(student, jets("calib").x))
    assert made.to_json() == shipped.to_json()


def test_shipped_tagger_is_exact_in_float32(shipped: Any, tmp_path: Path) -> None:
    from fpga_tf.hls.convert import Target, convert
    from fpga_tf.lower.context import FLOAT32_WIDTH

    converted = convert(shipped, Target("flavour", tmp_path / "project"))
    widest = converted.state.widest
    assert {"attention1/context", "attention1/scores", "back1", "logits", "pool"} <= set(widest)
    assert max(widest.values()) < FLOAT32_WIDTH
    assert [port.format for port in converted.inputs] == [bits_format(7, 2)]


@pytest.mark.parametrize("shape", [STUDENT, Shape()])
def test_wide_formats_give_the_float_tagger(shape: Shape) -> None:
    x = random_jets(64, 5)
    source = seeded_float_tagger(5, shape)
    wide = Widths(**{field.name: 16 for field in fields(Widths)} | {"scores": 14, "logits": 14})
    wide = replace(wide, attention=13, probability=13, softmax_error=None)
    bits = {name: n + 1 for name, n in integer_bits(source, x, wide).items()}  # nothing saturates
    model = quantised_tagger(bits, wide, shape)
    copy_weights(source, model)
    expected = np.asarray(source(x))
    assert expected.std(axis=0).min() > 0.009
    np.testing.assert_allclose(model(x), expected, atol=5e-4)


def test_tagger_trains_on_its_logits() -> None:
    import keras

    x = random_jets(64, 7)
    source = seeded_float_tagger(7)
    model = quantised_tagger(integer_bits(source, x))
    copy_weights(source, model)
    before = [np.asarray(w).copy() for w in model.trainable_weights]
    trained = logits_model(model)
    assert trained.output_shape == (None, 3)
    trained.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    trained.fit(x, np.arange(64) % 3, batch_size=64, epochs=1, verbose=0)
    moved = [w.path for w, old in zip(model.trainable_weights, before, strict=True) if np.any(np.asarray(w) != old)]
    # a bias of the keys shifts all scores of a query alike, which no softmax sees
    assert {w.path for w in model.trainable_weights} - set(moved) <= {"attention1/key/bias"}
    codes = np.asarray(model(x), dtype=np.float64) * 2**8
    assert np.array_equal(codes, np.rint(codes)) and codes.min() >= 0 and codes.max() < 2**8


def test_integer_bits_have_the_least_squared_error() -> None:
    source = seeded_float_tagger(3)
    x = np.zeros((200, 15, 6), dtype=np.float32)
    assert set(integer_bits(source, x).values()) == {0}
    x[:] = 3.0  # exact with 2 bits; with one it saturates
    assert integer_bits(source, x)["tracks"] == 2
    x[:] = 4.0
    assert integer_bits(source, x)["tracks"] == 3
    x[:] = np.linspace(-2, 2, x.size).reshape(x.shape)
    x.flat[0] = 60.0  # of 18,000: the sixth integer bit that holds it costs the others more
    assert integer_bits(source, x)["tracks"] == 5
    x.flat[:20] = 60.0
    assert integer_bits(source, x)["tracks"] == 6


def test_only_what_widths_name_is_rounded() -> None:
    widths = Widths()
    assert widths.bits("attention1/value") == (5, True)
    assert widths.bits("hidden2") == (6, False)
    assert widths.bits("head1") == (7, False)
    assert widths.bits("hidden1_sum") == (8, True)
    assert {widths.bits(name) for name in ("back1", "attention1/output", "attention1/attention", "attention1")} == {
        None
    }


def test_missing_qkeras_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "qkeras", None)
    with pytest.raises(UserError) as caught:
        quantised_tagger({})
    assert caught.value.hint == "pip install 'fpga_tf[qkeras]' in an environment without HGQ2"
